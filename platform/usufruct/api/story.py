"""The story of one payout: everything between the wallet and the batches, as one object."""

from __future__ import annotations

import json
from typing import Any

from usufruct.api.documents import arithmetic, refusal, sentence, statement
from usufruct.api.moment import Moment
from usufruct.api.problems import not_found
from usufruct.api.render import Json, account, hexed
from usufruct.ledger import ids
from usufruct.ledger.reads.holders import LAST_SKIP
from usufruct.ledger.reads.payouts import ONE_PAYOUT
from usufruct.ledger.reads.statements import (
    BATCH_BY_HEAD,
    BATCHES_BETWEEN,
    ONE_SETTLEMENT,
    STATEMENT_VERSIONS,
)

__all__ = ["explained", "find_payout"]


async def find_payout(moment: Moment, text: str) -> Any:
    """The row of the payout with this id; a problem if there is none."""
    key = ids.parse_payout_id(text)
    row = await moment.row(ONE_PAYOUT, slug=key.slug, number=key.number, address=key.wallet)
    if row is None:
        raise not_found("payout", "id", text, "GET /v1/wallets/{address}/payouts lists them")
    return row


async def explained(moment: Moment, row: Any) -> Json:
    """A payout with units, accumulator, waterfall, statement, tariff, coverage and batches."""
    settled = await moment.row(ONE_SETTLEMENT, stream=row.stream, period=row.period)
    stated = await _settled_statement(moment, row)
    payout = moment.render.payout(row)
    return payout | {
        "sentence": sentence(moment.render, row),
        "arithmetic": arithmetic(row),
        "withheld": await _skip(moment, row),
        "settlement": _settlement(moment, settled, row),
        "statement": statement(moment.render, stated, moment.time, detailed=True)
        if stated
        else None,
        "batches": await _batches(moment, stated) if stated else None,
        "proof": f"/v1/payouts/{payout['id']}/proof",
    }


async def _settled_statement(moment: Moment, row: Any) -> Any:
    versions = await moment.rows(STATEMENT_VERSIONS, stream=row.stream, period=row.period)
    return next((each for each in versions if each.event == "settled"), None)


def _settlement(moment: Moment, settled: Any, row: Any) -> Json | None:
    """The settlement, with the steps that pay this series marked."""
    if settled is None:
        return None
    body = moment.render.settlement(settled)
    series = account(row.series_address).lower()
    for line in body["lines"]:
        line["to_this_series"] = (line["payee"] or "").lower() == series
    return body


async def _skip(moment: Moment, row: Any) -> Json | None:
    """The last refused payment after the distribution, while the payout is unpaid."""
    if row.paid_block is not None:
        return None
    last = await moment.row(LAST_SKIP, wallet=row.wallet_id, series=row.series_id)
    if last is None or last.pos < row.pos:
        return None
    return refusal(last.reason)


async def _batches(moment: Moment, stated: Any) -> Json:
    """How many batches and readings stand behind the statement."""
    fields = json.loads(stated.fields)
    first = await moment.row(BATCH_BY_HEAD, head=bytes.fromhex(fields["first_head"][2:]))
    last = await moment.row(BATCH_BY_HEAD, head=bytes.fromhex(fields["last_head"][2:]))
    rows = await moment.many_rows(
        BATCHES_BETWEEN,
        stream=stated.stream,
        after=first.seq if first else 0,
        last=last.seq if last else 0,
    )
    return {
        "count": len(rows),
        "readings": str(sum(each._mapping["count"] for each in rows)),
        "first": ids.batch_id(stated.stream, rows[0].seq) if rows else None,
        "last": ids.batch_id(stated.stream, rows[-1].seq) if rows else None,
        "evidence_missing": sum(each.manifest is None for each in rows),
        "last_head": hexed(rows[-1].head) if rows else None,
    }
