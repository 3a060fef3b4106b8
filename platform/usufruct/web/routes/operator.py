"""The operator's page: every stream's status, what its month still needs, funding, gaps and what they cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Row

from usufruct.api.auth.gate import others_of_some_stream
from usufruct.api.documents import batch
from usufruct.api.moment import AnyMoment, Moment
from usufruct.api.render import Json
from usufruct.api.starts import NEWEST
from usufruct.ledger.reads.statements import LAST_FUNDING, batches_page, verdicts_page
from usufruct.web import facts
from usufruct.web.month import checklist, rejected
from usufruct.web.page import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_FEW: Final = 6
_REPORTS: Final = 24
"""Of workers on two periods; each is all that they rejected."""


@router.get("/operator", dependencies=[Depends(others_of_some_stream)])
async def operator(request: Request, moment: AnyMoment) -> Response:
    """Every stream that the caller may see: last batch, statements, month-end, funding, what was rejected."""
    streams = _own(moment, await facts.streams(moment))
    faults = await facts.faults(moment)
    disputes = [each for each in await facts.disputes(moment, faults) if each["stream"] in streams]
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


def _own(moment: Moment, streams: dict[str, Json]) -> dict[str, Json]:
    """The streams whose operation the caller may look at."""
    if moment.service.access.public == "all":
        return streams
    return {key: each for key, each in streams.items() if moment.who.reader(each["number"])}


async def _stream(moment: Moment, stream: Json) -> Json:
    number = stream["number"]
    last = await moment.row(
        batches_page(by_stream=True), before=NEWEST, limit=1, stream=number, known=moment.known
    )
    stated = await facts.statements(moment, stream_number=number, limit=_FEW)
    settled = await facts.settlements(moment, stream_number=number)
    newest = stated[0] if stated else None
    settlement = _of_period(settled, newest)
    escrow = await facts.escrow(moment, number)
    items = checklist(
        newest, settlement, await _distributed(moment, number, newest), _due(settlement), escrow
    )
    return {
        "stream": stream,
        "batch": batch(moment.render, last) if last else None,
        "statements": stated,
        "settlement": settlement,
        "checklist": items,
        "waits": next((each for each in items if each.state != "done"), None),
        "escrow": moment.render.money(escrow),
        "needed": _needed(moment, stated, escrow),
        "fundings": [
            {"amount": moment.render.money(row.amount), "place": moment.render.place(row)}
            for row in await moment.rows(LAST_FUNDING, stream=number, limit=_FEW)
        ],
        "reports": await _reports(moment, stream, stated),
    }


def _of_period(settled: list[Json], stated: Json | None) -> Json | None:
    number = stated["period"]["number"] if stated else None
    return next((each for each in settled if each["period"]["number"] == number), None)


async def _distributed(moment: Moment, stream: int, stated: Json | None) -> int:
    """Series of the stream that were paid for the period of a statement."""
    if stated is None:
        return 0
    paid = await facts.distributions(moment, stream_number=stream)
    return sum(each["period"]["number"] == stated["period"]["number"] for each in paid)


def _due(settlement: Json | None) -> int:
    """Series that a settlement paid."""
    lines = settlement["lines"] if settlement else []
    return len({each["payee"] for each in lines if each["to_series"] and _paid(each)})


def _paid(line: Json) -> int:
    return int(line["paid"]["amount"])


def _needed(moment: Moment, stated: list[Json], escrow: int) -> Json:
    """What must still be brought for the statements that wait for their settlement."""
    waiting = [each for each in stated if each["status"] in ("attested", "final")]
    due = sum(int(each["distributable"]["amount"]) for each in waiting)
    return moment.render.money(max(0, due - escrow))


async def _reports(moment: Moment, stream: Json, stated: list[Json]) -> list[Json]:
    """The workers' reports of the two newest periods; those after the newest statement's are of a month that runs.

    A report that does not have the coverage of the period's statement is of an earlier state, or of a worker that sees
    something else: it comes last and is marked.
    """
    rows = await moment.rows(
        verdicts_page(by_stream=True),
        limit=_REPORTS,
        stream=stream["number"],
        known=moment.known,
    )
    last = stated[0]["period"]["number"] if stated else 0
    coverage = {each["period"]["number"]: each["coverage_bp"] for each in stated}
    return [
        {
            "period": moment.render.period(number),
            "running": number > last,
            "reports": _fitting_first(found, coverage.get(number)),
        }
        for number, found in _by_period(rows, stream["code"])
    ]


def _fitting_first(reports: list[Json], coverage: int | None) -> list[Json]:
    marked = [
        each
        | {"other": None not in (coverage, each["coverage_bp"]) and each["coverage_bp"] != coverage}
        for each in reports
    ]
    return sorted(marked, key=lambda each: bool(each["other"]))


def _by_period(rows: Sequence[Row[Any]], code: str) -> list[tuple[int, list[Json]]]:
    periods = sorted({row.period for row in rows}, reverse=True)[:2]
    reports = [
        (number, rejected([json.loads(row.document) for row in rows if row.period == number], code))
        for number in periods
    ]
    return [(number, found) for number, found in reports if found]
