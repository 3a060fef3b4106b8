"""Taking a household's readings out of the journal for good, and knowing that it was done.

What stays is what others rely on and nobody can open: leaves (commitments), manifests, heads, statements. The hash of
a source record stays in its leaf; it hides the record as long as the record's signature is gone, too, since the
signature is part of what is hashed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from usufruct.chain import crash
from usufruct.config import Meter, Stream
from usufruct.core.periods import day_of
from usufruct.errors import EvidenceError
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.journal.correction_tables import (
    correction_records,
    correction_rejections,
    corrections,
)
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.schema import (
    contenders,
    erasures,
    estimates,
    files,
    flags,
    heartbeats,
    readings,
    records,
    rejections,
    supports,
)

CLEARED: Final = frozenset(
    {
        *("files", "records", "readings", "supports", "contenders", "heartbeats", "flags"),
        *("estimates", "rejections", "corrections", "correction_records", "correction_rejections"),
    }
)
"""Tables that hold readings; `erase_rows` takes a household's out of each."""
KEPT: Final = frozenset(
    {"batches", "statements", "erasures", "messages", "retractions", "archived"}
    | {"correction_documents"}
)
"""Tables that hold none; of messages the digest and the meter's code, so that they are not taken in again."""

_GONE: Final = b""


@dataclass(frozen=True, slots=True)
class Erased:
    """A household that was erased here.

    Attributes:
        meter: Number of its meter.
        order: The order, as it was written.
        at: When the order was given.
        reason: Why.
        readings: How many readings were taken out.
        finished: Whether secret, drop folder and free pages of the database were cleared, too.
    """

    meter: int
    order: bytes
    at: int
    reason: str
    readings: int
    finished: bool


def erase_rows(
    database: Database, stream: Stream, meter: Meter, order: bytes, at: int, reason: str
) -> Erased:
    """Takes out all that the journal holds of a household, in one transaction; again finishes what is left."""
    with database.write() as connection:
        if find_erased(connection, meter.id) is None:
            _remember(connection, stream, meter, order, at, reason)
        _clear(connection, stream, meter)
        crash.point("erasure.before_commit")
    crash.point("erasure.rows_gone")
    with database.read() as connection:
        found = find_erased(connection, meter.id)
    assert found is not None
    return found


def mark_finished(database: Database, meter: int) -> None:
    """Notes that nothing of the household is left."""
    with database.write() as connection:
        connection.execute(update(erasures).where(erasures.c.meter == meter).values(finished=True))


def find_erased(connection: Connection, meter: int) -> Erased | None:
    """The erasure of the household with this meter, None if there was none."""
    query = select(erasures).where(erasures.c.meter == meter)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    names = ("meter", "order", "at", "reason", "readings", "finished")
    return Erased(*(row[name] for name in names))


def erased_meters(connection: Connection, stream: int) -> Collection[int]:
    """Numbers of the stream's meters whose households were erased."""
    query = select(erasures.c.meter).where(erasures.c.stream == stream)
    return {int(meter) for (meter,) in connection.execute(query)}


def erased_within(
    connection: Connection, catalog: Catalog, stream: Stream, window: tuple[int, int]
) -> list[tuple[str, str, str]]:
    """Meter, local day and reason of the erasures that took anchored readings out of the window (from, to]."""
    query = (
        select(erasures.c.meter, erasures.c.at, erasures.c.reason)
        .where(
            erasures.c.stream == stream.id,
            erasures.c.since <= window[1],
            erasures.c.until > window[0],
        )
        .order_by(erasures.c.meter)
    )
    found = []
    for number, at, reason in connection.execute(query):
        meter = catalog.meters_by_id.get(int(number))
        name = str(number) if meter is None else meter.code
        found.append((name, day_of(int(at), catalog.timezone).isoformat(), str(reason)))
    return found


def require_none_erased(
    connection: Connection, catalog: Catalog, stream: Stream, window: tuple[int, int]
) -> None:
    """Refuses to build again what held the readings of a household that was erased.

    Raises:
        EvidenceError: One was; names it, the day of its erasure and the reason.
    """
    for name, day, reason in erased_within(connection, catalog, stream, window):
        raise EvidenceError(
            f"{stream.code}: the household of meter {name} was erased on {day}",
            field="meter",
            value=name,
            rule=f"erased on {day} by order ({reason}); the anchored batches and statements stand as they are",
            remedy="use the recorded batches and manifests; nothing of this time can be built anew",
        )


def _remember(
    connection: Connection, stream: Stream, meter: Meter, order: bytes, at: int, reason: str
) -> None:
    mine = readings.c.meter == meter.id
    count = select(func.count()).select_from(readings).where(mine)
    ends = select(func.min(readings.c.end), func.max(readings.c.end)).where(
        mine, readings.c.seq.is_not(None)
    )
    since, until = connection.execute(ends).one()
    connection.execute(
        insert(erasures).values(
            meter=meter.id,
            stream=stream.id,
            order=order,
            at=at,
            reason=reason,
            readings=connection.execute(count).scalar_one(),
            since=since,
            until=until,
            finished=False,
        )
    )


def _clear(connection: Connection, stream: Stream, meter: Meter) -> None:
    mine = select(records.c.id).where(records.c.meter == meter.id)
    named = rejections.c.meter == meter.code
    connection.execute(
        delete(rejections).where(
            or_(
                rejections.c.record_id.in_(mine),
                named & (rejections.c.stream == stream.id),
                rejections.c.line.startswith(f"{meter.code},", autoescape=True),
            )
        )
    )
    corrected = correction_rejections.c
    connection.execute(
        delete(correction_rejections).where(
            or_(
                corrected.meter == meter.code,
                corrected.line.startswith(f"{meter.code},", autoescape=True),
            )
        )
    )
    own = correction_records.c.meter == meter.id
    connection.execute(update(correction_records).where(own).values(payload=_GONE, signature=_GONE))
    for table in (supports, contenders, heartbeats, flags, estimates, readings, corrections):
        connection.execute(delete(table).where(table.c.meter == meter.id))
    connection.execute(
        update(records).where(records.c.meter == meter.id).values(payload=_GONE, signature=_GONE)
    )
    # A file that was rejected as a whole is kept as it came: nobody knows whose lines it holds.
    connection.execute(
        update(files).where(files.c.stream == stream.code).values(csv=None, signatures=None)
    )
