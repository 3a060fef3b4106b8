"""A real PostgreSQL for tests: its own data folder, a socket only, an unprivileged user."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
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


@dataclass
class Server:
    """A server that may be killed and started again.

    Attributes:
        url: URL of its database.
    """

    url: str
    _command: list[str | Path]
    _home: Path
    _user: str | None
    _log: Path
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it listens."""
        (self._home / ".s.PGSQL.5432").unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, user=self._user, stdout=log, stderr=log, cwd=self._home
            )
        _await(self._home, self._process)

    def ask(self, statement: str) -> None:
        """Carries out a statement outside of any transaction."""
        _run(
            [
                _program("psql"),
                "-q",
                "-h",
                self._home,
                "-U",
                "usufruct",
                "-d",
                "postgres",
                "-c",
                statement,
            ],
            None,
        )

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=_PATIENCE)

    def quit(self) -> None:
        """What `pg_ctl stop -m immediate` does: every connection breaks off, nothing is written out."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(timeout=_PATIENCE)

    def stop(self) -> None:
        """Ends it."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # fast: clients are not waited for
            self._process.wait(timeout=_PATIENCE)


@contextmanager
def postgres_server(folder: Path, *, durable: bool = False) -> Iterator[Server]:
    """A running server with a fresh database, on a socket in a folder of its own.

    Unless `durable`, it flushes nothing: a test's database need not outlive the machine.
    """
    initdb, postgres = _program("initdb"), _program("postgres")
    user = _user()
    # A socket's path has at most 107 bytes, and the user must reach it: pytest's folders are too long and private.
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    data = home / "data"
    if user is not None:
        shutil.chown(home, user)
    url = f"postgresql://usufruct@/postgres?host={home}"
    command: list[str | Path] = [postgres, "-D", data, "-k", home, "-h", ""]
    command += [] if durable else ["-F"]
    server = Server(url, command, home, user, folder / "postgres.log")
    try:
        _run([initdb, "-D", data, "-U", "usufruct", "-A", "trust", "-E", "UTF8", "--no-sync"], user)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running_postgres(folder: Path, *, durable: bool = False) -> Iterator[str]:
    """The URL of a fresh database on a server of its own, which is stopped at the end."""
    with postgres_server(folder, durable=durable) as server:
        yield server.url


@contextmanager
def fresh_postgres() -> Iterator[str]:
    """The URL of a fresh database, dropped at the end, on a server that all tests of this process share."""
    server, name = _shared(), f"test{next(_numbers)}"
    server.ask(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield server.url.replace("/postgres?", f"/{name}?")
    finally:
        server.ask(f"DROP DATABASE {name} WITH (FORCE)")


_numbers = count()


@cache
def _shared() -> Server:
    stack = ExitStack()
    atexit.register(stack.close)
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    return stack.enter_context(postgres_server(Path(folder)))


def _run(command: list[str | Path], user: str | None) -> None:
    subprocess.run(command, user=user, check=True, capture_output=True, cwd="/tmp")  # noqa: S108  # a folder all may enter


def _await(home: Path, server: subprocess.Popen[bytes]) -> None:
    ready: list[str | Path] = [_program("pg_isready"), "-q", "-h", home]
    deadline = time.monotonic() + _PATIENCE
    while subprocess.run(ready, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("PostgreSQL did not start")
        time.sleep(0.05)
