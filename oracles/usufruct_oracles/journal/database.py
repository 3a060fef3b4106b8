"""The journal's database: SQLite in WAL mode by default, PostgreSQL by URL.

A commit must survive both `kill -9` and a power cut before anything is signed over it, so SQLite runs with
synchronous=FULL: one flush for each file, which the batched inserts make cheap.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Engine,
    MetaData,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from usufruct.errors import ConfigError
from usufruct_oracles.journal.correction_tables import JOURNAL

_BUSY_MS: Final = 30_000
_DRIVERS: Final = {"sqlite": "pysqlite", "postgresql": "psycopg"}
_SCRUBS: Final = {
    "sqlite": ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"),
    "postgresql": ("VACUUM FULL", "CHECKPOINT"),
}
_WRITES: Final = "usufruct_writes"
_LOCK: Final = 0x75737566  # PostgreSQL's advisory lock of journal writers


class Database:
    """Engine and transactions.

    Args:
        where: Path of an SQLite file, or an SQLAlchemy URL.
        tables: The tables it has; those that are missing are made.
        field: The setting that named it, for errors.
        lock: Number of PostgreSQL's advisory lock that its writers share.

    Raises:
        ConfigError: The URL is of another kind, or the database cannot be reached.
    """

    def __init__(
        self,
        where: str | Path,
        tables: MetaData = JOURNAL,
        field: str = "worker.journal",
        *,
        lock: int = _LOCK,
    ) -> None:
        self.url = _url(where, field)
        self._lock = lock
        self._is_sqlite = self.url.get_backend_name() == "sqlite"
        if self._is_sqlite:
            Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
        self.engine = _engine(self.url)
        try:
            with self.write() as connection:
                tables.create_all(connection)
        except SQLAlchemyError as error:
            raise _unreachable(self.url, error, field) from error

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that holds the write lock from its start; all of it or nothing."""
        options: dict[str, Any] = {_WRITES: True}
        if not self._is_sqlite:
            options["isolation_level"] = "READ COMMITTED"
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            if not self._is_sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(self._lock)))
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent moment."""
        with self.engine.connect() as connection:
            yield connection

    def scrub(self) -> None:
        """Rewrites the database, so that no page or log holds what was deleted.

        SQLite's file and log are rewritten whole; PostgreSQL's tables are, while its log of changes is
        recycled by the server in its own time, and archives of it are the operator's.

        Raises:
            ConfigError: Another process holds the database.
        """
        commands = _SCRUBS["sqlite" if self._is_sqlite else "postgresql"]
        connection = self.engine.raw_connection()
        try:
            if not self._is_sqlite:
                connection.driver_connection.autocommit = True  # type: ignore[union-attr]  # it is connected
            cursor = connection.cursor()
            for each in commands:
                cursor.execute(each)
                if each.startswith("PRAGMA") and (cursor.fetchone() or [0])[0]:
                    raise _held(self.url)
        except self.engine.dialect.loaded_dbapi.OperationalError as error:
            raise _held(self.url) from error
        finally:
            connection.invalidate()

    def close(self) -> None:
        """Closes the pooled connections."""
        self.engine.dispose()


def _url(where: str | Path, field: str) -> URL:
    text = str(where)
    try:
        url = make_url(text if "://" in text else f"sqlite:///{text}")
    except ArgumentError:
        url = None
    if url is None or url.get_backend_name() not in _DRIVERS:
        raise ConfigError(
            "the journal's database is not usable",
            field=field,
            value=None if url is None else url.render_as_string(hide_password=True),
            rule="a path, or a URL of SQLite or PostgreSQL",
            remedy="write alpha.sqlite or postgresql://user:password@host/name",
        )
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise ConfigError(
            "the journal needs a file",
            field=field,
            value=text,
            rule="what was received must outlive the process",
            remedy="write the path of a file",
        )
    return url.set(drivername=f"{url.get_backend_name()}+{_DRIVERS[url.get_backend_name()]}")


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, isolation_level="REPEATABLE READ")
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: object) -> None:
        # The driver would begin transactions by itself, and too late to hold the lock.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={_BUSY_MS}",
            "cache_size=-65536",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _held(url: URL) -> ConfigError:
    return ConfigError(
        "the journal is in use",
        field="worker.journal",
        value=url.render_as_string(hide_password=True),
        rule="nobody else may use it while it is rewritten",
        remedy="stop the worker and run the command again",
    )


def _unreachable(url: URL, error: SQLAlchemyError, field: str) -> ConfigError:
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    return ConfigError(
        f"the journal cannot be used: {reason}",
        field=field,
        value=url.render_as_string(hide_password=True),
        rule="must be reachable and writable",
        remedy="check the URL, that the server runs, and the permissions of user and folder",
    )
