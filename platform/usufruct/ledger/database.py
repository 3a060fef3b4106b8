"""Connections to the ledger's database: SQLite in WAL mode by default, PostgreSQL by URL, one code path.

Readers see one consistent moment for as long as their connection is open. A writer holds the write lock from the
start of its transaction, so two writers follow one another and never meet halfway.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, make_url, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from usufruct.errors import ConfigError
from usufruct.ledger.pool import TURN_S, ReaderPool
from usufruct.ledger.reader import AsyncReader, DriverReader, SameThreadReader

__all__ = ["Database"]

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_BUSY_MS: Final = 30_000
_ONE_AT_A_TIME: Final = 0x5553_4652
"""PostgreSQL's lock for whoever migrates: the name is ours alone within a ledger's database."""
_READERS: Final = 8
_DRIVERS: Final = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}


class Database:
    """The ledger's database at `url`, e.g. `sqlite:///state/ledger.db` or `postgresql://user@host/name`.

    Raises ConfigError for a URL that is malformed or of another kind of database.
    """

    def __init__(self, url: str) -> None:
        self.url = _parsed(url)
        self.kind = self.url.get_backend_name()

    @cached_property
    def writer(self) -> Engine:
        """Engine whose transactions take the write lock at once."""
        return self._sync_engine("BEGIN IMMEDIATE")

    @cached_property
    def reader(self) -> Engine:
        """Engine for consistent reads."""
        return self._sync_engine("BEGIN")

    @cached_property
    def async_reader(self) -> ReaderPool:
        """Asynchronous connections for consistent reads; PostgreSQL only."""
        return ReaderPool(self.url, _READERS)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that commits at the end or leaves no trace."""
        with self.writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent moment of the ledger."""
        with self.reader.connect() as connection:
            yield connection

    @asynccontextmanager
    async def read_async(self) -> AsyncIterator[AsyncReader]:
        """One consistent moment of the ledger, for asynchronous code; who reads after it finds no connection."""
        reader: SameThreadReader | DriverReader
        if self.kind == "sqlite":
            with self._driver() as driver:
                reader = SameThreadReader(driver)
                try:
                    yield reader
                finally:
                    del reader.connection  # it is somebody else's from now on
        else:
            async with self.async_reader.moment() as connection:
                reader = DriverReader(connection)
                try:
                    yield reader
                finally:
                    del reader.connection

    @contextmanager
    def _driver(self) -> Iterator[Any]:
        """SQLite's own connection in a transaction, from the pool of readers."""
        pooled = self.reader.raw_connection()
        try:
            driver: Any = pooled.driver_connection
            driver.execute("BEGIN")
            yield driver
        finally:
            pooled.close()  # rolls back

    def migrate(self) -> None:
        """Brings the schema up to date; creates the file and its folder if they are missing.

        All versions are one transaction, so whoever is killed on the way leaves the ledger of before.

        Raises ConfigError when the database cannot be reached or written, or is of a newer version than this program.
        """
        if self.kind == "sqlite" and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        try:
            # Alembic finds a transaction begun, and so does not end one after each version, as it would on SQLite.
            with self.write() as connection:
                if self.kind == "postgresql":  # SQLite has one writer at a time anyway
                    # However long another takes to migrate.
                    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
                    connection.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
                command.upgrade(alembic_config(connection), "head")
        except SQLAlchemyError as error:
            raise _unreachable(self.url, error) from error
        except CommandError as error:
            raise _newer(self.url, error) from error

    def require(self) -> None:
        """Raises ConfigError unless the database is there and has a ledger in it; changes nothing."""
        path = self.url.database if self.kind == "sqlite" else None
        try:
            if path is not None and not Path(path).is_file():
                raise _no_ledger(self.url)
            with self.reader.connect() as connection:
                if not inspect(connection).has_table("cursor"):
                    raise _no_ledger(self.url)
        except SQLAlchemyError as error:
            raise _unreachable(self.url, error) from error

    def dispose(self) -> None:
        """Closes the pooled connections of the synchronous engines."""
        for name in ("writer", "reader"):
            if name in self.__dict__:
                self.__dict__[name].dispose()

    async def dispose_async(self) -> None:
        """Closes the pooled connections of all engines."""
        if "async_reader" in self.__dict__:
            await self.async_reader.dispose()
        self.dispose()

    def _sync_engine(self, begin: str) -> Engine:
        url = self.url.set(drivername=_DRIVERS[self.kind])
        if self.kind != "sqlite":
            level = "READ COMMITTED" if begin != "BEGIN" else "REPEATABLE READ"
            engine = create_engine(
                url, isolation_level=level, pool_pre_ping=True, pool_timeout=TURN_S
            )
            _postgres_events(engine)
            return engine
        # A pool that could run dry would stop the event loop, which cannot wait for itself.
        engine = create_engine(url, pool_size=_READERS, max_overflow=-1)
        _sqlite_events(engine, begin)
        return engine


def alembic_config(connection: Connection) -> Config:
    """Alembic's settings for the ledger's migrations on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _sqlite_events(engine: Engine, begin: str) -> None:
    """Takes transactions out of the driver's hands and sets the pragmas of every connection."""

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"busy_timeout={_BUSY_MS}",
            "cache_size=-65536",
            "mmap_size=268435456",
            # Else REPLACE takes a row out without asking the triggers that refuse deletion (the access log's).
            "recursive_triggers=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _postgres_events(engine: Engine) -> None:
    """Lets no statement wait longer for a lock than SQLite lets a writer wait."""

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: object) -> None:
        connection.execute(f"SET lock_timeout = {_BUSY_MS}")
        connection.commit()


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() not in _DRIVERS:
        raise ConfigError(
            "the database URL is not usable",
            field="database",
            value=url if parsed is None else parsed.render_as_string(hide_password=True),
            rule="a URL of SQLite or PostgreSQL",
            remedy="write sqlite:///path/to/ledger.db or postgresql://user:password@host/name",
        )
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ConfigError(
            "the ledger needs a file",
            field="database",
            value=url,
            rule="SQLite in memory cannot be shared between the indexer and the API",
            remedy="write sqlite:///path/to/ledger.db",
        )
    return parsed


def _unreachable(url: URL, error: SQLAlchemyError) -> ConfigError:
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    return ConfigError(
        f"the database cannot be used: {reason}",
        field="database",
        value=url.render_as_string(hide_password=True),
        rule="must be reachable and writable",
        remedy="check the URL, that the server runs, and the permissions of user and folder",
    )


def _newer(url: URL, error: CommandError) -> ConfigError:
    return ConfigError(
        f"the ledger is of a newer version than this program: {error}",
        field="database",
        value=url.render_as_string(hide_password=True),
        rule="a version that this program knows",
        remedy="update the program, or name another database; nothing was changed",
    )


def _no_ledger(url: URL) -> ConfigError:
    return ConfigError(
        "there is no ledger in this database",
        field="database",
        value=url.render_as_string(hide_password=True),
        rule="usufruct serve fills it",
        remedy="start usufruct serve with this database first, or correct the URL",
    )
