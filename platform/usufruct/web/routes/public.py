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

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_PRODUCTION: Final = 60


@router.get("/")
async def community(request: Request, moment: AnyMoment) -> Response:
    """Production, income and distributions of the whole community."""
    streams = await facts.streams(moment)
    settled = await facts.settlements(moment)
    paid = await facts.distributions(moment)
    stated = await facts.statements(moment, status="settled", limit=_PRODUCTION, detailed=True)
    colour = colours(list(streams))
    return page(
        request,
        moment,
        "community.html",
        streams=streams,
        colour=colour,
        income=by_period(
            [(each["period"], each["stream"], each["receipts"]) for each in settled], colour
        ),
        receipts=[each["receipts"] for each in settled],
        distributed=[each["amount"] for each in paid],
        shares=_by_series(paid),
        production=[each for each in map(_production, stated) if each["quantities"]],
    )


@router.get("/wallet")
async def open_wallet(address: str = "") -> Response:
    """The page of a wallet that was typed in; only a checked address ever enters the redirect."""
    return RedirectResponse(f"/wallets/{account(wallet_bytes(address.strip()))}", 303)


def _by_series(found: list[Json]) -> list[Json]:
    """What each series was paid, and how often."""
    rows: dict[str, Json] = {}
    for each in found:
        row = rows.setdefault(
            each["series"]["id"], {"series": each["series"], "amounts": [], "last": each}
        )
        row["amounts"].append(each["amount"])
    return list(rows.values())


def _production(stated: Json) -> Json:
    """What was metered for a settled statement, in the unit of its tariff."""
    lines = stated["lines"] or []
    unit = stated["tariff"]["base_unit"] if stated["tariff"] else None
    quantity = sum(int(line["quantity"]) for line in lines)
    return {
        "statement": stated,
        "unit": unit,
        "quantities": lines,
        "quantity": quantity,
        "readings": sum(line["readings"] for line in lines),
    }
