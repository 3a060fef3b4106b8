"""Taking one meter's lines out of files of the drop folder (protocol §4), whatever else is in them."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from usufruct.core.encoding import canonical_json
from usufruct.errors import ConfigError
from usufruct_oracles.sources.base import SourceFile

_CSV: Final = ".csv"
_SIGNATURES: Final = ".sig.json"
_QUOTES: Final = b" \t\"'"


def without(file: SourceFile, meters: Collection[str]) -> SourceFile:
    """The file without what those meters said; the same file if they said nothing."""
    if not meters:
        return file
    signatures = file.signatures
    if signatures is not None:
        signatures = redact_signatures(signatures, meters)
    return replace(file, csv=redact_csv(file.csv, meters), signatures=signatures)


def redact_csv(data: bytes, meters: Collection[str]) -> bytes:
    """The CSV without the lines that begin with one of the meters' codes; other lines stay as they are."""
    names = {each.encode() for each in meters}
    lines = data.splitlines(keepends=True)
    kept = [line for line in lines if line.partition(b",")[0].strip(_QUOTES) not in names]
    return data if len(kept) == len(lines) else b"".join(kept)


def redact_signatures(data: bytes, meters: Collection[str]) -> bytes | None:
    """The signature file without those meters' entries; None for a file that cannot be read and names one."""
    try:
        document = json.loads(data)
        entries = document["signatures"]
        kept = [each for each in entries if each["meter"] not in meters]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None if any(each.encode() in data for each in meters) else data
    if len(kept) == len(entries):
        return data
    return canonical_json(document | {"signatures": kept})


def redact_folder(folder: Path, stream: str, meters: Collection[str]) -> int:
    """Takes the meters out of all files of a stream in a drop folder; returns the number of files changed.

    Raises:
        ConfigError: A file cannot be read or written.
    """
    changed = 0
    for path in _files(folder / stream):
        try:
            data = path.read_bytes()
            whole = redact_csv(data, meters) if path.name.endswith(_CSV) else None
            kept = whole if whole is not None else redact_signatures(data, meters)
            if kept == data:
                continue
            changed += 1
            if kept is None:
                overwrite(path)
            else:
                replace_file(path, kept)
        except OSError as error:
            raise ConfigError(
                f"the drop folder cannot be cleared: {error.strerror}",
                field="inbox",
                value=str(path),
                rule="must be readable and writable for the erasure",
                remedy="correct the permissions and run the command again",
            ) from error
    return changed


def replace_file(path: Path, data: bytes) -> None:
    """Puts `data` in the place of the file, all or nothing, and overwrites what stood there before.

    Overwriting reaches the old blocks of most file systems, not those of copy-on-write ones and of flash memory that
    moves blocks: there only the destruction of the meter's secret and the file system's own encryption help.
    """
    fresh = path.with_name(path.name + ".erasing")
    mode = path.stat().st_mode & 0o777
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    with path.open("r+b") as old:
        size = os.fstat(old.fileno()).st_size
        fresh.replace(path)
        _sync_folder(path.parent)
        old.write(bytes(size))
        old.flush()
        os.fsync(old.fileno())


def overwrite(path: Path) -> None:
    """Overwrites a file and removes it; with the limits that `replace_file` tells."""
    with path.open("r+b") as old:
        size = os.fstat(old.fileno()).st_size
        old.write(bytes(size))
        old.flush()
        os.fsync(old.fileno())
    path.unlink()
    _sync_folder(path.parent)


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.name.endswith((_CSV, _SIGNATURES)):
                yield path


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
