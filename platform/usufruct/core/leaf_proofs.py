"""Single leaves with their paths, and the anchored batches they stand in, as files carry them (protocol §3a)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from usufruct.core.documents import items, keyed, natural, text
from usufruct.core.encoding import LEAF_LENGTH, ReadingLeaf, hex0x, unhex
from usufruct.core.typed_data import Batch
from usufruct.core.typed_documents import batch_from, batch_to

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
    batches: Mapping[int, Batch]
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
