"""What does not count of messages, what of theirs is missing, and what of any record stands against another one.

A message replaces no other, so what was rejected in one is open until a reading counts in its place. Of readings that
stand against each other those that do not count are listed, whichever came first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, exists, select

from usufruct.config import Meter, Stream
from usufruct.core.periods import day_of
from usufruct_oracles.catalog import Catalog, amount_of
from usufruct_oracles.finding import Finding, finding_of
from usufruct_oracles.journal.counting import Key, Said, counted, parts_of, query_of, said_in
from usufruct_oracles.journal.ingest import closed_at, takes_messages
from usufruct_oracles.journal.schema import (
    NO_DAY,
    contenders,
    files,
    messages,
    readings,
    records,
    rejections,
)
from usufruct_oracles.journal.telling import said_counts
from usufruct_oracles.validation.neighbours import CONTENDED
from usufruct_oracles.validation.stakes import UNKNOWN, Basis, Stake
from usufruct_oracles.validation.verdicts import Rule


def message_findings(
    connection: Connection,
    catalog: Catalog,
    stream: Stream,
    days: Sequence[str],
    window: tuple[int, int],
) -> Iterator[Finding]:
    """What is open of the messages of a stream in (from, to], which holds those days."""
    yield from _refused(connection, catalog, stream, window)
    yield from _contended(connection, catalog, stream, window)
    if not takes_messages(connection, stream):
        return
    yield from _rejected(connection, stream, days)
    if stream.measure != "interval":
        yield from _incomplete(connection, catalog, stream, days)


def _refused(
    connection: Connection, catalog: Catalog, stream: Stream, window: tuple[int, int]
) -> Iterator[Finding]:
    """Messages that were rejected as a whole, in the days in which they came."""
    again = messages.alias()
    query = (
        select(files.c.received_at, messages.c.meter, files.c.rule, files.c.detail, files.c.remedy)
        .join(messages, messages.c.file_id == files.c.id)
        .where(
            files.c.stream == stream.code,
            files.c.day == NO_DAY,
            files.c.rule.is_not(None),
            files.c.received_at > window[0],
            files.c.received_at <= window[1],
            ~exists().where(
                again.c.sha256 == messages.c.sha256, again.c.file_id > messages.c.file_id
            ),
        )
        .order_by(files.c.id)
    )
    for received, meter, rule, detail, remedy in connection.execute(query):
        day = day_of(received - 1, catalog.timezone).isoformat()
        yield Finding(Rule(rule), day, meter, 1, None, 0, "", detail, remedy, UNKNOWN)


def _rejected(connection: Connection, stream: Stream, days: Sequence[str]) -> Iterator[Finding]:
    """Rejected readings of messages in whose place nothing counts."""
    filled = exists().where(readings.c.meter == records.c.meter, readings.c.end == rejections.c.end)
    query = (
        select(rejections)
        .join(records, records.c.id == rejections.c.record_id)
        .where(
            rejections.c.stream == stream.id,
            rejections.c.day.in_(days),
            ~contends(),
            records.c.day == NO_DAY,
            ~filled,
        )
        .order_by(rejections.c.id)
    )
    for row in connection.execute(query).mappings():
        yield finding_of(row)


def contends() -> ColumnElement[bool]:
    """The condition that a rejected reading stands against another one, and is listed as such whichever counts."""
    return exists().where(
        contenders.c.record_id == rejections.c.record_id,
        contenders.c.end == rejections.c.end,
        rejections.c.rule.in_(sorted(CONTENDED)),
    )


def _contended(
    connection: Connection, catalog: Catalog, stream: Stream, window: tuple[int, int]
) -> Iterator[Finding]:
    """Readings in whose place another one counts."""
    said: defaultdict[Key, list[Said]] = defaultdict(list)
    for row in connection.execute(query_of(contenders, stream, window, None)):
        key, one = parts_of(row)
        said[key].append(one)
    if not said:
        return
    against = {key[0] for key in said}
    stored = {
        key: each
        for key, each in said_in(connection, stream, window, None).items()
        if key[0] in against
    }
    standing = _standing(connection, stream, window, stored)
    for key, each in stored.items():
        said[key] += each
    for key in sorted(said, key=lambda key: (key[1], key[0], key[2])):
        meter = catalog.meters_by_id.get(key[0])
        if meter is not None:
            yield from _losers(catalog, stream, meter, key, said[key], standing.get(key))


def _standing(
    connection: Connection,
    stream: Stream,
    window: tuple[int, int],
    stored: Mapping[Key, Sequence[Said]],
) -> dict[Key, Said]:
    """What counts: in anchored days what stands in the readings, in the others what would be anchored."""
    closed = max(window[0], closed_at(connection, stream))
    found = {key: each[0] for key, each in stored.items() if key[1] <= closed}
    if closed < window[1]:
        open_ = counted(connection, stream, (closed, window[1]))
        found |= {each.key: each.said for each in open_}
    return found


def _losers(
    catalog: Catalog,
    stream: Stream,
    meter: Meter,
    key: Key,
    said: Sequence[Said],
    standing: Said | None,
) -> Iterator[Finding]:
    value = None if standing is None else (standing.quantity, standing.quality)
    others = {
        (each.quantity, each.quality) for each in said if (each.quantity, each.quality) != value
    }
    if standing is None:
        first = min(said, key=lambda each: each.rank)
        others = {(first.quantity, first.quality)}
    for quantity, quality in sorted(others):
        amount = amount_of(stream, key[1] - key[2], quantity)
        if standing is None:
            rule, stake = Rule.OVERLAP, Stake(amount, Basis.CLAIMED)
            detail = f"a session of {key[2]} s shares time with one of {meter.code} that counts"
            remedy = "check the station's clock; close a session before the next one begins"
        else:
            counts = amount_of(stream, key[1] - key[2], standing.quantity)
            rule, stake = Rule.CONFLICT, Stake(abs(amount - counts), Basis.DIFFERENCE)
            detail = (
                f"a record says {quantity} {stream.base_unit} (quality {quality}), but "
                f"{standing.quantity} (quality {standing.quality}) counts"
            )
            remedy = "find out which value is right; a correction goes into the next statement as an adjustment"
        day = day_of(key[1] - 1, catalog.timezone).isoformat()
        yield Finding(rule, day, meter.code, 1, key[1], 0, "", detail, remedy, stake)


def _incomplete(
    connection: Connection, catalog: Catalog, stream: Stream, days: Sequence[str]
) -> Iterator[Finding]:
    """Meter-days whose heartbeat speaks of more readings than count."""
    told = said_counts(connection, stream, days)
    query = select(readings.c.end, readings.c.duration, readings.c.quantity)
    for (meter_id, day), count in sorted(told.items()):
        meter = catalog.meters_by_id.get(meter_id)
        if meter is None or not count:
            continue
        start, end = catalog.day(day)
        there = [
            amount_of(stream, stop - duration, quantity)
            for stop, duration, quantity in connection.execute(
                query.where(
                    readings.c.meter == meter_id, readings.c.end > start, readings.c.end <= end
                )
            )
        ]
        lacking = count - len(there)
        if lacking <= 0:
            continue
        stake = Stake(sum(there) * lacking // len(there), Basis.DAY_MEAN) if there else UNKNOWN
        yield Finding(
            rule=Rule.MISSING,
            day=day,
            meter=meter.code,
            count=lacking,
            end=None,
            line_number=0,
            line="",
            detail=f"{len(there)} of {count} readings that the meter speaks of count",
            remedy="let the gateway send the missing messages again",
            stake=stake,
        )
