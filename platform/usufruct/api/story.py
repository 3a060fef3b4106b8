"""The story of one payout: everything between the wallet and the batches, as one object."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row

from usufruct.api.documents import (
    arithmetic,
    dispute,
    happened,
    known_at,
    kpis,
    refusal,
    sentence,
    statement,
    version,
)
from usufruct.api.known import Known, statement_as_known
from usufruct.api.moment import Moment
from usufruct.api.problems import not_found
from usufruct.api.render import Json, account, hexed, rfc3339
from usufruct.ledger import ids
from usufruct.ledger.reads.disputes import disputes_page
from usufruct.ledger.reads.funds import PAID_TO_FUND
from usufruct.ledger.reads.payouts import ONE_PAYOUT
from usufruct.ledger.reads.places import BLOCK_AT_TIME
from usufruct.ledger.reads.provenance import ANNOUNCED, LAST_SKIP_AS_OF, UNITS_SINCE
from usufruct.ledger.reads.statements import (
    BATCH_BY_HEAD,
    BATCHES_BETWEEN,
    ONE_SETTLEMENT,
    RULES_VERSION,
    STATEMENT_EVENTS,
    STATEMENT_VERSIONS,
    STREAMS,
    TARIFFS,
)
from usufruct.ledger.types import first_position

__all__ = ["disputes_of", "explained", "find_payout"]

_ALL: Final = 1_000


async def find_payout(moment: Moment, text: str) -> Any:
    """The row of the payout with this id; a problem if there is none."""
    key = ids.parse_payout_id(text)
    named = {"slug": key.slug, "number": key.number, "address": key.wallet}
    row = await moment.row(ONE_PAYOUT, **named, end=moment.end)
    if row is None:
        raise not_found("payout", "id", text, "GET /v1/wallets/{address}/payouts lists them")
    return row


async def explained(moment: Moment, row: Any) -> Json:
    """A payout with units, accumulator, waterfall, KPIs, statement, tariff, coverage, batches and disputes.

    Every figure stands with the log, hash or id that proves it, as of the moment.
    """
    stream, period = row.stream, row.period
    common = await moment.kept(
        ("period", stream, period), lambda: _of_period(moment, stream, period)
    )
    payout = moment.render.payout(row)
    return payout | {
        "sentence": sentence(moment.render, row),
        "arithmetic": arithmetic(row),
        "units_since": await _units_since(moment, row),
        "record": await _record(moment, row),
        "withheld": await _skip(moment, row),
        **common,
        "settlement": _marked(common["settlement"], row),
        "fund_income": await _fund_income(moment, row),
        "proof": f"/v1/payouts/{payout['id']}/proof",
    }


async def _of_period(moment: Moment, stream: int, period: int) -> Json:
    """What the payouts of a period have in common, whoever's they are."""
    settled = await moment.row(ONE_SETTLEMENT, stream=stream, period=period)
    versions, events = await _statements(moment, stream, period)
    stated = next((each for each in versions if each.event == "settled"), None)
    rules = await _rules(moment, settled)
    batches = await _batches_behind(moment, stated)
    return {
        "settlement": None if settled is None else moment.render.settlement(settled),
        "rules": None if rules is None else _ruled(moment, rules),
        "kpis": kpis(stated, rules),
        "statement": statement(moment.render, stated, moment.time, detailed=True)
        if stated
        else None,
        "versions": [version(moment.render, each, moment.time) for each in versions],
        "history": [happened(moment.render, each) for each in events],
        "disputes": await disputes_of(moment, stream, period) if stream else [],
        "tariff": await _tariff(moment, stated),
        "coverage": await _coverage(moment, stated, batches),
        "batches": _summed(moment, stated, batches) if stated else None,
    }


async def _fund_income(moment: Moment, row: Any) -> list[Json] | None:
    """What the fund was paid since it passed its income on before; None of series of streams."""
    if row.stream is not None:
        return None
    paid = await moment.many_rows(PAID_TO_FUND, series=row.series_id, before=row.pos)
    return [
        {
            "series": moment.render.series_ref(each),
            "amount": moment.render.money(each.amount),
            "paid": moment.render.place(each),
        }
        for each in paid
    ]


async def disputes_of(moment: Moment, stream: int, period: int) -> list[Json]:
    """Every dispute of any version of a period's statement, in order."""
    rows = await moment.rows(
        disputes_page(by_stream=True, by_period=True, order="time"),
        stream=stream,
        period=period,
        end=moment.end,
        limit=_ALL,
    )
    return [dispute(moment.render, each) for each in rows]


async def _statements(moment: Moment, stream: int, period: int) -> tuple[list[Any], list[Row[Any]]]:
    """All versions of the period's statement, newest first, and what happened to them."""
    named = {"stream": stream, "period": period}
    return statement_as_known(
        await moment.rows(STATEMENT_VERSIONS, **named, known=moment.known),
        await moment.rows(STATEMENT_EVENTS, **named),
        Known(moment.block, moment.time),
    )


async def _units_since(moment: Moment, row: Any) -> Json | None:
    """The log that left the wallet with the units that counted."""
    before = row.pos
    if row.record_at is not None:
        block = await moment.row(BLOCK_AT_TIME, time=row.record_at - 1)
        before = first_position(int(block[0] or 0) + 1) if block else 0
    since = await moment.row(
        UNITS_SINCE, series=row.series_id, wallet=row.wallet_id, units=row.units, before=before
    )
    return None if since is None else moment.render.place(since)


async def _record(moment: Moment, row: Any) -> Json | None:
    """The record date that decided, with the log that announced it; None where the distribution decided."""
    if row.record_at is None:
        return None
    found = await moment.row(
        ANNOUNCED, series=row.series_id, period=row.period, at=row.record_at, before=row.pos
    )
    if found is None:
        return None
    return {
        "id": ids.record_id(row.slug, row.period),
        "record_date": rfc3339(row.record_at),
        "announced": moment.render.place(found),
    }


async def _rules(moment: Moment, settled: Any) -> Any:
    if settled is None:
        return None
    return await moment.row(RULES_VERSION, stream=settled.stream, version=settled.rules_version)


def _ruled(moment: Moment, rules: Any) -> Json:
    return {
        "version": rules.version,
        "effective_at": rfc3339(rules.effective_at),
        "recorded": moment.render.place(rules),
    }


async def _tariff(moment: Moment, stated: Any) -> Json | None:
    """The tariff that priced the readings, with the log that registered its hash."""
    if stated is None:
        return None
    wanted = json.loads(stated.fields)["tariff_hash"]
    rows = await moment.rows(TARIFFS, stream=stated.stream, end=stated.pos)
    found = [each for each in rows if hexed(each.hash) == wanted]
    if not found:
        return None
    return {
        "hash": wanted,
        "valid_from": rfc3339(found[-1].valid_from),
        "registered": moment.render.place(found[-1]),
    }


async def _coverage(moment: Moment, stated: Any, batches: Sequence[Row[Any]]) -> Json | None:
    """How much was measured, how much the stream asks for, and the readings by the batches' own manifests."""
    if stated is None:
        return None
    fields = json.loads(stated.fields)
    stream = next(each for each in await moment.rows(STREAMS) if each.id == stated.stream)
    manifests = [json.loads(each.manifest) for each in batches if each.manifest]
    whole = len(manifests) == len(batches)
    return {
        "coverage_bp": fields["coverage_bp"],
        "required_bp": stream.min_coverage_bp,
        "estimated_bp": fields["estimated_bp"],
        "allowed_estimated_bp": stream.max_estimated_bp,
        "statement": ids.statement_id(stated.stream, stated.period, stated.version),
        **{
            name: str(sum(int(each[name]) for each in manifests)) if whole else None
            for name in ("expected", "covered", "estimated")
        },
    }


def _marked(settlement: Json | None, row: Any) -> Json | None:
    """The settlement, with the steps that pay this series marked."""
    if settlement is None:
        return None
    series = account(row.series_address).lower()
    lines = [
        line | {"to_this_series": (line["payee"] or "").lower() == series}
        for line in settlement["lines"]
    ]
    return settlement | {"lines": lines}


async def _skip(moment: Moment, row: Any) -> Json | None:
    """The last refused payment after the distribution, while the payout is unpaid."""
    if row.paid_block is not None:
        return None
    last = await moment.row(
        LAST_SKIP_AS_OF, wallet=row.wallet_id, series=row.series_id, end=moment.end
    )
    if last is None or last.pos < row.pos:
        return None
    return refusal(last.reason) | {"skipped": moment.render.place(last)}


async def _batches_behind(moment: Moment, stated: Any) -> Sequence[Row[Any]]:
    """The batches from which the statement was computed, in order."""
    if stated is None:
        return []
    fields = json.loads(stated.fields)
    first, last = [
        await moment.row(BATCH_BY_HEAD, head=bytes.fromhex(fields[name][2:]), known=moment.known)
        for name in ("first_head", "last_head")
    ]
    return await moment.many_rows(
        BATCHES_BETWEEN,
        stream=stated.stream,
        after=first.seq if first else 0,
        last=last.seq if last else 0,
        known=moment.known,
    )


def _summed(moment: Moment, stated: Any, rows: Sequence[Row[Any]]) -> Json:
    """How many batches and readings stand behind the statement."""
    return {
        "count": len(rows),
        "readings": str(sum(each._mapping["count"] for each in rows)),
        "first": ids.batch_id(stated.stream, rows[0].seq) if rows else None,
        "last": ids.batch_id(stated.stream, rows[-1].seq) if rows else None,
        "evidence_missing": sum(each.manifest is None for each in rows),
        "evidence_known_at": known_at(
            max((each.evidence_known_at or 0 for each in rows), default=0)
        ),
        "last_head": hexed(rows[-1].head) if rows else None,
        "anchored": moment.render.place(rows[-1]) if rows else None,
    }
