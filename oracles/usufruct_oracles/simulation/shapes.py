"""How a synthetic day looks: sun, cars, rain, charging. Whole numbers only, so every machine agrees.

Nothing here is measured. The shapes are plausible, no more: a bell between sunrise and sunset times a cloud
factor for the day, garages that fill for work or for the night, showers on some days, sessions with pauses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from usufruct_oracles.simulation.dice import Dice

PER_MILLE = 1000

_DAYLIGHT = (620, 665, 720, 775, 820, 845, 835, 795, 740, 685, 635, 610)
"""Minutes from sunrise to sunset by month, near 31° north."""
_NOON = 12 * 60 + 5
_SAMPLES = 4

_COMMUTERS = (
    (
        *(60, 55, 50, 50, 60, 110, 260, 520, 760, 860, 890, 880),
        *(840, 860, 880, 850, 760, 560, 340, 220, 160, 120, 90, 70),
    ),
    (
        *(50, 45, 40, 40, 40, 50, 80, 120, 200, 320, 430, 500),
        *(520, 510, 480, 430, 380, 320, 260, 200, 150, 110, 80, 60),
    ),
)
"""Occupancy by hour in per mille, weekday and weekend, of a garage at work."""
_RESIDENTS = (
    (
        *(900, 905, 910, 910, 900, 860, 760, 560, 420, 360, 340, 340),
        *(350, 350, 360, 390, 460, 590, 710, 790, 840, 870, 885, 895),
    ),
    (
        *(900, 905, 910, 910, 910, 900, 880, 830, 760, 690, 640, 610),
        *(600, 600, 610, 630, 660, 700, 750, 800, 840, 870, 885, 895),
    ),
)
"""The same of a garage at home."""
_SATURDAY = 6

_SKIES = ((450, 850, 1000), (800, 450, 850), (1000, 150, 400))
"""Clear, mixed and overcast: cumulated share of the days, darkest and brightest per mille."""


def sun(local: datetime, seconds: int) -> int:
    """Clear-sky output of the interval that begins at `local`, per mille of the nameplate."""
    daylight = _DAYLIGHT[local.month - 1]
    begin = 60 * local.hour + local.minute
    total = 0
    for sample in range(_SAMPLES):
        minute = begin + (2 * sample + 1) * seconds // (120 * _SAMPLES)
        total += _bell(minute - _NOON + daylight // 2, daylight)
    return total // _SAMPLES


def sky(seed: int, day: str) -> int:
    """How much of the sun a day's sky lets through, per mille; one sky for all roofs."""
    dice = Dice(seed, "sky", day)
    drawn = dice.below(PER_MILLE)
    for share, darkest, brightest in _SKIES:
        if drawn < share:
            return dice.between(darkest, brightest)
    return PER_MILLE


def occupancy(seed: int, meter: str, local: datetime) -> int:
    """Occupied share of a garage at a moment, per mille."""
    curves = Dice(seed, "garage", meter).choose((_COMMUTERS, _RESIDENTS))
    curve = curves[local.isoweekday() >= _SATURDAY]
    here, there = curve[local.hour], curve[(local.hour + 1) % 24]
    wobble = Dice(seed, "cars", meter, local.isoformat()).between(-20, 20)
    return min(PER_MILLE, max(0, here + (there - here) * local.minute // 60 + wobble))


def rain(seed: int, meter: str, day: str) -> dict[int, int]:
    """Tenths of a millimetre by local hour; most days have none."""
    dice = Dice(seed, "rain", meter, day)
    showers: dict[int, int] = {}
    if dice.chance(320):
        for _ in range(dice.between(1, 3)):
            start, heavy = dice.below(24), dice.chance(250)
            for hour in range(start, min(24, start + dice.between(1, 5))):
                # The product of two draws makes light rain common and heavy rain rare.
                drops = dice.between(1, 12) * dice.between(1, 20 if heavy else 5)
                showers[hour] = showers.get(hour, 0) + drops // 2
    return showers


@dataclass(frozen=True, slots=True)
class ChargingSession:
    """A charging session: minute of the local day, minutes, Wh."""

    start: int
    minutes: int
    energy: int


def charging(
    seed: int, meter: str, day: str, power: int, least: int = 0
) -> Iterator[ChargingSession]:
    """The sessions of a station on a day, one after the other, `least` to 3 of them.

    Args:
        seed: The simulation's seed.
        meter: Code of the station.
        day: Local day.
        power: Most it can deliver, W.
        least: Fewest sessions.
    """
    dice = Dice(seed, "charging", meter, day)
    minute = dice.between(5, 700)
    for _ in range(dice.between(least, 3)):
        minutes = dice.between(30, 330)
        if minute + minutes >= 24 * 60 - 5:
            return
        # Plugged in for longer than it charges: part of the time at part of the power.
        most = power * minutes // 60
        yield ChargingSession(minute, minutes, min(60_000, most * dice.between(150, 850) // 1000))
        minute += minutes + dice.between(10, 180)


def _bell(minute: int, length: int) -> int:
    """Bhaskara's rational sine over `length` minutes, per mille: exact, so the same everywhere."""
    if not 0 < minute < length:
        return 0
    product = minute * (length - minute)
    return PER_MILLE * 16 * product // (5 * length * length - 4 * product)
