"""Final facts: as a list, as a stream of server-sent events, and sent to webhooks."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from usufruct.api import schemas
from usufruct.api.auth.gate import Asking, asking_still, forbidden, note, require_known
from usufruct.api.auth.principal import Principal, Role
from usufruct.api.bodies import Body, described, json_body
from usufruct.api.events.facts import KINDS
from usufruct.api.events.feed import EVENTS_AFTER, by_role, shown, visible
from usufruct.api.events.signing import secret_of
from usufruct.api.events.targets import parse_target
from usufruct.api.limits import AS_ASKED
from usufruct.api.moment import page, unstamped
from usufruct.api.once import KEPT_SECONDS, once
from usufruct.api.params import EventQuery, Nothing
from usufruct.api.problems import Problem, not_found
from usufruct.api.render import Json, rfc3339
from usufruct.api.service import Service, service_of
from usufruct.api.starts import event_number
from usufruct.errors import InputError
from usufruct.ledger.models import feed_cursor, webhook
from usufruct.ledger.reads.holders import WALLET_ID

router = APIRouter(prefix="/v1", tags=["events"])

_STREAM: Final = "text/event-stream"
_POLL_SECONDS: Final = 1.0
_STREAM_SECONDS: Final = 300
_BATCH: Final = 200
_MOST_READ: Final = 2_000
_MOST_STREAMS: Final = 100
_MOST_OF_ONE: Final = 20
_MOST_WEBHOOKS: Final = 20
_HOOKS: Final = (
    select(webhook)
    .where(webhook.c.actor == bindparam("actor"), webhook.c.status != "removed")
    .order_by(webhook.c.id)
)
_HOOK: Final = select(webhook).where(
    webhook.c.actor == bindparam("actor"), webhook.c.id == bindparam("id")
)

WebhookId = Annotated[
    str, Path(pattern=r"^whk_[0-9a-f]{1,16}$", description="id of a webhook", examples=["whk_0a1b"])
]


@dataclass(slots=True)
class Streams:
    """How many streams of events are open, in all and by the caller's address; all end once the server closes."""

    count: int = 0
    by_caller: Counter[str] = field(default_factory=Counter)
    closing: bool = False

    def full(self, caller: str) -> bool:
        """Whether a caller may open no further one."""
        return self.count >= _MOST_STREAMS or self.by_caller[caller] >= _MOST_OF_ONE

    @contextmanager
    def one(self, caller: str) -> Iterator[None]:
        """Counts a stream for as long as it is open."""
        self.count += 1
        self.by_caller[caller] += 1
        try:
            yield
        finally:
            self.count -= 1
            self.by_caller[caller] -= 1
            if not self.by_caller[caller]:
                del self.by_caller[caller]


class WebhookBody(Body, frozen=True):
    """Where events are sent, and which; no types mean all."""

    url: str
    types: tuple[str, ...] = ()


@router.get(
    "/events",
    responses=schemas.done(schemas.Events)
    | {
        200: {
            "model": schemas.Events,
            "content": {_STREAM: {"schema": {"type": "string"}}},
        }
    },
)
async def events(query: Annotated[EventQuery, Query()], request: Request, who: Asking) -> Response:
    """Final facts in their order. With `Accept: text/event-stream` as they come; Last-Event-ID goes on after one.

    An event is told once no reorganisation can take it back. Those about one wallet are for that wallet and for
    those who may read its affairs. A page may hold fewer than `limit`, even none, and still have more behind it.
    Not as of a block: events never change, and each names the block it is of.
    """
    service = service_of(request)
    if query.type is not None:
        _require_kind(query.type, "type")
    async with service.database.read_async() as reader:
        after = await event_number(reader, query.starting_after)
    if _STREAM in request.headers.get("accept", ""):
        last = request.headers.get("last-event-id", "")
        if last.isascii() and last.isdigit():
            after = int(last[:18])
        return _streaming(request, service, after, query.type)
    found: list[Row[Any]] = []
    end, bounded = after + _MOST_READ, False
    while len(found) <= query.limit and not bounded:
        rows = await _read(service, after)
        found += [row for row in rows if _wanted(service, who, row, query.type)]
        if len(rows) < _BATCH:
            break
        after = rows[-1].number
        bounded = after >= end and len(found) <= query.limit
    role = _role_of(service, who, found[: query.limit])
    if role is not None:
        await note(request, who, role, "granted")
    told = [shown(row) for row in found]
    if bounded:
        # Of many events few are the caller's: what a request reads has a bound, and the next goes on behind it.
        return unstamped({"object": "list", "data": told, "has_more": True, "next": str(after)})
    return unstamped(page(told, query.limit))


def _require_kind(kind: str, field_name: str) -> None:
    if kind not in KINDS:
        raise InputError(
            "there are no such events",
            field=field_name,
            value=kind,
            rule=f"one of {', '.join(KINDS)}",
            remedy=f"leave the {field_name} out for all",
        )


def _wanted(service: Service, who: Principal, row: Row[Any], kind: str | None) -> bool:
    public = service.access.public == "all"
    return kind in (None, row.kind) and visible(who, public, row)


def _role_of(service: Service, who: Principal, rows: Iterable[Row[Any]]) -> Role | None:
    """The role by which events that are another's are shown; None if all are everybody's or the caller's own."""
    public = service.access.public == "all"
    return next((role for row in rows if (role := by_role(who, public, row)) is not None), None)


async def _read(service: Service, after: int) -> list[Row[Any]]:
    await asyncio.sleep(0)  # on SQLite nothing else here would let others have a turn
    async with service.database.read_async() as reader:
        return list(await reader.rows(EVENTS_AFTER, {"after": after, "limit": _BATCH}))


def _streaming(request: Request, service: Service, after: int, kind: str | None) -> Response:
    streams: Streams = request.app.state.streams
    caller = request.client.host if request.client else ""
    if streams.full(caller):
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too-many-streams",
            "Too many streams of events are open.",
            rule=f"at most {_MOST_STREAMS}, and {_MOST_OF_ONE} of one address",
            remedy="try again later, or ask for the list",
            headers={"retry-after": "30"},
        )
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    if AS_ASKED in request.scope:
        return StreamingResponse(iter(()), media_type=_STREAM, headers=headers)

    async def noted(who: Principal, role: Role) -> None:
        await note(request, who, role, "granted")

    told = _told(streams, caller, service, lambda: asking_still(request), noted, after, kind)
    return StreamingResponse(told, media_type=_STREAM, headers=headers)


async def _told(
    streams: Streams,
    caller: str,
    service: Service,
    who_asks: Callable[[], Awaitable[Principal | None]],
    noted: Callable[[Principal, Role], Awaitable[None]],
    after: int,
    kind: str | None,
) -> AsyncIterator[bytes]:
    """Events as they become final, for some minutes; browsers then come again by themselves.

    Whoever asks is checked again before anything is told, so that what was revoked ends the stream. That a role
    shows what is another's is noted before the first of it, once.
    """
    shown_by: Role | None = None
    with streams.one(caller):
        yield b"retry: 2000\n\n"
        ends = asyncio.get_running_loop().time() + _STREAM_SECONDS
        while not streams.closing and asyncio.get_running_loop().time() < ends:
            rows = await _read(service, after)
            who = await who_asks() if rows else None
            if rows and who is None:
                return
            wanted = [row for row in rows if who is not None and _wanted(service, who, row, kind)]
            if who is not None and shown_by is None:
                shown_by = _role_of(service, who, wanted)
                if shown_by is not None:
                    await noted(who, shown_by)
            for row in wanted:
                text = json.dumps(shown(row))
                yield f"id: {row.number}\nevent: {row.kind}\ndata: {text}\n\n".encode()
            after = rows[-1].number if rows else after
            if len(rows) < _BATCH:
                yield b": still here\n\n"
                await asyncio.sleep(_POLL_SECONDS)


# --- Webhooks --------------------------------------------------------------------------------------


@router.post(
    "/webhooks",
    status_code=201,
    responses=schemas.done(schemas.NewWebhook, 201),
    openapi_extra=described(
        WebhookBody, {"url": "https://books.example/usufruct", "types": ["distribution.created"]}
    ),
)
async def add_webhook(request: Request, who: Asking) -> Response:
    """Sends final facts from now on to an address, signed; the secret is shown this once.

    For wallets that the ledger knows, and for those with a role.
    """
    require_known(who)
    body = await json_body(request, WebhookBody)
    service = service_of(request)
    parse_target(body.url, loopback=service.access.loopback_webhooks)
    for kind in body.types:
        _require_kind(kind, "types")
    role = who.supervisor()
    if role is not None and service.access.public != "all":
        # What it will be told of others is by this role: what is sent later leaves no rows of its own.
        await note(request, who, role, "granted")
    now = service.clock.now()

    def add(connection: Connection) -> Json:
        _require_concerned(connection, who)
        # Whoever adds one follows whoever did before, so that each sees all there are.
        last = connection.execute(select(feed_cursor.c.number).with_for_update()).scalar_one()
        own = connection.execute(_HOOKS, {"actor": who.actor}).all()
        if len(own) >= _MOST_WEBHOOKS:
            raise Problem(
                HTTPStatus.CONFLICT,
                "too-many-webhooks",
                f"There are {len(own)} webhooks already.",
                rule=f"at most {_MOST_WEBHOOKS}",
                remedy="remove one",
            )
        number = "whk_" + secrets.token_hex(8)
        row = {
            "id": number,
            "actor": who.actor,
            "url": body.url,
            "kinds": json.dumps(sorted(set(body.types))),
            "told": last,
            "attempts": 0,
            "next_at": now,
            "status": "active",
            "created_at": now,
        }
        forgotten = (webhook.c.status == "removed", webhook.c.next_at < now - KEPT_SECONDS)
        connection.execute(delete(webhook).where(webhook.c.actor == who.actor, *forgotten))
        connection.execute(insert(webhook).values(**row))
        made = connection.execute(_HOOK, {"actor": who.actor, "id": number}).one()
        return _webhook(made)

    def reveal(body: Json) -> Json:
        return body | {"secret": secret_of(service.access.secret, body["id"])}

    return await once(request, who, add, reveal=reveal)


def _require_concerned(connection: Connection, who: Principal) -> None:
    """Raises Problem for a wallet that has nothing to do with the project: new ones are to be had for nothing."""
    given_by_hand = not who.actor.startswith("0x")
    if given_by_hand or any(each.role is not Role.INVESTOR for each in who.grants):
        return
    if connection.execute(WALLET_ID, {"address": who.wallet}).first() is None:
        raise forbidden("a wallet that the ledger knows, or somebody with a role")


@router.get("/webhooks", responses=schemas.done(schemas.Webhooks))
async def webhooks(_: Nothing, request: Request, who: Asking) -> Response:
    """One's own webhooks, and how far each is. Not as of a block: they are this service's affair and of the present."""
    require_known(who)
    async with service_of(request).database.read_async() as reader:
        rows = await reader.rows(_HOOKS, {"actor": who.actor})
    return unstamped(page([_webhook(row) for row in rows], _MOST_WEBHOOKS))


@router.delete("/webhooks/{webhook_id}", responses=schemas.done(schemas.Webhook))
async def remove_webhook(
    webhook_id: WebhookId, _: Nothing, request: Request, who: Asking
) -> Response:
    """Ends a webhook of one's own. Asked again within 30 days, the answer is the same."""
    require_known(who)
    service = service_of(request)

    def remove(connection: Connection) -> Json:
        row = connection.execute(_HOOK, {"actor": who.actor, "id": webhook_id}).first()
        if row is None:
            raise not_found("webhook", "webhook_id", webhook_id, "GET /v1/webhooks lists yours")
        if row.status != "removed":
            ended = {"status": "removed", "next_at": service.clock.now()}
            connection.execute(update(webhook).where(webhook.c.id == webhook_id).values(**ended))
        return _webhook(row) | {"status": "removed"}

    def write() -> Json:
        with service.database.write() as connection:
            return remove(connection)

    return unstamped(await run_in_threadpool(write))


def _webhook(row: Row[Any]) -> Json:
    return {
        "id": row.id,
        "object": "webhook",
        "url": row.url,
        "types": json.loads(row.kinds),
        "status": row.status,
        "delivered_through": str(row.told),
        "attempts": row.attempts,
        "failure": row.failure,
        "created_at": rfc3339(row.created_at),
    }
