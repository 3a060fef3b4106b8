"""Writes that may be sent again: the same key and body get the first answer, another body is refused.

The key is claimed in the very transaction of the effect, so that a crash leaves both or neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from usufruct.api.auth.principal import Principal
from usufruct.api.problems import Problem
from usufruct.api.render import Json
from usufruct.api.service import service_of
from usufruct.errors import InputError
from usufruct.ledger.models import idempotency

__all__ = ["KEPT_SECONDS", "once"]

KEPT_SECONDS: Final = 30 * 86_400
"""How long an answer is kept for whoever asks again."""
HEADER: Final = "idempotency-key"
_KEY: Final = re.compile(r"[!-~]{1,128}", re.ASCII)

Work = Callable[[Connection], Mapping[str, Any]]


async def once(
    request: Request,
    who: Principal,
    work: Work,
    *,
    status: HTTPStatus = HTTPStatus.CREATED,
    reveal: Callable[[Json], Json] = lambda body: body,
) -> Response:
    """The answer of `work`, which runs in a transaction, or what it answered before.

    `reveal` adds what must not be stored, such as a secret that can be derived again.

    Raises:
        InputError: There is no usable key.
        Problem: The key was used for another request.
    """
    key = request.headers.get(HEADER, "")
    if not _KEY.fullmatch(key):
        raise InputError(
            "a write needs a key of its own",
            field=HEADER,
            value=key,
            rule="1 to 128 printable characters without spaces",
            remedy="send the header Idempotency-Key with a fresh UUID, and the same one when you try again",
        )
    target = f"{request.method} {request.scope['path']}\n".encode()
    digest = sha256(target + await request.body()).digest()
    database, now = service_of(request).database, service_of(request).clock.now()

    def write() -> tuple[int, bytes, bool]:
        try:
            with database.write() as connection:
                found = _found(connection, who, key, digest)
                return found or (
                    int(status),
                    _claimed(connection, who, key, digest, work, int(status), now),
                    False,
                )
        except IntegrityError:  # somebody else was first in the same moment
            with database.write() as connection:
                found = _found(connection, who, key, digest)
            if found is None:
                raise
            return found

    code, body, again = await run_in_threadpool(write)
    headers = {"cache-control": "no-store"} | ({"idempotent-replayed": "true"} if again else {})
    told = msgspec.json.encode(reveal(msgspec.json.decode(body)))
    return Response(told, code, headers=headers, media_type="application/json")


def _found(
    connection: Connection, who: Principal, key: str, digest: bytes
) -> tuple[int, bytes, bool] | None:
    row = connection.execute(
        select(idempotency).where(idempotency.c.actor == who.actor, idempotency.c.key == key)
    ).first()
    if row is None:
        return None
    if row.request != digest:
        raise Problem(
            HTTPStatus.CONFLICT,
            "key-reused",
            "This idempotency key was used for another request.",
            field=HEADER,
            value=key,
            rule="one key for one request",
            remedy="use a fresh key",
        )
    return int(row.status), bytes(row.body), True


def _claimed(
    connection: Connection,
    who: Principal,
    key: str,
    digest: bytes,
    work: Work,
    status: int,
    now: int,
) -> bytes:
    connection.execute(delete(idempotency).where(idempotency.c.created_at < now - KEPT_SECONDS))
    row = {"actor": who.actor, "key": key, "request": digest, "status": status}
    connection.execute(insert(idempotency).values(**row, body=b"", created_at=now))
    body = msgspec.json.encode(work(connection))
    connection.execute(
        update(idempotency)
        .where(idempotency.c.actor == who.actor, idempotency.c.key == key)
        .values(body=body)
    )
    return body
