"""Series, their holders at any time, and their distributions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from usufruct.api import schemas
from usufruct.api.auth.gate import others_of_distribution, others_of_series
from usufruct.api.known import moment_as_known
from usufruct.api.lookup import (
    series_number,
    series_then,
    stream_number,
)
from usufruct.api.moment import AnyMoment, Moment
from usufruct.api.order import order_of
from usufruct.api.params import (
    AsOf,
    DistributionPayoutQuery,
    DistributionQuery,
    HolderQuery,
    RecordQuery,
    SeriesQuery,
)
from usufruct.api.problems import not_found
from usufruct.api.route import LedgerRoute
from usufruct.api.starts import (
    distribution_position,
    holder_place,
    payout_holder,
    record_period,
    series_place,
)
from usufruct.ledger import ids
from usufruct.ledger.reads.holders import HOLDERS_WITH_UNITS, holders_in_order
from usufruct.ledger.reads.payouts import payouts_of_distribution
from usufruct.ledger.reads.records import records_page
from usufruct.ledger.reads.series import (
    ONE_DISTRIBUTION,
    PAYOUT_TOTALS,
    distributions_page,
    series_page,
)

router = APIRouter(prefix="/v1", tags=["series"], route_class=LedgerRoute)

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
    """Series."""
    then, order = await moment_as_known(moment, query), order_of("series", query)
    stream = await stream_number(then, query.stream)
    after = await series_place(then, query.starting_after if order.by is None else None)
    built = series_page(
        by_stream=stream is not None, status=query.status, as_of=then is not moment, **order.query
    )
    given = order.values | _given(stream=stream, end=then.end if then is not moment else None)
    given |= {"after": after} if order.by is None else {}
    rows = await then.rows(built, limit=query.limit + 1, **given)
    found = [then.render.series(row) for row in rows]
    return then.answer(order.page(rows, found, query.limit))


@router.get("/series/{series_id}", responses=schemas.ok(schemas.Series))
async def one_series(
    series_id: SeriesId, query: Annotated[AsOf, Query()], moment: AnyMoment
) -> Response:
    """One series."""
    then = await moment_as_known(moment, query)
    return then.answer(then.render.series(await series_then(then, series_id)))


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
    then = await moment_as_known(moment, query)
    series = await series_number(then, series_id, "id")
    order = order_of(f"holders/{series}", query)
    given: dict[str, object] = dict(order.values)
    if order.by is None:
        given["after"] = await holder_place(then, query.starting_after, series or 0)
    built = HOLDERS_WITH_UNITS if order.by is None else holders_in_order(**order.query)
    ask = then.rows if order.by is None else then.many_rows
    rows = await ask(built, series=series, end=then.end, limit=query.limit + 1, **given)
    found = [then.render.holding(row) for row in rows]
    listed = order.page(rows, found, query.limit, "wallet")
    return then.answer(listed | {"holders_as_of_block": then.block})


@router.get("/series/{series_id}/records", responses=schemas.ok(schemas.Records))
async def records(
    series_id: SeriesId,
    query: Annotated[RecordQuery, Query()],
    moment: AnyMoment,  # the name in the path
) -> Response:
    """Record dates of a series: who holds at one is paid for its period, whenever that is."""
    then = await moment_as_known(moment, query)
    series = await series_then(then, series_id)
    order = order_of(f"records/{series.id}", query)
    after = query.starting_after if order.by is None else None
    before = await record_period(then, after, series.slug, series.id)
    as_of = then is not moment
    built = records_page(by_period=query.period is not None, as_of=as_of, **order.query)
    given = order.values | _given(period=query.period, end=then.end if as_of else None)
    rows = await then.rows(built, series=series.id, before=before, limit=query.limit + 1, **given)
    found = [then.render.record(row, series, then.time) for row in rows]
    return then.answer(order.page(rows, found, query.limit))


# --- Distributions ---------------------------------------------------------------------------------


@router.get("/distributions", responses=schemas.ok(schemas.Distributions), tags=["distributions"])
async def distributions(
    query: Annotated[DistributionQuery, Query()], moment: AnyMoment
) -> Response:
    """Distributions."""
    then, order = await moment_as_known(moment, query), order_of("distributions", query)
    series = await series_number(then, query.series)
    stream = await stream_number(then, query.stream)
    after = query.starting_after if order.by is None else None
    built = distributions_page(
        by_series=series is not None,
        by_stream=stream is not None,
        by_period=query.period is not None,
        **order.query,
    )
    given = order.values | _given(series=series, stream=stream, period=query.period)
    before = min(await distribution_position(then, after), then.end)
    rows = await then.rows(built, before=before, limit=query.limit + 1, **given)
    found = [then.render.distribution(row) for row in rows]
    return then.answer(order.page(rows, found, query.limit))


@router.get(
    "/distributions/{distribution_id}",
    responses=schemas.ok(schemas.DistributionDetail),
    tags=["distributions"],
)
async def one_distribution(
    distribution_id: DistributionId, query: Annotated[AsOf, Query()], moment: AnyMoment
) -> Response:
    """One distribution with the sum of its payouts; the difference is fractions, kept for each holder."""
    then = await moment_as_known(moment, query)
    row = await _distribution(then, distribution_id)
    (totals,) = await then.many_rows(PAYOUT_TOTALS, pos=row.pos)
    shared = int(totals.amount or 0)
    return then.answer(
        then.render.distribution(row)
        | {
            "holders": totals.holders,
            "payouts_total": then.render.money(shared),
            "fractions": then.render.money(row.amount - shared),
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
    then = await moment_as_known(moment, query)
    row = await _distribution(then, distribution_id)
    order = order_of(f"payouts/{row.pos}", query)
    as_of = then is not moment
    given = order.values | _given(end=then.end if as_of else None)
    if order.by is None:
        given["after"] = await payout_holder(then, query.starting_after, row.pos)
    built = payouts_of_distribution(status=query.status, as_of=as_of, **order.query)
    rows = await then.rows(built, pos=row.pos, limit=query.limit + 1, **given)
    found = [then.render.payout(each) for each in rows]
    return then.answer(order.page(rows, found, query.limit))


def _given(**values: object) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


async def _distribution(moment: Moment, name: str) -> Any:
    slug, number = ids.parse_distribution_id(name)
    row = await moment.row(ONE_DISTRIBUTION, slug=slug, number=number)
    if row is None or row.pos >= moment.end:
        raise not_found("distribution", "id", name, "GET /v1/distributions lists them")
    return row
