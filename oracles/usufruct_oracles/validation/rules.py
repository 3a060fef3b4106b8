"""The rules for one row that was read: each a pure function, None if the row keeps it.

They are asked in the order of `RULES`; the first that is broken is the verdict. Rules that need other
readings (duplicate, overlap, late) are in `neighbours`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from usufruct.config import Meter, Stream
from usufruct.core.encoding import MAX_QUANTITY
from usufruct.core.periods import zone
from usufruct_oracles.validation.rows import Row
from usufruct_oracles.validation.units import factor_between, smaller_unit
from usufruct_oracles.validation.verdicts import Rule, Verdict, shown

COUNTED: Final = frozenset({0, 7, 17, 19})
"""ESPI quality codes that count in full: valid, manual, validated, revenue grade."""
ESTIMATED: Final = frozenset({8, 9})
"""ESPI quality codes that count as estimated: estimated, interpolated."""

_HOUR = 3600
_TOLERANCE = (6, 5)  # 1.2 times the nameplate
_FACTOR = 1000


@dataclass(frozen=True)
class Place:
    """What a row is judged against.

    Attributes:
        stream: The stream of the file.
        meter: The row's meter.
        from_: Start of the file's day, unix seconds.
        to: End of the file's day.
        now: The clock's time.
        timezone: The project's time zone.
    """

    stream: Stream
    meter: Meter
    from_: int
    to: int
    now: int
    timezone: str

    @cached_property
    def per_second(self) -> tuple[int, int]:
        """Largest plausible base units in a second, as numerator and denominator."""
        return self.meter.nameplate * _TOLERANCE[0], _HOUR * _TOLERANCE[1]

    def local(self, time: int) -> str:
        """A moment in the project's time zone, for people."""
        return datetime.fromtimestamp(time, zone(self.timezone)).isoformat()


@dataclass(frozen=True, slots=True)
class Reading:
    """A row that can be judged: all of its columns could be read.

    Attributes:
        row: The row.
        start: Start, unix seconds.
        end: End.
        duration: Length in seconds.
        quantity: Base units, negative for a negative value.
    """

    row: Row
    start: int
    end: int
    duration: int
    quantity: int


def quality(reading: Reading, place: Place) -> Verdict | None:
    """Readings of a quality that blocks a payout do not count."""
    code = reading.row.quality
    if code in COUNTED or code in ESTIMATED:
        return None
    return Verdict(
        Rule.QUALITY_REFUSED,
        f"quality {code} of {place.meter.code} does not count",
        "measure again or deliver an estimate (8) or a validated value (17)",
    )


def unit(reading: Reading, place: Place) -> Verdict | None:
    """The label of the unit is the meter's."""
    given, wanted = reading.row.unit, place.meter.unit
    if given == wanted:
        return None
    factor = factor_between(given, wanted)
    hint = "" if factor is None else f" (1 {given} = {factor} {wanted})"
    return Verdict(
        Rule.UNIT_MISMATCH,
        f"unit {shown(given)}, but {place.meter.code} reports {wanted}{hint}",
        f"convert to {wanted} at the source, or correct the meter's unit and multiplier",
    )


def negative(reading: Reading, place: Place) -> Verdict | None:
    """Quantities are not negative."""
    if reading.quantity >= 0:
        return None
    return Verdict(
        Rule.NEGATIVE,
        f"{place.meter.code} reports {reading.row.line.split(',')[3]} {place.meter.unit}",
        "check sign, flow direction and register rollover of the meter",
    )


def plausible(reading: Reading, place: Place) -> Verdict | None:
    """No more than 1.2 times what the nameplate allows in the time."""
    numerator, denominator = place.per_second
    bound = numerator * reading.duration // denominator
    if reading.quantity <= min(bound, MAX_QUANTITY):
        return None
    detail = (
        f"{reading.quantity} {place.stream.base_unit} in {reading.duration} s, "
        f"{place.meter.code} can do {bound}"
    )
    remedy = "check multiplier, unit and nameplate of the meter"
    if reading.quantity // _FACTOR <= bound:
        smaller = smaller_unit(place.meter.unit)
        looks = f"{smaller} labelled {place.meter.unit}" if smaller else "a unit 1000 times smaller"
        detail += f"; a 1000th is plausible: looks like {looks}"
        remedy = f"divide by 1000 at the source, or correct the unit; else {remedy}"
    return Verdict(Rule.IMPLAUSIBLE, detail, remedy)


def future(reading: Reading, place: Place) -> Verdict | None:
    """What has not ended yet cannot have been measured."""
    if reading.end <= place.now:
        return None
    return Verdict(
        Rule.FUTURE,
        f"ends {place.local(reading.end)}, it is {place.local(place.now)}",
        "set the device's clock and deliver the day again",
    )


def in_day(reading: Reading, place: Place) -> Verdict | None:
    """A reading stands in the file of the day in which it ends."""
    if place.from_ < reading.end <= place.to:
        return None
    return Verdict(
        Rule.OUTSIDE_DAY,
        f"ends {place.local(reading.end)}, outside {place.local(place.from_)} to "
        f"{place.local(place.to)}",
        "put it into the file of the day in which it ends; check the time zone of the source",
    )


def duration(reading: Reading, place: Place) -> Verdict | None:
    """An interval is as long as the meter's intervals are."""
    wanted = place.meter.interval
    if wanted is None or reading.duration == wanted:
        return None
    return Verdict(
        Rule.WRONG_DURATION,
        f"{reading.duration} s, {place.meter.code} measures {wanted} s",
        "deliver the meter's own intervals; do not merge or split them",
    )


def aligned(reading: Reading, place: Place) -> Verdict | None:
    """Intervals begin at a whole number of intervals after local midnight."""
    step = place.meter.interval
    if step is None or (reading.start - place.from_) % step == 0:
        return None
    return Verdict(
        Rule.MISALIGNED,
        f"begins {place.local(reading.start)}, not a multiple of {step} s after midnight",
        "set the device's clock, or let it close its intervals on the full interval",
    )


def calibrated(reading: Reading, place: Place) -> Verdict | None:
    """The meter's calibration covers the reading."""
    until = place.meter.calibrated_until
    if reading.end <= until:
        return None
    return Verdict(
        Rule.CALIBRATION_EXPIRED,
        f"ends {place.local(reading.end)}, {place.meter.code} is calibrated until "
        f"{place.local(until)}",
        "calibrate the meter and register the new date, then deliver the day again",
    )


RULES: Final = (
    quality,
    unit,
    negative,
    future,
    in_day,
    duration,
    aligned,
    plausible,
    calibrated,
)
"""The rules in the order in which they are asked."""


def judge(reading: Reading, place: Place) -> Verdict | None:
    """The first rule that the reading breaks, None if it may count."""
    for rule in RULES:
        verdict = rule(reading, place)
        if verdict is not None:
            return verdict
    return None
