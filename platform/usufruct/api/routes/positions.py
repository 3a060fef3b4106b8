"""Where wallets, participants and holders of a series stand: accrued, paid, claimable, withheld and in arrears."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BeforeValidator, Field
from sqlalchemy import Connection, Row

from usufruct.api import schemas
from usufruct.api.auth.gate import others_of_series, own_participant, own_wallet
from usufruct.api.known import moment_as_known
from usufruct.api.lookup import find_series, find_wallet
from usufruct.api.moment import AnyMoment, Moment
from usufruct.api.order import Order, order_of
from usufruct.api.params import PositionQuery, digits, wallet_bytes
from usufruct.api.problems import not_found
from usufruct.api.route import LedgerRoute
from usufruct.api.routes.series import SeriesId
from usufruct.api.routes.wallets import Address
from usufruct.api.starts import gone, position_place
from usufruct.ledger.moments import At
from usufruct.ledger.positions import (
    Part,
    Position,
    part_of,
    positions_of_participant,
    positions_of_series,
    positions_of_wallet,
    sort_key,
)

router = APIRouter(prefix="/v1", route_class=LedgerRoute)

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
    address: Address, query: Annotated[PositionQuery, Query()], moment: AnyMoment
) -> Response:
    """Where the wallet stands in every series it ever held, in the order of their creation, now or earlier."""
    then, raw = await moment_as_known(moment, query), wallet_bytes(address)
    number = await find_wallet(then, address)
    order = order_of(f"positions of {raw.hex()}", query)
    after = await _after(then, query, order, wallet=number or 0)
    part = _part(query, order, after.series if after else 0)
    return await _answer(
        then, query, order, lambda connection, at: positions_of_wallet(connection, raw, at, part)
    )


@router.get(
    "/series/{series_id}/positions",
    responses=schemas.ok(schemas.Positions),
    dependencies=[Depends(others_of_series)],
    tags=["series"],
)
async def series_positions(
    series_id: SeriesId, query: Annotated[PositionQuery, Query()], moment: AnyMoment
) -> Response:
    """Where each holder of the series stands, in the order of their first appearance, now or earlier."""
    then = await moment_as_known(moment, query)
    number = (await find_series(then, series_id)).id
    order = order_of(f"positions in {number}", query)
    after = await _after(then, query, order, series=number)
    part = _part(query, order, after.wallet if after else 0)
    return await _answer(
        then, query, order, lambda connection, at: positions_of_series(connection, number, at, part)
    )


@router.get(
    "/participants/{participant}/positions",
    responses=schemas.ok(schemas.Positions),
    dependencies=[Depends(own_participant)],
    tags=["participants"],
)
async def participant_positions(
    participant: Participant, query: Annotated[PositionQuery, Query()], moment: AnyMoment
) -> Response:
    """Where a participant stands with all wallets that were registered to it then, by wallet and series."""
    then = await moment_as_known(moment, query)
    order = order_of(f"positions of participant {participant}", query)
    after = await _after(then, query, order)
    part = _part(query, order, sort_key(after.wallet, after.series) if after else 0)

    def found(connection: Connection, at: At) -> list[Position]:
        known = positions_of_participant(connection, participant, at)
        if known is None:
            raise not_found(
                "participant", "participant", str(participant), "the registrar knows the numbers"
            )
        if after and part.after not in {each.sort_key for each in known}:
            raise gone(str(query.starting_after))
        return part_of(known, part)

    return await _answer(then, query, order, found)


async def _after(
    then: Moment,
    query: PositionQuery,
    order: Order,
    *,
    series: int | None = None,
    wallet: int | None = None,
) -> Row[Any] | None:
    """Series and wallet of the position that a page goes on after, which must be of the series or wallet given."""
    if query.starting_after is None or order.by is not None:
        return None
    row = await position_place(then, query.starting_after)
    if series not in (None, row.series) or wallet not in (None, row.wallet):
        raise gone(query.starting_after)
    return row


def _part(query: PositionQuery, order: Order, after: int) -> Part:
    """The part that the page shows, and one more to see whether there are more."""
    return Part(query.limit + 1, after, order.by, order.start)


class _Mark(NamedTuple):
    """Where a sorted page ends."""

    sort_value: int
    sort_key: int


async def _answer(
    then: Moment,
    query: PositionQuery,
    order: Order,
    find: Callable[[Connection, At], list[Position]],
) -> Response:
    """A page of what `find` finds in a thread: each series asks for its settlement and supply too."""

    def read() -> list[Position]:
        with then.later() as connection:
            return find(connection, At(then.end, then.time))

    rows = await run_in_threadpool(read)
    by = order.by
    marks = [] if by is None else [_Mark(each.sort_value(by), each.sort_key) for each in rows]
    shown = [then.render.position(each) for each in rows]
    return then.answer(order.page(marks, shown, query.limit))
