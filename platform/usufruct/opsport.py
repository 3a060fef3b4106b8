"""What a long-running process tells whoever watches it: whether it lives, whether it is ready, and its metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from usufruct.errors import ConfigError
from usufruct.listening import listening, serving

__all__ = ["Looping", "add_metrics", "add_ops", "host_and_port", "ops_port"]

_UNAVAILABLE = 503
_MOST_PORT = 65_535


class Looping(Protocol):
    """A loop that somebody watches."""

    def is_alive(self) -> bool:
        """Whether the loop runs."""
        ...

    def is_ready(self) -> bool:
        """Whether the last pass met no error."""
        ...

    def unready(self) -> str:
        """Why it is not ready, "" if it is."""
        ...


def add_ops(app: FastAPI, loop: Looping, registry: Callable[[], CollectorRegistry]) -> None:
    """Adds `/healthz`, `/readyz` and `/metrics`, open to anybody: none of them tells a reading or an account."""

    @app.get("/healthz")
    @app.get("/health", include_in_schema=False)
    def health() -> JSONResponse:
        return _flag(loop.is_alive(), "")

    @app.get("/readyz")
    @app.get("/ready", include_in_schema=False)
    def ready() -> JSONResponse:
        return _flag(loop.is_ready(), loop.unready())

    add_metrics(app, registry)


def add_metrics(app: FastAPI, registry: Callable[[], CollectorRegistry]) -> None:
    """Adds `/metrics` alone, for a process that answers for its health where it answers its callers."""

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry()), media_type=CONTENT_TYPE_LATEST)


@contextmanager
def ops_port(
    title: str, add: Callable[[FastAPI], None], address: str | None, field: str
) -> Iterator[None]:
    """Serves what `add` adds to an application at HOST:PORT meanwhile, nothing without an address.

    Raises:
        ConfigError: It is no address, or it cannot be listened on; `field` is where it was given.
    """
    if address is None:
        yield
        return
    app = FastAPI(title=title, version="1", docs_url=None, redoc_url=None, openapi_url=None)
    add(app)
    with serving(app, listening(*host_and_port(address, field), field)):
        yield


def _flag(good: bool, why: str) -> JSONResponse:  # the flag is all there is
    body: dict[str, object] = {"ok": good} if good or not why else {"ok": good, "why": why}
    return JSONResponse(body, 200 if good else _UNAVAILABLE)


def host_and_port(text: str, field: str) -> tuple[str, int]:
    """The parts of `HOST:PORT`; ConfigError naming `field` if it is none."""
    host, _, port = text.rpartition(":")
    if host and port.isascii() and port.isdecimal() and int(port) <= _MOST_PORT:
        return host.strip("[]"), int(port)
    raise ConfigError(
        "this is no address to listen on",
        field=field,
        value=text,
        rule="HOST:PORT",
        remedy="write it like 127.0.0.1:9465",
    )
