"""Quality gates: what is not signed because the contract would refuse the period's statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from usufruct.config import Stream
from usufruct.core.manifests import Manifest
from usufruct.core.typed_data import Statement
from usufruct.money import BASIS


@dataclass(frozen=True, slots=True)
class Closed:
    """A gate is closed: which one, and by how much its bound is missed, for people."""

    gate: str
    reason: str


def batch_gate(
    stream: Stream, manifests: Sequence[Manifest], remaining: int, *, closes: bool
) -> Closed | None:
    """Whether a period with these manifests can still be stated.

    A batch is final once anchored: readings that come later cannot enter it. One that puts the period's
    coverage out of reach is therefore held back before, while the missing readings may still come.

    Args:
        stream: The stream, with its bounds.
        manifests: Manifests of the period, the one in question last.
        remaining: What the rest of the period should have.
        closes: Whether the last manifest closes the period; its estimated share is decided then.
    """
    covered = remaining + sum(each.covered for each in manifests)
    expected = remaining + sum(each.expected for each in manifests)
    if BASIS * covered < stream.min_coverage_bp * expected:
        least = -(-stream.min_coverage_bp * expected // BASIS)
        return Closed(
            "coverage",
            f"at most {covered} of {expected} can be covered, {least - covered} fewer than "
            f"the {_percent(stream.min_coverage_bp)} that the stream requires",
        )
    if not closes:
        return None
    quantity = sum(each.quantity for each in manifests)
    estimated = sum(each.estimated for each in manifests)
    if BASIS * estimated > stream.max_estimated_bp * quantity:
        share = -(-BASIS * estimated // quantity)
        return Closed(
            "estimated",
            f"{_percent(share)} of the period's quantity are estimated, "
            f"{_percent(share - stream.max_estimated_bp)} more than "
            f"the {_percent(stream.max_estimated_bp)} that the stream allows",
        )
    return None


def statement_gate(stream: Stream, statement: Statement) -> Closed | None:
    """Whether the contract would refuse a statement for its quality or its sum."""
    missing = stream.min_coverage_bp - statement.coverage_bp
    if missing > 0:
        return Closed(
            "coverage",
            f"{_percent(statement.coverage_bp)} are covered, {_percent(missing)} fewer than "
            f"the {_percent(stream.min_coverage_bp)} that the stream requires",
        )
    excess = statement.estimated_bp - stream.max_estimated_bp
    if excess > 0:
        return Closed(
            "estimated",
            f"{_percent(statement.estimated_bp)} are estimated, {_percent(excess)} more than "
            f"the {_percent(stream.max_estimated_bp)} that the stream allows",
        )
    distributable = statement.gross + statement.adjustments
    if distributable < 0:
        return Closed("negative", f"gross and adjustments sum up to {distributable} minor units")
    return None


def _percent(bp: int) -> str:
    return f"{bp // 100}.{bp % 100:02d}%"
