"""The scorecard of P1: four families whose weights are shown, and capabilities scored the same way.

A family (or a part of a capability) at 0 caps the grade: no single efficiency figure may hide a failure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from usufruct.finance.numbers import ONE, ZERO, exact, factor, refused

__all__ = ["CAPABILITIES", "FAMILIES", "Card", "Part", "card"]

FAMILIES: Final = ("economic", "resilience", "social", "financial")
"""The families of the scorecard (P1)."""
CAPABILITIES: Final[Mapping[str, tuple[str, ...]]] = {
    "observable": ("metered", "signed", "anchored"),
    "dispatchable": ("controllable", "responded", "delivered"),
    "financeable": ("attested", "paid in time", "contracted"),
}
"""The three capabilities (P0: 可观测、可调度、可金融化) and the shares that each is made of."""

_GRADES: Final = (("A", "0.8"), ("B", "0.65"), ("C", "0.5"), ("D", "0.35"))
_CAPPED: Final = "D"


@dataclass(frozen=True, slots=True)
class Part:
    """A family or a share.

    Attributes:
        name: Its name.
        score: In [0, 1].
        weight: In (0, 1]; the weights of a card sum to 1.
        evidence: Where the score comes from.
    """

    name: str
    score: Decimal
    weight: Decimal
    evidence: str


@dataclass(frozen=True, slots=True)
class Card:
    """A weighted score.

    Attributes:
        parts: What it is made of, with the weights.
        score: Σ weight · score.
        grade: A to E.
        capped: Names of parts at 0, which cap the grade.
    """

    parts: tuple[Part, ...]
    score: Decimal
    grade: str
    capped: tuple[str, ...]


def card(parts: Sequence[Part], names: Sequence[str]) -> Card:
    """Weigh the parts.

    Args:
        parts: One for each name.
        names: The parts that the card must have.

    Raises:
        InputError: A part is missing or unknown, a score lies outside [0, 1], the weights do not sum to 1.
    """
    given = [each.name for each in parts]
    if sorted(given) != sorted(names):
        raise refused(
            "parts", ", ".join(given), "exactly " + ", ".join(names), "give each of these once"
        )
    with exact():
        total = sum((each.weight for each in parts), ZERO)
        if total != ONE or any(each.weight <= 0 for each in parts):
            raise refused(
                "weights", total, "weights are positive and sum to 1", "correct the weights"
            )
        for each in parts:
            factor(each.score, f"{each.name}.score")
        score = sum((each.weight * each.score for each in parts), ZERO)
    capped = tuple(each.name for each in parts if each.score == 0)
    grade = next((name for name, least in _GRADES if score >= Decimal(least)), "E")
    return Card(tuple(parts), score, max(grade, _CAPPED) if capped else grade, capped)
