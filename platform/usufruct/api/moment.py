"""One request, one moment: a consistent view of the ledger, its block, and the ETag that belongs to it."""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Hashable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar

import msgspec
from fastapi import Depends, Request, Response
from sqlalchemy import Connection, Row

from usufruct.api.auth.gate import asking
from usufruct.api.auth.principal import Principal
from usufruct.api.kept import State
from usufruct.api.problems import Problem
from usufruct.api.render import Json, Renderer, rfc3339
from usufruct.api.service import Service, service_of
from usufruct.index.cursor import known_hash
from usufruct.ledger.reader import AsyncReader
from usufruct.ledger.reads.places import CURSOR
from usufruct.ledger.reads.rows import EVER, Query
from usufruct.ledger.types import first_position

__all__ = ["AnyMoment", "Moment", "NotModified", "moment_of", "page", "service_of", "unstamped"]

T = TypeVar("T")


class NotModified(Exception):
    """The caller has this version of the answer already."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


@dataclass(frozen=True, slots=True)
class Moment:
    """The ledger as of its last block, for one request."""

    service: Service
    reader: AsyncReader
    block: int
    time: int
    etag: str
    who: Principal
    state: State
    """The ledger's, also where the moment is an earlier one."""
    known: int = EVER
    """Of what no log brought, such as evidence, that counts which came up to this time of the chain."""

    @property
    def render(self) -> Renderer:
        """Turns rows into objects."""
        return self.service.render

    @property
    def end(self) -> int:
        """The position after everything in the ledger."""
        return first_position(self.block + 1)

    async def rows(self, query: Query, **values: object) -> Sequence[Row[Any]]:
        """All rows of a query."""
        return await self.reader.rows(query, values)

    async def row(self, query: Query, **values: object) -> Row[Any] | None:
        """The first row of a query."""
        rows = await self.reader.rows(query, values)
        return rows[0] if rows else None

    async def many_rows(self, query: Query, **values: object) -> Sequence[Row[Any]]:
        """All rows of a query that has no small bound on what it reads."""
        return await self.reader.rows(query, values, heavy=True)

    async def kept(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What `make` finds at this moment: made once, however many ask, and not to be changed."""
        return await self.service.kept.of(self.state, (self.block, self.time, key), make)

    def answer(self, body: Mapping[str, Any]) -> Response:
        """`body` with the block it is as of, in JSON."""
        stamped = {**body, "as_of_block": self.block, "as_of_time": rfc3339(self.time)}
        return self.plain(msgspec.json.encode(stamped))

    def plain(self, content: bytes) -> Response:
        """JSON that is complete already."""
        return Response(content, media_type="application/json", headers=self.headers)

    @contextmanager
    def later(self) -> Iterator[Connection]:
        """Another, later moment of the ledger, for a thread; a Problem unless it has this one's block in its past."""
        with self.service.database.read() as connection:
            now = connection.execute(CURSOR).one()
            number, block_hash, _ = self.state
            if block_hash not in (now.hash, known_hash(connection, number)):
                raise Problem(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    "reorganised",
                    "The chain was reorganised while the answer was made.",
                    remedy="ask again",
                    headers={"retry-after": "1"},
                )
            yield connection

    @property
    def headers(self) -> dict[str, str]:
        """What tells caches whose answer it is and until when."""
        whose = "private, no-cache" if self.who.known else "no-cache"
        return {"etag": self.etag, "cache-control": whose, "vary": "authorization, cookie"}


def unstamped(body: Mapping[str, Any]) -> Response:
    """An answer that is not as of a block, and that nobody may keep."""
    headers = {"cache-control": "no-store"}
    return Response(msgspec.json.encode(body), media_type="application/json", headers=headers)


def page(rows: list[Json], limit: int, key: str = "id") -> Json:
    """A list of at most `limit` of `rows`, of which one more was asked for to see whether there are more."""
    shown = rows[:limit]
    more = len(rows) > limit
    return {
        "object": "list",
        "data": shown,
        "has_more": more,
        "next": shown[-1][key] if more else None,
    }


async def _moment(request: Request) -> AsyncIterator[Moment]:
    service = service_of(request)
    who = await asking(request)
    async with service.database.read_async() as reader:
        rows = await reader.rows(CURSOR, {})
        if not rows:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "not-ready",
                "The index has not seen a block yet.",
                remedy="try again in a moment; /ready tells when",
                headers={"retry-after": "2"},
            )
        row = rows[0]
        whose = f"-{_whose(who)}" if who.known else ""
        etag = f'W/"{row.block}-{row.hash.hex()[:16]}-{row.evidence}-{service.version}{whose}"'
        if request.method == "GET" and _matches(request.headers.get("if-none-match"), etag):
            raise NotModified(etag)
        state = (row.block, row.hash, row.evidence)
        yield Moment(service, reader, row.block, row.timestamp, etag, who, state)


def _whose(who: Principal) -> str:
    """Tells callers apart, and one whose roles were changed from before: it is shown something else then."""
    roles = [f"{each.role}:{sorted(each.streams)}" for each in who.grants]
    return sha256("|".join([who.actor, *sorted(roles)]).encode()).hexdigest()[:8]


AnyMoment = Annotated[Moment, Depends(_moment)]
"""The moment that a request is answered from."""
moment_of: Final = asynccontextmanager(_moment)
"""The same for a request that leaves it before something that takes long; nothing can be read from it then."""


def _matches(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    return header.strip() == "*" or etag in (part.strip() for part in header.split(","))
