"""Streams, batches, statements, settlements, and what the workers rejected."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BeforeValidator, Field

from usufruct.api import schemas
from usufruct.api.auth.gate import others_of_some_stream
from usufruct.api.documents import (
    batch,
    dispute,
    happened,
    known_at,
    statement,
    stream,
    version,
)
from usufruct.api.known import Known, moment_as_known, statement_as_known
from usufruct.api.lookup import (
    find_stream,
    stream_number,
)
from usufruct.api.moment import AnyMoment, Moment, page
from usufruct.api.order import Order, order_of
from usufruct.api.params import (
    AsOf,
    BatchQuery,
    DisputeQuery,
    SettlementQuery,
    StatementQuery,
    VerdictQuery,
    digits,
)
from usufruct.api.problems import not_found
from usufruct.api.route import LedgerRoute
from usufruct.api.starts import (
    batch_position,
    settlement_position,
    statement_position,
    verdict_place,
)
from usufruct.api.story import disputes_of
from usufruct.ledger import ids
from usufruct.ledger.reads.disputes import disputes_page
from usufruct.ledger.reads.statements import (
    LAST_FUNDING_AS_OF,
    LAST_RULES_AS_OF,
    ONE_BATCH,
    ONE_SETTLEMENT,
    STATEMENT_EVENTS,
    STATEMENT_VERSIONS,
    STREAMS,
    TARIFFS,
    batches_page,
    settlements_page,
    statements_page,
    verdicts_page,
)

router = APIRouter(prefix="/v1", route_class=LedgerRoute)

StreamId = Annotated[
    str, Path(max_length=40, description="id, number or code of a stream", examples=["VPP"])
]
PeriodNumber = Annotated[
    Annotated[int, Field(ge=1, le=0xFFFFFFFF), BeforeValidator(digits)],
    Path(description="number of a period", examples=[1]),
]
Seq = Annotated[
    Annotated[int, Field(ge=1, le=0xFFFFFFFF), BeforeValidator(digits)],
    Path(description="number of a batch", examples=[1]),
]
_FUNDINGS = 12


def _given(**values: object) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


@router.get("/streams", responses=schemas.ok(schemas.Streams), tags=["streams"])
async def streams(query: Annotated[AsOf, Query()], moment: AnyMoment) -> Response:
    """The income streams of the project."""
    then = await moment_as_known(moment, query)
    rows = [row for row in await then.rows(STREAMS) if row.pos < then.end]
    return then.answer(page([stream(then.render, row) for row in rows], len(rows)))


@router.get("/streams/{stream_id}", responses=schemas.ok(schemas.StreamDetail), tags=["streams"])
async def one_stream(
    stream_id: StreamId, query: Annotated[AsOf, Query()], moment: AnyMoment
) -> Response:
    """One stream with its tariffs, waterfall rules and latest funding."""
    then = await moment_as_known(moment, query)
    row = await find_stream(then, stream_id, "id")
    given = {"stream": row.id, "end": then.end}
    tariffs = await then.rows(TARIFFS, **given)
    rules = await then.rows(LAST_RULES_AS_OF, **given)
    fundings = await then.rows(LAST_FUNDING_AS_OF, **given, limit=_FUNDINGS)
    return then.answer(stream(then.render, row, tariffs, rules, fundings))


@router.get("/batches", responses=schemas.ok(schemas.Batches), tags=["batches"])
async def batches(query: Annotated[BatchQuery, Query()], moment: AnyMoment) -> Response:
    """Anchored batches of readings."""
    then, order = await moment_as_known(moment, query), order_of("batches", query)
    number = await stream_number(then, query.stream)
    before = await _before(then, order, query.starting_after, batch_position)
    built = batches_page(by_stream=number is not None, status=query.status, **order.query)
    given = order.values | _given(stream=number, known=then.known)
    rows = await then.rows(built, before=before, limit=query.limit + 1, **given)
    found = [batch(then.render, row) for row in rows]
    return then.answer(order.page(rows, found, query.limit))


@router.get(
    "/batches/{stream_id}/{seq}", responses=schemas.ok(schemas.BatchDetail), tags=["batches"]
)
async def one_batch(
    stream_id: StreamId, seq: Seq, query: Annotated[AsOf, Query()], moment: AnyMoment
) -> Response:
    """One batch with its manifest, once a worker has handed that over."""
    then = await moment_as_known(moment, query)
    row = await find_stream(then, stream_id)
    found = await then.row(ONE_BATCH, stream=row.id, seq=seq, known=then.known)
    if found is None or found.pos >= then.end:
        raise not_found("batch", "seq", str(seq), f"GET /v1/batches?stream={row.id} lists them")
    manifest = json.loads(found.manifest) if found.manifest else None
    return then.answer(batch(then.render, found) | {"manifest": manifest})


@router.get("/statements", responses=schemas.ok(schemas.Statements), tags=["statements"])
async def statements(query: Annotated[StatementQuery, Query()], moment: AnyMoment) -> Response:
    """The newest version of each period's statement."""
    then, order = await moment_as_known(moment, query), order_of("statements", query)
    number = await stream_number(then, query.stream)
    before = await _before(then, order, query.starting_after, statement_position)
    as_of = then is not moment
    built = statements_page(
        by_stream=number is not None,
        by_period=query.period is not None,
        status=query.status,
        as_of=as_of,
        **order.query,
    )
    given = order.values | _given(
        stream=number,
        period=query.period,
        now=then.time if query.status in ("attested", "final") else None,
        end=then.end if as_of else None,
        known=then.known,
    )
    rows = await then.rows(built, before=before, limit=query.limit + 1, **given)
    found = [statement(then.render, row, then.time) for row in rows]
    return then.answer(order.page(rows, found, query.limit))


@router.get(
    "/statements/{stream_id}/{period}",
    responses=schemas.ok(schemas.StatementDetail),
    tags=["statements"],
)
async def one_statement(
    stream_id: StreamId,
    period: PeriodNumber,
    query: Annotated[AsOf, Query()],
    moment: AnyMoment,
) -> Response:
    """The newest version of a period's statement with lines, tariff, corrections, disputes and the period's history.

    With `as_of_date` or `as_of_block` all of it as it was known then.
    """
    then = await moment_as_known(moment, query)
    row = await find_stream(then, stream_id)
    versions, events = statement_as_known(
        await then.rows(STATEMENT_VERSIONS, stream=row.id, period=period, known=then.known),
        await then.rows(STATEMENT_EVENTS, stream=row.id, period=period),
        Known(then.block, then.time),
    )
    if not versions:
        remedy = f"GET /v1/statements?stream={row.id} lists them"
        raise not_found("statement of period", "period", str(period), remedy)
    newest = statement(then.render, versions[0], then.time, detailed=True)
    return then.answer(
        newest
        | {
            "versions": [version(then.render, each, then.time) for each in versions],
            "disputes": await disputes_of(then, row.id, period),
            "history": [happened(then.render, each) for each in events],
            "supersedes": [ids.statement_id(row.id, period, each.version) for each in versions[1:]],
            "known_as_of_block": then.block,
        }
    )


@router.get("/disputes", responses=schemas.ok(schemas.Disputes), tags=["statements"])
async def disputes(query: Annotated[DisputeQuery, Query()], moment: AnyMoment) -> Response:
    """Disputes of statements and proven faults, what was decided, and what that does to the money."""
    then, order = await moment_as_known(moment, query), order_of("disputes", query)
    number = await stream_number(then, query.stream)
    built = disputes_page(
        by_stream=number is not None,
        by_period=query.period is not None,
        status=query.status,
        **order.query,
    )
    given = order.values | _given(stream=number, period=query.period)
    rows = await then.rows(built, end=then.end, limit=query.limit + 1, **given)
    found = [dispute(then.render, row) for row in rows]
    return then.answer(order.page(rows, found, query.limit))


@router.get("/settlements", responses=schemas.ok(schemas.Settlements), tags=["settlements"])
async def settlements(query: Annotated[SettlementQuery, Query()], moment: AnyMoment) -> Response:
    """Settlements with every step of the waterfall."""
    then, order = await moment_as_known(moment, query), order_of("settlements", query)
    number = await stream_number(then, query.stream)
    before = await _before(then, order, query.starting_after, settlement_position)
    built = settlements_page(
        by_stream=number is not None,
        by_period=query.period is not None,
        status=query.status,
        **order.query,
    )
    given = order.values | _given(stream=number, period=query.period)
    rows = await then.rows(built, before=before, limit=query.limit + 1, **given)
    found = [then.render.settlement(row) for row in rows]
    return then.answer(order.page(rows, found, query.limit))


@router.get(
    "/settlements/{stream_id}/{period}",
    responses=schemas.ok(schemas.Settlement),
    tags=["settlements"],
)
async def one_settlement(
    stream_id: StreamId, period: PeriodNumber, query: Annotated[AsOf, Query()], moment: AnyMoment
) -> Response:
    """One settlement."""
    then = await moment_as_known(moment, query)
    row = await find_stream(then, stream_id)
    found = await then.row(ONE_SETTLEMENT, stream=row.id, period=period)
    if found is None or found.pos >= then.end:
        remedy = f"GET /v1/settlements?stream={row.id} lists them"
        raise not_found("settlement of period", "period", str(period), remedy)
    return then.answer(then.render.settlement(found))


async def _before(
    then: Moment,
    order: Order,
    starting_after: str | None,
    find: Callable[[Moment, str | None], Awaitable[int]],
) -> int:
    """The position that rows of a page lie before: the moment's end, or that of the object it goes on after."""
    after = starting_after if order.by is None else None
    return min(await find(then, after), then.end)


@router.get(
    "/verdicts",
    responses=schemas.ok(schemas.Verdicts),
    tags=["statements"],
    dependencies=[Depends(others_of_some_stream)],
)
async def verdicts(query: Annotated[VerdictQuery, Query()], moment: AnyMoment) -> Response:
    """What the workers rejected, by rule, with the money at stake, as each worker reports it now or reported earlier.

    Operators of some streams are shown the reports on these.
    """
    then = await moment_as_known(moment, query)
    number = await stream_number(then, query.stream)
    after = await verdict_place(then, query.starting_after)
    built = verdicts_page(
        by_stream=number is not None,
        by_period=query.period is not None,
        begun=bool(after),
        only=None if moment.service.access.public == "all" else moment.who.only(),
    )
    given = after | _given(stream=number, period=query.period, known=then.known)
    rows = await then.rows(built, limit=query.limit + 1, **given)
    found = [
        {
            "id": f"{ids.stream_id(row.stream)}/{row.period}/{row.source}",
            "object": "verdicts",
            "stream": ids.stream_id(row.stream),
            "period": then.render.period(row.period),
            "source": row.source,
            "known_at": known_at(row.known_at),
            "report": json.loads(row.document),
        }
        for row in rows
    ]
    return then.answer(page(found, query.limit))
