"""Reading the ledger from asynchronous code.

On PostgreSQL the driver is asynchronous itself. SQLite answers our bounded, indexed questions in less time than it
takes to hand them to another thread and back (a sixth of the cost of a request, measured), so they run where they
are asked; only those said to be `heavy` go to a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, Row
from sqlalchemy.ext.asyncio import AsyncConnection

from usufruct.ledger.reads.rows import Query

__all__ = ["AsyncReader", "DriverReader", "SameThreadReader"]


class AsyncReader(Protocol):
    """One consistent moment of the ledger."""

    async def rows(
        self, query: Query, values: Mapping[str, object], *, heavy: bool = False
    ) -> Sequence[Row[Any]]:
        """All rows of a query; `heavy` if their number has no small bound."""
        ...


@dataclass(frozen=True, slots=True)
class SameThreadReader:
    """Runs queries in the event loop's thread."""

    connection: Connection

    async def rows(
        self, query: Query, values: Mapping[str, object], *, heavy: bool = False
    ) -> Sequence[Row[Any]]:
        """All rows of a query."""
        if heavy:
            return await asyncio.to_thread(self._rows, query, values)
        return self._rows(query, values)

    def _rows(self, query: Query, values: Mapping[str, object]) -> Sequence[Row[Any]]:
        return self.connection.execute(query, values).all()


@dataclass(frozen=True, slots=True)
class DriverReader:
    """Runs queries on an asynchronous driver."""

    connection: AsyncConnection

    async def rows(
        self, query: Query, values: Mapping[str, object], *, heavy: bool = False
    ) -> Sequence[Row[Any]]:
        """All rows of a query."""
        del heavy
        return (await self.connection.execute(query, values)).all()
