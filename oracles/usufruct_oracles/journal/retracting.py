"""Taking a wrong record out of what counts: by a person, with a reason, never silently.

A meter may sign a wrong value, and a journal that took it in first holds on to it: nothing that counts is
overwritten. The operator names the record. Its readings stop counting, what stood against them is judged again, and
the same bytes never count any more. The record itself stays, and so does the note of who said why.

What is anchored cannot be retracted: others have signed it. A correction supersedes it instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from usufruct.chain import crash
from usufruct.config import Stream
from usufruct.core.encoding import hex0x
from usufruct.errors import ConfigError, InputError
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.journal.counting import KEY, same_key
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.ingest import store
from usufruct_oracles.journal.lending import Place, of_day
from usufruct_oracles.journal.schema import (
    NO_DAY,
    contenders,
    files,
    heartbeats,
    readings,
    records,
    rejections,
    retractions,
    supports,
)
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.records import Signed, csv_bytes, signatures_bytes
from usufruct_oracles.validation.verdicts import Rule

_MOST_REASON = 1_000


@dataclass(frozen=True, slots=True)
class Retraction:
    """What a retraction did.

    Attributes:
        meter: Code of the record's meter.
        day: The record's day, "" of a message.
        readings: Readings that counted by it alone and count no more.
        again: Other records that were judged again.
        is_new: False if the record had been retracted before; then nothing was changed.
    """

    meter: str
    day: str
    readings: int
    again: int
    is_new: bool


def retract(
    database: Database, catalog: Catalog, digest: bytes, reason: str, now: int
) -> Retraction:
    """Take a record out of what counts, in one transaction.

    Args:
        database: The journal's database.
        catalog: The community.
        digest: sha256 of the record, as leaves name it.
        reason: Why; it is stored.
        now: Wall clock, for the note.

    Raises:
        InputError: There is no such record, or no reason.
        ConfigError: A reading of it is anchored.
    """
    if not reason.strip() or len(reason) > _MOST_REASON:
        raise InputError(
            "a retraction needs a reason",
            field="--reason",
            value=reason,
            rule=f"1 to {_MOST_REASON} characters",
            remedy="say why the record is wrong; auditors will read it",
        )
    with database.write() as connection:
        rows = (
            connection.execute(select(records).where(records.c.sha256 == digest)).mappings().all()
        )
        if not rows:
            raise InputError(
                "there is no such record",
                field="RECORD",
                value=digest,
                rule="sha256 of a record of this journal",
                remedy="`usufruct-oracle records STREAM DAY` lists them",
            )
        meter = catalog.meters_by_id[rows[0]["meter"]]
        done = _known(connection, digest, meter.code)
        if done is None:
            stream = catalog.streams[meter.stream]
            done = _retract(connection, catalog, stream, rows, reason, now)
        crash.point("journal.retracting")
    crash.point("journal.retracted")
    return done


def _known(connection: Connection, digest: bytes, meter: str) -> Retraction | None:
    query = select(retractions).where(retractions.c.sha256 == digest)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    return Retraction(meter, row["day"], row["readings"], 0, is_new=False)


def _retract(
    connection: Connection,
    catalog: Catalog,
    stream: Stream,
    rows: Sequence[Any],
    reason: str,
    now: int,
) -> Retraction:
    ids, first = [row["id"] for row in rows], rows[0]
    digest, day, meter = bytes(first["sha256"]), first["day"], first["meter"]
    _require_open(connection, digest, ids)
    for table in (contenders, heartbeats, supports):
        connection.execute(delete(table).where(table.c.record_id.in_(ids)))
    lost = _take_out(connection, ids)
    connection.execute(
        update(records).where(records.c.id.in_(ids)).values(verified=False, complete=False)
    )
    connection.execute(
        insert(retractions).values(
            sha256=digest,
            stream=stream.id,
            meter=meter,
            day=day,
            readings=lost,
            reason=reason,
            retracted_at=now,
        )
    )
    _note(connection, catalog, stream, first, reason, now)
    again = 0 if day == NO_DAY else _judge_again(connection, catalog, stream, meter, day)
    return Retraction(catalog.meters_by_id[meter].code, day, lost, again, is_new=True)


def _require_open(connection: Connection, digest: bytes, ids: Sequence[int]) -> None:
    again = select(supports.c.record_id).where(
        supports.c.record_id.in_(ids), same_key(readings, supports)
    )
    query = select(func.count()).where(
        readings.c.seq.is_not(None), or_(readings.c.record_id.in_(ids), again.exists())
    )
    if connection.execute(query).scalar_one():
        raise ConfigError(
            "the record is anchored",
            field="RECORD",
            value=hex0x(digest),
            rule="what a quorum has signed cannot be retracted by one worker",
            remedy="deliver a correction: it supersedes the reading in a later batch",
        )


def _take_out(connection: Connection, ids: Sequence[int]) -> int:
    """Readings that other records say too go over to the oldest of them; the others are deleted and counted."""
    held = (
        connection.execute(select(readings).where(readings.c.record_id.in_(ids))).mappings().all()
    )
    lost = 0
    for row in held:
        key = {name: row[name] for name in KEY}
        here = [readings.c[name] == value for name, value in key.items()]
        there = [supports.c[name] == value for name, value in key.items()]
        heir = connection.execute(select(func.min(supports.c.record_id)).where(*there)).scalar_one()
        if heir is None:
            connection.execute(delete(readings).where(*here))
            lost += 1
            continue
        connection.execute(update(readings).where(*here).values(record_id=heir))
        connection.execute(delete(supports).where(*there, supports.c.record_id == heir))
    return lost


def _note(
    connection: Connection, catalog: Catalog, stream: Stream, row: Any, reason: str, now: int
) -> None:
    """A delivery that says so: what was built before is out of date, and the verdicts show it."""
    remedy = "deliver the right record"
    values = {
        "stream": stream.code,
        "day": row["day"],
        "sha256": row["sha256"],
        "meters": catalog.fingerprint(stream.code),
        "source": "the operator",
        "received_at": now,
        "rule": Rule.RETRACTED,
        "detail": reason,
        "remedy": remedy,
    }
    file_id = connection.execute(insert(files).values(values).returning(files.c.id)).scalar_one()
    connection.execute(
        insert(rejections).values(
            file_id=file_id,
            record_id=row["id"],
            stream=stream.id,
            day=row["day"],
            meter=catalog.meters_by_id[row["meter"]].code,
            line_number=0,
            line="",
            end=None,
            rule=Rule.RETRACTED,
            detail=reason,
            remedy=remedy,
            stake=0,
            basis="unknown",
        )
    )


def _judge_again(
    connection: Connection, catalog: Catalog, stream: Stream, meter: int, day: str
) -> int:
    """Judge what else was received for the meter-day, oldest first: rows that stood against the record may count."""
    query = (
        select(records, files.c.received_at)
        .join(files, files.c.id == records.c.file_id)
        .where(
            records.c.stream == stream.id,
            records.c.meter == meter,
            records.c.day == day,
            records.c.verified,
        )
        .order_by(records.c.id)
    )
    code = catalog.meters_by_id[meter].code
    seen: set[bytes] = set()
    for row in connection.execute(query).mappings().all():
        digest, payload = bytes(row["sha256"]), bytes(row["payload"])
        if digest in seen or not payload:
            continue
        seen.add(digest)
        lines = payload.decode().split("\n")[4:-1]
        signed = Signed(code, row["scheme"], bytes(row["signature"]))
        signatures = signatures_bytes(stream.code, day, [signed])
        file = SourceFile("judged again", stream.code, day, csv_bytes(lines), signatures)
        # By the clock of its receipt: what was no future then is none now.
        store(connection, catalog, stream, file, row["received_at"])
    return len(seen)


@dataclass(frozen=True, slots=True)
class Listed:
    """A record of a day, for people.

    Attributes:
        digest: Its sha256.
        meter: Code of its meter.
        form: "day file" or "message".
        verified: Whether it is signed as it must be and was not retracted.
        readings: Readings that name it or that it says again.
        reason: Why it was retracted, None if it was not.
    """

    digest: bytes
    meter: str
    form: str
    verified: bool
    readings: int
    reason: str | None


def list_records(database: Database, catalog: Catalog, stream: str, day: str) -> list[Listed]:
    """The records that say something of a stream's day, oldest first.

    Raises:
        InputError: No such stream or day.
    """
    place = Place.of(catalog, stream, day)
    counts = [
        select(func.count())
        .where(table.c.record_id == records.c.id)
        .correlate(records)
        .scalar_subquery()
        for table in (readings, supports)
    ]
    query = (
        select(
            records.c.sha256,
            records.c.meter,
            records.c.day,
            records.c.verified,
            (counts[0] + counts[1]).label("readings"),
            retractions.c.reason,
        )
        .outerjoin(retractions, retractions.c.sha256 == records.c.sha256)
        .where(or_(of_day(place), _retracted_messages(place)))
        .order_by(records.c.id)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    return [
        Listed(
            bytes(row.sha256),
            catalog.meters_by_id[row.meter].code,
            "message" if row.day == NO_DAY else "day file",
            bool(row.verified),
            int(row.readings),
            row.reason,
        )
        for row in rows
    ]


def _retracted_messages(place: Place) -> Any:
    """Messages that say nothing any more: they are listed with every day of their stream."""
    gone = select(retractions.c.sha256).where(
        retractions.c.stream == place.stream.id, retractions.c.day == NO_DAY
    )
    return records.c.sha256.in_(gone.correlate(None))
