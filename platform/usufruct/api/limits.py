"""The outermost layer: limits on requests, security headers, answers without a body, and the time each took."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from usufruct.api.metrics import Metrics
from usufruct.api.problems import Problem, problem_response
from usufruct.api.rates import Rates

__all__ = ["AS_ASKED", "COSTS", "Limits", "cost_of", "require_few_refusals"]

MAX_BODY: Final = 64 * 1024
MAX_TARGET: Final = 8 * 1024
MAX_PROOF: Final = 4 * 1024 * 1024
_DIGITS: Final = len(str(MAX_PROOF))
AS_ASKED: Final = "usufruct.method"
"""Where the scope of a request has the method as it was sent: HEAD is answered as GET is, without the body."""
_PROOFS: Final = "/v1/proofs/verify"
COSTS: Final = {
    _PROOFS: 20.0,
    "/v1/auth/sign-in": 10.0,
    "/v1/auth/challenge": 5.0,
    "/v1/finance/risk": 20.0,
    "/v1/finance/value": 2.0,
    "/v1/finance/structure/check": 2.0,
    "/v1/finance/structure/simulate": 2.0,
    "/v1/finance/structure/compare": 4.0,
    "/v1/finance/structure/export": 2.0,
    "/v1/wallets/{address}/statement": 20.0,
    "/v1/wallets/{address}/tax-summary": 20.0,
    "/v1/payouts/{payout_id}/proof": 10.0,
    "/v1/streams/{stream_id}/preview": 5.0,
    "/audit": 5.0,
    "/audit/replay": 10.0,
    "/audit/samples": 5.0,
}
"""What a request weighs that costs more than a look into the ledger, by the pattern of its resource."""
_COSTLY: Final = re.compile(
    "|".join("(" + re.sub(r"\{\w+\}", "[^/]+", pattern) + ")" for pattern in COSTS)
)
_WEIGHTS: Final = tuple(COSTS.values())
_CONDITIONS: Final = (b"if-none-match", b"if-match")
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)


class Limits:
    """Refuses oversized requests before anything reads them, and measures the others.

    `tell` makes the answer to a refused request: a page for people, a problem for programs.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        rates: Rates,
        tell: Callable[[Request, Problem], Response] = problem_response,
    ) -> None:
        self._app = app
        self._tell = tell
        self._rates = rates
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value
        bodiless = scope["method"] == "HEAD"
        # A copy: the server leaves out bodies by the method in its own.
        asked = {**scope, "method": "GET", AS_ASKED: "HEAD"} if bodiless else scope

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = list(message.get("headers", ()))
                named = {name.lower() for name, _ in given}
                # A page states a policy of its own.
                message["headers"] = given + [each for each in _HEADERS if each[0] not in named]
            elif bodiless:
                message["body"] = b""
            await send(message)

        problem = _too_large(asked) or _conditional(asked) or self._too_many(asked, began)
        if problem is None:
            await self._app(asked, receive, sending)
        else:
            await self._tell(Request(asked), problem)(asked, receive, sending)
        self._metrics.answered(_route(asked), scope["method"], status, time.perf_counter() - began)

    def _too_many(self, scope: Scope, now: float) -> Problem | None:
        """Whether one address asks more than it may; dear requests count for several."""
        if not self._rates.per_second:
            return None
        address = (scope.get("client") or ("", 0))[0]
        wait = self._rates.wait(address, now, cost_of(scope["path"]))
        return _wait(wait, self._rates) if wait else None


def require_few_refusals(request: Request, rates: Rates) -> None:
    """Raises Problem where an address was refused so often that another refusal is not worth its record."""
    address = (request.scope.get("client") or ("", 0))[0]
    wait = rates.wait(address, time.perf_counter())
    if wait:
        raise _wait(wait, rates)


def _wait(seconds: float, rates: Rates) -> Problem:
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too-many-requests",
        "Too many requests came from this address.",
        rule=f"{rates.per_second:g} a second on average",
        remedy="wait as long as Retry-After says; ask for conditional answers by ETag",
        headers={"retry-after": str(int(seconds) + 1)},
    )


def cost_of(path: str) -> float:
    """What a request for a path weighs."""
    found = _COSTLY.fullmatch(path)
    return 1.0 if found is None else _WEIGHTS[(found.lastindex or 1) - 1]


def _conditional(scope: Scope) -> Problem | None:
    """A write under a condition is not done: no resource that is written has a version to compare."""
    if scope["method"] in ("GET", "OPTIONS"):
        return None
    given = [name.decode() for name, _ in scope["headers"] if name in _CONDITIONS]
    if not given:
        return None
    return Problem(
        HTTPStatus.PRECONDITION_FAILED,
        "precondition-failed",
        "A write has no condition here, and nothing was done.",
        field=given[0],
        rule="conditions are for GET and HEAD",
        remedy="leave the header out; Idempotency-Key makes it safe to send a write again",
    )


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
    most = MAX_PROOF if scope["path"] == _PROOFS else MAX_BODY
    # Noughts in front are no digits of the size, and servers take any number of them.
    size = length.lstrip(b"0") or b"0"
    if not chunked and length.isdigit() and len(size) <= _DIGITS and int(size) <= most:
        return None
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "body-too-large",
        "The body of the request is too large, or of unknown length.",
        rule=f"at most {most} bytes, with their number in Content-Length",
        remedy="send less at once",
    )


def _route(scope: Scope) -> str:
    """The pattern of the resource, so that ids do not multiply the metrics."""
    route: Any = scope.get("route")
    return str(getattr(route, "path", "none"))
