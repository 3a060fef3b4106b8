"""The files of an archive of raw records: objects that are named by their content, and read with suspicion."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from usufruct.core.documents import keyed, natural, text
from usufruct.core.encoding import hex0x, load_json, unhex
from usufruct.errors import EvidenceError, InputError
from usufruct_oracles.sources.records import record_hash

_KEYS = {"id", "stream", "meter", "day", "form", "scheme", "sha256", "signature", "payload"}
_MOST_OBJECT = 64 << 20


def object_path(archive: Path, name: bytes) -> Path:
    """Where an object lies."""
    return archive / "objects" / name.hex()[:2] / f"{name.hex()}.jsonl.gz"


def write_object(archive: Path, name: bytes, content: bytes) -> None:
    """Write an object and read it again."""
    path = object_path(archive, name)
    write_durably(path, gzip.compress(content, mtime=0))
    if read_object(archive, name) != content:
        raise AssertionError("what was written was read again")


def write_durably(path: Path, content: bytes) -> None:
    """Write a file so that after a power cut it is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_object(archive: Path, name: bytes) -> bytes:
    """The content of an object.

    Raises:
        EvidenceError: It is missing, or not what its name says.
    """
    path = object_path(archive, name)
    try:
        with gzip.open(path, "rb") as file:
            content = file.read(_MOST_OBJECT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise broken(path, f"cannot be read: {type(error).__name__}") from error
    if sha256(content).digest() != name:
        raise broken(path, "its content has another digest than its name")
    return content


def broken(path: Path, why: str) -> EvidenceError:
    """The error that a file of the archive is not what it was."""
    return EvidenceError(
        "the archive does not hold what the journal has put there",
        field="object",
        value=str(path),
        rule=why,
        remedy="fetch the file from another copy of the archive",
    )


@dataclass(frozen=True, slots=True)
class ArchivedRecord:
    """A record in an object of the archive; `form` is "" for a meter-day."""

    id: int
    stream: int
    meter: int
    day: str
    form: str
    scheme: str
    sha256: bytes
    signature: bytes
    payload: bytes


def records_of(archive: Path, name: bytes) -> Iterator[ArchivedRecord]:
    """The records of an object, each checked against its own digest.

    Raises:
        EvidenceError: The object, or a record of it, is not what it was.
    """
    for line in read_object(archive, name).splitlines():
        try:
            found = _record(keyed(load_json(line), _KEYS, "record"))
        except InputError as error:
            raise broken(object_path(archive, name), error.one_line()) from error
        if record_hash(found.payload, found.signature) != found.sha256:
            raise broken(object_path(archive, name), f"record {found.id} has another digest")
        yield found


def _record(row: dict[str, object]) -> ArchivedRecord:
    return ArchivedRecord(
        natural(row["id"], "id"),
        natural(row["stream"], "stream"),
        natural(row["meter"], "meter"),
        text(row["day"], "day"),
        text(row["form"], "form"),
        text(row["scheme"], "scheme"),
        unhex(row["sha256"], 32),
        unhex(row["signature"]),
        unhex(row["payload"]),
    )


def line_of(row: Any) -> dict[str, object]:
    """The line of a row of `records` with its form."""
    return {
        "id": row["id"],
        "stream": row["stream"],
        "meter": row["meter"],
        "day": row["day"],
        "form": row["form"],
        "scheme": row["scheme"],
        "sha256": hex0x(bytes(row["sha256"])),
        "signature": hex0x(bytes(row["signature"])),
        "payload": hex0x(bytes(row["payload"])),
    }
