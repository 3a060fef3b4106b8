"""What a wallet's series pay next: asked of the ledger, put together by `coming`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from usufruct.api.moment import Moment
from usufruct.api.render import Json, rfc3339
from usufruct.api.starts import NEWEST
from usufruct.ledger.reads.payouts import payouts_of_wallet
from usufruct.ledger.reads.records import RECORDS
from usufruct.ledger.reads.series import SERIES_BY_SLUG, distributions_page
from usufruct.web import facts
from usufruct.web.coming import Past, Stated, coming, expected_amount

__all__ = ["ahead"]

_MOST: Final = 24
_PAST: Final = 6


async def ahead(
    moment: Moment, wallet: int | None, holdings: list[Json], streams: dict[str, Json]
) -> list[Json]:
    """The next payment of each series that the wallet holds units of, the earliest first."""
    held = [each for each in holdings if int(each["units"])][:_MOST]
    found = [
        await _one(moment, wallet or 0, each, streams[each["series"]["stream"]])
        for each in held
        if each["series"]["stream"] in streams
    ]
    return sorted(found, key=lambda each: each["expected"] or each["earliest"] or "~")


async def _one(moment: Moment, wallet: int, holding: Json, stream: Json) -> Json:
    slug = holding["series"]["id"].removeprefix("ser_")
    series = await moment.row(SERIES_BY_SLUG, slug=slug)
    assert series is not None
    period = max((series.last_period or 0) + 1, series.term_from)
    over = series.closed is not None or period > series.term_to
    stated = await facts.statements(moment, stream_number=stream["number"], period=period, limit=1)
    window = stream["challenge_window_seconds"]
    bounds = facts.bounds(moment, period)
    past = await _past(moment, series.id)
    next_one = coming(moment.time, bounds, window, _stated(stated), past, over=over)
    paid = await moment.rows(
        payouts_of_wallet(by_series=True),
        wallet=wallet,
        before=NEWEST,
        limit=_PAST,
        series=series.id,
    )
    amount = expected_amount(int(holding["units"]), [(row.units, row.amount) for row in paid])
    if over:
        amount = None
    due = int(stated[0]["distributable"]["amount"]) if stated else None
    return {
        "series": holding["series"],
        "period": moment.render.period(period),
        "stage": next_one.stage,
        "earliest": _text(next_one.earliest),
        "expected": _text(next_one.expected),
        "payments": next_one.payments,
        "amount": None if amount is None else moment.render.money(amount),
        "based_on": min(len(paid), 3),
        "stated": stated[0] if stated else None,
        "funded": due is not None and await facts.escrow(moment, stream["number"]) >= due,
        "record_date": await _record_date(moment, series, period),
    }


async def _past(moment: Moment, series: int) -> list[Past]:
    rows = await moment.rows(
        distributions_page(by_series=True), before=NEWEST, limit=_PAST, series=series
    )
    ends = [(facts.bounds(moment, row.period), row.time) for row in rows]
    return [Past(bounds[1], time) for bounds, time in ends if bounds is not None]


async def _record_date(moment: Moment, series: Row[Any], period: int) -> str | None:
    rows = await moment.rows(RECORDS, series=series.id, before=period + 1, limit=1)
    return rfc3339(rows[0].at) if rows and rows[0].period == period else None


def _stated(found: list[Json]) -> Stated | None:
    if not found:
        return None
    final_at = datetime.fromisoformat(found[0]["final_at"])
    return Stated(found[0]["status"], int(final_at.timestamp()))


def _text(time: int | None) -> str | None:
    return None if time is None else rfc3339(time)
