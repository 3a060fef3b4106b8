"""What counts and is doubted in a stretch of time: shown with rule, remedy and the money in doubt.

Doubts that a record tells by itself are kept with its readings; those that show over many readings are worked
out here from the readings that count, so that they need no record and depend on no order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, and_, or_, select

from usufruct.config import Meter, Stream
from usufruct.core.periods import day_of, zone
from usufruct_oracles.catalog import Catalog, amount_of
from usufruct_oracles.finding import Finding
from usufruct_oracles.journal.estimates import kept_estimates
from usufruct_oracles.journal.ingest import closed_at
from usufruct_oracles.journal.schema import flags, readings
from usufruct_oracles.validation.patterns import HISTORY_DAYS, Counting, Day, Pattern, patterns
from usufruct_oracles.validation.rules import COUNTED, ESTIMATED
from usufruct_oracles.validation.stakes import Basis, Stake
from usufruct_oracles.validation.verdicts import Rule

_DAY = 86_400
_OF_SOURCE = "the source"


def doubts(
    connection: Connection, catalog: Catalog, stream: Stream, from_: int, to: int
) -> list[Finding]:
    """Everything doubted in (from_, to], by day, meter and rule."""
    found = [
        *_kept(connection, catalog, stream, from_, to),
        *_worked_out(connection, catalog, stream, from_, to),
        *_estimated(connection, catalog, stream, from_, to),
    ]
    return sorted(found, key=lambda each: (each.day, each.meter, each.rule, each.end or 0))


def _kept(
    connection: Connection, catalog: Catalog, stream: Stream, from_: int, to: int
) -> Iterator[Finding]:
    """Doubts that the record of a reading that counts told."""
    query = (
        select(flags)
        .join(
            readings,
            and_(
                readings.c.record_id == flags.c.record_id,
                *(
                    readings.c[name] == flags.c[name]
                    for name in ("meter", "end", "duration", "rev")
                ),
            ),
        )
        .where(flags.c.stream == stream.id, flags.c.end > from_, flags.c.end <= to)
        .order_by(flags.c.end, flags.c.meter)
    )
    for row in connection.execute(query).mappings():
        meter = catalog.meters_by_id.get(row["meter"])
        yield Finding(
            rule=Rule(row["rule"]),
            day=day_of(row["end"] - 1, catalog.timezone).isoformat(),
            meter=str(row["meter"]) if meter is None else meter.code,
            count=1,
            end=row["end"],
            line_number=0,
            line="",
            detail=row["detail"],
            remedy=row["remedy"],
            stake=Stake(row["stake"], Basis(row["basis"])),
        )


def _worked_out(
    connection: Connection, catalog: Catalog, stream: Stream, from_: int, to: int
) -> Iterator[Finding]:
    by_meter = _days(connection, catalog, stream, from_, to)
    for meter in catalog.meters_of(stream):
        if meter.interval is None:
            continue
        for found in patterns(stream, meter, by_meter.get(meter.id, ()), from_):
            yield _finding(meter, found)


def _estimated(
    connection: Connection, catalog: Catalog, stream: Stream, from_: int, to: int
) -> Iterator[Finding]:
    """Estimates that count, by meter, day and how they were made: those of the sources, and the workers' own."""
    query = select(
        readings.c.meter, readings.c.end, readings.c.duration, readings.c.quantity
    ).where(
        readings.c.stream == stream.id,
        readings.c.end > from_,
        readings.c.end <= to,
        readings.c.quality.in_(sorted(ESTIMATED)),
        or_(readings.c.seq.is_not(None), readings.c.end > closed_at(connection, stream)),
    )
    rows = [(m, e, d, q, _OF_SOURCE) for m, e, d, q in connection.execute(query)]
    rows += [
        (each.meter, each.end, each.duration, each.quantity, each.method)
        for each in kept_estimates(connection, stream, (from_, to))
    ]

    def kind(row: tuple[int, int, int, int, str]) -> tuple[int, str, str]:
        return row[0], day_of(row[1] - 1, catalog.timezone).isoformat(), row[4]

    for (meter, day, method), group in groupby(sorted(rows, key=kind), key=kind):
        alike = sorted(group)
        known = catalog.meters_by_id.get(meter)
        amount = sum(amount_of(stream, end - length, q) for _, end, length, q, _ in alike)
        own = method != _OF_SOURCE
        yield Finding(
            rule=Rule.ESTIMATED,
            day=day,
            meter=str(meter) if known is None else known.code,
            count=len(alike),
            end=alike[0][1],
            line_number=0,
            line="",
            detail=f"{len(alike)} intervals estimated by {method}",
            remedy="deliver the measured values: the difference is an adjustment"
            if own
            else "have them validated at the source before their day is anchored",
            stake=Stake(amount, Basis.CLAIMED),
        )


def _days(
    connection: Connection, catalog: Catalog, stream: Stream, from_: int, to: int
) -> Mapping[int, Sequence[Day]]:
    """Measured readings that count, by meter and local day, with those of the days before."""
    place = zone(catalog.timezone)
    query = (
        select(readings.c.meter, readings.c.end, readings.c.duration, readings.c.quantity)
        .where(
            readings.c.stream == stream.id,
            readings.c.end > from_ - HISTORY_DAYS * _DAY,
            readings.c.end <= to,
            readings.c.quality.in_(sorted(COUNTED)),
            or_(readings.c.seq.is_not(None), readings.c.end > closed_at(connection, stream)),
        )
        .order_by(readings.c.meter, readings.c.end)
    )
    found: dict[int, list[Day]] = {}
    rows = (
        (int(meter), datetime.fromtimestamp(end - duration, place), duration, end, quantity)
        for meter, end, duration, quantity in connection.execute(query)
    )
    for (meter, day), group in groupby(rows, key=lambda row: (row[0], row[1].date())):
        counting = [
            Counting(end - duration, end, quantity, local.hour)
            for _, local, duration, end, quantity in group
        ]
        found.setdefault(meter, []).append(Day(day.isoformat(), counting))
    return found


def _finding(meter: Meter, found: Pattern) -> Finding:
    return Finding(
        rule=found.verdict.rule,
        day=found.day,
        meter=meter.code,
        count=found.count,
        end=found.end,
        line_number=0,
        line="",
        detail=found.verdict.detail,
        remedy=found.verdict.remedy,
        stake=found.stake,
    )
