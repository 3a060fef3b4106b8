"""Moving raw records of settled periods into an archive of files, so that the journal stays small and proofs possible.

What moves is the payload of records: the signed bytes, which nothing but a replay reads again once a period is settled.
Leaves, manifests, statements, readings, verdicts, digests and signatures stay, so every proof still holds. The archive
belongs to one journal. A household that was erased is taken out of it by the next compaction.

The archive is a folder of content-addressed objects and one index for each stream:

    objects/ab/<sha256>.jsonl.gz    records, one JSON object a line; the name is the digest of the uncompressed bytes
    <STREAM>.json                   which objects there are, with their digests, sizes and numbers of records

An object is written, flushed and read again before the journal lets go of its records, all of them in one
transaction. Killed at any moment, the next run goes on: the same records make the same object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sqlalchemy import and_, delete, func, insert, or_, select, update

from usufruct.chain import crash
from usufruct.config import Stream
from usufruct.core.encoding import canonical_json, hex0x
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.journal.archive_objects import (
    broken,
    line_of,
    object_path,
    read_object,
    records_of,
    write_durably,
    write_object,
)
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.erasures import erased_meters
from usufruct_oracles.journal.schema import (
    NO_DAY,
    archived,
    contenders,
    files,
    heartbeats,
    messages,
    readings,
    records,
    supports,
)

MOST_BYTES: Final = 4 << 20
"""Payload bytes of one object."""
MOST_RECORDS: Final = 2_000
"""Records of one object."""
VERSION: Final = 1
_NOTHING = b""


@dataclass(frozen=True, slots=True)
class Compaction:
    """What a compaction of one stream did, or would do.

    Attributes:
        stream: Code of the stream.
        until: End of the last period that was compacted, unix seconds.
        records: Records whose payload was moved.
        bytes: Their payload bytes.
        objects: Objects that were written.
    """

    stream: str
    until: int
    records: int = 0
    bytes: int = 0
    objects: int = 0


def compact(
    database: Database,
    catalog: Catalog,
    stream: Stream,
    until: int,
    archive: Path,
    now: int,
    *,
    dry: bool = False,
) -> Compaction:
    """Move what the stream's records up to `until` say into the archive.

    Args:
        database: The journal's database.
        catalog: The community.
        stream: The stream.
        until: End of a period before which all is settled, unix seconds.
        archive: The archive's folder.
        now: Wall clock.
        dry: Only count.
    """
    total = Compaction(stream.code, until)
    after = 0
    while chunk := _chunk(database, catalog, stream, until, after):
        after = chunk[-1]["id"]
        if not dry:
            _move(database, chunk, archive, now)
        total = Compaction(
            stream.code,
            until,
            total.records + len(chunk),
            total.bytes + sum(len(row["payload"]) for row in chunk),
            total.objects + 1,
        )
    if not dry:
        purge(database, stream, archive)
        write_index(database, stream, archive)
    return total


def _chunk(
    database: Database, catalog: Catalog, stream: Stream, until: int, after: int
) -> list[Any]:
    """The next records that are to go, in the order of their numbers."""
    query = (
        select(records, _form())
        .where(
            records.c.stream == stream.id,
            records.c.id > after,
            records.c.payload != _NOTHING,
            _is_before(catalog, until),
        )
        .order_by(records.c.id)
        .limit(MOST_RECORDS)
    )
    found: list[Any] = []
    size = 0
    with database.read() as connection:
        for row in connection.execute(query).mappings():
            size += len(row["payload"])
            if found and size > MOST_BYTES:
                break
            found.append(row)
    return found


def _form() -> Any:
    query = select(func.max(messages.c.form)).where(messages.c.sha256 == records.c.sha256)
    return func.coalesce(query.correlate(records).scalar_subquery(), "").label("form")


def _is_before(catalog: Catalog, until: int) -> Any:
    """Whether a record says nothing of the time after `until`: by its day, or by all readings of a message."""
    last = catalog.day_before(until)
    later = [
        select(table.c.record_id)
        .where(table.c.record_id == records.c.id, table.c.end > until)
        .exists()
        for table in (readings, contenders, supports)
    ]
    beats = (
        select(heartbeats.c.record_id)
        .where(heartbeats.c.record_id == records.c.id, heartbeats.c.day > last)
        .exists()
    )
    received = (
        select(files.c.id)
        .where(files.c.id == records.c.file_id, files.c.received_at <= until)
        .exists()
    )
    says = [
        select(table.c.record_id).where(table.c.record_id == records.c.id).exists()
        for table in (readings, contenders, supports, heartbeats)
    ]
    return or_(
        and_(records.c.day != NO_DAY, records.c.day <= last),
        and_(
            records.c.day == NO_DAY,
            or_(*says, received),
            *(~each for each in (*later, beats)),
        ),
    )


def _move(database: Database, chunk: Sequence[Any], archive: Path, now: int) -> None:
    content = b"".join(canonical_json(line_of(row)) + b"\n" for row in chunk)
    name = sha256(content).digest()
    write_object(archive, name, content)
    crash.point("compact.object_written")
    ids = [row["id"] for row in chunk]
    with database.write() as connection:
        # An erasure may have been faster: what it took out is not archived.
        still = select(records.c.id, records.c.stream).where(
            records.c.id.in_(ids), records.c.payload != _NOTHING
        )
        rows = [
            {"record_id": number, "stream": stream, "object": name, "archived_at": now}
            for number, stream in connection.execute(still)
        ]
        if rows:
            connection.execute(insert(archived), rows)
        connection.execute(update(records).where(records.c.id.in_(ids)).values(payload=_NOTHING))
        crash.point("compact.before_commit")
    crash.point("compact.moved")


def purge(database: Database, stream: Stream, archive: Path) -> None:
    """Take erased households out of the archive: objects that hold one are written anew without it.

    An object that the journal does not name any more is deleted, also one that an earlier, killed run has left.
    """
    with database.read() as connection:
        erased = set(erased_meters(connection, stream.id))
    for name in objects_of(database, stream):
        found = list(records_of(archive, name))
        gone = [each.id for each in found if each.meter in erased]
        if gone:
            _write_without(database, archive, name, gone)
    crash.point("compact.purged")
    _sweep(database, archive)


def _write_without(database: Database, archive: Path, name: bytes, gone: Sequence[int]) -> None:
    lines = read_object(archive, name).splitlines(keepends=True)
    numbers = [each.id for each in records_of(archive, name)]
    rest = b"".join(
        line for line, number in zip(lines, numbers, strict=True) if number not in set(gone)
    )
    other = sha256(rest).digest()
    if rest:
        write_object(archive, other, rest)
    crash.point("compact.rewritten")
    with database.write() as connection:
        connection.execute(delete(archived).where(archived.c.record_id.in_(gone)))
        connection.execute(update(archived).where(archived.c.object == name).values(object=other))


def _sweep(database: Database, archive: Path) -> None:
    with database.read() as connection:
        named = select(archived.c.object).distinct()
        known = {object_path(archive, bytes(each)) for each in connection.execute(named).scalars()}
    for path in (archive / "objects").glob("*/*"):
        if path not in known:
            path.unlink()


def objects_of(database: Database, stream: Stream) -> list[bytes]:
    """Names of the stream's objects, in the order of their first records."""
    query = (
        select(archived.c.object)
        .where(archived.c.stream == stream.id)
        .group_by(archived.c.object)
        .order_by(func.min(archived.c.record_id))
    )
    with database.read() as connection:
        return [bytes(found) for found in connection.execute(query).scalars()]


def write_index(database: Database, stream: Stream, archive: Path) -> None:
    """Writes the stream's index anew."""
    entries = []
    for name in objects_of(database, stream):
        content = read_object(archive, name)
        entries.append(
            {"sha256": hex0x(name), "bytes": len(content), "records": content.count(b"\n")}
        )
    index = {"v": VERSION, "stream": stream.id, "code": stream.code, "objects": entries}
    write_durably(archive / f"{stream.code}.json", canonical_json(index))
    crash.point("compact.indexed")


def restore(database: Database, stream: Stream, archive: Path) -> int:
    """Put the archived payloads of a stream back into the journal; the number of records.

    Households that were erased stay erased, whatever the archive holds.

    Raises:
        EvidenceError: An object is missing or was changed; what stands before it has been restored.
    """
    count = 0
    for name in objects_of(database, stream):
        found = {each.id: each for each in records_of(archive, name)}
        with database.write() as connection:
            erased = erased_meters(connection, stream.id)
            ours = select(archived.c.record_id).where(archived.c.object == name)
            for number in list(connection.execute(ours).scalars()):
                row = found.get(number)
                if row is None:
                    raise broken(object_path(archive, name), f"record {number} is not in it")
                if row.meter in erased:
                    continue
                connection.execute(
                    update(records)
                    .where(records.c.id == number, records.c.sha256 == row.sha256)
                    .values(payload=row.payload)
                )
                count += 1
            connection.execute(archived.delete().where(archived.c.object == name))
    return count
