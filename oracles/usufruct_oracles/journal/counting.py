"""Which readings count in a window, and which record each of them names: a pure function of what was received.

Day files and messages come to every worker in another order, and none of them replaces another. So where readings
stand against each other the order of arrival decides nothing; workers that lack a record of the others borrow it:

1. What is anchored counts.
2. Of the others those that end first count first; of those with the same end the shorter one; of those with the same
   end and duration messages before day files, of messages the smallest digest first, of day files the longest payload
   and of equally long ones the smallest digest first. One that shares time with a session that counts already
   does not count (money may share time).
3. A reading that several records say names the first of them in that order. A record says a reading once, with its
   first row.

What is delivered again for a day usually says more: a worker that saw the whole file alone agrees at once with one
that saw a part of it first. Rule 2 looks at no reading that ends later, so that a day's readings are known once the
day's messages are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, case, func, select

from usufruct.config import Stream
from usufruct_oracles.journal.schema import (
    NO_DAY,
    contenders,
    readings,
    records,
    supports,
)
from usufruct_oracles.validation.rows import MAX_DURATION

Key = tuple[int, int, int, int]
"""Meter, end, duration, revision."""

KEY = ("meter", "end", "duration", "rev")
"""Columns of a `Key`."""
_RECORD = (
    records.c.id,
    records.c.sha256,
    case((records.c.day == NO_DAY, 0), else_=func.length(records.c.payload)),
)
REACH = MAX_DURATION
"""How far a session may reach back, seconds."""


@dataclass(frozen=True, slots=True)
class Said:
    """One record that says a quantity and a quality of a reading.

    Attributes:
        record_id: Row of the record.
        sha256: Its digest.
        size: Bytes of its payload, 0 for a message.
        quantity: Base units.
        quality: ESPI quality code.
    """

    record_id: int
    sha256: bytes
    size: int
    quantity: int
    quality: int

    @property
    def rank(self) -> tuple[bool, int, bytes]:
        """Smaller comes first (rules 2 and 3)."""
        return self.size > 0, -self.size, self.sha256


@dataclass(frozen=True, slots=True)
class Counted:
    """A reading that counts, with the record that it names, and all that say the same."""

    key: Key
    said: Said
    sayers: Sequence[Said]


def counted(
    connection: Connection, stream: Stream, window: tuple[int, int], as_of: int | None = None
) -> list[Counted]:
    """The readings of the stream that end in (from, to], in the order of their numbers.

    Args:
        connection: The journal.
        stream: The stream.
        window: (from, to].
        as_of: Number of the last delivery to be taken into account, None for all.
    """
    said = said_in(connection, stream, window, as_of)
    contested: set[int] = set()
    for row in connection.execute(query_of(contenders, stream, window, as_of)):
        key, one = parts_of(row)
        said.setdefault(key, []).append(one)
        contested.add(key[0])
    if contested:
        anchored = _anchored(connection, stream, window[0], contested)
        said = dict(_settled(stream, said, contested, anchored))
    return [
        Counted(key, min(said[key], key=lambda each: each.rank), said[key])
        for key in sorted(said, key=lambda key: (key[1], key[0], key[2], key[3]))
    ]


def said_in(
    connection: Connection, stream: Stream, window: tuple[int, int], as_of: int | None
) -> dict[Key, list[Said]]:
    """What stands in the readings of the window, and the records that say the same again."""
    found: dict[Key, list[Said]] = {}
    for row in connection.execute(query_of(readings, stream, window, as_of)):
        key, one = parts_of(row)
        found[key] = [one]
    again = (
        select(*(readings.c[name] for name in KEY), readings.c.quantity, readings.c.quality)
        .add_columns(*_RECORD)
        .join(supports, same_key(readings, supports))
        .join(records, records.c.id == supports.c.record_id)
        .where(*in_window(readings, stream, window))
    )
    for row in connection.execute(until(again, as_of)):
        key, one = parts_of(row)
        if key in found:
            found[key].append(one)
    return found


def _settled(
    stream: Stream,
    said: dict[Key, list[Said]],
    contested: set[int],
    anchored: dict[int, list[tuple[int, int]]],
) -> Iterator[tuple[Key, list[Said]]]:
    """Rule 2 for the meters whose readings stand against each other; the others as they are."""
    taken: defaultdict[int, list[tuple[int, int]]] = defaultdict(list, anchored)
    for key in sorted(said, key=lambda key: (key[1], key[2], key[3])):
        meter, end, duration, _ = key
        if meter not in contested:
            yield key, said[key]
            continue
        if stream.measure != "money" and shares_time(taken[meter], end - duration, end):
            continue
        taken[meter].append((end - duration, end))
        first = min(said[key], key=lambda each: each.rank)
        value = first.quantity, first.quality
        yield key, [each for each in said[key] if (each.quantity, each.quality) == value]


def shares_time(taken: Iterable[tuple[int, int]], start: int, end: int) -> bool:
    """Whether a session has a moment in common with one of those."""
    return any(one < end and start < other for one, other in taken)


def _anchored(
    connection: Connection, stream: Stream, from_: int, meters: set[int]
) -> dict[int, list[tuple[int, int]]]:
    """Start and end of the last anchored reading of each meter: later ones may not reach into it."""
    query = select(readings.c.meter, readings.c.end, readings.c.duration).where(
        readings.c.stream == stream.id,
        readings.c.end > from_ - REACH,
        readings.c.end <= from_,
        readings.c.meter.in_(sorted(meters)),
        readings.c.seq.is_not(None),
    )
    found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for meter, end, duration in connection.execute(query):
        found[meter].append((end - duration, end))
    return found


# --- Queries ---


def query_of(
    table: Table, stream: Stream, window: tuple[int, int], as_of: int | None
) -> Select[Any]:
    """What a table of readings holds of a window, as `parts_of` takes it."""
    return until(columns_of(table).where(*in_window(table, stream, window)), as_of)


def columns_of(table: Table) -> Select[Any]:
    """All readings of a table with their records, as `parts_of` takes them."""
    return (
        select(*(table.c[name] for name in KEY), table.c.quantity, table.c.quality)
        .add_columns(*_RECORD)
        .join(records, records.c.id == table.c.record_id)
    )


def until(query: Select[Any], as_of: int | None) -> Select[Any]:
    """The query without what later deliveries brought."""
    return query if as_of is None else query.where(records.c.file_id <= as_of)


def in_window(table: Table, stream: Stream, window: tuple[int, int]) -> tuple[Any, ...]:
    """The condition that a reading of the stream ends in (from, to]."""
    return (
        table.c.stream == stream.id,
        table.c.end > window[0],
        table.c.end <= window[1],
    )


def same_key(one: Table, other: Table) -> Any:
    """The condition that two tables speak of the same reading."""
    return and_(*(one.c[name] == other.c[name] for name in KEY))


def parts_of(row: Any) -> tuple[Key, Said]:
    """The reading that a row of `columns_of` speaks of, and what its record says of it."""
    meter, end, duration, rev, quantity, quality, record_id, digest, size = row
    said = Said(record_id, bytes(digest), size, quantity, quality)
    return (meter, end, duration, rev), said
