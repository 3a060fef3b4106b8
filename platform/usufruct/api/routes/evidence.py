"""Streams, batches, statements, settlements, and what the workers rejected."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BeforeValidator, Field

from usufruct.api import schemas
from usufruct.api.auth.gate import others_of_streams
from usufruct.api.documents import batch, statement, stream
from usufruct.api.known import as_known, statement_as_known
from usufruct.api.lookup import (
    batch_position,
    find_stream,
    settlement_position,
    statement_position,
    stream_number,
)
from usufruct.api.moment import AnyMoment, page
from usufruct.api.params import (
    AsOf,
    BatchQuery,
    Nothing,
    SettlementQuery,
    StatementQuery,
    VerdictQuery,
    digits,
)
from usufruct.api.problems import not_found
from usufruct.ledger import ids
from usufruct.ledger.reads.statements import (
    LAST_FUNDING,
    LAST_RULES,
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

router = APIRouter(prefix="/v1")

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
async def streams(_: Nothing, moment: AnyMoment) -> Response:
    """The income streams of the project."""
    found = [stream(moment.render, row) for row in await moment.rows(STREAMS)]
    return moment.answer(page(found, len(found)))


@router.get("/streams/{stream_id}", responses=schemas.ok(schemas.StreamDetail), tags=["streams"])
async def one_stream(stream_id: StreamId, _: Nothing, moment: AnyMoment) -> Response:
    """One stream with its tariffs, waterfall rules and latest funding."""
    row = await find_stream(moment, stream_id, "id")
    tariffs = await moment.rows(TARIFFS, stream=row.id)
    rules = await moment.rows(LAST_RULES, stream=row.id)
    fundings = await moment.rows(LAST_FUNDING, stream=row.id, limit=_FUNDINGS)
    return moment.answer(stream(moment.render, row, tariffs, rules, fundings))


@router.get("/batches", responses=schemas.ok(schemas.Batches), tags=["batches"])
async def batches(query: Annotated[BatchQuery, Query()], moment: AnyMoment) -> Response:
    """Anchored batches of readings, newest first."""
    number = await stream_number(moment, query.stream)
    before = await batch_position(moment, query.starting_after)
    rows = await moment.rows(
        batches_page(by_stream=number is not None),
        before=before,
        limit=query.limit + 1,
        **_given(stream=number),
    )
    return moment.answer(page([batch(moment.render, row) for row in rows], query.limit))


@router.get(
    "/batches/{stream_id}/{seq}", responses=schemas.ok(schemas.BatchDetail), tags=["batches"]
)
async def one_batch(stream_id: StreamId, seq: Seq, _: Nothing, moment: AnyMoment) -> Response:
    """One batch with its manifest, once a worker has handed that over."""
    row = await find_stream(moment, stream_id)
    found = await moment.row(ONE_BATCH, stream=row.id, seq=seq)
    if found is None:
        raise not_found("batch", "seq", str(seq), f"GET /v1/batches?stream={row.id} lists them")
    manifest = json.loads(found.manifest) if found.manifest else None
    return moment.answer(batch(moment.render, found) | {"manifest": manifest})


@router.get("/statements", responses=schemas.ok(schemas.Statements), tags=["statements"])
async def statements(query: Annotated[StatementQuery, Query()], moment: AnyMoment) -> Response:
    """The newest version of each period's statement, newest first."""
    number = await stream_number(moment, query.stream)
    before = await statement_position(moment, query.starting_after)
    built = statements_page(
        by_stream=number is not None, by_period=query.period is not None, status=query.status
    )
    now = moment.time if query.status in ("attested", "final") else None
    given = _given(stream=number, period=query.period, now=now)
    rows = await moment.rows(built, before=before, limit=query.limit + 1, **given)
    found = [statement(moment.render, row, moment.time) for row in rows]
    return moment.answer(page(found, query.limit))


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
    """The newest version of a period's statement with lines, tariff and corrections, and the period's history.

    With `as_of_date` or `as_of_block` all of it as it was known then.
    """
    row = await find_stream(moment, stream_id)
    known = await as_known(moment, query)
    versions, events = statement_as_known(
        await moment.rows(STATEMENT_VERSIONS, stream=row.id, period=period),
        await moment.rows(STATEMENT_EVENTS, stream=row.id, period=period),
        known,
    )
    if not versions:
        remedy = f"GET /v1/statements?stream={row.id} lists them"
        raise not_found("statement of period", "period", str(period), remedy)
    newest = statement(moment.render, versions[0], known.time, detailed=True)
    history = [
        {
            "event": each.kind,
            "version": each.version,
            "hash": "0x" + each.hash.hex() if each.hash else None,
            **moment.render.place(each),
        }
        for each in events
    ]
    older = [ids.statement_id(row.id, period, each.version) for each in versions[1:]]
    return moment.answer(
        newest | {"history": history, "supersedes": older, "known_as_of_block": known.block}
    )


@router.get("/settlements", responses=schemas.ok(schemas.Settlements), tags=["settlements"])
async def settlements(query: Annotated[SettlementQuery, Query()], moment: AnyMoment) -> Response:
    """Settlements with every step of the waterfall, newest first."""
    number = await stream_number(moment, query.stream)
    before = await settlement_position(moment, query.starting_after)
    built = settlements_page(by_stream=number is not None, by_period=query.period is not None)
    given = _given(stream=number, period=query.period)
    rows = await moment.rows(built, before=before, limit=query.limit + 1, **given)
    return moment.answer(page([moment.render.settlement(row) for row in rows], query.limit))


@router.get(
    "/settlements/{stream_id}/{period}",
    responses=schemas.ok(schemas.Settlement),
    tags=["settlements"],
)
async def one_settlement(
    stream_id: StreamId, period: PeriodNumber, _: Nothing, moment: AnyMoment
) -> Response:
    """One settlement."""
    row = await find_stream(moment, stream_id)
    found = await moment.row(ONE_SETTLEMENT, stream=row.id, period=period)
    if found is None:
        remedy = f"GET /v1/settlements?stream={row.id} lists them"
        raise not_found("settlement of period", "period", str(period), remedy)
    return moment.answer(moment.render.settlement(found))


@router.get(
    "/verdicts",
    responses=schemas.ok(schemas.Verdicts),
    tags=["statements"],
    dependencies=[Depends(others_of_streams)],
)
async def verdicts(query: Annotated[VerdictQuery, Query()], moment: AnyMoment) -> Response:
    """What the workers rejected, by rule, with the money at stake, as each worker reports it."""
    number = await stream_number(moment, query.stream)
    built = verdicts_page(by_stream=number is not None, by_period=query.period is not None)
    rows = await moment.rows(
        built, limit=query.limit + 1, **_given(stream=number, period=query.period)
    )
    found = [
        {
            "id": f"{ids.stream_id(row.stream)}/{row.period}/{row.source}",
            "object": "verdicts",
            "stream": ids.stream_id(row.stream),
            "period": moment.render.period(row.period),
            "source": row.source,
            "report": json.loads(row.document),
        }
        for row in rows
    ]
    return moment.answer(page(found, query.limit) | {"next": None})
