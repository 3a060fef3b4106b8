"""The plausibility panel: every headline divided by area, unit and month, and compared with stated bands.

A headline outside its band is flagged with how far it is off. Where one cause explains all flags, it is named: if
the figures of the whole panel fit once the area is ten times larger, the area is the likely mistake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from usufruct.finance.numbers import ONE, exact, refused, shown

__all__ = ["BANDS", "Band", "Check", "Headline", "Panel", "panel"]

_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Band:
    """What is usual.

    Attributes:
        low: Least usual value.
        high: Largest usual value.
        unit: Its unit, for people.
        source: Who says so.
    """

    low: Decimal
    high: Decimal
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Headline:
    """A figure as it is announced.

    Attributes:
        name: Its name, such as "income".
        amount: The amount, in whole currency.
        per: "area", "area·month", "household" or "household·month".
    """

    name: str
    amount: Decimal
    per: str


@dataclass(frozen=True, slots=True)
class Check:
    """A headline beside its band.

    Attributes:
        headline: The headline.
        value: The amount in the band's unit.
        band: The band, None if none is stated.
        off: How many times the value is above (or, below 1, below) the band; 1 inside.
    """

    headline: Headline
    value: Decimal
    band: Band | None
    off: Decimal

    @property
    def flagged(self) -> bool:
        """Whether it lies outside its band."""
        return self.off != ONE

    @property
    def words(self) -> str:
        """What is wrong, "" if nothing is."""
        if not self.flagged or self.band is None:
            return ""
        way = "above" if self.off > 1 else "below"
        times = ""  # nothing, or less than nothing, is no number of times below
        if self.off > 0:
            times = shown(self.off if self.off > 1 else ONE / self.off, 1) + " times "
        return (
            f"{shown(self.value, 1)} {self.band.unit} is {times}{way} "
            f"{shown(self.band.low, 1)}–{shown(self.band.high, 1)} ({self.band.source})"
        )


@dataclass(frozen=True, slots=True)
class Panel:
    """All checks, and the one cause that would explain the flags, "" if there is none."""

    checks: tuple[Check, ...]
    cause: str

    @property
    def flags(self) -> tuple[str, ...]:
        """The sentences of all flags."""
        return tuple(each.words for each in self.checks if each.flagged)


_HOUSE: Final = "house bands of Usufruct, ordinary residential communities in the PRC"
BANDS: Final[Mapping[str, Band]] = MappingProxyType(
    {
        "investment": Band(Decimal(200), Decimal(6_000), "元/㎡", _HOUSE),
        "income": Band(Decimal(1), Decimal(60), "元/㎡·month", _HOUSE),
        "fee": Band(Decimal("0.5"), Decimal(12), "元/㎡·month", _HOUSE),
        "rent": Band(Decimal(5), Decimal(200), "元/㎡·month", _HOUSE),
        "value": Band(Decimal(500), Decimal(60_000), "元/㎡", _HOUSE),
    }
)
"""Bands by the name of the headline; a file may state its own."""

_CAUSES: Final = (
    (Decimal(10), "the area is about 10× too small for these figures"),
    (Decimal(100), "the area is about 100× too small for these figures"),
    (Decimal("0.1"), "the area is about 10× too large for these figures"),
    (Decimal(10_000), "amounts in 元 look like amounts in 万元"),
)


def panel(
    headlines: Sequence[Headline],
    area: Decimal,
    households: int = 0,
    bands: Mapping[str, Band] = BANDS,
) -> Panel:
    """Checks every headline.

    Args:
        headlines: What is announced.
        area: Gross floor area in ㎡.
        households: Number of households, for headlines that are per household.
        bands: Bands by headline.

    Raises:
        InputError: The area is not positive, a band is none, or a headline is per household and there are none.
    """
    if area <= 0:
        raise refused("area", area, "an area is positive", "give the gross floor area in ㎡")
    for name, band in bands.items():
        if not 0 < band.low <= band.high:
            raise refused(
                f"band.{name}",
                f"{shown(band.low)}–{shown(band.high)}",
                "a band's low is positive and its high not below it",
                "correct the band",
            )
    checks = tuple(_check(each, area, households, bands) for each in headlines)
    return Panel(checks, _cause(checks))


def _check(headline: Headline, area: Decimal, households: int, bands: Mapping[str, Band]) -> Check:
    with exact():
        value = headline.amount / _divisor(headline, area, households)
        band = bands.get(headline.name)
        return Check(headline, value, band, ONE if band is None else _off(value, band))


def _divisor(headline: Headline, area: Decimal, households: int) -> Decimal:
    what, _, month = headline.per.partition("·")
    if what not in {"area", "household"} or month not in {"", "month"}:
        raise refused(
            f"{headline.name}.per",
            headline.per,
            "area, area·month, household or household·month",
            "name one of these",
        )
    if what == "household" and households <= 0:
        raise refused(
            "households", households, "a number of households", "give it, or divide by area"
        )
    base = area if what == "area" else Decimal(households)
    return base * (_MONTHS if month else 1)


def _off(value: Decimal, band: Band) -> Decimal:
    if value > band.high:
        return value / band.high
    return value / band.low if value < band.low else ONE


def _cause(checks: Sequence[Check]) -> str:
    """The first cause that would put every flagged headline inside its band and no other outside."""
    judged = [(each.value, each.band) for each in checks if each.band is not None]
    if not any(each.flagged for each in checks):
        return ""
    with exact():
        for divisor, words in _CAUSES:
            if all(_off(value / divisor, band) == ONE for value, band in judged):
                return words
    return ""
