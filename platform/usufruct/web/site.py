"""Adds the pages to the application of the API."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from usufruct.api.problems import problem_of
from usufruct.web.page import told
from usufruct.web.routes import (
    audit,
    entry,
    investor,
    issuer,
    offerings,
    operator,
    public,
    workbench,
)

__all__ = ["install"]

_STATIC: Final = Path(__file__).parent / "static"


def install(app: FastAPI) -> None:
    """Adds the pages, their files, and pages for addresses that do not exist."""
    for module in (public, entry, investor, operator, issuer, offerings, audit, workbench):
        app.router.routes += module.router.routes
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.add_exception_handler(HTTPException, _missing)


async def _missing(request: Request, error: Exception) -> Response:
    return told(request, problem_of(request, error))
