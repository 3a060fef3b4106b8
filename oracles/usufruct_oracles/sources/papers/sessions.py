"""Sessions: form `session/1`. A charging session delivers energy; a garage's sessions occupy spaces.

Sessions of one meter share no time (protocol §4), so a garage does not deliver a reading for each car: one document
states the sessions of a window, and its reading is their space-seconds in that window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from usufruct.config import Meter
from usufruct.core.documents import natural, text, wrong
from usufruct.core.encoding import load_json
from usufruct_oracles.sources.decoding import in_unit_of, value_of
from usufruct_oracles.sources.papers.common import (
    decoded,
    document,
    entries,
    implausible,
    moment,
    reading,
    require_meter,
    span,
    twice,
)
from usufruct_oracles.validation.rows import Row
from usufruct_oracles.validation.verdicts import Verdict, shown

FORM = "session/1"
"""Name of the form."""

_EV = {"kind", "meter", "session", "arrival", "departure", "energy_wh", "requested_wh"}
_PARKING = {"kind", "meter", "from", "to", "capacity", "sessions"}

Stay = tuple[str, int, int]
"""Name, arrival and departure of a car."""


def decode_sessions(payload: bytes, meter: Meter) -> Sequence[Row]:
    """The readings of a document. A `Decoder`."""
    return decoded(payload, meter, _read)


def _read(payload: bytes, meter: Meter) -> Sequence[Row]:
    found = load_json(payload)
    kind = found.get("kind") if isinstance(found, dict) else None
    if kind == "ev":
        return [_charging(payload, meter)]
    if kind == "parking":
        return [_occupancy(payload, meter)]
    raise wrong("kind", kind, "ev or parking")


def _charging(payload: bytes, meter: Meter) -> Row:
    """More than was requested is what the station measured: it counts, and validation doubts it."""
    found = document(payload, FORM, _EV)
    require_meter(found, meter)
    start, end = span(found["arrival"], found["departure"], "departure")
    energy = natural(found["energy_wh"], "energy_wh")
    row = reading(
        1, meter, start, end, energy, "Wh", f"session {text(found['session'], 'session')}"
    )
    if found["requested_wh"] is None:
        return row
    requested = natural(found["requested_wh"], "requested_wh")
    exact, _ = in_unit_of(meter, Fraction(requested), "Wh")
    return replace(row, requested=value_of(exact))


def _occupancy(payload: bytes, meter: Meter) -> Row:
    found = document(payload, FORM, _PARKING)
    require_meter(found, meter)
    start, end = span(found["from"], found["to"], "to")
    capacity = natural(found["capacity"], "capacity")
    stays = [_stay(each, end) for each in entries(found["sessions"], "sessions", 3)]
    seconds = sum(min(last, end) - max(first, start) for _, first, last in stays)
    fault = _fault(stays, (start, end), capacity)
    line = f"{len(stays)} sessions on {capacity} spaces"
    return reading(1, meter, start, end, max(seconds, 0), "s", line, fault)


def _stay(parts: list[object], end: int) -> Stay:
    """One car; without a departure it is still there when the window ends."""
    name, arrival, departure = parts
    first = moment(arrival, "arrival")
    last = end if departure == "" else moment(departure, "departure")
    return text(name, "session"), first, last


def _fault(stays: Sequence[Stay], window: tuple[int, int], capacity: int) -> Verdict | None:
    """What is wrong with the sessions of a window."""
    names: set[str] = set()
    for name, first, last in stays:
        if name in names:
            return twice(f"session {shown(name)} stands there twice")
        names.add(name)
        if not (first < last and first < window[1] and window[0] < last):
            detail = f"session {shown(name)} has no time in the window"
            return implausible(detail, "correct arrival and departure")
    most, when = busiest(stays)
    if most > capacity:
        detail = f"{most} cars on {capacity} spaces at {when} (unix seconds)"
        return implausible(detail, "close sessions that have ended, or correct the capacity")
    return None


def busiest(stays: Sequence[Stay]) -> tuple[int, int]:
    """Most cars at a time, and the first moment of that; who leaves at a moment makes room for who comes then."""
    changes = sorted(change for _, first, last in stays for change in ((first, 1), (last, -1)))
    cars, most, when = 0, 0, 0
    for at, change in changes:
        cars += change
        if cars > most:
            most, when = cars, at
    return most, when
