"""Ingesting one source file: verdicts for all of it, stored in one transaction, idempotent by content.

Journal first: records, readings and rejections of a file become visible together or not at all. The same
file again changes nothing. A changed file for the same day adds only what is new: a reading that counts
is never overwritten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, insert, select

from usufruct.chain import crash
from usufruct.config import Stream
from usufruct.errors import InputError
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.journal.correct import store_corrections
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.rows import NewRows, add_records
from usufruct_oracles.journal.schema import NO_DAY, batches, files, readings, records, retractions
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.corrections import (
    CORRECTIONS_HEADER,
    corrected_day,
    parse_correction,
)
from usufruct_oracles.sources.records import HEADERS, Signed, parse_signatures
from usufruct_oracles.validation.days import DayOutcome, judge_day
from usufruct_oracles.validation.files import check_file, lines_of
from usufruct_oracles.validation.neighbours import Neighbours
from usufruct_oracles.validation.rows import MAX_DURATION, Row, parse_line
from usufruct_oracles.validation.verdicts import Rule, Verdict, shown

KEPT_BYTES = 1 << 20
"""How much is kept of a file that is too large to be read."""
NEIGHBOUR = (
    readings.c.meter,
    readings.c.end,
    readings.c.duration,
    readings.c.quantity,
    readings.c.quality,
)
"""What `Neighbours` wants of a stored reading."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of one file.

    Attributes:
        stream: Code of its stream.
        day: Its day.
        status: "stored", "known" (this very content was ingested before), "rejected" as a whole, or "erased"
            (of a household that was erased, and dropped).
        accepted: New readings that count.
        known: Rows that the journal had already, with the same value.
        rejected: Rejected rows and records by rule; the file itself if it was rejected.
        stake: Money at stake in them, minor units, estimates included.
        first: The first verdict, for people; None if there is none.
    """

    stream: str
    day: str
    status: str
    accepted: int = 0
    known: int = 0
    rejected: Mapping[Rule, int] = field(default_factory=dict)
    stake: int = 0
    first: Verdict | None = None


def ingest(database: Database, catalog: Catalog, file: SourceFile, now: int) -> IngestReport:
    """Judges and stores one file.

    Args:
        database: The journal's database.
        catalog: The community.
        file: What was received.
        now: The clock's time: what ends later is rejected, and when the file is said to be received.
    """
    with database.write() as connection:
        if _is_known(connection, catalog, file):
            return IngestReport(file.stream, file.day, "known")
        judged = _judge_file(catalog, file)
        if isinstance(judged, Verdict):
            _add_file(connection, catalog, file, now, judged)
            report = IngestReport(
                file.stream, file.day, "rejected", rejected={judged.rule: 1}, first=judged
            )
        else:
            report = store(connection, catalog, judged, file, now)
        crash.point("journal.before_commit")
    crash.point("journal.stored")
    return report


def _is_known(connection: Connection, catalog: Catalog, file: SourceFile) -> bool:
    """Whether the newest file of the place is this one, judged by the same meters.

    An older file that is dropped again is a change like any other: what the folder says last counts, so that
    a worker that saw nothing else agrees.
    """
    query = (
        select(files.c.sha256, files.c.meters)
        .where(files.c.stream == file.stream, files.c.day == file.day)
        .order_by(files.c.id.desc())
        .limit(1)
    )
    newest = connection.execute(query).one_or_none()
    mine = file.digest, catalog.fingerprint(file.stream)
    return newest is not None and tuple(map(bytes, newest)) == mine


def _judge_file(catalog: Catalog, file: SourceFile) -> Stream | Verdict:
    """The stream the file belongs to, or what is wrong with the file as a whole."""
    stream = catalog.streams.get(file.stream)
    if stream is None:
        return Verdict(
            Rule.FILE_STREAM,
            f"no stream has the code {shown(file.stream)}",
            "rename the folder to one of " + ", ".join(catalog.streams),
        )
    day = corrected_day(file.day)
    try:
        catalog.day(file.day if day is None else day)
    except InputError as error:
        return Verdict(
            Rule.FILE_DAY, f"{shown(file.day)}: {error.rule}", f"rename the file; {error.remedy}"
        )
    headers = HEADERS if day is None else (CORRECTIONS_HEADER,)
    return check_file(file.csv, headers) or _check_signatures(file) or stream


def _check_signatures(file: SourceFile) -> Verdict | None:
    try:
        _signed(file)
    except InputError as error:
        return Verdict(
            Rule.FILE_SIGNATURES,
            error.one_line(),
            "write the signature file anew and drop both files again",
        )
    return None


def _signed(file: SourceFile) -> Mapping[str, Signed]:
    if file.signatures is None:
        return {}
    return parse_signatures(file.signatures, file.stream, file.day)


def store(
    connection: Connection, catalog: Catalog, stream: Stream, file: SourceFile, now: int
) -> IngestReport:
    """Judges a file's rows and stores what becomes of them, within a transaction of the caller."""
    corrected = corrected_day(file.day)
    if corrected is not None:
        return _store_corrections(connection, catalog, stream, file, corrected, now)
    rows = [parse_line(number, line) for number, line in enumerate(lines_of(file.csv), 2)]
    bounds = catalog.day(file.day)
    outcome = judge_day(
        catalog,
        stream,
        file.day,
        rows,
        _signed(file),
        _neighbours(connection, stream, rows, bounds),
        now,
        retracted_records(connection, stream),
    )
    file_id = _add_file(connection, catalog, file, now, None)
    _add_outcome(connection, file_id, stream, file.day, outcome)
    rejected = [*outcome.rejections, *(r for each in outcome.records for r in each.rejections)]
    rejected.sort(key=lambda each: each.number)
    return IngestReport(
        file.stream,
        file.day,
        "stored",
        accepted=sum(len(each.accepted) for each in outcome.records),
        known=sum(len(each.known) for each in outcome.records),
        rejected=Counter(each.verdict.rule for each in rejected),
        stake=sum(each.stake.amount for each in rejected),
        first=rejected[0].verdict if rejected else None,
    )


def _store_corrections(
    connection: Connection, catalog: Catalog, stream: Stream, file: SourceFile, day: str, now: int
) -> IngestReport:
    rows = [parse_correction(number, line) for number, line in enumerate(lines_of(file.csv), 2)]
    file_id = _add_file(connection, catalog, file, now, None)
    taken = store_corrections(connection, file_id, catalog, stream, day, rows, _signed(file), now)
    return IngestReport(
        file.stream,
        file.day,
        "stored",
        accepted=taken.accepted,
        known=taken.known,
        rejected=Counter(each.rule for each in taken.verdicts),
        first=taken.verdicts[0] if taken.verdicts else None,
    )


def retracted_records(connection: Connection, stream: Stream) -> set[bytes]:
    """Digests of the stream's records that the operator has retracted."""
    query = select(retractions.c.sha256).where(retractions.c.stream == stream.id)
    return {bytes(found) for found in connection.execute(query).scalars()}


def _neighbours(
    connection: Connection, stream: Stream, rows: Iterable[Row], bounds: tuple[int, int]
) -> Neighbours:
    starts = [row.start for row in rows if row.start is not None]
    # Sessions may begin days before the file's day; nothing longer than MAX_DURATION can count.
    since = max(min(starts, default=bounds[0]), bounds[0] - MAX_DURATION)
    query = select(*NEIGHBOUR).where(
        readings.c.stream == stream.id,
        readings.c.end > since,
        readings.c.end <= bounds[1] + MAX_DURATION,
    )
    stored = ((m, e, d, q, c) for m, e, d, q, c in connection.execute(query))
    return Neighbours(stored, closed_at(connection, stream))


def closed_at(connection: Connection, stream: Stream) -> int:
    """End of the stream's last anchored batch, or its start."""
    query = select(func.max(batches.c.to)).where(batches.c.stream == stream.id)
    found = connection.execute(query).scalar_one()
    return stream.start if found is None else int(found)


def takes_messages(connection: Connection, stream: Stream) -> bool:
    """Whether the journal has a message of one of the stream's meters."""
    query = select(records.c.id).where(records.c.stream == stream.id, records.c.day == NO_DAY)
    return connection.execute(query.limit(1)).first() is not None


def _add_file(
    connection: Connection, catalog: Catalog, file: SourceFile, now: int, verdict: Verdict | None
) -> int:
    row: dict[str, Any] = {
        "stream": file.stream,
        "day": file.day,
        "sha256": file.digest,
        "meters": catalog.fingerprint(file.stream),
        "source": file.source,
        "received_at": now,
    }
    if verdict is not None:
        row |= {"rule": verdict.rule, "detail": verdict.detail, "remedy": verdict.remedy}
        kept = file.csv[:KEPT_BYTES] if verdict.rule is Rule.FILE_TOO_LARGE else file.csv
        row |= {"csv": kept, "signatures": file.signatures}
    added = connection.execute(insert(files).values(row).returning(files.c.id))
    return int(added.scalar_one())


def _add_outcome(
    connection: Connection, file_id: int, stream: Stream, day: str, outcome: DayOutcome
) -> None:
    rows = NewRows()
    for each in outcome.rejections:
        rows.add_rejection(file_id, None, stream, day, each)
    ids = add_records(connection, day, [(file_id, each) for each in outcome.records])
    for record_id, record in zip(ids, outcome.records, strict=True):
        rows.add(file_id, record_id, record, lambda _: day)
    rows.insert(connection)
