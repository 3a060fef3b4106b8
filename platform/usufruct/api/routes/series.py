"""Series, their holders at any time, and their distributions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from usufruct.api import schemas
from usufruct.api.auth.gate import others_of_distribution, others_of_series
from usufruct.api.known import as_known
from usufruct.api.lookup import (
    NEWEST,
    distribution_position,
    find_series,
    find_wallet,
    series_number,
    stream_number,
)
from usufruct.api.moment import AnyMoment, Moment, page
from usufruct.api.params import (
    DistributionPayoutQuery,
    DistributionQuery,
    HolderQuery,
    Nothing,
    PageQuery,
    SeriesQuery,
)
from usufruct.api.problems import not_found
from usufruct.ledger import ids
from usufruct.ledger.reads.holders import HOLDERS_WITH_UNITS
from usufruct.ledger.reads.payouts import payouts_of_distribution
from usufruct.ledger.reads.records import RECORDS
from usufruct.ledger.reads.series import (
    ONE_DISTRIBUTION,
    PAYOUT_TOTALS,
    SERIES_PAGE,
    SERIES_PAGE_OF_STREAM,
    distributions_page,
)
from usufruct.ledger.types import first_position

router = APIRouter(prefix="/v1", tags=["series"])

SeriesId = Annotated[
    str,
    Path(
        max_length=64, description="id, symbol, code or address of a series", examples=["ser_lvpps"]
    ),
]
DistributionId = Annotated[
    str, Path(max_length=64, description="id of a distribution", examples=["dist_lvpps_3"])
]


@router.get("/series", responses=schemas.ok(schemas.SeriesList))
async def series_list(query: Annotated[SeriesQuery, Query()], moment: AnyMoment) -> Response:
    """Series in the order of their creation."""
    stream = await stream_number(moment, query.stream)
    after = 0
    if query.starting_after is not None:
        after = (await find_series(moment, query.starting_after, "starting_after")).id
    statement = SERIES_PAGE if stream is None else SERIES_PAGE_OF_STREAM
    given = {} if stream is None else {"stream": stream}
    rows = await moment.rows(statement, after=after, limit=query.limit + 1, **given)
    return moment.answer(page([moment.render.series(row) for row in rows], query.limit))


@router.get("/series/{series_id}", responses=schemas.ok(schemas.Series))
async def one_series(series_id: SeriesId, _: Nothing, moment: AnyMoment) -> Response:
    """One series."""
    return moment.answer(moment.render.series(await find_series(moment, series_id)))


@router.get(
    "/series/{series_id}/holders",
    responses=schemas.ok(schemas.Holders),
    dependencies=[Depends(others_of_series)],
)
async def holders(
    series_id: SeriesId,
    query: Annotated[HolderQuery, Query()],
    moment: AnyMoment,  # the name in the path
) -> Response:
    """Who holds the series now, at the end of a block, or at a time, with what each had earned by then."""
    series = await series_number(moment, series_id, "id")
    block = (await as_known(moment, query)).block
    after = 0
    if query.starting_after is not None:
        after = await find_wallet(moment, query.starting_after, "starting_after") or 0
    rows = await moment.rows(
        HOLDERS_WITH_UNITS,
        series=series,
        after=after,
        end=first_position(block + 1),
        limit=query.limit + 1,
    )
    listed = page([moment.render.holding(row) for row in rows], query.limit, "wallet")
    return moment.answer(listed | {"holders_as_of_block": block})


@router.get("/series/{series_id}/records", responses=schemas.ok(schemas.Records))
async def records(
    series_id: SeriesId,
    query: Annotated[PageQuery, Query()],
    moment: AnyMoment,  # the name in the path
) -> Response:
    """Record dates of a series, newest period first: who holds at one is paid for its period, whenever that is."""
    series = await find_series(moment, series_id)
    before = NEWEST
    if query.starting_after is not None:
        _, before = ids.parse_record_id(query.starting_after, "starting_after")
    rows = await moment.rows(RECORDS, series=series.id, before=before, limit=query.limit + 1)
    found = [moment.render.record(row, series, moment.time) for row in rows]
    return moment.answer(page(found, query.limit))


# --- Distributions ---------------------------------------------------------------------------------


@router.get("/distributions", responses=schemas.ok(schemas.Distributions), tags=["distributions"])
async def distributions(
    query: Annotated[DistributionQuery, Query()], moment: AnyMoment
) -> Response:
    """Distributions, newest first."""
    series = await series_number(moment, query.series)
    stream = await stream_number(moment, query.stream)
    before = await distribution_position(moment, query.starting_after)
    statement = distributions_page(
        by_series=series is not None,
        by_stream=stream is not None,
        by_period=query.period is not None,
    )
    values = {"series": series, "stream": stream, "period": query.period}
    given = {key: value for key, value in values.items() if value is not None}
    rows = await moment.rows(statement, before=before, limit=query.limit + 1, **given)
    return moment.answer(page([moment.render.distribution(row) for row in rows], query.limit))


@router.get(
    "/distributions/{distribution_id}",
    responses=schemas.ok(schemas.DistributionDetail),
    tags=["distributions"],
)
async def one_distribution(
    distribution_id: DistributionId, _: Nothing, moment: AnyMoment
) -> Response:
    """One distribution with the sum of its payouts; the difference is fractions, kept for each holder."""
    row = await _distribution(moment, distribution_id)
    (totals,) = await moment.many_rows(PAYOUT_TOTALS, pos=row.pos)
    shared = int(totals.amount or 0)
    return moment.answer(
        moment.render.distribution(row)
        | {
            "holders": totals.holders,
            "payouts_total": moment.render.money(shared),
            "fractions": moment.render.money(row.amount - shared),
        }
    )


@router.get(
    "/distributions/{distribution_id}/payouts",
    responses=schemas.ok(schemas.Payouts),
    tags=["distributions"],
    dependencies=[Depends(others_of_distribution)],
)
async def distribution_payouts(
    distribution_id: DistributionId,
    query: Annotated[DistributionPayoutQuery, Query()],
    moment: AnyMoment,
) -> Response:
    """Every holder's payout of one distribution."""
    row = await _distribution(moment, distribution_id)
    after = 0
    if query.starting_after is not None:
        key = ids.parse_payout_id(query.starting_after, "starting_after")
        after = await find_wallet(moment, "0x" + key.wallet.hex()) or 0
    rows = await moment.rows(
        payouts_of_distribution(status=query.status),
        pos=row.pos,
        after=after,
        limit=query.limit + 1,
    )
    return moment.answer(page([moment.render.payout(each) for each in rows], query.limit))


async def _distribution(moment: Moment, name: str) -> Any:
    slug, number = ids.parse_distribution_id(name)
    row = await moment.row(ONE_DISTRIBUTION, slug=slug, number=number)
    if row is None:
        raise not_found("distribution", "id", name, "GET /v1/distributions lists them")
    return row
