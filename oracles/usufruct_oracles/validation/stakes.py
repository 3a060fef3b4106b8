"""The money a rejected reading would have earned, or an estimate of it that says it is one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from usufruct.config import Stream
from usufruct_oracles.catalog import amount_of
from usufruct_oracles.validation.neighbours import Stored
from usufruct_oracles.validation.rows import Row
from usufruct_oracles.validation.rules import Place, Reading, plausible
from usufruct_oracles.validation.units import factor_between
from usufruct_oracles.validation.verdicts import Rule

FACTOR = 1000


class Basis(StrEnum):
    """How a stake was found."""

    CLAIMED = "claimed"
    """The row's own value at the tariff."""
    CORRECTED = "corrected"
    """The row's value with the unit put right."""
    DIFFERENCE = "difference"
    """The difference to the value that counts."""
    DAY_MEAN = "mean of the meter's day"
    """An estimate: the mean of the readings of the same meter and day that count."""
    PERIOD_MEAN = "mean of the meter's period"
    """An estimate: the mean of the meter's readings of the period that count."""
    NOTHING = "nothing"
    """No money is at stake."""
    UNKNOWN = "unknown"
    """Nothing to go by."""

    @property
    def estimated(self) -> bool:
        """Whether the figure is an estimate."""
        return self in {Basis.CORRECTED, Basis.DAY_MEAN, Basis.PERIOD_MEAN}


@dataclass(frozen=True, slots=True)
class Stake:
    """Money at stake.

    Attributes:
        amount: Minor units, 0 or more.
        basis: How it was found.
    """

    amount: int
    basis: Basis


NOTHING = Stake(0, Basis.NOTHING)
UNKNOWN = Stake(0, Basis.UNKNOWN)

_BY_CLAIM = {
    Rule.MISSING_SIGNATURE,
    Rule.BAD_SIGNATURE,
    Rule.UNKNOWN_SCHEME,
    Rule.QUALITY_REFUSED,
    Rule.FUTURE,
    Rule.OUTSIDE_DAY,
    Rule.WRONG_DURATION,
    Rule.CALIBRATION_EXPIRED,
    Rule.OVERLAP,
    Rule.LATE,
}
_SHOWS_AS_MISSING = {Rule.FUTURE, Rule.OUTSIDE_DAY, Rule.MISALIGNED}


def stake_of(rule: Rule, reading: Reading, place: Place, same: Stored | None) -> Stake | None:
    """Money at stake in a reading rejected by `rule`; None if only an estimate can tell.

    Args:
        rule: Why it was rejected.
        reading: The reading.
        place: What it was judged against.
        same: The reading that counts in its place, for duplicates.
    """
    if rule is Rule.DUPLICATE or (
        # The interval it should have filled is valued where it is missing.
        rule in _SHOWS_AS_MISSING and place.stream.measure == "interval"
    ):
        return NOTHING
    if rule is Rule.CONFLICT and same is not None:
        new, old = (_amount(place.stream, reading, q) for q in (reading.quantity, same.quantity))
        return Stake(abs(new - old), Basis.DIFFERENCE)
    if rule in _BY_CLAIM:
        # A forged or broken value must not be reported as money.
        quantity = reading.quantity if _is_sound(reading, place) else None
        basis = Basis.CLAIMED
    else:
        quantity = _corrected(rule, reading, place)
        basis = Basis.CORRECTED
    return None if quantity is None else Stake(_amount(place.stream, reading, quantity), basis)


def stake_without_quantity(row: Row, stream: Stream) -> Stake | None:
    """Money at stake in a row that cannot be read; None if an estimate can tell.

    The interval of a row without a readable time shows as missing and is valued there.
    """
    return NOTHING if stream.measure == "interval" and row.end is None else None


def mean_stake(amounts: list[int]) -> Stake:
    """The mean amount of the meter's day, UNKNOWN if nothing of it counts."""
    return Stake(sum(amounts) // len(amounts), Basis.DAY_MEAN) if amounts else UNKNOWN


def _corrected(rule: Rule, reading: Reading, place: Place) -> int | None:
    """The quantity with the unit put right, if that is plausible."""
    factor = None
    if rule is Rule.IMPLAUSIBLE:
        factor = Fraction(1, FACTOR)
    elif rule is Rule.UNIT_MISMATCH:
        factor = factor_between(reading.row.unit, place.meter.unit)
    if factor is None or reading.row.value is None:
        return None
    # From the value itself: the quantity has lost its fraction already.
    quantity = reading.row.value.quantity(place.meter.multiplier * factor)
    return quantity if _is_sound(replace(reading, quantity=quantity), place) else None


def _is_sound(reading: Reading, place: Place) -> bool:
    return reading.quantity >= 0 and plausible(reading, place) is None


def _amount(stream: Stream, reading: Reading, quantity: int) -> int:
    return amount_of(stream, reading.start, quantity)
