"""The pages of the issuer and its transfer agent: series, subscriptions, the register, refusals with rule and date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy import Row

from usufruct.api.auth.gate import others_of_series, others_of_streams
from usufruct.api.documents import refusal
from usufruct.api.lookup import find_series
from usufruct.api.moment import AnyMoment, Moment, moment_of
from usufruct.api.problems import problem_of
from usufruct.api.render import CLASSES, Json, account, rfc3339
from usufruct.api.starts import NEWEST
from usufruct.errors import InputError
from usufruct.ledger.reads.holders import HOLDERS_WITH_UNITS
from usufruct.ledger.reads.offices import REFUSED_PAYMENTS, STANDINGS
from usufruct.ledger.reads.records import RECORDS
from usufruct.web import facts
from usufruct.web.page import PageRoute, at_form, page
from usufruct.web.transfers import Question, ask

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_FEW: Final = 6
_LISTED: Final = 100
_DAY: Final = 86_400


@router.get("/issuer", dependencies=[Depends(others_of_streams)])
async def issuer(request: Request, moment: AnyMoment) -> Response:
    """All series with their terms, and the offerings."""
    found, more = await facts.series_list(moment)
    return page(
        request,
        moment,
        "issuer.html",
        streams=await facts.streams(moment),
        found=found,
        more=more,
        offered=await facts.offerings(moment),
    )


@router.get("/issuer/series/{series_id}", dependencies=[Depends(others_of_series)])
async def series(
    request: Request,
    series_id: Annotated[str, Path(max_length=64)],
    question: Annotated[Question, Query()],
) -> Response:
    """One series: terms, subscriptions, register of holders, refusals, and whether a transfer would be refused."""
    async with moment_of(request) as moment:
        shown = await _series(moment, series_id)
    # The node may be slow: nothing of the ledger is held meanwhile.
    where = shown["series"]["address"]
    answer, told = None, None
    try:
        answer = await ask(moment.service, where, question)
    except InputError as error:
        told = at_form(problem_of(request, error))
    return page(
        request,
        moment,
        "series.html",
        **shown,
        question=question,
        answer=answer,
        told=told,
        can_ask=moment.service.chain is not None,
    )


async def _series(moment: Moment, name: str) -> Json:
    """What the ledger has of a series."""
    row = await find_series(moment, name)
    values = {"series": row.id, "after": 0, "end": moment.end, "limit": _LISTED + 1}
    holders = await moment.rows(HOLDERS_WITH_UNITS, **values)
    records = await moment.rows(RECORDS, series=row.id, before=NEWEST, limit=_FEW)
    return {
        "streams": await facts.streams(moment),
        "series": moment.render.series(row),
        "holders": await _register(moment, holders[:_LISTED]),
        "more": len(holders) > _LISTED,
        "records": [moment.render.record(each, row, moment.time) for each in records],
        "refused": await _refused(moment, row.id),
        "offered": await facts.offerings(moment, series=row.id),
    }


async def _register(moment: Moment, rows: Sequence[Row[Any]]) -> list[Json]:
    """Holders with their holding, and what the registry says of each."""
    if not rows:
        return []
    ends = {"first": rows[0].wallet_id, "last": rows[-1].wallet_id}
    found = await moment.rows(STANDINGS, series=rows[0].series_id, **ends)
    known = {each.id: each for each in found}
    return [
        moment.render.holding(row) | {"standing": _standing(known[row.wallet_id], moment.time)}
        for row in rows
    ]


def _standing(row: Row[Any], now: int) -> Json:
    """Class, country and last valid day of the identity check; what stands in the way of payments, if anything does."""
    if row.kyc_until is None:
        return {"state": "unknown", "class": None, "country": None, "until": None}
    state = "frozen" if row.frozen else "expired" if row.kyc_until < now // _DAY else "good"
    last = datetime.fromtimestamp(0, UTC) + timedelta(days=row.kyc_until)
    return {
        "state": state,
        "class": CLASSES[row.class_] if row.class_ < len(CLASSES) else str(row.class_),
        "country": row.country,
        "until": rfc3339(int(last.timestamp())),
    }


async def _refused(moment: Moment, series: int) -> list[Json]:
    """Payments that the series refused, with the rule and the date."""
    return [
        {
            "wallet": account(row.wallet),
            "amount": moment.render.money(row.amount),
            "reason": refusal(row.reason)["reason"],
            "place": moment.render.place(row),
        }
        for row in await moment.rows(REFUSED_PAYMENTS, series=series, limit=_LISTED)
    ]
