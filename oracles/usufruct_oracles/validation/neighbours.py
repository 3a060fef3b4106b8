"""The rules that need other readings: duplicate, conflict, late, overlap.

`Neighbours` holds what the journal has around a file's day and grows by what the file adds.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass

from usufruct_oracles.validation.rules import Place, Reading
from usufruct_oracles.validation.verdicts import Rule, Verdict

Key = tuple[int, int, int]
"""Meter id, end, duration: what makes a reading the same (with the revision, which is 0 here)."""
CONTENDED = {Rule.CONFLICT, Rule.OVERLAP}
"""Rules that set one reading against another: which of the two came first says nothing (`journal.counting`)."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A reading that counts.

    Attributes:
        quantity: Base units.
        quality: ESPI quality code.
    """

    quantity: int
    quality: int


class Neighbours:
    """Readings that count, by key, and how far the stream is anchored.

    Args:
        stored: (meter id, end, duration, quantity, quality) of the journal's readings.
        closed: End of the last anchored batch, or the stream's start (unix seconds).
    """

    def __init__(self, stored: Iterable[tuple[int, int, int, int, int]], closed: int) -> None:
        self.closed = closed
        self._by_key: dict[Key, Stored] = {}
        self._spans: dict[int, list[tuple[int, int]]] = {}
        for meter, end, duration, quantity, quality in stored:
            self._add(meter, end, duration, Stored(quantity, quality))

    def add(self, reading: Reading, meter: int) -> None:
        """A reading of the file was accepted."""
        stored = Stored(reading.quantity, reading.row.quality)
        self._add(meter, reading.end, reading.duration, stored)

    def same(self, reading: Reading, meter: int) -> Stored | None:
        """The reading with the same key that counts already."""
        return self._by_key.get((meter, reading.end, reading.duration))

    def overlapping(self, reading: Reading, meter: int) -> tuple[int, int] | None:
        """A session of the meter that shares time with the reading, as (start, end)."""
        spans = self._spans.get(meter, [])
        # Accepted sessions do not overlap, so only the two around the start can.
        at = bisect_left(spans, (reading.start, 0))
        for start, end in spans[max(at - 1, 0) : at + 1]:
            if start < reading.end and reading.start < end:
                return start, end
        return None

    def _add(self, meter: int, end: int, duration: int, stored: Stored) -> None:
        key = meter, end, duration
        if key in self._by_key:
            return
        self._by_key[key] = stored
        insort(self._spans.setdefault(meter, []), (end - duration, end))


def is_known(reading: Reading, same: Stored | None) -> bool:
    """Whether the journal has exactly this reading from another record: nothing to do."""
    return same == Stored(reading.quantity, reading.row.quality)


def duplicate(reading: Reading, same: Stored | None, place: Place) -> Verdict | None:
    """A reading counts once, with its first value."""
    if same is None:
        return None
    if (same.quantity, same.quality) == (reading.quantity, reading.row.quality):
        return Verdict(
            Rule.DUPLICATE,
            f"{place.meter.code} at {place.local(reading.start)} stands there twice",
            "nothing is lost; stop the source from writing rows twice",
        )
    return Verdict(
        Rule.CONFLICT,
        f"{place.meter.code} at {place.local(reading.start)} says {reading.quantity} "
        f"{place.stream.base_unit} (quality {reading.row.quality}), but {same.quantity} "
        f"(quality {same.quality}) counts already",
        "find out which value is right; a correction goes into the next statement as an adjustment",
    )


def late(reading: Reading, closed: int, place: Place) -> Verdict | None:
    """What belongs into an anchored batch is too late."""
    if reading.end > closed:
        return None
    return Verdict(
        Rule.LATE,
        f"ends {place.local(reading.end)}, the stream is anchored up to {place.local(closed)}",
        "it cannot enter that batch any more; adjust the next statement by its money",
    )


def overlap(reading: Reading, other: tuple[int, int] | None, place: Place) -> Verdict | None:
    """Sessions of one meter follow one another."""
    if other is None:
        return None
    return Verdict(
        Rule.OVERLAP,
        f"{place.local(reading.start)} to {place.local(reading.end)} shares time with the session "
        f"{place.local(other[0])} to {place.local(other[1])} of {place.meter.code}",
        "check the station's clock; close a session before the next one begins",
    )
