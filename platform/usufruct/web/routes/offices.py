"""The pages of the operator, the issuer's transfer agent, and the auditor: what is public today, of all offices."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Row

from usufruct.api.auth.gate import others_of_series, others_of_streams
from usufruct.api.documents import batch
from usufruct.api.lookup import NEWEST, find_series
from usufruct.api.moment import AnyMoment, Moment
from usufruct.api.render import Json
from usufruct.contracts import address
from usufruct.contracts.objective_disputes import Fault
from usufruct.ledger import ids
from usufruct.ledger.reads.disputes import DISPUTES, FAULTS
from usufruct.ledger.reads.holders import HOLDERS_WITH_UNITS
from usufruct.ledger.reads.payouts import payouts_of_distribution
from usufruct.ledger.reads.records import RECORDS
from usufruct.ledger.reads.series import ONE_DISTRIBUTION
from usufruct.ledger.reads.statements import LAST_FUNDING, batches_page, verdicts_page
from usufruct.ledger.reconcile import reconcile
from usufruct.web import facts
from usufruct.web.month import checklist, rejected
from usufruct.web.page import PageRoute, page
from usufruct.web.transfers import Question, ask

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_FEW: Final = 6
_LISTED: Final = 100


# --- Operator --------------------------------------------------------------------------------------


@router.get("/operator", dependencies=[Depends(others_of_streams)])
async def operator(request: Request, moment: AnyMoment) -> Response:
    """Every stream: its last batch, statements, month-end, funding, and what was rejected."""
    streams = await facts.streams(moment)
    disputes = await _disputes(moment)
    found = [await _stream(moment, each) for each in streams.values()]
    return page(
        request,
        moment,
        "operator.html",
        streams=streams,
        found=found,
        disputes=disputes[:_FEW],
        unit=moment.render.money(0),
    )


async def _stream(moment: Moment, stream: Json) -> Json:
    number = stream["number"]
    last = await moment.row(batches_page(by_stream=True), before=NEWEST, limit=1, stream=number)
    fundings = await moment.rows(LAST_FUNDING, stream=number, limit=1)
    stated = await facts.statements(moment, stream_number=number, limit=_FEW)
    settled = await facts.settlements(moment, stream_number=number)
    paid = await facts.distributions(moment, stream_number=number)
    newest = stated[0] if stated else None
    period = newest["period"]["number"] if newest else None
    settlement = next((each for each in settled if each["period"]["number"] == period), None)
    due = {
        line["payee"]
        for line in (settlement["lines"] if settlement else [])
        if line["to_series"] and int(line["paid"]["amount"])
    }
    reports = await moment.rows(verdicts_page(by_stream=True), limit=_LISTED, stream=number)
    return {
        "stream": stream,
        "batch": batch(moment.render, last) if last else None,
        "statements": stated,
        "settlement": settlement,
        "checklist": checklist(
            newest, settlement, sum(each["period"]["number"] == period for each in paid), len(due)
        ),
        "funding": _funding(moment, fundings[0]) if fundings else None,
        "rejected": [
            {"period": moment.render.period(number), "reports": found}
            for number, found in _by_period(reports, stream["code"])
        ],
    }


def _funding(moment: Moment, row: Any) -> Json:
    return {
        "amount": moment.render.money(row.amount),
        "escrow": moment.render.money(row.escrow),
        "place": moment.render.place(row),
    }


def _by_period(rows: Sequence[Row[Any]], code: str) -> list[tuple[int, list[Json]]]:
    """The workers' reports of the two newest periods."""
    periods = sorted({row.period for row in rows}, reverse=True)[:2]
    reports = [
        (number, rejected([json.loads(row.document) for row in rows if row.period == number], code))
        for number in periods
    ]
    return [(number, found) for number, found in reports if any(each["rules"] for each in found)]


async def _disputes(moment: Moment) -> list[Json]:
    return [
        {
            "kind": row.kind,
            "stream": ids.stream_id(row.stream),
            "period": moment.render.period(row.period),
            "version": row.version,
            "hash": "0x" + row.hash.hex() if row.hash else None,
            "place": moment.render.place(row),
        }
        for row in await moment.rows(DISPUTES, limit=_LISTED)
    ]


# --- Issuer and transfer agent ---------------------------------------------------------------------


@router.get("/issuer", dependencies=[Depends(others_of_streams)])
async def issuer(request: Request, moment: AnyMoment) -> Response:
    """All series with their terms."""
    streams = await facts.streams(moment)
    return page(
        request, moment, "issuer.html", streams=streams, found=await facts.series_list(moment)
    )


@router.get("/issuer/series/{series_id}", dependencies=[Depends(others_of_series)])
async def series(
    request: Request,
    series_id: Annotated[str, Path(max_length=64)],
    moment: AnyMoment,
    question: Annotated[Question, Query()],
) -> Response:
    """One series: terms, record dates, register of holders, and whether a transfer would be refused."""
    row = await find_series(moment, series_id)
    values = {"series": row.id, "after": 0, "end": moment.end, "limit": _LISTED + 1}
    holders = [
        moment.render.holding(each) for each in await moment.rows(HOLDERS_WITH_UNITS, **values)
    ]
    records = await moment.rows(RECORDS, series=row.id, before=NEWEST, limit=_FEW)
    shown = moment.render.series(row)
    return page(
        request,
        moment,
        "series.html",
        streams=await facts.streams(moment),
        series=shown,
        holders=holders[:_LISTED],
        more=len(holders) > _LISTED,
        records=[moment.render.record(each, row, moment.time) for each in records],
        question=question,
        answer=await ask(moment, shown["address"], question),
        can_ask=moment.service.chain is not None,
    )


# --- Auditor ---------------------------------------------------------------------------------------


@router.get("/audit", dependencies=[Depends(others_of_streams)])
async def audit(
    request: Request,
    moment: AnyMoment,
    reconciled: Annotated[bool, Query()] = False,
) -> Response:
    """Whether the ledger agrees with the chain, disputes, proven faults, and payouts to try a proof on."""
    service = moment.service
    report = None
    if reconciled and service.chain is not None:
        report = await run_in_threadpool(_reconcile, moment)
    return page(
        request,
        moment,
        "audit.html",
        streams=await facts.streams(moment),
        progress=service.progress,
        chain=service.chain is not None,
        report=report,
        disputes=await _disputes(moment),
        faults=[_fault(moment, row) for row in await moment.rows(FAULTS, limit=_LISTED)],
        samples=await _samples(moment),
    )


def _reconcile(moment: Moment) -> Any:
    """The comparison at the ledger's block, made once for each block."""
    return moment.service.reconciled.at(moment.hash, lambda: _compare(moment))


def _compare(moment: Moment) -> Any:
    service = moment.service
    assert service.chain is not None
    contracts = {name: address(where) for name, where in service.contracts.items()}
    with service.database.read() as connection:
        return reconcile(connection, service.chain, contracts)


def _fault(moment: Moment, row: Any) -> Json:
    return {
        "kind": Fault(row.kind).name.lower().replace("_", " "),
        "stream": ids.stream_id(row.stream),
        "period": moment.render.period(row.period),
        "place": moment.render.place(row),
    }


async def _samples(moment: Moment) -> list[Json]:
    """The first payout of the newest distribution of each series."""
    found: dict[str, Json] = {}
    for each in await facts.distributions(moment):
        if each["series"]["id"] in found or each["settlement"] is None:
            continue
        slug, number = ids.parse_distribution_id(each["id"])
        row = await moment.row(ONE_DISTRIBUTION, slug=slug, number=number)
        assert row is not None
        query = payouts_of_distribution(status=None)
        first = await moment.row(query, pos=row.pos, after=0, limit=1)
        if first is not None:
            found[each["series"]["id"]] = moment.render.payout(first)
    return list(found.values())
