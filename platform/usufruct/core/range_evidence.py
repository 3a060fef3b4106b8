"""Range evidence: a file that shows that an anchored reading, or a sum of some, is below 2^bits, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from usufruct.core.commitments import N, add_commitments
from usufruct.core.documents import integer, keyed, natural, text, wrong
from usufruct.core.encoding import canonical_json, hex0x, load_json, unhex
from usufruct.core.keccak import keccak256
from usufruct.core.leaf_proofs import AnchoredLeaves
from usufruct.core.range_proofs import MAX_BITS, prove_range

__all__ = ["RangeEvidence", "context_of", "make_range"]

KIND: Final = "usufruct/range"
"""`kind` of the file."""
VERSION: Final = 1
"""Version of the file."""

_KEYS: Final = {"v", "kind", "chainId", "anchor", "batches", "leaves", "bits", "proof"}


@dataclass(frozen=True, slots=True)
class RangeEvidence:
    """A range proof of the sum of some anchored readings; of one reading if there is one leaf."""

    anchored: AnchoredLeaves
    bits: int
    proof: bytes

    @property
    def commitment(self) -> bytes:
        """The commitment to the sum."""
        return add_commitments(each.reading.quantity for each in self.anchored.leaves)

    def written(self) -> bytes:
        """The file. It shows no quantity."""
        parts = {"v": VERSION, "kind": KIND, "bits": self.bits, "proof": hex0x(self.proof)}
        return canonical_json(self.anchored.documents() | parts)

    @classmethod
    def read(cls, data: bytes) -> RangeEvidence:
        """The evidence in a file; InputError if it is none."""
        top = keyed(load_json(data), _KEYS, "range evidence")
        if (top["kind"], integer(top["v"], "v")) != (KIND, VERSION):
            raise wrong("kind, v", f"{top['kind']}, {top['v']}", f"{KIND}, {VERSION}")
        bits = natural(top["bits"], "bits")
        if not 1 <= bits <= MAX_BITS:
            raise wrong("bits", bits, f"1 to {MAX_BITS}")
        return cls(AnchoredLeaves.read(top), bits, unhex(text(top["proof"], "proof")))


def make_range(
    anchored: AnchoredLeaves, openings: Mapping[int, tuple[int, int]], bits: int
) -> RangeEvidence:
    """The evidence that the readings add up to less than 2^bits.

    Args:
        anchored: Their leaves.
        openings: Quantity and blinding by the reading's number.
        bits: Width of the range.

    Raises:
        InputError: They add up to more, or a reading is open.
    """
    mine = [openings[each.reading.seq] for each in anchored.leaves]
    value, blinding = sum(q for q, _ in mine), sum(r for _, r in mine) % N
    return RangeEvidence(anchored, bits, prove_range(value, blinding, bits, context_of(anchored)))


def context_of(anchored: AnchoredLeaves) -> bytes:
    """What a proof is bound to: chain, contract, and the very leaves."""
    leaves = keccak256(b"".join(each.leaf for each in anchored.leaves))
    return canonical_json(
        {
            "kind": KIND,
            "chainId": anchored.chain_id,
            "anchor": anchored.anchor,
            "leaves": hex0x(leaves),
        }
    )
