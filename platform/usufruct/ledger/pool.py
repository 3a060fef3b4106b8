"""Connections to PostgreSQL for asynchronous readers, each a transaction at a time.

asyncpg talks to the server in its binary protocol and prepares each statement once a connection: a statement costs
the server process a tenth of what SQLAlchemy over psycopg takes. Plans are generic from the start: all our questions
go by keys, so their plans do not depend on the values, and planning a join of nine tables takes longer than running it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy.engine import URL

from usufruct.errors import UsufructError

if TYPE_CHECKING:
    from asyncpg import Connection

__all__ = ["TURN_S", "DatabaseAway", "ReaderPool"]

_PATIENCE_S: Final = 30.0
TURN_S: Final = 10.0
"""Seconds until a connection must be free; a page takes a hundredth of one."""
_SETTINGS: Final = {
    "default_transaction_isolation": "repeatable read",
    "default_transaction_read_only": "on",
    "plan_cache_mode": "force_generic_plan",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "jit": "off",
    "idle_in_transaction_session_timeout": "0",
}
"""A plan that does not see how few rows a LIMIT asks for, or that was made while the tables were small, would read them
whole: only ways by an index are offered, which our questions all have."""
_OF_LIBPQ: Final = ("connect_timeout", "keepalives", "channel_binding", "gssencmode")
"""Parameters of a URL that mean something to libpq only."""


class DatabaseAway(UsufructError):
    """The database does not answer. Cure: wait until it does; nothing is lost."""

    def __init__(self, why: BaseException) -> None:
        super().__init__(
            "the database does not answer",
            field="database",
            rule=f"it must be reachable ({type(why).__name__})",
            remedy="try again in a moment; if it stays, start the database",
        )


class ReaderPool:
    """At most `most` connections to the database at `url`, for one event loop."""

    def __init__(self, url: URL, most: int) -> None:
        plain = url.set(drivername="postgresql").difference_update_query(_OF_LIBPQ)
        self._dsn = plain.render_as_string(hide_password=False)
        self._turns = asyncio.Semaphore(most)
        # The one used last is taken first: its server process has everything at hand.
        self._idle: list[Connection] = []

    @asynccontextmanager
    async def moment(self) -> AsyncIterator[Connection]:
        """A connection in a transaction that sees one moment, that of its first statement.

        Raises DatabaseAway if the server cannot be reached, is gone when asked, or has no connection left for long.
        """
        await self._turn()
        connection, ended = None, False
        try:
            connection = await self._taken()
            try:
                yield connection
            except Exception:
                ended = await _rolled_back(connection)
                raise
            ended = await _rolled_back(connection)
        except Exception as error:
            # Whatever was asked of a connection that is gone has no answer, and that is the reason.
            if connection is not None and connection.is_closed():
                raise DatabaseAway(error) from error
            raise
        finally:
            # A connection of a request that was cancelled may still be waiting for an answer.
            if connection is not None and ended:
                self._idle.append(connection)
            elif connection is not None:
                connection.terminate()
            self._turns.release()

    async def _turn(self) -> None:
        """Waits for a connection to be free, and not for ever: whoever holds one may be waiting for somebody else."""
        if not self._turns.locked():
            await self._turns.acquire()  # at once, without the cost of a clock
            return
        try:
            async with asyncio.timeout(TURN_S):
                await self._turns.acquire()
        except TimeoutError as error:
            raise DatabaseAway(error) from error

    async def dispose(self) -> None:
        """Closes the idle connections."""
        while self._idle:
            await self._idle.pop().close(timeout=_PATIENCE_S)

    async def _taken(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        from asyncpg import InterfaceError, PostgresError, connect  # noqa: PLC0415 - optional

        try:
            connection = await connect(
                self._dsn,
                timeout=_PATIENCE_S,
                command_timeout=_PATIENCE_S,
                max_cached_statement_lifetime=0,
                server_settings=_SETTINGS,
            )
            await connection.execute("BEGIN")
        except (OSError, TimeoutError, PostgresError, InterfaceError) as error:
            raise DatabaseAway(error) from error
        return connection


async def _rolled_back(connection: Connection) -> bool:
    """Ends the transaction and begins the next; whether it has, and the connection can be used again.

    The next sees nothing, and holds up nothing on the server, until its first statement. What was read before the
    connection was lost stays what was there: nobody is told of an end that fails.
    """
    from asyncpg import InterfaceError, InternalClientError, PostgresError  # noqa: PLC0415 - optional

    try:
        await connection.execute("ROLLBACK AND CHAIN")
    except (OSError, TimeoutError, PostgresError, InterfaceError, InternalClientError):
        return False
    return True
