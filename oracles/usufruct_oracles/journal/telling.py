"""What deliveries say of whole days: which were told completely, and when a window's content may have changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from usufruct.config import Stream
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.intervals import days_ending_in
from usufruct_oracles.journal.counting import (
    columns_of,
    in_window,
    parts_of,
    query_of,
    said_in,
    same_key,
    until,
)
from usufruct_oracles.journal.revisions import ReadingKey
from usufruct_oracles.journal.schema import contenders, heartbeats, readings, records, supports


def told_days(
    connection: Connection,
    catalog: Catalog,
    stream: Stream,
    window: tuple[int, int],
    counting: Collection[ReadingKey],
    as_of: int | None = None,
) -> set[tuple[int, str]]:
    """The meter-days of the window that count as covered in streams without intervals.

    A meter-day is covered by a signed record whose rows are all readings that count, in this or another record's
    value, or by a heartbeat when as many readings count as it says.

    Args:
        connection: The journal.
        catalog: The community.
        stream: The stream.
        window: (from, to].
        counting: The readings of the window that count.
        as_of: As for `counted`.
    """
    days = days_ending_in(catalog, *window)
    ids = [meter.id for meter in catalog.meters_of(stream)]
    whole = select(records.c.id, records.c.meter, records.c.day).where(
        records.c.stream == stream.id,
        records.c.day.in_(days),
        records.c.meter.in_(ids),
        records.c.complete,
    )
    shut_out = _shut_out(connection, stream, window, frozenset(counting), as_of)
    found = {
        (int(meter), str(day))
        for number, meter, day in connection.execute(until(whole, as_of))
        if number not in shut_out
    }
    said = said_counts(connection, stream, days, as_of)
    if said:
        bounds = [(day, *catalog.day(day)) for day in days]
        there: dict[tuple[int, str], int] = defaultdict(int)
        for meter, end, _ in counting:
            day = next((day for day, start, stop in bounds if start < end <= stop), None)
            if day is not None:
                there[meter, day] += 1
        known = set(ids)
        found |= {
            place for place, count in said.items() if place[0] in known and there[place] >= count
        }
    return found


def _shut_out(
    connection: Connection,
    stream: Stream,
    window: tuple[int, int],
    counting: frozenset[ReadingKey],
    as_of: int | None,
) -> set[int]:
    """Records with a session that does not count, since it shares time with one that does."""
    against = [
        parts_of(each) for each in connection.execute(query_of(contenders, stream, window, as_of))
    ]
    if not against:
        return set()
    for key, each in said_in(connection, stream, window, as_of).items():
        against += [(key, one) for one in each]
    return {one.record_id for key, one in against if ReadingKey(*key[:3]) not in counting}


def said_counts(
    connection: Connection, stream: Stream, days: Sequence[str], as_of: int | None = None
) -> dict[tuple[int, str], int]:
    """How many readings the heartbeats of meter-days speak of; the largest number counts."""
    query = (
        select(heartbeats.c.meter, heartbeats.c.day, heartbeats.c["count"])
        .join(records, records.c.id == heartbeats.c.record_id)
        .where(heartbeats.c.stream == stream.id, heartbeats.c.day.in_(days))
    )
    found: dict[tuple[int, str], int] = {}
    for meter, day, count in connection.execute(until(query, as_of)):
        found[meter, day] = max(count, found.get((meter, day), 0))
    return found


def moments_of(
    connection: Connection, stream: Stream, window: tuple[int, int], days: Sequence[str]
) -> set[int]:
    """Numbers of the deliveries after which the readings of a window may have been others."""
    files_of = select(records.c.file_id).where(
        records.c.stream == stream.id, records.c.day.in_(days)
    )
    found = {int(each) for (each,) in connection.execute(files_of.distinct())}
    for table in (readings, contenders):
        found |= _moments(connection, columns_of(table).where(*in_window(table, stream, window)))
    said_again = (
        select(records.c.file_id)
        .join(supports, records.c.id == supports.c.record_id)
        .join(readings, same_key(readings, supports))
        .where(*in_window(readings, stream, window))
    )
    found |= _moments(connection, said_again)
    beats = (
        select(records.c.file_id)
        .join(heartbeats, heartbeats.c.record_id == records.c.id)
        .where(heartbeats.c.stream == stream.id, heartbeats.c.day.in_(days))
    )
    return found | _moments(connection, beats)


def _moments(connection: Connection, query: Select[Any]) -> set[int]:
    only = query.with_only_columns(records.c.file_id).distinct()
    return {int(found) for (found,) in connection.execute(only)}
