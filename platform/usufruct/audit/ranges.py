"""Checks range evidence, and asks the chain for its batches where there is one."""

from __future__ import annotations

from dataclasses import dataclass

from usufruct.audit.leaf_proofs import require_anchored, require_leaves
from usufruct.chain.client import ChainClient
from usufruct.core.range_evidence import RangeEvidence, context_of
from usufruct.core.range_proofs import verify_range
from usufruct.proof.context import broken, same
from usufruct.proof.verify import Check, check_links

__all__ = ["LINKS", "check_range"]


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
    require_anchored(given, ctx.client, ctx.from_block)
    return f"{len(given.batches)} anchored batches of chain {given.chain_id}"


def _leaves(ctx: _Context) -> str:
    if not ctx.evidence.anchored.leaves:
        raise broken("leaves", "at least one reading", "none")
    require_leaves(ctx.evidence.anchored)
    return f"{len(ctx.evidence.anchored.leaves)} readings"


def _range(ctx: _Context) -> str:
    given = ctx.evidence
    if not verify_range(given.commitment, given.bits, context_of(given.anchored), given.proof):
        raise broken("proof", f"a proof that the sum is below 2^{given.bits}", "another")
    what = (
        "the reading is" if len(given.anchored.leaves) == 1 else "the readings add up to a number"
    )
    return f"{what} below 2^{given.bits}; nothing else is shown"


LINKS = (("chain", _chain), ("leaves", _leaves), ("range", _range))
"""The links in the order of checking."""
