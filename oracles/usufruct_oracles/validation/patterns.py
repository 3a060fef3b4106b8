"""Doubts that only show over many readings of a meter: stuck, spikes, output at night, units by totals.

Each is a pure function of the meter's readings that count, in the same or earlier days. None of them rejects:
a real meter may do any of this for once, so the readings count, are shown, and their money is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median_low

from usufruct.config import Meter, Stream
from usufruct_oracles.catalog import amount_of
from usufruct_oracles.validation.stakes import FACTOR, Basis, Stake
from usufruct_oracles.validation.units import smaller_unit
from usufruct_oracles.validation.verdicts import Rule, Verdict

HISTORY_DAYS = 28
"""Days before a day that it is compared with."""
LEAST_DAYS = 7
"""Days with quantities that there must be to compare with."""
STUCK_SECONDS = {"PARKING": 86_400}
"""How long a value may stay the same: full garages do so all night."""
STUCK_OTHERWISE = 6 * 3600
LEAST_STUCK = 12
"""Intervals that must be alike at least."""
SPIKE = 4
"""How many times the largest value of the days before a value may be."""
TOTAL_FACTOR = 300
"""By which factor a day may differ from the median of the days before."""
FULL_HOURS = 16
"""Most hours a day that a roof gives its nameplate."""
LEAST_SHARE = 4000
"""A roof gives at least this part of its nameplate in the long run."""
LEAST_SPAN = 3 * 86_400
"""Time over which that is asked, seconds."""
NIGHT = (23, 3)
"""Local hours from and until which no roof gives anything, anywhere below 60 degrees of latitude."""
NIGHT_SHARE = 50
"""Part of the nameplate that is noise."""

_DROPLET = (1, 20)  # 0.05 mm: rain gauges resolve 0.1 mm
_LEAST_SHOWERS = 3
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Counting:
    """A reading that counts.

    Attributes:
        start: Start, unix seconds.
        end: End.
        quantity: Base units.
        hour: Local hour of its start.
    """

    start: int
    end: int
    quantity: int
    hour: int


@dataclass(frozen=True, slots=True)
class Day:
    """A meter's readings of a local day, in order, none of them missing a place in it."""

    name: str
    readings: Sequence[Counting]

    @property
    def total(self) -> int:
        """Sum of the quantities, base units."""
        return sum(each.quantity for each in self.readings)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A doubt about some readings of a day.

    Attributes:
        day: Its name.
        end: End of the first of them, unix seconds.
        count: How many there are.
        verdict: Rule, detail and remedy.
        stake: Money in doubt.
    """

    day: str
    end: int
    count: int
    verdict: Verdict
    stake: Stake


def patterns(stream: Stream, meter: Meter, days: Sequence[Day], since: int) -> Iterator[Pattern]:
    """The doubts about a meter's days.

    Args:
        stream: The meter's stream.
        meter: An interval meter.
        days: Its days in order; those before the time asked for are what they are compared with.
        since: Readings that end until then are only compared with, unix seconds.
    """
    for at, day in enumerate(days):
        if not day.readings or day.readings[-1].end <= since:
            continue
        before = days[max(0, at - HISTORY_DAYS) : at]
        yield from _spikes(stream, day, before)
        yield from _unit(stream, meter, day, before)
        yield from _droplets(stream, meter, day)
        if stream.kind == "VPP":
            yield from _night(stream, meter, day)
            yield from _full(stream, meter, day)
    asked = [each for each in days if each.readings and each.readings[-1].end > since]
    yield from _stuck(stream, asked)
    if stream.kind == "VPP":
        yield from _faint(stream, meter, asked)


def _stuck(stream: Stream, days: Sequence[Day]) -> Iterator[Pattern]:
    """The same value, not zero, for too long."""
    longest = STUCK_SECONDS.get(stream.kind, STUCK_OTHERWISE)
    for day in days:
        for quantity, group in groupby(day.readings, key=lambda each: each.quantity):
            run = list(group)
            span = run[-1].end - run[0].start
            if not quantity or len(run) < LEAST_STUCK or span < longest:
                continue
            verdict = Verdict(
                Rule.STUCK,
                f"{len(run)} times {quantity} {stream.base_unit} in a row, for {span // 60} minutes",
                "look whether the meter or its gateway repeats an old value",
            )
            yield Pattern(day.name, run[0].end, len(run), verdict, _claimed(stream, run[1:]))


def _spikes(stream: Stream, day: Day, before: Sequence[Day]) -> Iterator[Pattern]:
    """Values far beyond all of the days before."""
    known = [each for each in before if each.total]
    if len(known) < LEAST_DAYS:
        return
    most = max(one.quantity for each in known for one in each.readings)
    high = [each for each in day.readings if each.quantity > SPIKE * most]
    if high:
        verdict = Verdict(
            Rule.SPIKE,
            f"{high[0].quantity} {stream.base_unit}, at most {most} in {len(known)} days before",
            "compare with the meter's register and its neighbours; correct the value if it is wrong",
        )
        yield Pattern(day.name, high[0].end, len(high), verdict, _claimed(stream, high))


def _unit(stream: Stream, meter: Meter, day: Day, before: Sequence[Day]) -> Iterator[Pattern]:
    """A day's total that is another order of magnitude than those of the days before."""
    totals = [each.total for each in before if each.total]
    if len(totals) < LEAST_DAYS or not day.total:
        return
    usual = median_low(totals)
    if day.total > TOTAL_FACTOR * usual:
        smaller = smaller_unit(meter.unit) or f"a unit {FACTOR} times smaller"
        hint = f"looks like {smaller} labelled {meter.unit}"
        stake = _scaled(stream, day.readings, 1, FACTOR)
    elif day.total * TOTAL_FACTOR < usual:
        hint = f"looks like {meter.unit} reported in a unit {FACTOR} times larger"
        stake = _scaled(stream, day.readings, FACTOR, 1)
    else:
        return
    verdict = Verdict(
        Rule.UNIT_SUSPECT,
        f"{day.total} {stream.base_unit} in the day, usually {usual}; {hint}",
        "check unit and multiplier of the meter and its source",
    )
    yield Pattern(day.name, day.readings[0].end, len(day.readings), verdict, stake)


def _droplets(stream: Stream, meter: Meter, day: Day) -> Iterator[Pattern]:
    """Rain that no gauge resolves: metres labelled millimetres."""
    rain = [each for each in day.readings if each.quantity]
    if meter.unit != "mm" or len(rain) < _LEAST_SHOWERS:
        return
    most = max(each.quantity for each in rain)
    ratio = meter.multiplier
    if most * ratio.denominator * _DROPLET[1] >= ratio.numerator * _DROPLET[0]:
        return
    verdict = Verdict(
        Rule.UNIT_SUSPECT,
        f"{len(rain)} showers, the largest below 0.05 mm: looks like m labelled mm",
        "multiply by 1000 at the source, or correct the meter's unit",
    )
    yield Pattern(day.name, rain[0].end, len(rain), verdict, _scaled(stream, rain, FACTOR, 1))


def _night(stream: Stream, meter: Meter, day: Day) -> Iterator[Pattern]:
    """A roof that gives at night."""
    dark = [
        each
        for each in day.readings
        if (each.hour >= NIGHT[0] or each.hour < NIGHT[1])
        and each.quantity * _HOUR * NIGHT_SHARE > meter.nameplate * (each.end - each.start)
    ]
    if dark:
        verdict = Verdict(
            Rule.NIGHT_OUTPUT,
            f"{sum(each.quantity for each in dark)} {stream.base_unit} between "
            f"{NIGHT[0]}:00 and 0{NIGHT[1]}:00",
            "check the clock and time zone of the source, and what else the meter measures",
        )
        yield Pattern(day.name, dark[0].end, len(dark), verdict, _claimed(stream, dark))


def _full(stream: Stream, meter: Meter, day: Day) -> Iterator[Pattern]:
    """A roof at full power for longer than days are."""
    most = FULL_HOURS * meter.nameplate
    if day.total > most:
        verdict = Verdict(
            Rule.TOTAL_IMPLAUSIBLE,
            f"{day.total} {stream.base_unit} in the day, {FULL_HOURS} hours of full power are {most}",
            "check multiplier, unit and nameplate of the meter",
        )
        stake = _scaled(stream, day.readings, most, day.total)
        yield Pattern(day.name, day.readings[0].end, len(day.readings), verdict, stake)


def _faint(stream: Stream, meter: Meter, days: Sequence[Day]) -> Iterator[Pattern]:
    """A roof that gives next to nothing over many days: kWh labelled Wh."""
    given = [each for day in days for each in day.readings]
    span = sum(each.end - each.start for each in given)
    total = sum(each.quantity for each in given)
    if not total or span < LEAST_SPAN or total * LEAST_SHARE * _HOUR >= meter.nameplate * span:
        return
    some = [each for each in given if each.quantity]
    verdict = Verdict(
        Rule.UNIT_SUSPECT,
        f"{total} {stream.base_unit} in {span // 86_400} days of a nameplate of {meter.nameplate} an hour: "
        f"looks like {meter.unit} reported in a unit {FACTOR} times larger",
        "check unit and multiplier of the meter and its source",
    )
    day = next(each.name for each in days if each.total)
    yield Pattern(day, some[0].end, len(some), verdict, _scaled(stream, some, FACTOR, 1))


def _claimed(stream: Stream, those: Sequence[Counting]) -> Stake:
    return Stake(sum(amount_of(stream, each.start, each.quantity) for each in those), Basis.CLAIMED)


def _scaled(stream: Stream, those: Sequence[Counting], times: int, by: int) -> Stake:
    """The difference it makes if the quantities are `times / by` of what they say."""
    now = sum(amount_of(stream, each.start, each.quantity) for each in those)
    then = sum(amount_of(stream, each.start, each.quantity * times // by) for each in those)
    return Stake(abs(now - then), Basis.CORRECTED)
