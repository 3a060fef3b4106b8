"""Whether the service lives, and whether it is ready. Metrics are served at the operations port."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from fastapi import APIRouter, Request, Response

from usufruct.api.problems import Problem
from usufruct.api.service import service_of

router = APIRouter(tags=["system"])


@router.get("/health", summary="The process answers")
async def health() -> Response:
    """Always 200 while the process answers at all."""
    return _json({"status": "alive"})


@router.get("/ready", summary="The ledger is close to the chain")
async def ready(request: Request) -> Response:
    """200 once the ledger has caught up with the chain and while it keeps up; else a problem."""
    service = service_of(request)
    progress = service.progress
    lag = progress.head - progress.at
    if progress.failure is not None or not progress.caught_up or lag > service.ready_lag:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "not-ready",
            progress.failure or f"The ledger is at block {progress.at} of {progress.head}.",
            indexed_block=progress.at,
            chain_head=progress.head,
            remedy="wait; if it stays, see the log",
            headers={"retry-after": "2"},
        )
    return _json({"status": "ready", "indexed_block": progress.at, "chain_head": progress.head})


def _json(body: dict[str, object]) -> Response:
    return Response(
        msgspec.json.encode(body),
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )
