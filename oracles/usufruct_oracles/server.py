"""The worker's HTTP interface.

| endpoint | who may |
|---|---|
| POST /v1/sign/batch, /v1/sign/statement | members of the on-chain signer table, by signed request |
| POST /v1/exchange/signatures, /v1/exchange/records | the same |
| GET /v1/batches/{stream}/{seq} | loopback, readers and members, by signed request |
| GET /v1/statements/{stream}/{period}/{version} | the same |
| GET /v1/verdicts?stream=&period= | the same |
| GET /v1/status, /healthz, /readyz, /metrics | anybody: no readings |

Evidence tells daily totals, and in open streams single readings; hence the limit. A request counts as loopback if it
comes from this machine and no proxy forwarded it: with a proxy on the same machine every client would look local.
With `[worker.tls]` the connection is encrypted and both sides show a certificate; without it, use
a private network. `create_ops_app` serves what is open to anybody for a loopback port without TLS.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from usufruct.clock import Clock, SystemClock
from usufruct.errors import ChainError, InputError, UsufructError
from usufruct.opsport import Looping, add_ops
from usufruct_oracles import logs
from usufruct_oracles.answers import Answerer, Reply
from usufruct_oracles.auth import MAX_BODY, TIME, Realm, Unauthenticated, caller_of
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.clerk import Clerk
from usufruct_oracles.mailbox import Route
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.peers import (
    BATCH_PATH,
    CORRECTIONS_PATH,
    RECORDS_PATH,
    SIGNATURES_PATH,
    STATEMENT_PATH,
)
from usufruct_oracles.publish import Publisher
from usufruct_oracles.wire import Json

_UNAUTHORIZED, _FORBIDDEN, _MISSING, _TOO_LARGE, _UNAVAILABLE = 401, 403, 404, 413, 503
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_MOST_NUMBER = 1 << 32


@dataclass(frozen=True, slots=True)
class Site:
    """What the endpoints stand on.

    Attributes:
        realm: The deployment that requests are signed for.
        view: Knows the signer table.
        answerer: Answers proposals.
        publisher: Builds documents.
        metrics: Counters.
        readers: Addresses that may read evidence.
        worker: The loop, for health and readiness.
        clock: Wall clock, for the time of requests.
    """

    realm: Realm
    view: ChainView
    answerer: Answerer
    publisher: Publisher
    metrics: Metrics
    readers: Collection[str]
    worker: Looping
    clock: Clock = field(default_factory=SystemClock)
    clerk: Clerk | None = None

    def routes(self) -> dict[str, Route]:
        """Who answers which question of a member."""
        found: dict[str, Route] = {
            BATCH_PATH: self.answerer.batch,
            STATEMENT_PATH: self.answerer.statement,
        }
        if self.clerk is not None:
            found |= {
                SIGNATURES_PATH: self.clerk.signatures,
                RECORDS_PATH: self.clerk.records,
                CORRECTIONS_PATH: self.clerk.corrections,
            }
        return found


def create_ops_app(site: Site) -> FastAPI:
    """Health, readiness, metrics and status alone."""
    app = FastAPI(title="Usufruct oracle worker", version="1", docs_url=None, redoc_url=None)
    app.state.site = site
    _add_public(app, site)
    app.add_exception_handler(HTTPException, _problem)
    return app


def create_app(site: Site) -> FastAPI:
    """The application for one worker."""
    app = FastAPI(title="Usufruct oracle worker", version="1", docs_url=None, redoc_url=None)
    app.state.site = site
    _add_public(app, site)
    _add_evidence(app, site)
    _add_signing(app, site)
    app.add_exception_handler(HTTPException, _problem)
    app.add_exception_handler(ChainError, _chain_problem)
    app.add_exception_handler(InputError, _input_problem)
    return app


# --- Open to anybody ---


def _add_public(app: FastAPI, site: Site) -> None:
    add_ops(app, site.worker, lambda: site.metrics.registry)

    @app.get("/v1/status")
    def status() -> Json:
        return site.publisher.status()


# --- Evidence ---


def _add_evidence(app: FastAPI, site: Site) -> None:
    guard = [Depends(_require_reader)]

    @app.get("/v1/batches/{stream}/{seq}", dependencies=guard)
    def batch(stream: int, seq: int) -> Json:
        return _found(site.publisher.batch(_number(stream), _number(seq)))

    @app.get("/v1/statements/{stream}/{period}/{version}", dependencies=guard)
    def statement(stream: int, period: int, version: int) -> Json:
        numbers = _number(stream), _number(period), _number(version)
        return _found(site.publisher.statement(*numbers))

    @app.get("/v1/verdicts", dependencies=guard)
    def verdicts(stream: int | None = None, period: int | None = None) -> Json:
        return site.publisher.verdicts(
            None if stream is None else _number(stream),
            None if period is None else _number(period),
        )


def _number(value: int) -> int:
    if not 0 <= value < _MOST_NUMBER:
        raise HTTPException(_MISSING, "no such number")
    return value


def _found(document: Json | None) -> Json:
    if document is None:
        raise HTTPException(_MISSING, "not recorded by this worker")
    return document


async def _require_reader(request: Request) -> None:
    site: Site = request.app.state.site
    if is_loopback(request):
        return
    caller = await _caller(request, b"")
    known = {each.lower() for each in (*site.readers, *site.view.signers.table)}
    if caller.lower() not in known:
        raise _rejected(site, _FORBIDDEN, f"{caller} is not a reader of this worker")


def is_loopback(request: Request) -> bool:
    """Whether the request comes from this machine, names it so, and was not forwarded by a proxy.

    The name counts because a page in a local browser may have its own name lead to this machine.
    """
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    named = request.url.hostname or ""
    return _is_local(request.client.host) and (named == "localhost" or _is_local(named))


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# --- Signing ---


async def _signer(request: Request) -> tuple[str, bytes]:
    """The calling member of the signer table, and the body it signed."""
    site: Site = request.app.state.site
    body = await _body(request)
    caller = await _caller(request, body)
    place = await run_in_threadpool(site.view.signers.place, caller)
    if place is None:
        raise _rejected(site, _FORBIDDEN, f"{caller} is not in the signer table")
    return caller, body


Signer = Annotated[tuple[str, bytes], Depends(_signer)]


def _add_signing(app: FastAPI, site: Site) -> None:
    for path, route in site.routes().items():
        app.post(path)(_endpoint(route))


def _endpoint(route: Route) -> Callable[[tuple[str, bytes]], JSONResponse]:
    def endpoint(signer: Signer) -> JSONResponse:
        return _reply(route(signer[1], signer[0]))

    return endpoint


def _reply(reply: Reply) -> JSONResponse:
    return JSONResponse(reply.body, reply.status)


async def _body(request: Request) -> bytes:
    site: Site = request.app.state.site
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise _rejected(site, _TOO_LARGE, f"a body has at most {MAX_BODY} bytes")
        parts.append(part)
    return b"".join(parts)


async def _caller(request: Request, body: bytes) -> str:
    site: Site = request.app.state.site
    query = request.url.query
    target = request.scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
    try:
        return caller_of(
            site.realm, request.method, target, body, request.headers, site.clock.now()
        )
    except Unauthenticated as error:
        told = {TIME: str(site.clock.now())}
        raise _rejected(site, _UNAUTHORIZED, error.one_line(), told) from None


# --- Problems ---


def _rejected(
    site: Site, status: int, detail: str, headers: dict[str, str] | None = None
) -> HTTPException:
    site.metrics.rejected_requests.labels(str(status)).inc()
    logs.get("server").warning("request rejected", status=status, detail=detail)
    return HTTPException(status, detail, headers)


_WORDS = {
    _UNAUTHORIZED: "unauthenticated",
    _FORBIDDEN: "forbidden",
    _MISSING: "not_found",
    _TOO_LARGE: "too_large",
}


async def _problem(_: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else _UNAVAILABLE
    detail = error.detail if isinstance(error, HTTPException) else ""
    body = {"error": _WORDS.get(status, f"http_{status}"), "detail": detail}
    return JSONResponse(body, status, getattr(error, "headers", None))


async def _chain_problem(_: Request, error: Exception) -> JSONResponse:
    shown = error.one_line() if isinstance(error, UsufructError) else ""
    return JSONResponse({"error": "chain", "detail": shown}, _UNAVAILABLE)


async def _input_problem(_: Request, error: Exception) -> JSONResponse:
    shown = error.one_line() if isinstance(error, UsufructError) else ""
    return JSONResponse({"error": "not_found", "detail": shown}, _MISSING)
