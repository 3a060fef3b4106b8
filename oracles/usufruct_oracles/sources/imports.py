"""Files that are cut into records: what an importer makes of a file, whatever its format.

A record holds the readings of one meter that end in one local day, so that a file exported again for a longer time
repeats the records of the days it had before, byte for byte, and the journal knows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from usufruct_oracles.validation.rows import Row

MAX_RECORD = 512 * 1024
"""Largest record; a longer day is cut into several."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A record of one meter.

    Attributes:
        meter: Code of the meter.
        raw: What the gateway signs behind its heading.
    """

    meter: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A part of a file that went into no record.

    Attributes:
        place: Row or reading, from 1; 0 for the whole file.
        reason: What is wrong, and the remedy.
    """

    place: int
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file.

    Attributes:
        form: Form of the records.
        cuts: The records, by meter, then by day.
        refused: What went into none of them.
        passed_over: Rows that the mapping does not want.
        notes: What is odd without being refused.
    """

    form: str
    cuts: tuple[Cut, ...]
    refused: tuple[Refusal, ...]
    passed_over: int = 0
    notes: tuple[str, ...] = ()


class Importer(Protocol):
    """Reads files of one format."""

    def __call__(self, data: bytes) -> Imported:
        """The records in a file.

        Raises:
            InputError: The file as a whole is refused.
        """
        ...


def by_day(
    rows: Sequence[Row], texts: Sequence[Sequence[str]], place: ZoneInfo
) -> Iterable[list[Sequence[str]]]:
    """The texts of readings, grouped by the local day in which they end, days in the order of their first reading.

    A reading without a readable end stays with the one before it, so that it is kept and rejected there.
    """
    groups: dict[str, list[Sequence[str]]] = {}
    day = ""
    for row, found in zip(rows, texts, strict=True):
        if row.end is not None:
            day = datetime.fromtimestamp(row.end - 1, place).date().isoformat()
        groups.setdefault(day, []).append(found)
    return groups.values()


def in_records(
    groups: Iterable[list[Sequence[str]]], write: Callable[[Sequence[Sequence[str]]], bytes]
) -> Iterable[bytes]:
    """Records of groups, none larger than `MAX_RECORD`."""
    for group in groups:
        record = write(group)
        if len(record) <= MAX_RECORD or len(group) == 1:
            yield record
            continue
        half = len(group) // 2
        yield from in_records((group[:half], group[half:]), write)
