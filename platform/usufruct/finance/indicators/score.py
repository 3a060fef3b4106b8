"""Scoring: points with clause and evidence for each indicator, and what the scored ones add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from usufruct.finance.indicators.rules import INDICATORS, MOST, Indicator
from usufruct.finance.numbers import ZERO, exact, parse_rate, refused

__all__ = ["Entry", "Score", "Scores", "score", "score_all"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known for an indicator.

    Attributes:
        facts: Its inputs by name.
        evidence: Where they come from.
    """

    facts: Mapping[str, object]
    evidence: str


@dataclass(frozen=True, slots=True)
class Score:
    """An indicator's points.

    Attributes:
        indicator: The indicator.
        points: 0 to 5, None if it is not scored.
        why: The clause, or why it is not scored.
        evidence: Where the inputs come from.
    """

    indicator: Indicator
    points: int | None
    why: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Scores:
    """All scores."""

    each: tuple[Score, ...]

    @property
    def points(self) -> int:
        """Points of the scored indicators."""
        return sum(each.points or 0 for each in self.each)

    @property
    def maximum(self) -> int:
        """Most points that the scored indicators could have."""
        return MOST * sum(each.points is not None for each in self.each)

    @property
    def share(self) -> Decimal:
        """Points over the maximum; 0 if nothing is scored."""
        with exact():
            return Decimal(self.points) / self.maximum if self.maximum else ZERO

    def family(self, number: int) -> tuple[int, int]:
        """Points and maximum of a family, 1 to 5."""
        part = Scores(tuple(e for e in self.each if e.indicator.id.startswith(f"{number}.")))
        return part.points, part.maximum


def score(id_: str, entry: Entry | None) -> Score:
    """The score of one indicator; None for an entry that is missing.

    Raises:
        InputError: Unknown indicator, or inputs that its rule does not take.
    """
    indicator = INDICATORS.get(id_)
    if indicator is None:
        raise refused("indicator", id_, "one of " + ", ".join(INDICATORS), "name one of these")
    if indicator.rule is None:
        return Score(indicator, None, f"not_scored: {indicator.clause}", "")
    if entry is None:
        return Score(indicator, None, "not_scored: nothing is known for it", "")
    if not entry.evidence.strip():
        raise refused(
            f"{id_}.evidence", "", "a score has evidence", "say where the facts come from"
        )
    return Score(
        indicator, indicator.rule(_facts(indicator, entry)), indicator.clause, entry.evidence
    )


def score_all(entries: Mapping[str, Entry]) -> Scores:
    """The scores of all twenty.

    Raises:
        InputError: As for `score`.
    """
    for id_ in entries:
        if id_ not in INDICATORS:
            score(id_, None)
    return Scores(tuple(score(id_, entries.get(id_)) for id_ in INDICATORS))


def _facts(indicator: Indicator, entry: Entry) -> dict[str, Any]:
    for name in entry.facts:
        if name not in indicator.facts:
            raise refused(
                f"{indicator.id}.{name}",
                entry.facts[name],
                f"{indicator.name} takes " + ", ".join(indicator.facts),
                "rename or remove it",
            )
    found: dict[str, Any] = {}
    for name, choices in indicator.facts.items():
        field = f"{indicator.id}.{name}"
        value = entry.facts.get(name)
        if value is None:
            raise refused(field, "(missing)", f"{indicator.name} needs it", f"add {name} = …")
        if choices and value not in choices:
            raise refused(field, value, "one of " + ", ".join(choices), "choose one of these")
        found[name] = value if choices else parse_rate(value, field)
    return found
