"""Funds looked through, and what rounding leaves over."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.concurrency import run_in_threadpool

from usufruct.api import schemas
from usufruct.api.auth.gate import own_wallet
from usufruct.api.known import moment_as_known
from usufruct.api.lookup import find_series, find_wallet
from usufruct.api.moment import AnyMoment, Moment
from usufruct.api.params import AsOf, wallet_bytes
from usufruct.api.problems import Problem
from usufruct.api.render import Json, account
from usufruct.api.route import LedgerRoute
from usufruct.api.routes.series import SeriesId
from usufruct.api.routes.wallets import Address
from usufruct.ledger import ids
from usufruct.ledger.lookthrough import Line, lines_of
from usufruct.ledger.reads.funds import DUST, FUND_OF_SERIES

router = APIRouter(prefix="/v1", route_class=LedgerRoute)


@router.get(
    "/wallets/{address}/look-through",
    responses=schemas.ok(schemas.LookThrough),
    dependencies=[Depends(own_wallet)],
    tags=["wallets"],
)
async def wallet_look_through(
    address: Address, query: Annotated[AsOf, Query()], moment: AnyMoment
) -> Response:
    """The wallet's share of the income of each series, itself and through funds, now or earlier."""
    then = await moment_as_known(moment, query)
    wallet = await find_wallet(then, address)
    shown = {"holder": account(wallet_bytes(address)), "units_of": None}
    return await _answer(then, wallet, shown)


@router.get(
    "/series/{series_id}/look-through",
    responses=schemas.ok(schemas.LookThrough),
    tags=["series"],
)
async def fund_look_through(
    series_id: SeriesId, query: Annotated[AsOf, Query()], moment: AnyMoment
) -> Response:
    """The fund's share of the income of each series behind its units, now or earlier."""
    then = await moment_as_known(moment, query)
    row = await find_series(then, series_id)
    fund = await then.row(FUND_OF_SERIES, series=row.id, end=then.end)
    if fund is None:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid-parameter",
            f"{row.symbol} are no units of a fund.",
            field="id",
            value=series_id[:64],
            rule="units of a fund",
            remedy="GET /v1/series: units of funds have no stream",
        )
    shown = {"holder": account(fund.address), "units_of": then.render.series_name(row)}
    return await _answer(then, int(fund.wallet_id), shown)


@router.get("/series/{series_id}/dust", responses=schemas.ok(schemas.Dust), tags=["series"])
async def dust(series_id: SeriesId, query: Annotated[AsOf, Query()], moment: AnyMoment) -> Response:
    """What the series was paid beyond the whole minor units of its holders: fractions that each keeps for later."""
    then = await moment_as_known(moment, query)
    row = await find_series(then, series_id)
    (found,) = await then.many_rows(DUST, series=row.id, end=then.end)
    distributed, accrued = int(found.distributed), int(found.accrued)
    return then.answer(
        {
            "object": "dust",
            "series": then.render.series_name(row),
            "distributed": then.render.money(distributed),
            "accrued": then.render.money(accrued),
            "dust": then.render.money(distributed - accrued),
            "accounts": found.accounts,
        }
    )


async def _answer(then: Moment, wallet: int | None, shown: Json) -> Response:
    def read() -> list[Line]:
        if wallet is None:
            return []
        with then.later() as connection:
            return lines_of(connection, wallet, then.end)

    lines = await run_in_threadpool(read)
    # Shares of different series of one stream have no sum: each is of what that series is paid.
    streams = dict.fromkeys(e.row.stream for e in lines if e.row.stream is not None)
    body: dict[str, Any] = {
        "object": "look-through",
        **shown,
        "lines": [then.render.look_through(each) for each in lines],
        "streams": [ids.stream_id(each) for each in streams],
    }
    return then.answer(body)
