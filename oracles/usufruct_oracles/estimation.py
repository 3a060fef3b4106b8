"""Estimates of intervals that nobody measured (protocol §4b): pure functions of measured readings, in integers.

Only measured readings of the same meter go in, of the same day or of days that are anchored: never another
estimate, never a later day. So everyone who has the readings finds the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from usufruct.config import Estimation, Meter
from usufruct.core.encoding import canonical_json
from usufruct.core.keccak import keccak256
from usufruct.core.periods import zone

INTERPOLATED: Final = 9
"""ESPI quality of an interpolated value."""
AVERAGED: Final = 8
"""ESPI quality of a value estimated from earlier ones."""
HEADING: Final = b"usufruct/estimate/1\n"
"""What stands before the description in the preimage of an estimate's record."""

_WEEKS_BACK = 2
_YEAR = 52

Lookup = Callable[[Sequence[int]], Mapping[int, int]]
"""Measured and anchored quantities of a meter, by the ends of intervals that are asked for."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimated interval.

    Attributes:
        stream: Number of the stream.
        meter: Number of the meter.
        end: End of the interval, unix seconds.
        duration: Its length, seconds.
        quantity: Base units.
        quality: ESPI quality code, 8 or 9.
        method: "interpolation", "weeks" or "last-year".
        inputs: Ends of the measured intervals that it was made from, ascending.
    """

    stream: int
    meter: int
    end: int
    duration: int
    quantity: int = field(repr=False)
    quality: int
    method: str
    inputs: tuple[int, ...]

    @property
    def description(self) -> bytes:
        """What anyone needs to compute it anew, as canonical JSON. It tells no quantity."""
        return canonical_json(
            {
                "v": 1,
                "stream": self.stream,
                "meter": self.meter,
                "end": self.end,
                "duration": self.duration,
                "quality": self.quality,
                "method": self.method,
                "inputs": list(self.inputs),
            }
        )

    @property
    def record(self) -> bytes:
        """The `record` of its leaf: a Keccak hash, since it is signed by nobody (32 bytes).

        No bytes are known whose sha256 it is, so it cannot be taken for a signed record, nor disputed as one.
        """
        return keccak256(HEADING + self.description)


def estimates(
    rule: Estimation,
    meter: Meter,
    timezone: str,
    stream: int,
    wanted: Sequence[int],
    there: Mapping[int, int | None],
    anchored: Lookup,
) -> Iterator[Estimate]:
    """Estimates of a meter's missing intervals of a day, by end; none where the rule has nothing to go by.

    Args:
        rule: The stream's rule.
        meter: The meter, of intervals.
        timezone: The project's time zone.
        stream: Number of the stream.
        wanted: Ends of the day's intervals, ascending.
        there: Quantity of each interval of the day that counts, by end; None for what the source estimated.
        anchored: Measured quantities of earlier days.
    """
    step = meter.interval or 0
    for gap in _gaps(wanted, there):
        measured = {end: q for end, q in there.items() if q is not None}
        bounds = gap[0] - step, gap[-1] + step
        if len(gap) <= rule.longest_gap:
            measured |= anchored([bounds[0]])
            if bounds[0] in measured and bounds[1] in measured:
                yield from _between(stream, meter, gap, bounds, measured)
                continue
        for end in gap:
            found = _from_before(rule, meter, timezone, stream, end, anchored)
            if found is not None:
                yield found


def _gaps(wanted: Sequence[int], there: Mapping[int, object]) -> Iterator[list[int]]:
    """Runs of intervals of which nothing counts."""
    gap: list[int] = []
    for end in wanted:
        if end not in there:
            gap.append(end)
        elif gap:
            yield gap
            gap = []
    if gap:
        yield gap


def _between(
    stream: int,
    meter: Meter,
    gap: Sequence[int],
    bounds: tuple[int, int],
    measured: Mapping[int, int],
) -> Iterator[Estimate]:
    """On the straight line between the neighbours, rounded down."""
    before, after = measured[bounds[0]], measured[bounds[1]]
    parts = len(gap) + 1
    for number, end in enumerate(gap, 1):
        quantity = ((parts - number) * before + number * after) // parts
        yield Estimate(
            stream,
            meter.id,
            end,
            meter.interval or 0,
            quantity,
            INTERPOLATED,
            "interpolation",
            bounds,
        )


def _from_before(
    rule: Estimation, meter: Meter, timezone: str, stream: int, end: int, anchored: Lookup
) -> Estimate | None:
    """The mean of the weeks before, or the value of last year, at the same local time."""
    step = meter.interval or 0
    weeks = [_weeks_earlier(end, each, timezone) for each in range(1, _WEEKS_BACK * rule.weeks + 1)]
    found = anchored(weeks)
    inputs = [each for each in weeks if each in found][: rule.weeks]
    method = "weeks"
    if not rule.weeks or len(inputs) < rule.weeks:
        if not rule.last_year:
            return None
        year = _weeks_earlier(end, _YEAR, timezone)
        found = anchored([year])
        inputs, method = [each for each in (year,) if each in found], "last-year"
    if not inputs:
        return None
    quantity = sum(found[each] for each in inputs) // len(inputs)
    return Estimate(stream, meter.id, end, step, quantity, AVERAGED, method, tuple(sorted(inputs)))


def _weeks_earlier(end: int, weeks: int, timezone: str) -> int:
    """The end of the interval at the same local time so many weeks before."""
    place = zone(timezone)
    local = datetime.fromtimestamp(end, place).replace(tzinfo=None) - timedelta(weeks=weeks)
    return int(local.replace(tzinfo=place).timestamp())
