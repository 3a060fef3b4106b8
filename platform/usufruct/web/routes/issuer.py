"""The pages of the issuer and its transfer agent: series, subscriptions, the register, refusals with rule and date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import ConfigDict
from sqlalchemy import Row

from usufruct.api.auth.gate import others_of_series, others_of_streams
from usufruct.api.documents import refusal
from usufruct.api.known import moment_as_known
from usufruct.api.lookup import find_series
from usufruct.api.moment import AnyMoment, Moment, moment_of
from usufruct.api.params import AsOf
from usufruct.api.problems import problem_of
from usufruct.api.render import CLASSES, Json, account, rfc3339
from usufruct.api.starts import NEWEST, holder_place
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


class SeriesPage(Question, AsOf):
    """A transfer that is asked about, and which part of the register, as of when."""

    model_config = ConfigDict(extra="ignore")  # a page's address names its language, too

    after: Annotated[str | None, Query(max_length=64)] = None


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
    question: Annotated[SeriesPage, Query()],
) -> Response:
    """One series: terms, subscriptions, register of holders, refusals, and whether a transfer would be refused."""
    async with moment_of(request) as moment:
        shown = await _series(moment, series_id, question)
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


async def _series(moment: Moment, name: str, question: SeriesPage) -> Json:
    """What the ledger has of a series, and the register as of the moment that is asked for."""
    row = await find_series(moment, name)
    # An empty field of the form means now.
    asked = AsOf(as_of_block=question.as_of_block, as_of_date=question.as_of_date or None)
    then = await moment_as_known(moment, asked)
    after = await holder_place(then, question.after, row.id)
    values = {"series": row.id, "after": after, "end": then.end, "limit": _LISTED + 1}
    holders = await then.rows(HOLDERS_WITH_UNITS, **values)
    listed = await _register(then, holders[:_LISTED])
    records = await moment.rows(RECORDS, series=row.id, before=NEWEST, limit=_FEW)
    return {
        "streams": await facts.streams(moment),
        "series": moment.render.series(row),
        "holders": listed,
        "then": None if then is moment else then.block,
        "after": listed[-1]["wallet"] if len(holders) > _LISTED else None,
        "records": [moment.render.record(each, row, moment.time) for each in records],
        "refused": await _refused(moment, row.id),
        "offered": await facts.offerings(moment, series=row.id),
    }


async def _register(moment: Moment, rows: Sequence[Row[Any]]) -> list[Json]:
    """Holders with their holding, and what the registry says of each."""
    if not rows:
        return []
    ends = {"first": rows[0].wallet_id, "last": rows[-1].wallet_id}
    found = await moment.rows(STANDINGS, series=rows[0].series_id, end=moment.end, **ends)
    known = {each.id: each for each in found}
    return [
        moment.render.holding(row) | {"standing": _standing(known.get(row.wallet_id), moment.time)}
        for row in rows
    ]


def _standing(row: Row[Any] | None, now: int) -> Json:
    """Class, country and last valid day of the identity check; what stands in the way of payments, if anything does."""
    if row is None or row.kyc_until is None:
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
