"""Primary offerings, and what was subscribed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from usufruct.api import schemas
from usufruct.api.auth.gate import own_wallet, whose_subscriptions
from usufruct.api.known import moment_as_known
from usufruct.api.lookup import find_wallet, series_number
from usufruct.api.moment import AnyMoment, Moment
from usufruct.api.offerings import (
    find_offering,
    offering,
    shown_subscriptions,
)
from usufruct.api.order import order_of
from usufruct.api.params import AsOf, OfferingQuery, SubscriptionQuery
from usufruct.api.route import LedgerRoute
from usufruct.api.routes.wallets import Address
from usufruct.api.starts import offering_position, subscription_place
from usufruct.ledger.reads.offerings import offerings_page, subscriptions_page

router = APIRouter(prefix="/v1", route_class=LedgerRoute)

OfferingId = Annotated[
    str, Path(max_length=64, description="id of an offering", examples=["off_1"])
]
Whose = Annotated[bytes | None, Depends(whose_subscriptions)]


@router.get("/offerings", responses=schemas.ok(schemas.Offerings), tags=["offerings"])
async def offerings(query: Annotated[OfferingQuery, Query()], moment: AnyMoment) -> Response:
    """Primary offerings: units of a series against money, by subscription; now or earlier."""
    then, order = await moment_as_known(moment, query), order_of("offerings", query)
    series = await series_number(then, query.series)
    before = await offering_position(then, query.starting_after if order.by is None else None)
    built = offerings_page(by_series=series is not None, status=query.status, **order.query)
    given: dict[str, Any] = dict(order.values)
    if series is not None:
        given["series"] = series
    if query.status is not None:
        given["now"] = then.time
    rows = await then.rows(built, before=before, end=then.end, limit=query.limit + 1, **given)
    found = [offering(then.render, row, then.time) for row in rows]
    return then.answer(order.page(rows, found, query.limit))


@router.get("/offerings/{offering_id}", responses=schemas.ok(schemas.Offering), tags=["offerings"])
async def one_offering(
    offering_id: OfferingId, query: Annotated[AsOf, Query()], moment: AnyMoment
) -> Response:
    """One offering, now or earlier."""
    then = await moment_as_known(moment, query)
    return then.answer(offering(then.render, await find_offering(then, offering_id), then.time))


@router.get(
    "/offerings/{offering_id}/subscriptions",
    responses=schemas.ok(schemas.Subscriptions),
    tags=["offerings"],
)
async def offering_subscriptions(
    offering_id: OfferingId,
    whose: Whose,  # ahead of the moment, which tells of changes
    query: Annotated[SubscriptionQuery, Query()],
    moment: AnyMoment,
) -> Response:
    """What was subscribed to an offering, with every lot and its allotment, in the order of arrival; now or earlier.

    Whoever may read who holds the series sees all of it; an investor sees what is her own.
    """
    then = await moment_as_known(moment, query)
    number = (await find_offering(then, offering_id)).id
    wallet = None if whose is None else await find_wallet(then, "0x" + whose.hex())
    owner = None if whose is None else wallet or 0
    return await _subscriptions(then, query, offering=number, wallet=owner)


@router.get(
    "/wallets/{address}/subscriptions",
    responses=schemas.ok(schemas.Subscriptions),
    dependencies=[Depends(own_wallet)],
    tags=["wallets"],
)
async def wallet_subscriptions(
    address: Address, query: Annotated[SubscriptionQuery, Query()], moment: AnyMoment
) -> Response:
    """What the wallet subscribed, in all offerings, and what became of it; now or earlier."""
    then = await moment_as_known(moment, query)
    wallet = await find_wallet(then, address)
    return await _subscriptions(then, query, wallet=wallet or 0)


async def _subscriptions(
    then: Moment,
    query: SubscriptionQuery,
    *,
    offering: int | None = None,
    wallet: int | None = None,
) -> Response:
    """A page of the subscriptions to an offering, of a wallet, or of both."""
    order = order_of(f"subscriptions/{offering}/{wallet}", query)
    start = query.starting_after if order.by is None else None
    after = await subscription_place(then, start, offering=offering, wallet=wallet)
    built = subscriptions_page(
        by_offering=offering is not None,
        by_wallet=wallet is not None,
        status=query.status,
        **order.query,
    )
    given: dict[str, Any] = dict(order.values)
    if offering is not None:
        given["offering"] = offering
    if wallet is not None:
        given["wallet"] = wallet
    rows = await then.rows(built, after=after, end=then.end, limit=query.limit + 1, **given)
    found = await shown_subscriptions(then, rows)
    return then.answer(order.page(rows, found, query.limit))
