"""The issuer's workbench: a structure, moved by hand, and what everybody would get."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from usufruct.api.moment import AnyMoment
from usufruct.web.page import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/workbench")
async def workbench(request: Request, moment: AnyMoment) -> Response:
    """The page; the structure itself never leaves the browser but to be worked out."""
    return page(request, moment, "workbench.html")
