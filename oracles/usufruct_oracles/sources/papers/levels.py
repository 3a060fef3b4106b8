"""Retained water: form `level/1`. From a rain gauge by V = 10·H·φ·F, or from a reservoir's level by its curve.

V is in m³ for H in mm, φ the runoff coefficient and F in hm²; in litres that is H · φ · area in m². A gauge states its
resolution: a depth that is none of its steps was read in another unit (metres under the label mm).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from usufruct.config import Meter
from usufruct.core.documents import natural, text, wrong
from usufruct.core.encoding import load_json
from usufruct_oracles.sources.papers.common import (
    decoded,
    document,
    entries,
    implausible,
    reading,
    require_meter,
    span,
)
from usufruct_oracles.validation.rows import Row, parse_value
from usufruct_oracles.validation.units import factor_between
from usufruct_oracles.validation.verdicts import Verdict

FORM = "level/1"
"""Name of the form."""
HEAVIEST_HOUR = 305
"""Most rain in an hour, mm: Holt, Missouri, 22 June 1947 (WMO, in 42 minutes)."""
HEAVIEST_DAY = 1825
"""Most rain in a day, mm: Foc-Foc, La Réunion, 7–8 January 1966 (WMO)."""

_RAIN = {"kind", "meter", "area_m2", "runoff", "unit", "resolution", "readings"}
_LEVEL = {"kind", "meter", "curve", "readings"}
_HOUR = 3600


def retained_litres(depth_mm: Fraction, runoff: Fraction, area_m2: int) -> Fraction:
    """Litres that a catchment gathers: 10·H·φ·F m³ with F = area/10⁴ hm²."""
    return 1000 * (10 * depth_mm * runoff * Fraction(area_m2, 10_000))


def volume_at(curve: Sequence[tuple[int, int]], level: int) -> Fraction:
    """Litres at a level in mm, linear between the points of the curve.

    Raises:
        InputError: The level lies outside of the curve.
    """
    if not curve[0][0] <= level <= curve[-1][0]:
        raise wrong("level", level, f"{curve[0][0]} to {curve[-1][0]} mm, as the curve goes")
    at = min(bisect_right([each[0] for each in curve], level), len(curve) - 1)
    (low, below), (high, above) = curve[at - 1], curve[at]
    return below + Fraction((above - below) * (level - low), high - low)


def decode_levels(payload: bytes, meter: Meter) -> Sequence[Row]:
    """The readings of a document. A `Decoder`."""
    return decoded(payload, meter, _read)


def _read(payload: bytes, meter: Meter) -> Sequence[Row]:
    found = load_json(payload)
    kind = found.get("kind") if isinstance(found, dict) else None
    if kind == "rain":
        return _rain(payload, meter)
    if kind == "level":
        return _levels(payload, meter)
    raise wrong("kind", kind, "rain or level")


def _rain(payload: bytes, meter: Meter) -> Sequence[Row]:
    found = document(payload, FORM, _RAIN)
    require_meter(found, meter)
    unit = text(found["unit"], "unit")
    factor = factor_between(unit, "mm")
    if factor is None:
        raise wrong("unit", unit, "mm, cm or m")
    area, runoff = natural(found["area_m2"], "area_m2"), _decimal(found["runoff"], "runoff")
    if not 0 <= runoff <= 1:
        raise wrong("runoff", found["runoff"], "from 0 to 1")
    step = _decimal(found["resolution"], "resolution") * factor
    if step <= 0:
        raise wrong("resolution", found["resolution"], "above 0")
    rows = []
    for number, (start, end, depth) in enumerate(entries(found["readings"], "readings", 3), 1):
        bounds = span(start, end, "readings")
        height = _decimal(depth, "depth") * factor
        fault = _rain_fault(height, step, bounds[1] - bounds[0], unit)
        litres = _whole(retained_litres(height, runoff, area))
        rows.append(reading(number, meter, *bounds, litres, "L", f"{depth} {unit}", fault))
    return rows


def _rain_fault(height: Fraction, step: Fraction, seconds: int, unit: str) -> Verdict | None:
    most = HEAVIEST_HOUR if seconds <= _HOUR else HEAVIEST_DAY * max(1, seconds // (24 * _HOUR))
    if not 0 <= height <= most:
        detail = f"{float(height):g} mm in {seconds} s; the most ever measured is {most} mm"
        return implausible(detail, f"correct the unit: it says {unit}")
    if height % step:
        detail = f"{float(height):g} mm is no step of a gauge of {float(step):g} mm"
        return implausible(detail, f"correct the unit: it says {unit}; is it metres?")
    return None


def _levels(payload: bytes, meter: Meter) -> Sequence[Row]:
    """What came in between two levels; what was drawn off is not retained and gives 0."""
    found = document(payload, FORM, _LEVEL)
    require_meter(found, meter)
    curve = [
        (natural(level, "curve"), natural(litres, "curve"))
        for level, litres in entries(found["curve"], "curve", 2)
    ]
    if len(curve) < 2 or not all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(curve)):  # noqa: PLR2004 - a line
        raise wrong("curve", curve, "two or more points, levels and volumes rising")
    rows = []
    for number, parts in enumerate(entries(found["readings"], "readings", 4), 1):
        start, end, before, after = parts
        bounds = span(start, end, "readings")
        gained = volume_at(curve, natural(after, "level")) - volume_at(
            curve, natural(before, "level")
        )
        line = f"level {before} to {after} mm"
        rows.append(reading(number, meter, *bounds, _whole(max(gained, Fraction(0))), "L", line))
    return rows


def _decimal(value: object, name: str) -> Fraction:
    found = parse_value(text(value, name))
    if found is None:
        raise wrong(name, value, "a plain decimal as a text")
    return Fraction(found.numerator, 10**found.places)


def _whole(litres: Fraction) -> int:
    return litres.numerator // litres.denominator
