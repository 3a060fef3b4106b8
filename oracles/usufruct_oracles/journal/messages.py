"""Ingesting messages: many at a time, stored verbatim in one transaction, each of them once.

As with day files nothing is overwritten, and records, readings and rejections become visible together or
not at all. What differs: a message has no day and no place that a newer one would take, so it is known by its
digest alone; what is late or stands against another reading is kept as a candidate (`journal.counting`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert, select

from usufruct.chain import crash
from usufruct.config import Stream
from usufruct.core.periods import day_of
from usufruct_oracles.catalog import Catalog, amount_of
from usufruct_oracles.journal.correct import Taken, store_message
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.ingest import KEPT_BYTES, NEIGHBOUR, IngestReport, closed_at
from usufruct_oracles.journal.rows import NewRows, add_records, printable
from usufruct_oracles.journal.schema import (
    NO_DAY,
    files,
    heartbeats,
    messages,
    readings,
    retractions,
)
from usufruct_oracles.sources.corrections import FORM as CORRECTIONS
from usufruct_oracles.sources.corrections import CorrectionRow, parse_payload
from usufruct_oracles.sources.forms import HEARTBEATS
from usufruct_oracles.sources.messages import Decoders, Message
from usufruct_oracles.sources.records import Signed
from usufruct_oracles.validation.days import RecordOutcome, check_retraction
from usufruct_oracles.validation.messages import (
    check_message,
    contents_of,
    judge_message,
    judge_readings,
)
from usufruct_oracles.validation.neighbours import Neighbours
from usufruct_oracles.validation.rows import MAX_DURATION, Row
from usufruct_oracles.validation.rules import Place
from usufruct_oracles.validation.verdicts import Rule, Verdict

_TEXT = 64
_SOURCE = 512
_FINGERPRINT = 8
_ALWAYS_OPEN = -1
_FEW = 500
_CHUNK_BYTES = 8 << 20


@dataclass(slots=True)
class _Judged:
    """A message with its verdict as a whole, or its record and the heartbeat that it is."""

    message: Message
    verdict: Verdict | None
    record: RecordOutcome | None = None
    rows: Sequence[Row] = ()
    heartbeat: dict[str, Any] | None = None
    corrections: tuple[str, Sequence[CorrectionRow]] | None = None
    taken: Taken | None = None


def ingest_messages(
    database: Database, catalog: Catalog, decoders: Decoders, batch: Sequence[Message], now: int
) -> list[IngestReport]:
    """Judges and stores messages, all of them or none.

    Args:
        database: The journal's database.
        catalog: The community.
        decoders: Decoders by form.
        batch: What was received.
        now: The clock's time, when the messages are said to be received. It decides not what counts.

    Returns:
        What became of each, in order; "known" for those that the journal had already.
    """
    judged: list[_Judged] = []
    closed: dict[str, int] = {}
    with database.write() as connection:
        fresh = _fresh(connection, catalog, decoders, batch)
        if fresh:
            retracted = _retracted(connection, fresh.values())
            judged = [_judge(catalog, decoders, each, retracted) for each in fresh.values()]
            _judge_readings(connection, catalog, judged, now)
            _store(connection, catalog, decoders, judged, now)
            closed = _closed(connection, judged)
            crash.point("journal.before_commit")
    if judged:
        crash.point("journal.stored")
    reports = {id(each.message): _report(each, closed) for each in judged}
    return [reports.pop(id(each), IngestReport(each.stream, NO_DAY, "known")) for each in batch]


def _closed(connection: Connection, judged: Sequence[_Judged]) -> dict[str, int]:
    """Ends of the last anchored batches, by the code of the stream."""
    streams = {
        each.record.stream.code: each.record.stream for each in judged if each.record is not None
    }
    return {code: closed_at(connection, each) for code, each in streams.items()}


def _fresh(
    connection: Connection, catalog: Catalog, decoders: Decoders, batch: Sequence[Message]
) -> dict[tuple[bytes, bytes], Message]:
    """The messages that the journal does not have, by digest and what they are judged by."""
    found: dict[tuple[bytes, bytes], Message] = {}
    for each in batch:
        found.setdefault((each.digest, _judged_by(catalog, decoders, each)), each)
    digests = [digest for digest, _ in found]
    for at in range(0, len(digests), _FEW):
        query = select(messages.c.sha256, messages.c.meters).where(
            messages.c.sha256.in_(digests[at : at + _FEW])
        )
        for digest, judged_by in connection.execute(query):
            found.pop((bytes(digest), bytes(judged_by)), None)
    return found


def _judged_by(catalog: Catalog, decoders: Decoders, message: Message) -> bytes:
    """Stands for the registered meters or, of an unknown form, for the forms that were known."""
    if message.form in decoders:
        return catalog.fingerprint(message.stream)
    return sha256("\n".join(sorted(decoders)).encode()).digest()[:_FINGERPRINT]


def _retracted(connection: Connection, fresh: Iterable[Message]) -> set[bytes]:
    """Digests of those messages that the operator has retracted: what they are judged by has changed since."""
    digests = [each.digest for each in fresh]
    query = select(retractions.c.sha256).where(retractions.c.sha256.in_(digests))
    return {bytes(found) for found in connection.execute(query).scalars()}


def _judge(
    catalog: Catalog, decoders: Decoders, message: Message, retracted: Collection[bytes]
) -> _Judged:
    verdict = check_message(catalog, decoders, message) or check_retraction(
        message.digest, retracted
    )
    if verdict is not None:
        return _Judged(message, verdict)
    meter = catalog.meters[message.meter]
    contents = contents_of(message)
    found = () if isinstance(contents, Verdict) else decoders[message.form](contents, meter)
    record, rows = judge_message(catalog, message, contents, found)
    judged = _Judged(message, None, record, rows)
    if message.form == CORRECTIONS and record.verified and not rows and isinstance(contents, bytes):
        judged.corrections = parse_payload(contents, meter)
    if record.verified and not rows and isinstance(contents, bytes):
        judged.heartbeat = _heartbeat(catalog, message.form, contents, record)
    return judged


def _heartbeat(
    catalog: Catalog, form: str, contents: bytes, record: RecordOutcome
) -> dict[str, Any] | None:
    """The heartbeat that a message without readings is."""
    read = HEARTBEATS.get(form)
    said = None if read is None else read(contents, record.meter, catalog.timezone)
    if said is None:
        return None
    return {
        "meter": record.meter.id,
        "day": said.day,
        "stream": record.stream.id,
        "count": said.count,
    }


def _judge_readings(
    connection: Connection, catalog: Catalog, judged: Sequence[_Judged], now: int
) -> None:
    by_stream: defaultdict[str, list[_Judged]] = defaultdict(list)
    for each in judged:
        if each.record is not None and each.rows:
            by_stream[each.message.stream].append(each)
    for code, those in by_stream.items():
        neighbours = _neighbours(connection, catalog, catalog.streams[code], those)
        for each in those:
            if each.record is not None:
                judge_readings(catalog, each.record, each.rows, neighbours, now)


def _neighbours(
    connection: Connection, catalog: Catalog, stream: Stream, judged: Sequence[_Judged]
) -> Neighbours:
    """Readings that count around those of the messages. What is anchored closes nothing to messages."""
    spans: dict[int, tuple[int, int]] = {}
    for row in (row for each in judged for row in each.rows):
        if row.start is None or row.end is None:
            continue
        day = row.end // 86_400
        least, most = spans.get(day, (row.start, row.end))
        spans[day] = min(least, row.start), max(most, row.end)
    ids = sorted({each.record.meter.id for each in judged if each.record is not None})
    # Only sessions can share time with readings that end later.
    beyond = 0 if stream.measure == "interval" else MAX_DURATION
    stored: list[tuple[int, int, int, int, int]] = []
    for since, until in spans.values():
        query = select(*NEIGHBOUR).where(
            readings.c.stream == stream.id,
            readings.c.end > since,
            readings.c.end <= until + beyond,
        )
        if len(ids) <= _FEW:
            query = query.where(readings.c.meter.in_(ids))
        stored += ((m, e, d, q, c) for m, e, d, q, c in connection.execute(query))
    return Neighbours(stored, _ALWAYS_OPEN)


def _store(
    connection: Connection,
    catalog: Catalog,
    decoders: Decoders,
    judged: Sequence[_Judged],
    now: int,
) -> None:
    statement = insert(files).returning(files.c.id, sort_by_parameter_order=True)
    rows = [_file_row(catalog, each, now) for each in judged]
    ids = [int(found) for (found,) in connection.execute(statement, rows)]
    connection.execute(
        insert(messages),
        [
            _message_row(catalog, decoders, file_id, each.message)
            for file_id, each in zip(ids, judged, strict=True)
        ],
    )
    taken = [
        (file_id, each.record, each.heartbeat)
        for file_id, each in zip(ids, judged, strict=True)
        if each.record is not None
    ]
    received = day_of(now, catalog.timezone).isoformat()
    new, beats = NewRows(), []
    record_ids = add_records(
        connection, NO_DAY, [(file_id, record) for file_id, record, _ in taken]
    )
    for record_id, (file_id, record, heartbeat) in zip(record_ids, taken, strict=True):
        new.add(file_id, record_id, record, _day_namer(catalog, received))
        if heartbeat is not None:
            beats.append({**heartbeat, "record_id": record_id})
    new.insert(connection)
    if beats:
        connection.execute(insert(heartbeats), beats)
    for file_id, each in zip(ids, judged, strict=True):
        if each.corrections is not None and each.record is not None:
            each.taken = _correct(connection, catalog, file_id, each.record, *each.corrections)


def _correct(
    connection: Connection,
    catalog: Catalog,
    file_id: int,
    record: RecordOutcome,
    day: str,
    rows: Sequence[CorrectionRow],
) -> Taken:
    from_, to = catalog.day(day)
    # As for readings of messages, the clock is that of the day's end.
    place = Place(record.stream, record.meter, from_, to, to, catalog.timezone)
    signed = Signed(record.meter.code, record.scheme, record.signature)
    return store_message(connection, file_id, place, day, rows, record.payload, signed)


def _day_namer(catalog: Catalog, received: str) -> Callable[[int | None], str]:
    """The day in which a reading ends, or that of its receipt if it cannot be read."""

    def name(end: int | None) -> str:
        return received if end is None else day_of(end - 1, catalog.timezone).isoformat()

    return name


def _file_row(catalog: Catalog, judged: _Judged, now: int) -> dict[str, Any]:
    message, verdict = judged.message, judged.verdict
    kept = None
    if verdict is not None:
        whole = verdict.rule is not Rule.MESSAGE_TOO_LARGE
        kept = message.payload if whole else message.payload[:KEPT_BYTES]
    return {
        "stream": printable(message.stream, _TEXT),
        "day": NO_DAY,
        "sha256": message.digest,
        "meters": catalog.fingerprint(message.stream),
        "source": printable(message.source, _SOURCE),
        "received_at": now,
        "rule": None if verdict is None else verdict.rule,
        "detail": None if verdict is None else verdict.detail,
        "remedy": None if verdict is None else verdict.remedy,
        "csv": kept,
        "signatures": None if verdict is None else message.signature[:KEPT_BYTES],
    }


def _message_row(
    catalog: Catalog, decoders: Decoders, file_id: int, message: Message
) -> dict[str, Any]:
    return {
        "sha256": message.digest,
        "meters": _judged_by(catalog, decoders, message),
        "file_id": file_id,
        "meter": printable(message.meter, _TEXT),
        "form": printable(message.form, _TEXT),
        "scheme": printable(message.scheme, _TEXT),
    }


def _report(judged: _Judged, closed: dict[str, int]) -> IngestReport:
    message, record = judged.message, judged.record
    if record is None:
        verdict = judged.verdict
        rejected = {} if verdict is None else {verdict.rule: 1}
        return IngestReport(message.stream, NO_DAY, "rejected", rejected=rejected, first=verdict)
    late = [each for each in record.accepted if each.end <= closed[record.stream.code]]
    rejected = Counter(each.verdict.rule for each in record.rejections)
    if late:
        rejected[Rule.LATE] += len(late)
    taken = judged.taken or Taken(0, 0, ())
    rejected.update(each.rule for each in taken.verdicts)
    return IngestReport(
        message.stream,
        NO_DAY,
        "stored",
        accepted=len(record.accepted) - len(late) + taken.accepted,
        known=len(record.known) + taken.known,
        rejected=rejected,
        stake=sum(each.stake.amount for each in record.rejections)
        + sum(amount_of(record.stream, each.start, each.quantity) for each in late),
        first=next((each.verdict for each in record.rejections), next(iter(taken.verdicts), None)),
    )


def in_chunks(source: Iterable[Message]) -> Iterator[list[Message]]:
    """The messages of a source, as many at a time as one transaction takes."""
    chunk: list[Message] = []
    size = 0
    for each in source:
        chunk.append(each)
        size += len(each.payload)
        if len(chunk) >= _FEW or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
