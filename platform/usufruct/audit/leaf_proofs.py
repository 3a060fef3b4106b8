"""Single leaves with their paths, and the anchored batches they stand in, as files carry them (protocol §3b)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from usufruct.chain.client import ChainClient
from usufruct.contracts import telemetry_anchor as ta
from usufruct.core import typed_data
from usufruct.core.documents import items, keyed, natural, text
from usufruct.core.encoding import LEAF_LENGTH, ReadingLeaf, hex0x, unhex
from usufruct.core.merkle import verify_path
from usufruct.core.typed_documents import batch_from, batch_to
from usufruct.proof.context import broken, same

__all__ = ["AnchoredLeaves", "LeafProof"]

_KEYS: Final = {"batch", "leaf", "path"}


@dataclass(frozen=True, slots=True)
class LeafProof:
    """A leaf of a batch.

    Attributes:
        batch: Number of the batch.
        leaf: The leaf (102 bytes).
        path: Siblings up to the batch's root.
    """

    batch: int
    leaf: bytes
    path: tuple[bytes, ...]

    @property
    def reading(self) -> ReadingLeaf:
        """The leaf's fields."""
        return ReadingLeaf.decode(self.leaf)

    def document(self) -> dict[str, object]:
        """Its JSON form."""
        return {
            "batch": self.batch,
            "leaf": hex0x(self.leaf),
            "path": [hex0x(each) for each in self.path],
        }

    @classmethod
    def read(cls, value: object) -> LeafProof:
        """The leaf in a JSON value; InputError if it is not exactly one."""
        given = keyed(value, _KEYS, "leaf")
        path = [unhex(text(each, "path"), 32) for each in items(given["path"], "path")]
        leaf = unhex(text(given["leaf"], "leaf"), LEAF_LENGTH)
        return cls(natural(given["batch"], "batch"), leaf, tuple(path))


@dataclass(frozen=True, slots=True)
class AnchoredLeaves:
    """Leaves, and the batches in which they are said to be anchored.

    Attributes:
        chain_id: The chain.
        anchor: TelemetryAnchor.
        batches: The batches by number.
        leaves: The leaves, ascending by number.
    """

    chain_id: int
    anchor: str
    batches: Mapping[int, typed_data.Batch]
    leaves: Sequence[LeafProof]

    def documents(self) -> dict[str, object]:
        """The parts of a JSON file that hold them."""
        return {
            "chainId": self.chain_id,
            "anchor": self.anchor,
            "batches": [batch_to(self.batches[seq]) for seq in sorted(self.batches)],
            "leaves": [each.document() for each in self.leaves],
        }

    @classmethod
    def read(cls, given: Mapping[str, object]) -> AnchoredLeaves:
        """The leaves in a file; InputError if its parts have another form."""
        batches = [batch_from(each) for each in items(given["batches"], "batches")]
        return cls(
            natural(given["chainId"], "chainId"),
            text(given["anchor"], "anchor"),
            {each.seq: each for each in batches},
            [LeafProof.read(each) for each in items(given["leaves"], "leaves")],
        )

    def require_anchored(self, client: ChainClient, from_block: int) -> None:
        """Refuses batches that the chain does not have.

        Raises:
            EvidenceError: One is not anchored.
            ChainError: The node cannot be reached.
        """
        domain = typed_data.Domain(self.chain_id, self.anchor)
        for seq, batch in self.batches.items():
            digest = typed_data.batch_digest(domain, batch)
            end = typed_data.Cursor(digest, batch.seq, batch.to, batch.first + batch.count)
            topics = [ta.BatchAnchored.TOPIC, _word(batch.stream), _word(seq)]
            logs = client.all_logs(from_block, self.anchor, topics)
            found = [ta.BatchAnchored.decode(log.topics, log.data).head for log in logs]
            if typed_data.head_of(end) not in found:
                raise broken(f"batches[{seq}]", "an anchored batch", digest)

    def require_leaves(self) -> None:
        """Refuses leaves that do not stand in their batches, or twice.

        Raises:
            EvidenceError: One does not.
        """
        last = -1
        for each in self.leaves:
            reading, batch = each.reading, self.batches.get(each.batch)
            place = f"leaves[{reading.seq}]"
            if batch is None:
                raise broken(f"{place}.batch", "a batch of the file", each.batch)
            same(f"{place}.stream", batch.stream, reading.stream)
            index = reading.seq - batch.first
            if not verify_path(each.leaf, index, batch.count, each.path, batch.root):
                raise broken(place, "a leaf of the anchored tree", each.leaf)
            if reading.seq <= last:
                raise broken(f"{place}.seq", f"above {last}", reading.seq)
            last = reading.seq


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")
