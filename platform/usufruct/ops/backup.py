"""Backup and restore of ledger, journals, outboxes and deployment records, while the service runs.

A backup is a folder that appears in one step, with the SHA-256 of every file in its manifest. SQLite files are copied
by SQLite's online backup in one read transaction each, PostgreSQL by pg_dump in one snapshot. The ledger is copied
first: what came after it is taken in again from the chain, whereas journals and outboxes must miss nothing. Keys are
not part of it, nor are workers' archives of raw records, which are only ever added to.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from errno import ENOSPC
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, Final

from usufruct.chain import crash
from usufruct.errors import ConfigError, EvidenceError
from usufruct.files import flush_folder, put_file
from usufruct.ledger.database import Database
from usufruct.ops import postgres

__all__ = ["INCOMPLETE", "Copied", "backup", "restore", "verify"]

MANIFEST: Final = "manifest.json"
INCOMPLETE: Final = "restore.incomplete"
"""Stands in the state folder while a restore is under way."""
_FORMAT: Final = "usufruct/backup/1"
_LEDGER: Final = "ledger"
_MAGIC: Final = b"SQLite format 3\0"
_CHUNK: Final = 1 << 20
_RECORDS: Final = "deployments"
_BACKUP: Final = re.compile(r"usufruct-\d{8}T\d{6}Z|\.usufruct-\d{8}T\d{6}Z\.\d+\.tmp", re.ASCII)
"""Names of backups, and of drafts that a crash may have left."""


@dataclass(frozen=True, slots=True)
class Copied:
    """One file of a backup.

    Attributes:
        name: Its path in the backup, which is that in the state folder but for the ledger's.
        kind: sqlite, postgresql or record.
        size: Bytes.
        sha256: In hex.
    """

    name: str
    kind: str
    size: int
    sha256: str


def backup(state: Path, database: Database, folder: Path, now: int) -> tuple[Path, list[Copied]]:
    """Makes a backup in a new folder below `folder`.

    Raises:
        ConfigError: The state cannot be read, the folder not be written, or pg_dump is missing.
        EvidenceError: A copy is damaged; no backup was made.
    """
    name = "usufruct-" + datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    target, draft = folder / name, folder / f".{name}.{os.getpid()}.tmp"
    if target.exists():
        raise _exists(target)
    try:
        draft.mkdir(parents=True, mode=0o700)
        files = list(_copies(state, database, draft))
        crash.point("backup.copied")
        body = {"format": _FORMAT, "made_at": now, "files": [_plain(each) for each in files]}
        put_file(draft / MANIFEST, json.dumps(body, indent=2).encode(), what="backup", mode=0o600)
        draft.rename(target)
        flush_folder(folder)
    except OSError as error:
        raise ConfigError(
            f"the backup cannot be written: {error.strerror or error}",
            field="folder",
            value=str(folder),
            rule="a folder that may be written, on a disk with room",
            remedy="name another folder, or make room",
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target, files


def _copies(state: Path, database: Database, draft: Path) -> Iterator[Copied]:
    ledger = Path(database.url.database or "").resolve() if database.kind == "sqlite" else None
    if ledger is None:
        postgres.dump(database.url, draft / f"{_LEDGER}.pgdump")
        yield _described(draft, f"{_LEDGER}.pgdump", "postgresql")
    else:
        _copy_sqlite(ledger, draft / f"{_LEDGER}.db")
        yield _described(draft, f"{_LEDGER}.db", "sqlite")
    for path in sorted(state.rglob("*")):
        inner = path.relative_to(state)
        name = inner.as_posix()
        # Backups may be kept in the state folder: they, and the draft of this one, are not part of what is copied.
        if any(map(_BACKUP.fullmatch, inner.parts[:-1])):
            continue
        if path.is_symlink() or not path.is_file() or path.resolve() == ledger:
            continue
        if _is_sqlite(path):
            _copy_sqlite(path, draft / "state" / name)
            yield _described(draft, f"state/{name}", "sqlite")
        elif name.startswith(f"{_RECORDS}/") and name.endswith(".json"):
            put_file(draft / "state" / name, path.read_bytes(), what="backup", mode=0o600)
            yield _described(draft, f"state/{name}", "record")


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def _copy_sqlite(source: Path, target: Path) -> None:
    """One consistent moment of a database that others may be writing, as a single file."""
    if not source.is_file():
        raise ConfigError(
            "there is no database to copy",
            field="database",
            value=str(source),
            rule="an SQLite file",
            remedy="check --database and --state",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(mode=0o600)
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as live,
            closing(sqlite3.connect(target, isolation_level=None)) as copy,
        ):
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            said = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise OSError(ENOSPC, os.strerror(ENOSPC)) from error
        said = str(error)
    if said != "ok":
        raise EvidenceError(
            f"{source} cannot be copied whole",
            field="database",
            value=str(source),
            rule=f"every page must be readable ({said[:120]})",
            remedy="keep the older backups; usufruct doctor says more",
        )


def verify(folder: Path) -> list[Copied]:
    """Checks that a backup is whole; what it holds.

    Raises:
        ConfigError: It is no backup.
        EvidenceError: A file is missing or was changed.
    """
    try:
        files = _listed((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            "this is no backup",
            field="folder",
            value=str(folder),
            rule=f"a folder with a {MANIFEST} that usufruct backup wrote ({type(error).__name__})",
            remedy="name the folder itself, usufruct-<time>",
        ) from None
    for each in files:
        path = folder / each.name
        if not path.is_file() or _digest(path) != each.sha256:
            raise EvidenceError(
                f"{each.name} is missing or was changed since the backup",
                field=each.name,
                value=str(path),
                rule=f"sha256 {each.sha256}",
                remedy="take another backup; nothing was restored",
            )
    return files


def restore(folder: Path, state: Path, database: Database, *, force: bool = False) -> list[Copied]:
    """Puts a backup in place of what is there; the service must not run. Whoever is interrupted repeats it.

    Raises:
        ConfigError: Something is there already and `force` is not set, or it is the other kind of database.
        EvidenceError: The backup is not whole; nothing was changed.
    """
    files = verify(folder)
    ledger = next((each for each in files if each.name.startswith(f"{_LEDGER}.")), None)
    if ledger is None or (ledger.kind == "postgresql") != (database.kind == "postgresql"):
        raise ConfigError(
            "the backup is of another kind of database",
            field="database",
            value=database.url.render_as_string(hide_password=True),
            rule=f"{ledger.kind if ledger else 'a ledger'}, as in the backup",
            remedy="name a database of that kind with --database",
        )
    places = {each.name: _place(each, state) for each in files if each is not ledger}
    if ledger.kind == "sqlite":
        places[ledger.name] = Path(database.url.database or "")
    marker = state / INCOMPLETE
    taken = [path for path in places.values() if path.exists()]
    if taken and not force and not marker.exists():
        raise _exists(taken[0])
    put_file(marker, f"{folder}\n".encode(), what="restore")
    if ledger.kind == "postgresql":
        postgres.load(database.url, folder / ledger.name)
    for name, path in sorted(places.items()):
        _replace(folder / name, path)
        crash.point("restore.placed")
    marker.unlink()
    flush_folder(state)
    return files


def _place(each: Copied, state: Path) -> Path:
    return state / PurePosixPath(each.name).relative_to("state")


def _replace(source: Path, target: Path) -> None:
    """Puts a file there; what SQLite keeps beside the old one would be taken for the new one's."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.restoring")
    with source.open("rb") as old, draft.open("wb") as new:
        os.fchmod(new.fileno(), 0o600)
        shutil.copyfileobj(old, new, _CHUNK)
        new.flush()
        os.fsync(new.fileno())
    for ending in ("-wal", "-shm", "-journal"):
        target.with_name(target.name + ending).unlink(missing_ok=True)
    draft.replace(target)
    flush_folder(target.parent)


def _listed(manifest: bytes) -> list[Copied]:
    """The files that a manifest lists; ValueError, KeyError or TypeError if it is none."""
    body = json.loads(manifest)
    if body["format"] != _FORMAT:
        raise ValueError(body["format"])
    return [_parsed(each) for each in body["files"]]


def _described(draft: Path, name: str, kind: str) -> Copied:
    path = draft / name
    return Copied(name, kind, path.stat().st_size, _digest(path))


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            digest.update(part)
    return digest.hexdigest()


def _plain(each: Copied) -> dict[str, object]:
    return {"name": each.name, "kind": each.kind, "size": each.size, "sha256": each.sha256}


def _parsed(raw: Mapping[str, Any]) -> Copied:
    name = PurePosixPath(str(raw["name"]))
    inside = name.parts[:1] == ("state",) or name.parts in (
        (f"{_LEDGER}.db",),
        (f"{_LEDGER}.pgdump",),
    )
    if name.is_absolute() or ".." in name.parts or not inside:
        raise ValueError(str(name))
    return Copied(str(name), str(raw["kind"]), int(raw["size"]), str(raw["sha256"]))


def _exists(path: Path) -> ConfigError:
    return ConfigError(
        f"{path} is there already",
        field="file",
        value=str(path),
        rule="nothing is overwritten unless --force says so",
        remedy="stop usufruct serve, keep and the workers, then pass --force; or name an empty folder",
    )
