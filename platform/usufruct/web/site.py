"""Adds the pages to the application of the API."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from usufruct.web.page import error_page
from usufruct.web.routes import investor, offices, public, workbench

__all__ = ["install"]

_STATIC: Final = Path(__file__).parent / "static"
_MACHINES: Final = ("/v1/", "/static/")


def install(app: FastAPI) -> None:
    """Adds the pages, their files, and pages for addresses that do not exist."""
    for module in (public, investor, offices, workbench):
        app.include_router(module.router)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    told = app.exception_handlers[HTTPException]

    async def missing(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if request.url.path.startswith(_MACHINES) or "text/html" not in request.headers.get(
            "accept", ""
        ):
            answer = await told(request, error)  # type: ignore[misc]  # ours are coroutines
            assert isinstance(answer, Response)
            return answer
        return error_page(request, HTTPStatus(error.status_code))

    app.add_exception_handler(HTTPException, missing)
