"""Files that are either whole or not there: written beside their place, flushed, then put there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from usufruct.chain import crash
from usufruct.errors import ConfigError

__all__ = ["flush_folder", "put_file"]


def put_file(path: Path, content: bytes, *, what: str, mode: int = 0o644) -> None:
    """Puts `content` at `path` in one step; a reader or a crash meets the old file or the new one.

    Crash tests may stop the process at `<what>.drafted` and `<what>.stored`.

    Raises:
        ConfigError: The folder cannot be made or written; an old file stays as it was.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(draft, content, mode)
        crash.point(f"{what}.drafted")
        draft.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise ConfigError(
            f"{path} cannot be written: {error.strerror or error}",
            field="file",
            value=str(path),
            rule="a file in a folder that may be written, on a disk with room",
            remedy="name another place, or make room",
        ) from error
    crash.point(f"{what}.stored")


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def flush_folder(path: Path) -> None:
    """Makes what happened to the names in a folder outlive a loss of power."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
