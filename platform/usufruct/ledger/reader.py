"""Reading the ledger from asynchronous code, past SQLAlchemy's execution (see `prepared`).

On PostgreSQL the driver is asynchronous itself. SQLite answers our bounded, indexed questions in less time than it
takes to hand them to another thread and back (a sixth of the cost of a request, measured), so they run where they
are asked; only those said to be `heavy` go to a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Row

from usufruct.ledger.prepared import prepared
from usufruct.ledger.reads.rows import Query

if TYPE_CHECKING:
    import sqlite3

    from asyncpg import Connection

__all__ = ["AsyncReader", "DriverReader", "SameThreadReader"]


class AsyncReader(Protocol):
    """One consistent moment of the ledger."""

    async def rows(
        self, query: Query, values: Mapping[str, object], *, heavy: bool = False
    ) -> Sequence[Row[Any]]:
        """All rows of a query; `heavy` if their number has no small bound."""
        ...


@dataclass(slots=True)
class SameThreadReader:
    """Runs queries in the event loop's thread."""

    connection: sqlite3.Connection

    async def rows(
        self, query: Query, values: Mapping[str, object], *, heavy: bool = False
    ) -> Sequence[Row[Any]]:
        """All rows of a query."""
        if heavy:
            return await asyncio.to_thread(self._rows, query, values)
        return self._rows(query, values)

    def _rows(self, query: Query, values: Mapping[str, object]) -> Sequence[Row[Any]]:
        ready = prepared(query, "sqlite3")
        return ready.rows(self.connection.execute(ready.sql, ready.bound(values)).fetchall())


@dataclass(slots=True)
class DriverReader:
    """Runs queries on an asynchronous driver, which keeps their plans."""

    connection: Connection

    async def rows(
        self, query: Query, values: Mapping[str, object], *, heavy: bool = False
    ) -> Sequence[Row[Any]]:
        """All rows of a query."""
        del heavy
        ready = prepared(query, "asyncpg")
        return ready.rows(await self.connection.fetch(ready.sql, *ready.bound(values)))
