"""One payout: why this amount, down to the tariff and the batches, and the proof of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from usufruct import proof
from usufruct.api import schemas
from usufruct.api.auth.gate import own_payout
from usufruct.api.known import moment_as_known
from usufruct.api.moment import AnyMoment, moment_of
from usufruct.api.params import AsOf, ProofQuery
from usufruct.api.problems import Problem
from usufruct.api.route import LedgerRoute
from usufruct.api.story import explained, find_payout
from usufruct.ledger import ids

router = APIRouter(
    prefix="/v1/payouts/{payout_id}",
    tags=["payouts"],
    dependencies=[Depends(own_payout)],
    route_class=LedgerRoute,
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
async def one_payout(
    payout_id: PayoutId, query: Annotated[AsOf, Query()], moment: AnyMoment
) -> Response:
    """One payout with its full explanation.

    Units at the record moment and the rate, waterfall, KPIs, statement with its versions, tariff lines, coverage,
    corrections, batches and disputes, each with the log, hash or id that proves it; now or earlier.
    """
    then = await moment_as_known(moment, query)
    return then.answer(await explained(then, await find_payout(then, payout_id)))


@router.get("/proof", responses=schemas.ok(schemas.Proof))
async def payout_proof(
    payout_id: PayoutId,
    query: Annotated[ProofQuery, Query()],
    request: Request,  # the name in the path
) -> Response:
    """The proof of a payout, to be checked with `usufruct verify` against a node of one's own.

    The file is the same whenever all that it takes was known. As of an earlier moment a problem says that the payout
    was not there yet, or which evidence this service did not know then.
    """
    async with moment_of(request) as moment:
        then = await moment_as_known(moment, query)
        row = await find_payout(then, payout_id)
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
        with moment.later() as connection:
            return proof.build(
                connection,
                moment.service.chain_id,
                named,
                payout_pos=row.pos,
                wallet=row.wallet_id,
                readings=query.readings,
                known=then.known,
            )

    return moment.plain(await moment.service.documents.of(built))


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
