"""Puts the application together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI, Request, Response

from usufruct import web
from usufruct.api.limits import Limits
from usufruct.api.metrics import Metrics
from usufruct.api.moment import NotModified
from usufruct.api.problems import install
from usufruct.api.rates import Rates
from usufruct.api.routes import (
    accounts,
    actions,
    auth,
    disclosures,
    events,
    evidence,
    finance,
    funds,
    offerings,
    payouts,
    positions,
    series,
    subscribing,
    system,
    wallets,
)
from usufruct.api.schemas import ProblemBody
from usufruct.api.service import Service

__all__ = ["create_app"]

_DESCRIPTION: Final = """Income of a community, traced from a meter reading to a payout.

Amounts are whole minor units as text. Times are RFC 3339 in UTC, each with its block. Every answer names the block it
is as of and carries an ETag that changes with it. `as_of_block` and `as_of_date` ask for an earlier one: what the chain
had said by then, and of evidence and reports what this service knew then (`evidence_known_at`, `known_at`); names from
the project's file are those of now. Lists hold at most 200 objects; pass `next` as `starting_after`. An id that is not
on the list is not found.
Errors are problem details (RFC 9457) with the field, its value, the rule and the remedy."""
_PARTS: Final = (
    wallets,
    accounts,
    series,
    payouts,
    positions,
    funds,
    offerings,
    subscribing,
    evidence,
    finance,
    actions,
    disclosures,
    events,
    auth,
    system,
)


def create_app(service: Service) -> FastAPI:
    """The application on a migrated ledger."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await service.database.dispose_async()

    app = FastAPI(
        title="Usufruct",
        version="1",
        summary="Income rights: holdings, payouts and their evidence",
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.service = service
    app.state.metrics = Metrics(service.progress)
    app.state.streams = events.Streams()
    install(app)
    app.add_exception_handler(NotModified, _not_modified)
    # As they are: an included router puts each of its routes together once more, with the first request.
    app.router.routes += [route for each in _PARTS for route in each.router.routes]
    web.install(app)
    rates = Rates(service.access.requests_per_second)
    app.add_middleware(Limits, metrics=app.state.metrics, rates=rates, tell=web.told)
    _describe_problems(app)
    return app


async def _not_modified(_: Request, error: Exception) -> Response:
    assert isinstance(error, NotModified)
    return Response(status_code=304, headers={"etag": error.etag, "cache-control": "no-cache"})


def _describe_problems(app: FastAPI) -> None:
    """Adds the problem shape to the OpenAPI document, which FastAPI fills with its own error shape."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            shapes = document["components"]["schemas"]
            shapes["ProblemBody"] = ProblemBody.model_json_schema(
                ref_template="#/components/schemas/{model}"
            )
            shapes |= shapes["ProblemBody"].pop("$defs", {})
            for name in ("HTTPValidationError", "ValidationError"):
                shapes.pop(name, None)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document
