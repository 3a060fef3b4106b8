"""Bars for tables: each row of figures gets a stack of segments in whole thousandths of the largest row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from usufruct.api.render import Json

__all__ = ["COLOURS", "Row", "Segment", "by_period", "colours"]

WIDTH: Final = 1_000
"""Width of the largest bar."""
COLOURS: Final = 6
"""Colours that there are."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar: where it begins, how wide it is, its colour's number and what it stands for."""

    x: int
    width: int
    colour: int
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """A period with its bar, its sum, and the amounts that it is made of by name."""

    period: Json
    segments: tuple[Segment, ...]
    total: Json
    parts: Mapping[str, Json]


def colours(names: Sequence[str]) -> dict[str, int]:
    """A colour's number for each name, in the names' order; they begin anew after the sixth."""
    return {name: place % COLOURS for place, name in enumerate(names)}


def by_period(entries: Sequence[tuple[Json, str, Json]], colour: Mapping[str, int]) -> list[Row]:
    """Rows of a chart from amounts, each with its period and name; newest period first.

    Args:
        entries: Period, name and amount, as the API gives them.
        colour: A colour's number by name; its order is that of the segments.
    """
    sums: dict[tuple[str, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    periods: dict[tuple[str, int], Json] = {}
    for period, name, money in entries:
        key = (period["month"] or "", period["number"])
        periods[key] = period
        sums[key][name] += int(money["amount"])
    largest = max((sum(row.values()) for row in sums.values()), default=0) or 1
    return [
        Row(
            periods[key],
            _segments(sums[key], colour, largest),
            entries[0][2] | {"amount": str(sum(sums[key].values()))},
            {name: entries[0][2] | {"amount": str(each)} for name, each in sums[key].items()},
        )
        for key in sorted(sums, reverse=True)
    ]


def _segments(
    row: Mapping[str, int], colour: Mapping[str, int], largest: int
) -> tuple[Segment, ...]:
    """The segments of one bar: their edges are rounded down, so that they never overlap."""
    found, before = [], 0
    for name, number in colour.items():
        x = WIDTH * before // largest
        before += row.get(name, 0)
        width = WIDTH * before // largest - x
        if width:
            found.append(Segment(x, width, number, name))
    return tuple(found)
