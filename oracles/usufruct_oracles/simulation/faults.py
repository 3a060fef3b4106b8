"""Labelled faults: few enough to leave coverage above 95%, one of each kind that a demonstration wants.

Each fault has its own day and meter, chosen by the seed. A break of coverage silences meters of one stream for so
many days that its coverage falls two points below what the stream requires.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from usufruct.config import Stream
from usufruct.money import BASIS
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.simulation.dice import Dice

_MARGIN_BP = 200
_GAP = 3
_FUTURE_DAYS = 400
_START, _VALUE, _UNIT = 1, 3, 4


class FaultKind(StrEnum):
    """What goes wrong in a meter-day."""

    WRONG_UNIT = "value in a unit 1000 times smaller under the meter's label"
    WRONG_LABEL = "unit labelled m instead of the meter's"
    GAP = "three intervals missing"
    DUPLICATE = "one row twice"
    NEGATIVE = "one value negative"
    EVAPORATION = "one value slightly negative where nothing fell"
    FUTURE = "one row 400 days ahead"
    MALFORMED = "one row cut off"
    OVERLAP = "one session begins within another"
    FORGED = "signed with another key"
    UNSIGNED = "not signed"
    SILENT = "no rows and no signature"


_BY_KIND: Mapping[tuple[str, str], tuple[FaultKind, ...]] = {
    ("VPP", "interval"): (
        FaultKind.WRONG_UNIT,
        FaultKind.GAP,
        FaultKind.DUPLICATE,
        FaultKind.NEGATIVE,
        FaultKind.FUTURE,
        FaultKind.MALFORMED,
        FaultKind.FORGED,
    ),
    ("PARKING", "interval"): (FaultKind.GAP, FaultKind.MALFORMED),
    ("WATER", "interval"): (FaultKind.WRONG_LABEL, FaultKind.EVAPORATION),
    ("PARKING", "session"): (FaultKind.OVERLAP, FaultKind.UNSIGNED),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that was put into a meter-day on purpose."""

    stream: str
    day: str
    meter: str
    kind: FaultKind


Plan = Mapping[tuple[str, str, str], FaultKind]
"""The fault of each (stream, day, meter) that has one."""


def plan_faults(
    catalog: Catalog,
    seed: int,
    days: Sequence[str],
    *,
    faults: bool,
    coverage_break: str | None = None,
) -> Plan:
    """Where the faults of a month are.

    Args:
        catalog: The community.
        seed: The simulation's seed.
        days: The days of the month.
        faults: Whether to inject the small labelled faults.
        coverage_break: Code of a stream whose coverage is to fall too low.

    Raises:
        InputError: `coverage_break` is no stream.
    """
    plan: dict[tuple[str, str, str], FaultKind] = {}
    for stream in catalog.community.streams if faults else ():
        plan.update(_small(catalog, stream, seed, days))
    if coverage_break is not None:
        plan.update(_silence(catalog, catalog.stream(coverage_break), days))
    return plan


def spoil(kind: FaultKind, lines: Sequence[str]) -> list[str]:
    """A meter's lines with the fault in them; faults of signatures leave them as they are."""
    change = _CHANGES.get(kind)
    return list(lines) if change is None or not lines else change(list(lines))


def _small(
    catalog: Catalog, stream: Stream, seed: int, days: Sequence[str]
) -> Mapping[tuple[str, str, str], FaultKind]:
    kinds = _BY_KIND.get((stream.kind, stream.measure), ())
    meters = catalog.meters_of(stream)
    if not meters or len(days) < len(kinds):
        return {}
    dice = Dice(seed, "faults", stream.code)
    step = len(days) // len(kinds) if kinds else 1
    return {
        (stream.code, days[place * step + dice.below(step)], dice.choose(meters).code): kind
        for place, kind in enumerate(kinds)
    }


def _silence(
    catalog: Catalog, stream: Stream, days: Sequence[str]
) -> Mapping[tuple[str, str, str], FaultKind]:
    meters = catalog.meters_of(stream)
    share = BASIS - stream.min_coverage_bp + _MARGIN_BP
    wanted = -(-len(meters) * len(days) * share // BASIS)
    places = [(stream.code, day, meter.code) for meter in reversed(meters) for day in days]
    return dict.fromkeys(places[:wanted], FaultKind.SILENT)


def _largest(lines: Sequence[str]) -> int:
    """Index of the line with the largest value: at night a factor of 1000 changes nothing."""
    values = _values(lines)
    return values.index(max(values))


def _smallest(lines: Sequence[str]) -> int:
    """Index of the line with the smallest value: one hour's downpour can be more than a dry month may estimate."""
    values = _values(lines)
    return values.index(min(values))


def _values(lines: Sequence[str]) -> list[int]:
    return [int(line.split(",")[_VALUE].replace(".", "")) for line in lines]


def _with(line: str, column: int, value: str) -> str:
    parts = line.split(",")
    parts[column] = value
    return ",".join(parts)


def _wrong_unit(lines: list[str]) -> list[str]:
    at = _largest(lines)
    value = lines[at].split(",")[_VALUE]
    whole, _, places = value.partition(".")
    lines[at] = _with(lines[at], _VALUE, f"{int(whole + places.ljust(3, '0')[:3])}")
    return lines


def _wrong_label(lines: list[str]) -> list[str]:
    at = _smallest(lines)
    lines[at] = _with(lines[at], _UNIT, "m")
    return lines


def _gap(lines: list[str]) -> list[str]:
    at = len(lines) // 2
    return lines[:at] + lines[at + _GAP :]


def _duplicate(lines: list[str]) -> list[str]:
    at = _largest(lines)
    return [*lines[: at + 1], lines[at], *lines[at + 1 :]]


def _negative(lines: list[str]) -> list[str]:
    at = _largest(lines)
    lines[at] = _with(lines[at], _VALUE, f"-{lines[at].split(',')[_VALUE]}")
    return lines


def _evaporation(lines: list[str]) -> list[str]:
    at = _smallest(lines)
    lines[at] = _with(lines[at], _VALUE, "-0.4")  # mm, what an evaporating gauge reports
    return lines


def _future(lines: list[str]) -> list[str]:
    start = datetime.fromisoformat(lines[-1].split(",")[_START]) + timedelta(days=_FUTURE_DAYS)
    return [*lines, _with(lines[-1], _START, start.isoformat())]


def _malformed(lines: list[str]) -> list[str]:
    at = _largest(lines)
    lines[at] = ",".join(lines[at].split(",")[:_UNIT])
    return lines


def _overlap(lines: list[str]) -> list[str]:
    start = datetime.fromisoformat(lines[0].split(",")[_START]) + timedelta(minutes=5)
    return [lines[0], _with(lines[0], _START, start.isoformat()), *lines[1:]]


_CHANGES: Mapping[FaultKind, Callable[[list[str]], list[str]]] = {
    FaultKind.WRONG_UNIT: _wrong_unit,
    FaultKind.WRONG_LABEL: _wrong_label,
    FaultKind.GAP: _gap,
    FaultKind.DUPLICATE: _duplicate,
    FaultKind.NEGATIVE: _negative,
    FaultKind.EVAPORATION: _evaporation,
    FaultKind.FUTURE: _future,
    FaultKind.MALFORMED: _malformed,
    FaultKind.OVERLAP: _overlap,
    FaultKind.SILENT: lambda _: [],
}
