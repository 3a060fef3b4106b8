"""Where wallets, participants and holders of a series stand: accrued, paid, claimable, withheld and in arrears."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BeforeValidator, Field
from sqlalchemy import Connection

from usufruct.api import schemas
from usufruct.api.auth.gate import others_of_series, own_participant, own_wallet
from usufruct.api.known import moment_as_known
from usufruct.api.lookup import find_series, find_wallet
from usufruct.api.moment import AnyMoment, Moment, page
from usufruct.api.params import PageQuery, digits, wallet_bytes
from usufruct.api.problems import not_found
from usufruct.api.routes.series import SeriesId
from usufruct.api.routes.wallets import Address
from usufruct.ledger import ids
from usufruct.ledger.moments import At
from usufruct.ledger.positions import (
    Position,
    positions_of_participant,
    positions_of_series,
    positions_of_wallet,
)
from usufruct.ledger.reads.series import SERIES_BY_SLUG

router = APIRouter(prefix="/v1")

Participant = Annotated[
    Annotated[int, Field(ge=1, lt=1 << 53), BeforeValidator(digits)],
    Path(description="number of a participant in the registry", examples=[7]),
]


@router.get(
    "/wallets/{address}/positions",
    responses=schemas.ok(schemas.Positions),
    dependencies=[Depends(own_wallet)],
    tags=["wallets"],
)
async def wallet_positions(
    address: Address, query: Annotated[PageQuery, Query()], moment: AnyMoment
) -> Response:
    """Where the wallet stands in every series it ever held, now or earlier."""
    then, raw, after = await moment_as_known(moment, query), wallet_bytes(address), 0
    if query.starting_after is not None:
        slug, _ = ids.parse_position_id(query.starting_after, "starting_after")
        row = await then.row(SERIES_BY_SLUG, slug=slug)
        after = row.id if row else 0
    return await _answer(
        then,
        query.limit,
        lambda connection, at: positions_of_wallet(
            connection, raw, at, after=after, limit=query.limit + 1
        ),
    )


@router.get(
    "/series/{series_id}/positions",
    responses=schemas.ok(schemas.Positions),
    dependencies=[Depends(others_of_series)],
    tags=["series"],
)
async def series_positions(
    series_id: SeriesId, query: Annotated[PageQuery, Query()], moment: AnyMoment
) -> Response:
    """Where each holder of the series stands, in the order of their first appearance, now or earlier."""
    then, after = await moment_as_known(moment, query), 0
    number = (await find_series(then, series_id)).id
    if query.starting_after is not None:
        _, raw = ids.parse_position_id(query.starting_after, "starting_after")
        after = await find_wallet(then, "0x" + raw.hex(), "starting_after") or 0
    return await _answer(
        then,
        query.limit,
        lambda connection, at: positions_of_series(
            connection, number, at, after=after, limit=query.limit + 1
        ),
    )


@router.get(
    "/participants/{participant}/positions",
    responses=schemas.ok(schemas.Positions),
    dependencies=[Depends(own_participant)],
    tags=["participants"],
)
async def participant_positions(
    participant: Participant, query: Annotated[PageQuery, Query()], moment: AnyMoment
) -> Response:
    """Where a participant stands with all wallets that were registered to it then, by wallet and series."""
    then, after = await moment_as_known(moment, query), query.starting_after
    if after is not None:
        ids.parse_position_id(after, "starting_after")

    def found(connection: Connection, at: At) -> list[Position]:
        known = positions_of_participant(connection, participant, at)
        if known is None:
            raise not_found(
                "participant", "participant", str(participant), "the registrar knows the numbers"
            )
        if after is None:
            return known
        names = [ids.position_id(each.series, each.wallet) for each in known]
        return known[names.index(after) + 1 :] if after in names else []

    return await _answer(then, query.limit, found)


async def _answer(
    then: Moment, limit: int, find: Callable[[Connection, At], list[Position]]
) -> Response:
    """A page of what `find` finds in a thread: each series asks for its settlement and supply too."""

    def read() -> list[Position]:
        with then.later() as connection:
            return find(connection, At(then.end, then.time))

    rows = (await run_in_threadpool(read))[: limit + 1]
    return then.answer(page([then.render.position(each) for each in rows], limit))
