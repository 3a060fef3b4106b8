"""What a Green Button file says (NAESB REQ.21 ESPI): usage points, meter readings, reading types, readings.

Codes are those of ESPI and IEC 61968-9. Quantities are exact: `exact` is the value in the base unit as a fraction,
`quantity` is its floor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from usufruct_oracles.sources.espi_time import LocalTime

DELTA: Final = (0, 4)
"""Accumulation behaviours whose values are the amount of the interval: not applicable, delta data."""

UNITS: Final[Mapping[int, tuple[str, Fraction]]] = MappingProxyType(
    {
        72: ("Wh", Fraction(1)),
        31: ("Wh", Fraction(1, 3600)),  # joule
        132: ("Wh", Fraction("1055.05585262") / 3600),  # Btu (International Table)
        169: ("Wh", Fraction(105_480_400, 3600)),  # therm (U.S.), 15 U.S.C.: 1.054804 × 10⁸ J
        42: ("L", Fraction(1000)),  # m³
        166: ("L", Fraction(1000)),  # m³, compensated
        167: ("L", Fraction(1000)),  # m³, uncompensated
        119: ("L", Fraction("28.316846592")),  # ft³
        120: ("L", Fraction("28.316846592")),  # ft³, compensated
        123: ("L", Fraction("28.316846592")),  # ft³, uncompensated
        128: ("L", Fraction("3.785411784")),  # US gallon
        130: ("L", Fraction("4.54609")),  # imperial gallon
        134: ("L", Fraction(1)),
        27: ("s", Fraction(1)),
        38: ("W", Fraction(1)),
        111: ("count", Fraction(1)),
    }
)
"""Base unit of a unit of measure, and how many of it one unit is; exact by definition of the unit."""

LABELS: Final[Mapping[int, str]] = MappingProxyType(
    {
        72: "Wh",
        31: "J",
        132: "Btu",
        169: "therm",
        42: "m3",
        166: "m3",
        167: "m3",
        119: "ft3",
        120: "ft3",
        123: "ft3",
        128: "gal",
        130: "imp-gal",
        134: "L",
        27: "s",
        38: "W",
        111: "count",
    }
)
"""Unit labels as meters of a community file have them."""


@lru_cache(maxsize=1024)
def _factor(uom: int, power: int) -> Fraction:
    """How much one step of a value is: 10^power, times the unit in its base unit."""
    return Fraction(10) ** power * (UNITS[uom][1] if uom in UNITS else 1)


@dataclass(frozen=True, slots=True)
class ReadingType:
    """What readings measure. Numbers are ESPI codes; None where the file says nothing.

    Attributes:
        accumulation: accumulationBehaviour, 4 for delta data.
        commodity: 1 electricity, 7 natural gas, 9 potable water …
        currency: ISO 4217 number.
        data_qualifier: 12 normal, 8 maximum …
        default_quality: Quality of readings that state none.
        flow: flowDirection, 1 delivered, 19 received, 4 net, 20 total.
        interval_length: Seconds.
        kind: 12 energy, 37 power …
        phase: Phases.
        power: powerOfTenMultiplier, 0 if absent.
        time_attribute: timeAttribute.
        uom: Unit of measure, 0 if absent.
    """

    accumulation: int | None
    commodity: int | None
    currency: int | None
    data_qualifier: int | None
    default_quality: int | None
    flow: int | None
    interval_length: int | None
    kind: int | None
    phase: int | None
    power: int
    time_attribute: int | None
    uom: int

    @property
    def unit(self) -> str:
        """Base unit of quantities: Wh, L, s, W, count; `uom-n` for a unit that has none here."""
        return UNITS[self.uom][0] if self.uom in UNITS else f"uom-{self.uom}"

    @property
    def label(self) -> str:
        """The unit that the values are in, before the multiplier: Wh, m3, therm …"""
        return LABELS.get(self.uom, f"uom-{self.uom}")

    def scaled(self, value: int) -> Fraction:
        """A raw value in `label`: value · 10^powerOfTenMultiplier."""
        return value * _factor(0, self.power)

    def exact(self, value: int) -> Fraction:
        """A raw value in `unit`."""
        return value * _factor(self.uom, self.power)


@dataclass(frozen=True, slots=True)
class Reading:
    """One IntervalReading.

    Attributes:
        number: Its place among the readings of the file, from 1.
        start: Unix seconds.
        duration: Seconds.
        value: As in the file.
        exact: In the base unit of the reading type.
        quantity: ⌊exact⌋.
        quality: The ESPI code that decides: the strictest of `qualities`, else the type's default, else 0 (valid).
        qualities: The codes in the file.
        cost: In hundred-thousandths of the currency, None if absent.
        tier: consumptionTier.
        tou: Time-of-use code.
        cpp: Critical-peak code.
    """

    number: int
    start: int
    duration: int
    value: int
    exact: Fraction
    quantity: int
    quality: int
    qualities: tuple[int, ...] = ()
    cost: int | None = None
    tier: int | None = None
    tou: int | None = None
    cpp: int | None = None

    @property
    def end(self) -> int:
        """Start and duration together, unix seconds."""
        return self.start + self.duration


@dataclass(frozen=True, slots=True)
class Refused:
    """A reading that does not count.

    Attributes:
        number: Its place among the readings of the file, from 1.
        reason: `unreadable`, `duplicate`, `conflict`, `overlap` or `untyped`.
        detail: What was found, with the value.
        start: Unix seconds, None if unreadable.
        duration: Seconds, None if unreadable.
        value: As in the file, None if unreadable.
    """

    number: int
    reason: str
    detail: str
    start: int | None = None
    duration: int | None = None
    value: int | None = None


@dataclass(frozen=True, slots=True)
class MeterReading:
    """A series of readings of one type.

    Attributes:
        href: Its `self` link, without scheme and host.
        title: Title.
        type: What is measured; None if the file does not say, and then all readings are refused.
        readings: What counts, by start.
        refused: What does not, in the order of the file.
    """

    href: str
    title: str
    type: ReadingType | None
    readings: tuple[Reading, ...]
    refused: tuple[Refused, ...]

    @property
    def total(self) -> Fraction:
        """Sum of the readings in the base unit, exact."""
        return sum((each.exact for each in self.readings), Fraction(0))


@dataclass(frozen=True, slots=True)
class UsagePoint:
    """A point of delivery.

    Attributes:
        href: Its `self` link, without scheme and host.
        title: Title; may hold an address and is not logged.
        service: ServiceCategory: 0 electricity, 1 gas, 2 water …; None if absent.
        time: Its LocalTimeParameters.
        meter_readings: In the order of the file.
    """

    href: str
    title: str = field(repr=False)
    service: int | None
    time: LocalTime | None
    meter_readings: tuple[MeterReading, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """A Green Button file.

    Attributes:
        title: Title.
        usage_points: In the order of the file.
        problems: What is odd without making a reading unusable: entries that belong to nothing, blocks with
            readings outside of their interval.
    """

    title: str = field(repr=False)
    usage_points: tuple[UsagePoint, ...]
    problems: tuple[str, ...]

    @property
    def meter_readings(self) -> tuple[MeterReading, ...]:
        """All meter readings of all usage points."""
        return tuple(each for point in self.usage_points for each in point.meter_readings)

    @property
    def readings(self) -> tuple[Reading, ...]:
        """All readings that count."""
        return tuple(each for series in self.meter_readings for each in series.readings)
