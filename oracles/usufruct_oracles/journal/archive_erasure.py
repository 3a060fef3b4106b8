"""Taking a household's records out of the archive: each object that holds some is replaced by one without them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select, update

from usufruct.config import Meter, Stream
from usufruct.core.encoding import load_json
from usufruct.errors import InputError
from usufruct_oracles.journal.compacting import (
    object_path,
    read_object,
    write_index,
    write_object,
)
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.schema import archived, records
from usufruct_oracles.sources.redaction import overwrite

_REASON = "erased"


def erase_archived(
    databases: Sequence[Database], stream: Stream, meter: Meter, archives: Sequence[Path]
) -> int:
    """Replaces the objects that hold records of the meter in all copies of the archive; number of objects.

    Safe to repeat: the journals name the new objects before the old ones are destroyed, and an old one that is left
    over by a kill is found again by its content.

    Args:
        databases: The journal and its copies.
        stream: The meter's stream.
        meter: The household's meter.
        archives: The archive and its copies.

    Raises:
        InputError: There are such objects, and no archive is named.
        EvidenceError: An object is missing or not what its name says.
    """
    count = sum(_replace(each, stream, meter, archives) for each in databases)
    for each in archives:
        for path in sorted((each / "objects").rglob("*.jsonl.gz")):
            _destroy_if_left_over(each, path, meter)
        write_index(databases[0], stream, each)
    return count


def _replace(database: Database, stream: Stream, meter: Meter, archives: Sequence[Path]) -> int:
    names = _objects(database, stream, meter)
    if names and not archives:
        raise InputError(
            "records of the household are in the archive",
            field="--archive",
            value="nothing",
            rule=f"{len(names)} objects of the archive hold some",
            remedy="name the archive's folder, and each copy of it",
        )
    for name in names:
        lines = read_object(archives[0], name).splitlines(keepends=True)
        kept = b"".join(line for line in lines if not _is_of(line, meter))
        fresh = sha256(kept).digest() if kept else None
        for each in archives if fresh is not None else ():
            write_object(each, sha256(kept).digest(), kept)
        _rename(database, meter, name, fresh)
    return len(names)


def _objects(database: Database, stream: Stream, meter: Meter) -> list[bytes]:
    query = (
        select(archived.c.object)
        .join(records, records.c.id == archived.c.record_id)
        .where(
            archived.c.stream == stream.id,
            archived.c.object.is_not(None),
            records.c.meter == meter.id,
        )
        .distinct()
    )
    with database.read() as connection:
        return sorted(bytes(name) for (name,) in connection.execute(query))


def _rename(database: Database, meter: Meter, name: bytes, fresh: bytes | None) -> None:
    mine = select(records.c.id).where(records.c.meter == meter.id)
    here = archived.c.object == name
    with database.write() as connection:
        connection.execute(
            update(archived)
            .where(here, archived.c.record_id.in_(mine))
            .values(object=None, reason=_REASON)
        )
        connection.execute(update(archived).where(here).values(object=fresh))


def _destroy_if_left_over(archive: Path, path: Path, meter: Meter) -> None:
    name = bytes.fromhex(path.name.partition(".")[0])
    if path == object_path(archive, name):
        lines = read_object(archive, name).splitlines()
        if any(_is_of(line, meter) for line in lines):
            overwrite(path)


def _is_of(line: bytes, meter: Meter) -> bool:
    found = load_json(line)
    return isinstance(found, dict) and found.get("meter") == meter.id
