"""Range evidence: a file that shows that an anchored reading, or a sum of some, is below 2^bits, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from usufruct.audit.leaf_proofs import AnchoredLeaves
from usufruct.chain.client import ChainClient
from usufruct.core.commitments import N, add_commitments
from usufruct.core.documents import integer, keyed, natural, text, wrong
from usufruct.core.encoding import canonical_json, hex0x, load_json, unhex
from usufruct.core.keccak import keccak256
from usufruct.core.range_proofs import MAX_BITS, prove_range, verify_range
from usufruct.proof.context import broken, same
from usufruct.proof.verify import Check, check_links

__all__ = ["LINKS", "RangeEvidence", "check_range", "make_range"]

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
    return RangeEvidence(anchored, bits, prove_range(value, blinding, bits, _context(anchored)))


def check_range(
    evidence: RangeEvidence,
    client: ChainClient | None,
    *,
    from_block: int = 0,
    pin: str | None = None,
) -> list[Check]:
    """Checks every link; without a client the chain is not asked, and the result says so.

    Args:
        evidence: The parsed file.
        client: The chain, None to check the proof alone.
        from_block: First block in which the anchor may have events.
        pin: Address of the TelemetryAnchor that the reader trusts.

    Raises:
        ChainError: The node cannot be reached.
    """
    return check_links(LINKS, _Context(evidence, client, from_block, pin))


@dataclass(frozen=True, slots=True)
class _Context:
    evidence: RangeEvidence
    client: ChainClient | None
    from_block: int
    pin: str | None


def _chain(ctx: _Context) -> str:
    given = ctx.evidence.anchored
    same("anchor", ctx.pin or given.anchor, given.anchor)
    if ctx.client is None:
        return "not asked: the batches' heads are not compared with a chain"
    same("chainId", ctx.client.chain_id, given.chain_id)
    given.require_anchored(ctx.client, ctx.from_block)
    return f"{len(given.batches)} anchored batches of chain {given.chain_id}"


def _leaves(ctx: _Context) -> str:
    if not ctx.evidence.anchored.leaves:
        raise broken("leaves", "at least one reading", "none")
    ctx.evidence.anchored.require_leaves()
    return f"{len(ctx.evidence.anchored.leaves)} readings"


def _range(ctx: _Context) -> str:
    given = ctx.evidence
    if not verify_range(given.commitment, given.bits, _context(given.anchored), given.proof):
        raise broken("proof", f"a proof that the sum is below 2^{given.bits}", "another")
    what = (
        "the reading is" if len(given.anchored.leaves) == 1 else "the readings add up to a number"
    )
    return f"{what} below 2^{given.bits}; nothing else is shown"


LINKS = (("chain", _chain), ("leaves", _leaves), ("range", _range))
"""The links in the order of checking."""


def _context(anchored: AnchoredLeaves) -> bytes:
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
