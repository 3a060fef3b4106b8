"""What does not count in a stretch of time: open rejections, and what is missing without any row.

A rejection is open as long as no newer record of the same meter-day has come; for messages see
`message_findings`. What is missing is worked out from the grid of intervals (or the meter-days of session
streams), so it needs no record at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, and_, func, or_, select

from usufruct.config import Meter, Stream
from usufruct.core.periods import day_of
from usufruct_oracles.catalog import Catalog, amount_of
from usufruct_oracles.finding import Finding, finding_of
from usufruct_oracles.intervals import days_ending_in, interval_ends
from usufruct_oracles.journal.estimates import kept_estimates
from usufruct_oracles.journal.schema import batches, files, readings, records, rejections
from usufruct_oracles.journal.telling import said_counts
from usufruct_oracles.message_findings import contends, message_findings
from usufruct_oracles.page_findings import page_findings
from usufruct_oracles.validation.stakes import UNKNOWN, Basis, Stake
from usufruct_oracles.validation.verdicts import Rule


def findings(
    connection: Connection, catalog: Catalog, stream: Stream, from_: int, to: int
) -> list[Finding]:
    """Everything open in (from_, to], by day, meter and line."""
    days = days_ending_in(catalog, from_, to)
    if not days:
        return []
    rejected = [
        *_rejected_files(connection, stream, days),
        *_rejected_rows(connection, stream, days),
        *_late(connection, catalog, stream, from_, to),
        *message_findings(connection, catalog, stream, days, (from_, to)),
    ]
    explained = {(each.meter, each.end) for each in rejected if each.end is not None}
    dead = {(each.meter, each.day) for each in rejected if each.line_number == 0}
    missing = _missing(connection, catalog, stream, days, explained, dead)
    return sorted(
        [*rejected, *missing, *page_findings(connection, catalog, stream, (from_, to))],
        key=lambda each: (each.day, each.meter, each.line_number, each.rule),
    )


def _rejected_files(
    connection: Connection, stream: Stream, days: Sequence[str]
) -> Iterator[Finding]:
    """Days whose newest file was rejected as a whole."""
    newest = (
        select(func.max(files.c.id))
        .where(files.c.stream == stream.code, files.c.day.in_(days))
        .group_by(files.c.day)
    )
    query = select(files.c.day, files.c.rule, files.c.detail, files.c.remedy).where(
        files.c.id.in_(newest), files.c.rule.is_not(None)
    )
    for day, rule, detail, remedy in connection.execute(query):
        yield Finding(Rule(rule), day, "", 1, None, 0, "", detail, remedy, UNKNOWN)


def _rejected_rows(
    connection: Connection, stream: Stream, days: Sequence[str]
) -> Iterator[Finding]:
    newest_records = (
        select(func.max(records.c.id))
        .where(records.c.stream == stream.id, records.c.day.in_(days))
        .group_by(records.c.meter, records.c.day)
    )
    newest_files = (
        select(func.max(files.c.id))
        .where(files.c.stream == stream.code, files.c.day.in_(days), files.c.rule.is_(None))
        .group_by(files.c.day)
    )
    query = select(rejections).where(
        rejections.c.stream == stream.id,
        rejections.c.day.in_(days),
        ~contends(),
        or_(
            rejections.c.record_id.in_(newest_records),
            and_(rejections.c.record_id.is_(None), rejections.c.file_id.in_(newest_files)),
        ),
    )
    for row in connection.execute(query).mappings():
        yield finding_of(row)


def _late(
    connection: Connection, catalog: Catalog, stream: Stream, from_: int, to: int
) -> Iterator[Finding]:
    """Readings that were fine, but came while their batch was being anchored without them."""
    closed = select(func.max(batches.c.to)).where(batches.c.stream == stream.id)
    query = select(
        readings.c.meter, readings.c.end, readings.c.duration, readings.c.quantity
    ).where(
        readings.c.stream == stream.id,
        readings.c.end > from_,
        readings.c.end <= to,
        readings.c.end <= closed.scalar_subquery(),
        readings.c.seq.is_(None),
    )
    estimated = {
        (each.meter, each.end): amount_of(stream, each.end - each.duration, each.quantity)
        for each in kept_estimates(connection, stream, (from_, to))
    }
    for meter, end, duration, quantity in connection.execute(query):
        known = catalog.meters_by_id.get(meter)
        amount = amount_of(stream, end - duration, quantity)
        stands = estimated.get((meter, end))
        yield Finding(
            rule=Rule.LATE,
            day=day_of(end - 1, catalog.timezone).isoformat(),
            meter=str(meter) if known is None else known.code,
            count=1,
            end=end,
            line_number=0,
            line="",
            detail="it came after its batch was anchored without it"
            if stands is None
            else "it came after its batch was anchored with an estimate in its place",
            remedy="adjust the next statement by its money",
            stake=Stake(amount, Basis.CLAIMED)
            if stands is None
            else Stake(abs(amount - stands), Basis.DIFFERENCE),
        )


def _missing(
    connection: Connection,
    catalog: Catalog,
    stream: Stream,
    days: Sequence[str],
    explained: set[tuple[str, int]],
    dead: set[tuple[str, str]],
) -> Iterator[Finding]:
    whole = _whole_meters(connection, catalog, stream, days)
    limits = catalog.day(days[0])[0], catalog.day(days[-1])[1]
    for each in kept_estimates(connection, stream, limits):
        known = catalog.meters_by_id.get(each.meter)
        if known is not None:
            explained.add((known.code, each.end))
    for meter in catalog.meters_of(stream):
        if meter.id in whole:
            continue
        if stream.measure == "interval":
            yield from _missing_intervals(connection, catalog, stream, meter, days, explained)
        else:
            yield from _missing_days(connection, catalog, stream, meter, days, dead)


def _whole_meters(
    connection: Connection, catalog: Catalog, stream: Stream, days: Sequence[str]
) -> set[int]:
    """Interval meters with as many readings as there should be: no need to look closer."""
    if stream.measure != "interval":
        return set()
    limits = [catalog.day(day) for day in days]
    query = (
        select(readings.c.meter, func.count())
        .where(
            readings.c.stream == stream.id,
            readings.c.end > limits[0][0],
            readings.c.end <= limits[-1][1],
        )
        .group_by(readings.c.meter)
    )
    counts = {int(meter): int(count) for meter, count in connection.execute(query)}
    return {
        meter.id
        for meter in catalog.meters_of(stream)
        if counts.get(meter.id) == sum(len(interval_ends(meter, day, *day)) for day in limits)
    }


def _missing_intervals(
    connection: Connection,
    catalog: Catalog,
    stream: Stream,
    meter: Meter,
    days: Sequence[str],
    explained: set[tuple[str, int]],
) -> Iterator[Finding]:
    bounds = {day: catalog.day(day) for day in days}
    from_, to = bounds[days[0]][0], bounds[days[-1]][1]
    query = select(readings.c.end, readings.c.duration, readings.c.quantity).where(
        readings.c.meter == meter.id, readings.c.end > from_, readings.c.end <= to
    )
    amounts = {
        end: amount_of(stream, end - duration, quantity)
        for end, duration, quantity in connection.execute(query)
    }
    for day, (start, end) in bounds.items():
        wanted = interval_ends(meter, (start, end), start, end)
        lacking = [
            each for each in wanted if each not in amounts and (meter.code, each) not in explained
        ]
        if lacking:
            there = [amounts[each] for each in wanted if each in amounts]
            stake = _mean(there, list(amounts.values()), len(lacking))
            yield Finding(
                rule=Rule.MISSING,
                day=day,
                meter=meter.code,
                count=len(lacking),
                end=lacking[0],
                line_number=0,
                line="",
                detail=f"{len(lacking)} of {len(wanted)} intervals have no row",
                remedy="deliver the day again with these intervals, measured or estimated (8)",
                stake=stake,
            )


def _missing_days(
    connection: Connection,
    catalog: Catalog,
    stream: Stream,
    meter: Meter,
    days: Sequence[str],
    dead: set[tuple[str, str]],
) -> Iterator[Finding]:
    """Days of a session meter without any signed record; those with rejected rows show these."""
    query = select(records.c.day).where(records.c.meter == meter.id, records.c.day.in_(days))
    there = {day for (day,) in connection.execute(query)}
    told = said_counts(connection, stream, days)
    there |= {day for known, day in told if known == meter.id}
    lacking = [day for day in days if day not in there and (meter.code, day) not in dead]
    if not lacking:
        return
    from_, to = catalog.day(days[0])[0], catalog.day(days[-1])[1]
    sessions = select(readings.c.end, readings.c.duration, readings.c.quantity).where(
        readings.c.meter == meter.id, readings.c.end > from_, readings.c.end <= to
    )
    total = sum(
        amount_of(stream, end - duration, quantity)
        for end, duration, quantity in connection.execute(sessions)
    )
    stake = Stake(total // len(there), Basis.PERIOD_MEAN) if there else UNKNOWN
    for day in lacking:
        yield Finding(
            rule=Rule.MISSING,
            day=day,
            meter=meter.code,
            count=1,
            end=None,
            line_number=0,
            line="",
            detail="no signed record of this day",
            remedy="deliver the signed day; an empty one says that there was no session",
            stake=stake,
        )


def _mean(day: Sequence[int], period: Sequence[int], count: int) -> Stake:
    """What `count` intervals would have earned, by the mean of the day, else of the period."""
    if day:
        return Stake(sum(day) * count // len(day), Basis.DAY_MEAN)
    if period:
        return Stake(sum(period) * count // len(period), Basis.PERIOD_MEAN)
    return UNKNOWN
