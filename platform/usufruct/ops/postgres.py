"""pg_dump and pg_restore of the ledger, where PostgreSQL's own programs are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL

from usufruct.errors import ConfigError

__all__ = ["dump", "load"]

_FOLDERS: Final = Path("/usr/lib/postgresql")
_SHOWN: Final = 200


def dump(url: URL, target: Path) -> None:
    """Writes the whole database at `url`, as of one snapshot, to `target`; ConfigError if that fails."""
    _run("pg_dump", ["--format=custom", "--no-owner", f"--file={target}"], url)
    target.chmod(0o600)


def load(url: URL, source: Path) -> None:
    """Replaces the database's content by a dump, all of it or nothing; ConfigError if that fails."""
    options = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
    _run("pg_restore", [*options, str(source)], url)


def _run(name: str, arguments: list[str], url: URL) -> None:
    # The password goes by the environment: a command line can be read by everybody on the machine.
    environment = {**os.environ, "PGPASSWORD": url.password} if url.password else dict(os.environ)
    bare = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    command = [str(_program(name)), *arguments, f"--dbname={bare}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # a fixed program
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise ConfigError(
            f"{name} failed",
            field="database",
            value=url.render_as_string(hide_password=True),
            rule=(said[-1] if said else f"exit code {done.returncode}")[:_SHOWN],
            remedy=f"check the URL; {name} must be at least as new as the server",
        )


def _program(name: str) -> Path:
    found = shutil.which(name)
    if found is not None:
        return Path(found)
    installed = sorted(_FOLDERS.glob(f"*/bin/{name}"), reverse=True)
    if installed:
        return installed[0]
    raise ConfigError(
        f"{name} is not installed",
        field="database",
        value=name,
        rule="PostgreSQL's own programs make and read its backups",
        remedy="install them, on Debian: apt-get install postgresql-client",
    )
