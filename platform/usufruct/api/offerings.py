"""Offerings and subscriptions as the API's objects, and how requests find them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from usufruct.api.moment import Moment
from usufruct.api.problems import not_found
from usufruct.api.render import Json, Renderer, account, rfc3339
from usufruct.ledger import ids
from usufruct.ledger.offerings import Lot, allotted, lots_of, owed, status_of
from usufruct.ledger.reads.offerings import LOTS, OFFERING, REFUNDS_OF_WALLET

__all__ = [
    "acts_of",
    "find_offering",
    "offering",
    "refund_owed",
    "shown_subscriptions",
]

_ALL_BP = 10_000


async def find_offering(moment: Moment, name: str, field: str = "id") -> Row[Any]:
    """The offering with this id as it stands at the moment; a problem if there is none."""
    number = ids.parse_offering_id(name, field)
    row = await _offering(moment, number)
    if row is None:
        raise not_found("offering", field, name, "GET /v1/offerings lists them")
    return row


async def refund_owed(moment: Moment, wallet: int | None) -> int:
    """Refunds to a wallet (its ledger number) that could not be paid and still wait, minor units."""
    return owed(await moment.rows(REFUNDS_OF_WALLET, wallet=wallet or 0, end=moment.end))


async def shown_subscriptions(moment: Moment, rows: Sequence[Row[Any]]) -> list[Json]:
    """Subscriptions, each with its lots; an offering's line is read once for a moment."""
    found = []
    for row in rows:
        offered = await _offering(moment, row.offering)
        assert offered is not None, "a subscription is of an offering"
        lots = (await _line(moment, offered)).get(row.wallet_id, [])
        found.append(_subscription(moment.render, row, offered, lots, moment.time))
    return found


async def _offering(moment: Moment, number: int) -> Row[Any] | None:
    return await moment.kept(
        ("offering", number, moment.end),
        lambda: moment.row(OFFERING, offering=number, end=moment.end),
    )


async def _line(moment: Moment, offered: Row[Any]) -> Mapping[int, list[Lot]]:
    async def read() -> Mapping[int, list[Lot]]:
        rows = await moment.many_rows(LOTS, offering=offered.id, end=moment.end)
        return lots_of(rows, offered.max_units)

    return await moment.kept(("line", offered.id, moment.end), read)


def offering(render: Renderer, row: Row[Any], now: int) -> Json:
    """An offering as it stands at a time."""
    money, price = render.money, row.price
    given = allotted(row.subscribed, row.subscribed, row.subscribed, row.max_units)
    return {
        "id": ids.offering_id(row.id),
        "object": "offering",
        "series": render.series_ref(row),
        "status": status_of(row, now),
        "opens": rfc3339(row.opens),
        "closes": rfc3339(row.closes),
        "deliver_until": rfc3339(row.deliver_until),
        "withdrawable": row.withdrawable,
        "beneficiary": account(row.beneficiary),
        "price": money(price),
        "decimals": row.series_decimals,
        "minimum_units": str(row.min_units),
        "maximum_units": str(row.max_units),
        "minimum_each": str(row.min_each) if row.min_each else None,
        "maximum_each": str(row.max_each) if row.max_each else None,
        "minimum": money(row.min_units * price),
        "target": money(row.max_units * price),
        "subscribers": row.subscribers,
        "subscribed_units": str(row.subscribed),
        "subscribed": money(row.subscribed * price),
        "subscribed_bp": row.subscribed * _ALL_BP // row.max_units,
        "allotted_units": str(given),
        "placed_units": str(row.placed),
        "raised": money(row.placed * price),
        "waiting": row.waiting,
        "held": money(row.held),
        "opened": render.place(row),
        "cancelled": None if row.cancelled is None else render.place(row, "cancelled_"),
    }


def _subscription(
    render: Renderer, row: Row[Any], offered: Row[Any], lots: Sequence[Lot], now: int
) -> Json:
    """A wallet's subscription: what it gets, or what became of it."""
    standing, price = row.kind == "subscribed", offered.price
    units = row.units if row.kind == "delivered" else 0
    if standing and status_of(offered, now) != "failed":
        units = sum(lot.allotted for lot in lots)
    return {
        "id": ids.subscription_id(row.offering, row.wallet),
        "object": "subscription",
        "offering": ids.offering_id(row.offering),
        "series": render.series_ref(offered),
        "wallet": account(row.wallet),
        "status": row.kind,
        "units": str(row.standing),
        "decimals": offered.series_decimals,
        "paid": render.money(row.standing * price),
        "allotted_units": str(units),
        "price": render.money(units * price),
        "returned": render.money(row.returned),
        "refund_failed": bool(row.refund_failed),
        "possible": acts_of(row, offered, now),
        "lots": [
            {
                "number": lot.number,
                "units": str(lot.units),
                "allotted_units": str(lot.allotted),
                "subscribed": render.place(lot.row),
            }
            for lot in lots
        ],
        "subscribed": render.place(row),
        "ended": None if standing else render.place(row, "last_"),
    }


def acts_of(row: Row[Any], offered: Row[Any], now: int) -> list[str]:
    """What the contract lets be done with a subscription at a time, what is due first."""
    if row.kind != "subscribed":
        return []
    status = status_of(offered, now)
    if status == "open":
        return ["withdraw"] if offered.withdrawable else []
    if status == "failed":
        return ["refund"]
    # Of a sealed series nothing can be placed any more: the money goes back at once.
    if offered.sealed is not None:
        return ["lapse"]
    return ["deliver", "lapse"] if now >= offered.deliver_until else ["deliver"]
