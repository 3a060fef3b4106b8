"""Units of source values, as far as errors between them can be named."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

_ENERGY, _LENGTH, _VOLUME, _TIME = "energy", "length", "volume", "time"

_UNITS: Final = {
    "Wh": (_ENERGY, 1),
    "kWh": (_ENERGY, 1000),
    "MWh": (_ENERGY, 1_000_000),
    "mm": (_LENGTH, 1),
    "cm": (_LENGTH, 10),
    "m": (_LENGTH, 1000),
    "L": (_VOLUME, 1),
    "m3": (_VOLUME, 1000),
    "s": (_TIME, 1),
    "min": (_TIME, 60),
    "h": (_TIME, 3600),
}

_SMALLER: Final = {"kWh": "Wh", "MWh": "kWh", "m": "mm", "m3": "L"}


def factor_between(given: str, wanted: str) -> Fraction | None:
    """How many `wanted` one `given` is; None if they measure different things or are unknown."""
    have, want = _UNITS.get(given), _UNITS.get(wanted)
    if have is None or want is None or have[0] != want[0]:
        return None
    return Fraction(have[1], want[1])


def smaller_unit(unit: str) -> str | None:
    """The usual unit of which 1000 make one `unit`, None if there is none."""
    return _SMALLER.get(unit)
