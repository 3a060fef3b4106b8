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
    # What a fund passes on was paid to it by a series before: it is counted once.
    direct = [each for each in paid if each["settlement"] is not None]
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
        paid=by_period(
            [(each["period"], each["series"]["stream"], each["amount"]) for each in direct], colour
        ),
        receipts=[each["receipts"] for each in settled],
        distributed=[each["amount"] for each in direct],
        shares=_by_series(paid),
        uses=_uses(settled),
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


def _uses(settled: list[Json]) -> list[Json]:
    """Where the receipts of all settlements went, the largest use first; what a reserve gave back is taken off it."""
    rows: dict[tuple[bool, str], Json] = {}
    for line in (line for each in settled for line in each["lines"]):
        holders = bool(line["to_series"])
        name = "" if holders else str(line["label"] or "")
        kind = "" if holders else str(line["kind"] or "")
        row = rows.setdefault(
            (holders, name or kind),
            {"holders": holders, "label": name, "kind": kind, "unit": line["paid"], "amount": 0},
        )
        row["amount"] += int(line["paid"]["amount"]) - int(line["released"]["amount"])
    found = [each for each in rows.values() if each["amount"]]
    return sorted(found, key=lambda each: each["amount"], reverse=True)


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
