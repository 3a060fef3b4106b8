"""One payout: why this amount, down to the tariff and the batches, and the proof of it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.concurrency import run_in_threadpool

from usufruct import proof
from usufruct.api import schemas
from usufruct.api.auth.gate import own_payout
from usufruct.api.documents import arithmetic, refusal, sentence, statement
from usufruct.api.moment import AnyMoment, Moment
from usufruct.api.params import Nothing, ProofQuery
from usufruct.api.problems import Problem, not_found
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

router = APIRouter(
    prefix="/v1/payouts/{payout_id}", tags=["payouts"], dependencies=[Depends(own_payout)]
)

PayoutId = Annotated[
    str,
    Path(
        max_length=128,
        description="id of a payout",
        examples=["po_lvpps_1_bcd4042de499d14e55001ccbb24a551f3b954096"],
    ),
]


@router.get("", responses=schemas.ok(schemas.PayoutDetail))
async def one_payout(payout_id: PayoutId, _: Nothing, moment: AnyMoment) -> Response:
    """One payout with its full explanation: units, accumulator, waterfall, statement, tariff, coverage, batches."""
    row = await _payout(moment, payout_id)
    settled = await moment.row(ONE_SETTLEMENT, stream=row.stream, period=row.period)
    stated = await _settled_statement(moment, row)
    body = moment.render.payout(row) | {
        "sentence": sentence(moment.render, row),
        "arithmetic": arithmetic(row),
        "withheld": await _skip(moment, row),
        "settlement": _settlement(moment, settled, row),
        "statement": statement(moment.render, stated, moment.time, detailed=True)
        if stated
        else None,
        "batches": await _batches(moment, stated) if stated else None,
        "proof": f"/v1/payouts/{payout_id}/proof",
    }
    return moment.answer(body)


@router.get("/proof", responses=schemas.ok(schemas.Proof))
async def payout_proof(
    payout_id: PayoutId,
    query: Annotated[ProofQuery, Query()],
    moment: AnyMoment,  # the name in the path
) -> Response:
    """The proof of a payout, to be checked with `usufruct verify` against a node of one's own."""
    row = await _payout(moment, payout_id)
    if row.stream is None:
        raise _proven_elsewhere(row)
    contracts = moment.service.contracts
    named = proof.Contracts(
        currency=contracts["SettlementCurrency"],
        series_factory=contracts["SeriesFactory"],
        waterfall=contracts["Waterfall"],
        statement_book=contracts["StatementBook"],
        stream_registry=contracts["StreamRegistry"],
        telemetry_anchor=contracts["TelemetryAnchor"],
    )

    def built() -> bytes:
        with moment.service.database.read() as connection:
            return proof.build(
                connection,
                moment.service.chain_id,
                named,
                payout_pos=row.pos,
                wallet=row.wallet_id,
                readings=query.readings,
            )

    return moment.plain(await run_in_threadpool(built))


async def _payout(moment: Moment, text: str) -> Any:
    key = ids.parse_payout_id(text)
    row = await moment.row(ONE_PAYOUT, slug=key.slug, number=key.number, address=key.wallet)
    if row is None:
        raise not_found("payout", "id", text, "GET /v1/wallets/{address}/payouts lists them")
    return row


def _proven_elsewhere(row: Any) -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-parameter",
        f"{row.symbol} are units of a fund: their income is what the fund was paid for the series it holds.",
        field="id",
        value=ids.payout_id(row.slug, row.number, row.wallet),
        rule="a proof leads from a payout to the meter readings of one stream",
        remedy="ask for the proofs of the fund's own payouts: GET /v1/wallets/{fund}/payouts",
    )


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
