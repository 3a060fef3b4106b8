"""What a wallet holds, was paid and may claim."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from usufruct.api import schemas
from usufruct.api.auth.gate import own_wallet
from usufruct.api.known import moment_as_known
from usufruct.api.lookup import (
    find_wallet,
    lost_wallets,
    series_number,
    stream_number,
)
from usufruct.api.moment import AnyMoment
from usufruct.api.order import order_of
from usufruct.api.params import AsOf, HoldingQuery, PayoutQuery, wallet_bytes
from usufruct.api.render import account
from usufruct.api.route import LedgerRoute
from usufruct.api.standing import positions, withheld
from usufruct.api.starts import holding_place, payout_position
from usufruct.ledger.accounts import claimable
from usufruct.ledger.reads.holders import holding_of, holdings_in_order
from usufruct.ledger.reads.payouts import payouts_of_wallet

router = APIRouter(
    prefix="/v1/wallets/{address}",
    tags=["wallets"],
    dependencies=[Depends(own_wallet)],
    route_class=LedgerRoute,
)

Address = Annotated[
    str,
    Path(
        max_length=64,
        description="wallet, in lower case or with a right checksum",
        examples=["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"],
    ),
]
_ALL = 10_000


@router.get("/holdings", responses=schemas.ok(schemas.Holdings))
async def holdings(
    address: Address, query: Annotated[HoldingQuery, Query()], moment: AnyMoment
) -> Response:
    """What the wallet holds in each series, and what it earned, was paid and may claim there; now or earlier."""
    then = await moment_as_known(moment, query)
    wallet = await find_wallet(then, address)
    order = order_of(f"holdings/{wallet}", query)
    given = order.values | _given(
        series=await series_number(then, query.series),
        stream=await stream_number(then, query.stream),
    )
    if order.by is None:
        given["after"] = await holding_place(then, query.starting_after, address)
    built = holdings_in_order(
        by_series=query.series is not None, by_stream=query.stream is not None, **order.query
    )
    rows = await then.rows(built, wallet=wallet or 0, end=then.end, limit=query.limit + 1, **given)
    listed = order.page(rows, [then.render.holding(row) for row in rows], query.limit, "series")
    if listed["has_more"] and order.by is None:
        listed["next"] = listed["next"]["id"]
    return then.answer(listed | {"holdings_as_of_block": then.block})


def _given(**values: object) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


@router.get("/payouts", responses=schemas.ok(schemas.Payouts))
async def payouts(
    address: Address, query: Annotated[PayoutQuery, Query()], moment: AnyMoment
) -> Response:
    """The wallet's payouts: its exact share of every distribution, paid or still to be claimed."""
    then = await moment_as_known(moment, query)
    wallet = await find_wallet(then, address)
    order = order_of(f"payouts/{wallet}", query)
    series = await series_number(then, query.series)
    stream = await stream_number(then, query.stream)
    after = query.starting_after if order.by is None else None
    before = await payout_position(then, after, wallet)
    as_of = then is not moment
    statement = payouts_of_wallet(
        status=query.status,
        by_series=series is not None,
        by_stream=stream is not None,
        by_period=query.period is not None,
        as_of=as_of,
        never_lost=wallet not in await lost_wallets(moment),
        **order.query,
    )
    given = order.values | _given(
        series=series, stream=stream, period=query.period, end=then.end if as_of else None
    )
    rows = await then.rows(
        statement,
        wallet=wallet or 0,
        before=min(before, then.end),
        limit=query.limit + 1,
        **given,
    )
    return then.answer(order.page(rows, [then.render.payout(row) for row in rows], query.limit))


@router.get("/claimable", responses=schemas.ok(schemas.Claimable))
async def claimable_now(
    address: Address, query: Annotated[AsOf, Query()], moment: AnyMoment
) -> Response:
    """What the wallet may claim in each series, in all, and whether the registry stands in the way."""
    then = await moment_as_known(moment, query)
    wallet = await find_wallet(then, address)
    parts = []
    total = 0
    for row in await positions(then, wallet, 0, _ALL):
        held = holding_of(row)
        amount = claimable(held, row.acc or 0, row.supply or 0)
        total += amount
        if amount:
            parts.append(
                {"series": then.render.series_ref(row), "claimable": then.render.money(amount)}
            )
    return then.answer(
        {
            "object": "claimable",
            "wallet": account(wallet_bytes(address)),
            "total": then.render.money(total),
            "by_series": parts,
            "claimable_as_of_block": then.block,
            "withheld": await withheld(then, wallet),
        }
    )
