"""The endpoint `POST /v1/messages`: authenticated, bounded, idempotent, and durable before it answers 202.

Errors are problem details (RFC 9457). A request is refused as a whole: nothing of it is kept.

| status | when |
|---|---|
| 202 | kept for good; again for the same key and body |
| 400 | no idempotency key, or not such a body |
| 401, 403 | the token is unknown, or does not speak for a meter |
| 409 | the key was used for another body |
| 413, 415 | larger than 1 MiB, or not JSON |
| 422 | a message can never be read: another meter's algorithm, a broken record |
| 429, 503 | no room for the token, or for anybody: again after `Retry-After` seconds |
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from usufruct.clock import Clock
from usufruct.core.encoding import canonical_json, hex0x
from usufruct.errors import EvidenceError, InputError
from usufruct_oracles import logs
from usufruct_oracles.auth import MAX_BODY
from usufruct_oracles.sources.gateway import Gateway
from usufruct_oracles.sources.grouping import Delivery
from usufruct_oracles.sources.push.bodies import parse_body
from usufruct_oracles.sources.push.inbox import Answer, Inbox, InboxFull, KeyReused, digest_of
from usufruct_oracles.sources.push.tokens import Token, Tokens

PATH: Final = "/v1/messages"
"""Where messages are posted."""
RETRY_AFTER: Final = 30
"""Seconds after which a sender that found no room may try again."""

_UNAUTHENTICATED: Final = 401
_PROBLEMS: Final = "https://usufruct.invalid/problems/"
_KEY: Final = re.compile(r"[!-~]{1,128}", re.ASCII)
_TITLES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("bad-request", "The request is malformed"),
    401: ("unauthenticated", "A valid token is required"),
    403: ("forbidden", "The token does not speak for this meter"),
    409: ("key-reused", "The idempotency key was used for another body"),
    413: ("too-large", "The body is too large"),
    415: ("media-type", "The body is not JSON"),
    422: ("unreadable-message", "A message can never be read"),
    429: ("too-many-waiting", "Too many messages of this token wait"),
    503: ("no-room", "The inbox takes nothing at the moment"),
}


class Problem(Exception):
    """A request that is refused."""

    def __init__(self, status: int, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.field = field

    def response(self) -> Response:
        """The problem details."""
        name, title = _TITLES[self.status]
        body = {
            "type": _PROBLEMS + name,
            "title": title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.field is not None:
            body["field"] = self.field
        headers = {"Cache-Control": "no-store"}
        if self.status == _UNAUTHENTICATED:
            headers["WWW-Authenticate"] = "Bearer"
        if self.status in {429, 503}:
            headers["Retry-After"] = str(RETRY_AFTER)
        return Response(json.dumps(body), self.status, headers, "application/problem+json")


class Desk:
    """Takes requests in.

    Args:
        inbox: Keeps what was taken.
        tokens: Who may push.
        gateway: Knows what can be read.
        clock: The computer's clock, for the time of receipt.
    """

    def __init__(self, inbox: Inbox, tokens: Tokens, gateway: Gateway, clock: Clock) -> None:
        self._inbox = inbox
        self._tokens = tokens
        self._gateway = gateway
        self._clock = clock

    def authenticate(self, authorization: str | None) -> Token:
        """The token that a request carries.

        Raises:
            Problem: There is none, or it is unknown.
        """
        kind, _, secret = (authorization or "").partition(" ")
        token = self._tokens.find(secret.strip()) if kind.lower() == "bearer" else None
        if token is None:
            raise Problem(401, "send Authorization: Bearer with a token of this source")
        return token

    def take(self, token: Token, key: str, body: bytes) -> Answer:
        """Keep the messages of a body; they are durable when this returns.

        Raises:
            Problem: The request is refused, and nothing of it was kept.
        """
        try:
            given = self._inbox.answered(token.name, key, body)
            if given is not None:
                return given
            items = self._read(token, body)
            accepted = [hex0x(digest_of(each)) for each in items]
            answer = Answer(202, canonical_json({"accepted": len(items), "messages": accepted}))
            return self._inbox.put(token.name, key, body, items, answer, self._clock.now())
        except KeyReused as error:
            raise Problem(409, "use a new key for a new body") from error
        except InboxFull as error:
            raise Problem(
                429 if error.own else 503, "nothing was kept; send it again later"
            ) from error
        except SQLAlchemyError as error:
            logs.get("push").error("the inbox cannot be written", error=type(error).__name__)
            raise Problem(503, "nothing was kept; send it again later") from error

    def _read(self, token: Token, body: bytes) -> list[Delivery]:
        try:
            items = parse_body(body, f"push:{token.name}")
        except InputError as error:
            raise Problem(400, error.one_line(), error.field) from error
        for index, each in enumerate(items):
            if not token.allows(each.meter):
                raise Problem(
                    403, f"{token.name} does not speak for {each.meter}", f"messages[{index}].meter"
                )
            try:
                self._gateway.check(each)
            except (InputError, EvidenceError) as error:
                raise Problem(422, error.one_line(), f"messages[{index}]") from error
        return items


def create_app(desk: Desk) -> Starlette:
    """The application that serves the endpoint."""

    async def post(request: Request) -> Response:
        try:
            answer = await _answer(desk, request)
        except Problem as problem:
            logs.get("push").warning("push refused", status=problem.status, detail=problem.detail)
            return problem.response()
        return Response(
            answer.body, answer.status, {"Cache-Control": "no-store"}, "application/json"
        )

    return Starlette(routes=[Route(PATH, post, methods=["POST"])])


async def _answer(desk: Desk, request: Request) -> Answer:
    token = desk.authenticate(request.headers.get("authorization"))
    key = request.headers.get("idempotency-key", "")
    if _KEY.fullmatch(key) is None:
        raise Problem(
            400, "send Idempotency-Key: 1 to 128 visible ASCII characters", "Idempotency-Key"
        )
    if (
        request.headers.get("content-type", "").partition(";")[0].strip().lower()
        != "application/json"
    ):
        raise Problem(415, "send Content-Type: application/json", "Content-Type")
    body = await _body(request)
    return await run_in_threadpool(desk.take, token, key, body)


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise Problem(413, f"a body has at most {MAX_BODY} bytes")
        parts.append(part)
    return b"".join(parts)
