"""The issuer's workbench: a structure, moved by hand, and what everybody would get."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from usufruct.api.lookup import find_stream
from usufruct.api.moment import AnyMoment
from usufruct.api.problems import Problem, not_found
from usufruct.api.starts import NEWEST
from usufruct.finance.attested import receipts_of
from usufruct.ledger.reads.series import SERIES_PAGE_OF_STREAM
from usufruct.ledger.reads.statements import LAST_RULES, statements_page
from usufruct.web import facts
from usufruct.web.language import language_of, translate
from usufruct.web.page import PageRoute, page
from usufruct.web.starter import SERIES, starter

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_PERIODS = 120


@router.get("/workbench")
async def workbench(request: Request, moment: AnyMoment) -> Response:
    """The page; the structure itself never leaves the browser but to be worked out."""
    return page(request, moment, "workbench.html", streams=await facts.streams(moment))


@router.get("/workbench/attested")
async def attested(
    request: Request, moment: AnyMoment, stream: Annotated[str, Query(max_length=40)]
) -> Response:
    """A structure that stands on what is attested of a stream: statements, rules and series are everybody's to see."""
    row = await find_stream(moment, stream)
    rows = await moment.rows(
        statements_page(by_stream=True),
        before=NEWEST,
        limit=_PERIODS,
        stream=row.id,
        known=moment.known,
    )
    receipts = list(receipts_of(row.code, rows))
    if not receipts:
        raise _nothing(stream)
    rules = await moment.row(LAST_RULES, stream=row.id)
    series = await moment.rows(SERIES_PAGE_OF_STREAM, after=0, limit=SERIES + 1, stream=row.id)
    render = moment.render
    text = starter(
        row.code,
        render.currency,
        receipts,
        None if rules is None else json.loads(rules.content),
        render.labels.steps.get(row.id, ()),
        [render.series(each) for each in series],
        partial(translate, language_of(request)),
    )
    found = [
        {
            "name": each.name,
            "month": each.month,
            "status": each.status,
            "digest": each.digest,
            "distributable": str(each.distributable),
            "version": each.version,
        }
        for each in receipts
    ]
    return moment.answer({"file": text, "statements": found, "decimals": render.currency.decimals})


def _nothing(stream: str) -> Problem:
    return not_found("attested period of", "stream", stream, "wait for its first statement")
