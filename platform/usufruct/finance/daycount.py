"""Day counts: the share of a year between two days, as an exact fraction.

ACT/365F and ACT/ACT after ISDA 2006 §4.16 (d) and (b), 30/360 after §4.16 (f) ("Bond Basis").
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from usufruct.finance.numbers import refused

__all__ = ["CONVENTIONS", "DayCount", "convention"]

DayCount = Callable[[date, date], Fraction]
"""Years from the first day to the second."""

_YEAR: Final = 365
_LEAP: Final = 366
_MONTH: Final = 30
_LAST: Final = 31


def act_365f(start: date, end: date) -> Fraction:
    """Days over 365, whatever the year."""
    return Fraction((end - start).days, _YEAR)


def act_act(start: date, end: date) -> Fraction:
    """Days of each calendar year over its own length."""
    if end < start:
        return -act_act(end, start)
    total = Fraction(0)
    at = start
    while at.year < end.year:
        following = date(at.year + 1, 1, 1)
        total += Fraction((following - at).days, _LEAP if isleap(at.year) else _YEAR)
        at = following
    return total + Fraction((end - at).days, _LEAP if isleap(at.year) else _YEAR)


def thirty_360(start: date, end: date) -> Fraction:
    """Months of 30 days; a 31st counts as a 30th, the second one only after a 30th or 31st."""
    first = min(start.day, _MONTH)
    second = _MONTH if end.day == _LAST and first == _MONTH else end.day
    days = 360 * (end.year - start.year) + _MONTH * (end.month - start.month) + second - first
    return Fraction(days, 360)


CONVENTIONS: Final[Mapping[str, DayCount]] = MappingProxyType(
    {"ACT/365F": act_365f, "30/360": thirty_360, "ACT/ACT": act_act}
)
"""Day counts by name."""


def convention(name: str) -> DayCount:
    """The day count of that name.

    Raises:
        InputError: There is none.
    """
    found = CONVENTIONS.get(name)
    if found is None:
        raise refused(
            "day_count", name, "one of " + ", ".join(CONVENTIONS), "name one of these conventions"
        )
    return found
