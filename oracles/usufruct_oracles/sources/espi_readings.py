"""The readings in the interval blocks of one meter reading: read, and judged against one another."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor

from usufruct.xml_tree import Element
from usufruct_oracles.sources.decoding import VALID
from usufruct_oracles.sources.espi_model import DELTA, Reading, ReadingType, Refused
from usufruct_oracles.validation.rows import LATEST

_FULL = (0, 7, 17, 19)
_ESTIMATED = (8, 9)
_WHOLE = re.compile(r"\d{1,11}", re.ASCII)
_VALUE = re.compile(r"-?\d{1,15}", re.ASCII)
_MAX_VALUE = 1 << 47
_MAX_DURATION = 1 << 32
_MAX_QUALITY = 255


@dataclass(slots=True)
class Counter:
    """Numbers the readings of a file."""

    last: int = 0

    def next(self) -> int:
        """The next number, from 1."""
        self.last += 1
        return self.last


class _Unreadable(ValueError):
    """Something in a reading that cannot be read; the text says what."""

    reason = "unreadable"


class _Untyped(_Unreadable):
    """A reading whose unit nobody knows."""

    reason = "untyped"


def readings_of(
    blocks: Sequence[Element],
    kind: ReadingType | None,
    counter: Counter,
    note: Callable[[str], None],
) -> tuple[tuple[Reading, ...], tuple[Refused, ...]]:
    """What counts, by start, and what does not, in the order of the file.

    A reading that repeats another exactly is a duplicate; the first counts. Readings of the same time that differ, and
    readings that share a part of their time, are all refused: nothing says which one is right.
    """
    found: list[Reading] = []
    refused: list[Refused] = []
    for block in blocks:
        _read_block(block, kind, counter, found, refused, note)
    good = _without_overlaps(_without_repetitions(found, refused), refused)
    return tuple(good), tuple(sorted(refused, key=lambda each: each.number))


def _read_block(
    block: Element,
    kind: ReadingType | None,
    counter: Counter,
    found: list[Reading],
    refused: list[Refused],
    note: Callable[[str], None],
) -> None:
    bounds = _bounds(block)
    following = None if bounds is None else bounds[0]
    outside = 0
    for element in block.all("IntervalReading"):
        number = counter.next()
        try:
            reading = _reading(number, element, kind, following)
        except _Unreadable as error:
            refused.append(_unreadable(number, element, error))
            following = None
            continue
        found.append(reading)
        following = reading.end
        outside += bounds is not None and not bounds[0] <= reading.start <= reading.end <= bounds[1]
    if outside:
        note(f"{outside} readings lie outside of the interval of their block, {bounds}")


def _bounds(block: Element) -> tuple[int, int] | None:
    """Start and end of a block, None where it does not say."""
    start, duration = block.content("interval", "start"), block.content("interval", "duration")
    if not start or not duration or not _WHOLE.fullmatch(start) or not _WHOLE.fullmatch(duration):
        return None
    return int(start), int(start) + int(duration)


def _reading(
    number: int, element: Element, kind: ReadingType | None, following: int | None
) -> Reading:
    start, duration = _period(element, kind, following)
    value = _value(element)
    if kind is None:
        raise _Untyped("it has no reading type, so that its unit is unknown")
    if kind.accumulation in (*DELTA, None) and not duration:
        raise _Unreadable("duration 0 for the amount of an interval")
    exact = kind.exact(value)
    qualities = tuple(
        _code(each.content("quality"), "quality") or VALID for each in element.all("ReadingQuality")
    )
    return Reading(
        number=number,
        start=start,
        duration=duration,
        value=value,
        exact=exact,
        quantity=floor(exact),
        quality=_decisive(qualities, kind),
        qualities=qualities,
        cost=_cost(element),
        tier=_code(element.content("consumptionTier"), "consumptionTier"),
        tou=_code(element.content("tou"), "tou"),
        cpp=_code(element.content("cpp"), "cpp"),
    )


def _period(element: Element, kind: ReadingType | None, following: int | None) -> tuple[int, int]:
    """Start and duration; a reading without a time follows the one before it (or its block's start)."""
    if element.child("timePeriod") is None:
        length = kind.interval_length if kind is not None else None
        if following is None or not length:
            raise _Unreadable("no timePeriod, and nothing before it to count from")
        return following, length
    start = element.content("timePeriod", "start") or ""
    duration = element.content("timePeriod", "duration") or ""
    if not _WHOLE.fullmatch(start) or int(start) >= LATEST:
        raise _Unreadable(f"start is {start[:40]!r}, not whole seconds since 1970")
    if not _WHOLE.fullmatch(duration) or int(duration) >= _MAX_DURATION:
        raise _Unreadable(f"duration is {duration[:40]!r}, not whole seconds")
    return int(start), int(duration)


def _value(element: Element) -> int:
    text = element.content("value") or ""
    if not _VALUE.fullmatch(text) or not -_MAX_VALUE <= int(text) < _MAX_VALUE:
        raise _Unreadable(f"value is {text[:40]!r}, not an integer of 48 bits")
    return int(text)


def _cost(element: Element) -> int | None:
    text = element.content("cost")
    if text is None:
        return None
    if not _VALUE.fullmatch(text):
        raise _Unreadable(f"cost is {text[:40]!r}, not an integer")
    return int(text)


def _code(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if not _WHOLE.fullmatch(text) or int(text) > _MAX_QUALITY:
        raise _Unreadable(f"{name} is {text[:40]!r}, not a code from 0 to {_MAX_QUALITY}")
    return int(text)


def _decisive(qualities: Sequence[int], kind: ReadingType) -> int:
    """The strictest code: one that blocks, else one that is estimated, else one that counts in full."""
    stated = qualities or (VALID if kind.default_quality is None else kind.default_quality,)
    return max(stated, key=lambda each: (each not in _FULL, each not in (*_FULL, *_ESTIMATED)))


def _without_repetitions(found: Sequence[Reading], refused: list[Refused]) -> list[Reading]:
    """One reading for each time; those that contradict one another are refused."""
    groups: dict[tuple[int, int], list[Reading]] = {}
    for reading in found:
        groups.setdefault((reading.start, reading.duration), []).append(reading)
    good = []
    for first, *others in groups.values():
        if all((each.value, each.quality) == (first.value, first.quality) for each in others):
            good.append(first)
            refused += [
                _out(each, "duplicate", f"repeats reading {first.number}") for each in others
            ]
            continue
        values = ", ".join(str(each.value) for each in (first, *others)[:4])
        refused += [
            _out(each, "conflict", f"values {values} for the same time")
            for each in (first, *others)
        ]
    return good


def _without_overlaps(found: Sequence[Reading], refused: list[Refused]) -> list[Reading]:
    """The readings, by start, that share no time with another."""
    ordered = sorted(found, key=lambda each: (each.start, each.end, each.number))
    bad: dict[int, int] = {}
    longest: Reading | None = None
    for reading in ordered:
        if longest is not None and reading.start < longest.end:
            bad[reading.number] = longest.number
            bad.setdefault(longest.number, reading.number)
        if longest is None or reading.end > longest.end:
            longest = reading
    refused += [
        _out(each, "overlap", f"shares time with reading {bad[each.number]}")
        for each in ordered
        if each.number in bad
    ]
    return [each for each in ordered if each.number not in bad]


def _out(reading: Reading, reason: str, detail: str) -> Refused:
    return Refused(reading.number, reason, detail, reading.start, reading.duration, reading.value)


def _unreadable(number: int, element: Element, error: _Unreadable) -> Refused:
    """As much of the reading as can be read, for the report."""
    start = element.content("timePeriod", "start") or ""
    duration = element.content("timePeriod", "duration") or ""
    value = element.content("value") or ""
    return Refused(
        number,
        error.reason,
        str(error),
        int(start) if _WHOLE.fullmatch(start) and int(start) < LATEST else None,
        int(duration) if _WHOLE.fullmatch(duration) else None,
        int(value) if _VALUE.fullmatch(value) else None,
    )
