"""A real PostgreSQL for tests: its own data folder, a socket only, an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.parts import part_missing

_PATIENCE = 30.0


def _program(name: str) -> Path:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = next((each / name for each in folders if (each / name).is_file()), None)
    if found is None and (path := shutil.which(name)) is not None:
        found = Path(path)
    if found is None:
        part_missing(f"PostgreSQL has no {name} here: apt-get install postgresql")
    return found


def _user() -> str | None:
    """Who runs the server: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


@contextmanager
def running_postgres(folder: Path, *, durable: bool = False) -> Iterator[str]:
    """The URL of a fresh database; the server listens on a socket in a folder of its own and is stopped at the end.

    Unless `durable`, it flushes nothing: a test's database need not outlive the machine.
    """
    initdb, postgres = _program("initdb"), _program("postgres")
    user = _user()
    # A socket's path has at most 107 bytes, and the user must reach it: pytest's folders are too long and private.
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    data = home / "data"
    if user is not None:
        shutil.chown(home, user)
    try:
        _run([initdb, "-D", data, "-U", "usufruct", "-A", "trust", "-E", "UTF8", "--no-sync"], user)
        with (folder / "postgres.log").open("wb") as log:
            server = subprocess.Popen(
                [postgres, "-D", data, "-k", home, "-h", "", *([] if durable else ["-F"])],
                user=user,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=home,
            )
        try:
            _await(home / ".s.PGSQL.5432", server)
            yield f"postgresql://usufruct@/postgres?host={home}"
        finally:
            server.terminate()
            server.wait(timeout=_PATIENCE)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _run(command: list[str | Path], user: str | None) -> None:
    subprocess.run(command, user=user, check=True, capture_output=True, cwd="/tmp")  # noqa: S108  # a folder all may enter


def _await(socket: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not socket.exists() and server.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    if not socket.exists():
        raise RuntimeError("PostgreSQL did not start")
    time.sleep(0.2)
