"""The community's page: production, income and distributions, in sums only."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from usufruct.api.moment import AnyMoment
from usufruct.api.params import wallet_bytes
from usufruct.api.render import Json, account
from usufruct.web import facts
from usufruct.web.chart import by_period, colours
from usufruct.web.page import PageRoute, page
from usufruct.web.sums import sums_of

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_PRODUCTION: Final = 60
"""Statements whose production is listed."""
_PERIODS: Final = 36
"""Periods that are drawn."""


@router.get("/")
async def community(request: Request, moment: AnyMoment) -> Response:
    """Production, income and distributions of the whole community."""
    streams = await facts.streams(moment)
    sums = await sums_of(moment)
    stated = await facts.statements(moment, status="settled", limit=_PRODUCTION + 1, detailed=True)
    colour = colours(list(streams))
    income, paid = by_period(sums.received, colour), by_period(sums.distributed, colour)
    return page(
        request,
        moment,
        "community.html",
        streams=streams,
        colour=colour,
        income=income[:_PERIODS],
        paid=paid[:_PERIODS],
        receipts=[money for _, _, money in sums.received],
        distributed=[money for _, _, money in sums.distributed],
        shares=sums.series,
        uses=sums.uses,
        readings=sums.readings,
        production=[each for each in map(_production, stated[:_PRODUCTION]) if each["quantities"]],
        periods=_PERIODS if max(len(income), len(paid)) > _PERIODS else 0,
        produced=_PRODUCTION if len(stated) > _PRODUCTION else 0,
    )


@router.get("/wallet")
async def open_wallet(address: str = "") -> Response:
    """The page of a wallet that was typed in; only a checked address ever enters the redirect."""
    return RedirectResponse(f"/wallets/{account(wallet_bytes(address.strip()))}", 303)


def _production(stated: Json) -> Json:
    """What was metered for a settled statement, in the unit of its tariff."""
    lines = stated["lines"] or []
    quantity = sum(int(line["quantity"]) for line in lines)
    return {
        "statement": stated,
        "unit": facts.unit_of(stated),
        "quantities": lines,
        "quantity": quantity,
        "readings": sum(line["readings"] for line in lines),
    }
