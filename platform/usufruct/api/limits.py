"""The outermost layer: limits on requests, security headers, and the time each answer took."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from usufruct.api.metrics import Metrics
from usufruct.api.problems import Problem, problem_response

__all__ = ["Limits"]

MAX_BODY: Final = 64 * 1024
MAX_TARGET: Final = 8 * 1024
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)


class Limits:
    """Refuses oversized requests before anything reads them, and measures the others."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = list(message.get("headers", ()))
                named = {name.lower() for name, _ in given}
                # A page states a policy of its own.
                message["headers"] = given + [each for each in _HEADERS if each[0] not in named]
            await send(message)

        problem = _too_large(scope)
        if problem is None:
            await self._app(scope, receive, sending)
        else:
            await problem_response(Request(scope), problem)(scope, receive, sending)
        self._metrics.answered(_route(scope), scope["method"], status, time.perf_counter() - began)


def _too_large(scope: Scope) -> Problem | None:
    if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > MAX_TARGET:
        return Problem(
            HTTPStatus.REQUEST_URI_TOO_LONG,
            "address-too-long",
            "The address of the request is too long.",
            rule=f"at most {MAX_TARGET} bytes",
            remedy="ask for less at once",
        )
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    chunked = b"transfer-encoding" in headers
    if not chunked and length.isdigit() and int(length[:12]) <= MAX_BODY:
        return None
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "body-too-large",
        "The body of the request is too large, or of unknown length.",
        rule=f"at most {MAX_BODY} bytes, with their number in Content-Length",
        remedy="leave the body out, or send a smaller file to /v1/finance",
    )


def _route(scope: Scope) -> str:
    """The pattern of the resource, so that ids do not multiply the metrics."""
    route: Any = scope.get("route")
    return str(getattr(route, "path", "none"))
