"""What a wallet holds, was paid and may claim."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from usufruct.api import schemas
from usufruct.api.auth.gate import own_wallet
from usufruct.api.known import as_known
from usufruct.api.lookup import find_wallet, payout_position, series_number, stream_number
from usufruct.api.moment import AnyMoment, page
from usufruct.api.params import AsOf, HolderQuery, PayoutQuery, wallet_bytes
from usufruct.api.render import account
from usufruct.api.standing import positions, withheld
from usufruct.ledger.accounts import claimable
from usufruct.ledger.reads.holders import holding_of
from usufruct.ledger.reads.payouts import payouts_of_wallet
from usufruct.ledger.reads.series import SERIES_NUMBER_BY_SLUG

router = APIRouter(
    prefix="/v1/wallets/{address}", tags=["wallets"], dependencies=[Depends(own_wallet)]
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
    address: Address, query: Annotated[HolderQuery, Query()], moment: AnyMoment
) -> Response:
    """What the wallet holds in each series, and what it earned, was paid and may claim there; now or earlier."""
    known = await as_known(moment, query)
    wallet = await find_wallet(moment, address)
    after = 0
    if query.starting_after is not None:
        slug = query.starting_after.removeprefix("ser_")
        row = await moment.row(SERIES_NUMBER_BY_SLUG, slug=slug)
        after = row.id if row else 0
    rows = await positions(moment, wallet, after, query.limit + 1, known.block)
    found = [moment.render.holding(row) for row in rows]
    listed = page(found, query.limit, "series")
    if listed["next"]:
        listed["next"] = listed["next"]["id"]
    return moment.answer(listed | {"holdings_as_of_block": known.block})


@router.get("/payouts", responses=schemas.ok(schemas.Payouts))
async def payouts(
    address: Address, query: Annotated[PayoutQuery, Query()], moment: AnyMoment
) -> Response:
    """The wallet's payouts, newest first: its exact share of every distribution, paid or still to be claimed."""
    wallet = await find_wallet(moment, address)
    series = await series_number(moment, query.series)
    stream = await stream_number(moment, query.stream)
    before = await payout_position(moment, query.starting_after)
    statement = payouts_of_wallet(
        status=query.status,
        by_series=series is not None,
        by_stream=stream is not None,
        by_period=query.period is not None,
    )
    values = {"series": series, "stream": stream, "period": query.period}
    given = {key: value for key, value in values.items() if value is not None}
    rows = await moment.rows(
        statement, wallet=wallet or 0, before=before, limit=query.limit + 1, **given
    )
    return moment.answer(page([moment.render.payout(row) for row in rows], query.limit))


@router.get("/claimable", responses=schemas.ok(schemas.Claimable))
async def claimable_now(
    address: Address, query: Annotated[AsOf, Query()], moment: AnyMoment
) -> Response:
    """What the wallet may claim in each series, in all, and whether the registry stands in the way."""
    wallet = await find_wallet(moment, address)
    known = await as_known(moment, query)
    parts = []
    total = 0
    for row in await positions(moment, wallet, 0, _ALL, known.block):
        held = holding_of(row)
        amount = claimable(held, row.acc or 0, row.supply or 0)
        total += amount
        if amount:
            parts.append(
                {"series": moment.render.series_ref(row), "claimable": moment.render.money(amount)}
            )
    return moment.answer(
        {
            "object": "claimable",
            "wallet": account(wallet_bytes(address)),
            "total": moment.render.money(total),
            "by_series": parts,
            "claimable_as_of_block": known.block,
            "withheld": await withheld(moment, wallet),
        }
    )
