"""Once a batch is anchored: where readings stood against each other, those that were anchored count for good."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, delete, insert, select

from usufruct.config import Stream
from usufruct.core.encoding import ReadingLeaf
from usufruct_oracles.journal.counting import (
    KEY,
    REACH,
    Key,
    Said,
    in_window,
    parts_of,
    query_of,
    said_in,
    shares_time,
)
from usufruct_oracles.journal.schema import contenders, readings, supports


def settle(
    connection: Connection, stream: Stream, window: tuple[int, int], leaves: Iterable[ReadingLeaf]
) -> None:
    """Makes the readings of a window those that were anchored; the others become contenders.

    Does nothing where no readings stand against each other.
    """
    against = {
        int(meter)
        for (meter,) in connection.execute(
            select(contenders.c.meter).distinct().where(*in_window(contenders, stream, window))
        )
    }
    if not against:
        return
    named = {
        (leaf.meter, leaf.end, leaf.duration, leaf.rev): leaf.record
        for leaf in leaves
        if leaf.meter in against
    }
    said = _all_said(connection, stream, window, against)
    spans: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for meter, end, duration, _ in named:
        spans[meter].append((end - duration, end))
    for table in (readings, supports, contenders):
        for key in said:
            connection.execute(delete(table).filter_by(**_place(key)))
    for key, each in said.items():
        _put(connection, stream, key, each, _winner(key, each, named.get(key), spans[key[0]]))
    if stream.measure != "money":
        _give_way(connection, stream, window[1], spans)


def _winner(
    key: Key, said: Sequence[Said], named: bytes | None, spans: Iterable[tuple[int, int]]
) -> Said | None:
    """Who speaks for a reading: the record that was anchored; of one that came too late the first by rank."""
    if named is not None:
        return next((each for each in said if each.sha256 == named), None)
    late = not shares_time(spans, key[1] - key[2], key[1])
    return min(said, key=lambda each: each.rank) if late else None


def _give_way(
    connection: Connection,
    stream: Stream,
    closed: int,
    spans: Mapping[int, Sequence[tuple[int, int]]],
) -> None:
    """Readings of later days that share time with what has just been anchored stand against it now."""
    later = closed, closed + REACH
    said = _all_said(connection, stream, later, set(spans))
    for key, each in said.items():
        if shares_time(spans[key[0]], key[1] - key[2], key[1]):
            for table in (readings, supports, contenders):
                connection.execute(delete(table).filter_by(**_place(key)))
            _put(connection, stream, key, each, None)


def _all_said(
    connection: Connection, stream: Stream, window: tuple[int, int], meters: set[int]
) -> dict[Key, list[Said]]:
    """All that records say of the readings of some meters, counted or not."""
    found = said_in(connection, stream, window, None)
    for row in connection.execute(query_of(contenders, stream, window, None)):
        key, one = parts_of(row)
        found.setdefault(key, []).append(one)
    return {key: each for key, each in found.items() if key[0] in meters}


def _put(
    connection: Connection, stream: Stream, key: Key, said: Sequence[Said], winner: Said | None
) -> None:
    """Writes a reading anew: what the winner says counts, everything else stands against it."""
    value = None if winner is None else (winner.quantity, winner.quality)
    counts = False
    for each in sorted(said, key=lambda each: each.record_id):
        row: dict[str, int] = {**_place(key), "record_id": each.record_id}
        valued = {**row, "stream": stream.id, "quantity": each.quantity, "quality": each.quality}
        if (each.quantity, each.quality) != value:
            connection.execute(insert(contenders).values(valued))
        elif counts:
            connection.execute(insert(supports).values(row))
        else:
            connection.execute(insert(readings).values(valued))
            counts = True


def _place(key: Key) -> dict[str, int]:
    return dict(zip(KEY, key, strict=True))
