"""What is prepared and computed on request: claims, previews, checks of proofs, acts of compliance.

Nothing here holds a key or sends anything: whoever asks signs with a wallet of their own.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from usufruct import proof
from usufruct.api import schemas
from usufruct.api.auth.gate import Asking, compliance, own_wallet
from usufruct.api.bodies import Body, described, json_body, received
from usufruct.api.lookup import find_series, find_stream, find_wallet
from usufruct.api.moment import AnyMoment, Moment, moment_of, unstamped
from usufruct.api.node import asked, contract_of, transaction
from usufruct.api.once import once
from usufruct.api.params import wallet_bytes
from usufruct.api.render import Json, account
from usufruct.api.routes.evidence import StreamId
from usufruct.api.routes.wallets import Address
from usufruct.api.service import service_of
from usufruct.api.standing import positions, withheld
from usufruct.chain.client import ChainClient
from usufruct.contracts import address as wallet_address
from usufruct.contracts import participant_registry, revenue_right, waterfall
from usufruct.core.encoding import whole
from usufruct.core.statements import kpi_vector
from usufruct.errors import InputError
from usufruct.ledger.accounts import claimable
from usufruct.ledger.reads.holders import holding_of
from usufruct.ledger.reads.series import SERIES_BY_ADDRESS

router = APIRouter(prefix="/v1")

_WALLET: Final = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
_ALL: Final = 10_000
_U64: Final = (1 << 64) - 1
Names = Annotated[tuple[str, ...], msgspec.Meta(max_length=100)]
Amount = Annotated[str, msgspec.Meta(pattern=whole(r"[0-9]{1,20}"))]
Hash = Annotated[str, msgspec.Meta(pattern=whole(r"0x[0-9a-f]{64}"))]


class ClaimBody(Body, frozen=True):
    """Which claims; without series all of them. `sender` sends for the wallet."""

    series: Names = ()
    sender: str | None = None


class PreviewBody(Body, frozen=True):
    """Receipts in minor units, KPIs in basis points by place, and units to compute a share for."""

    receipts: Amount
    kpis_bp: dict[str, Annotated[int, msgspec.Meta(ge=0, le=65_534)]] | None = None
    units: Amount = "1000000"


class RegistrationBody(Body, frozen=True):
    """A wallet to be admitted or renewed, as the participant registry takes it."""

    wallet: str
    participant: Annotated[int, msgspec.Meta(ge=1, le=(1 << 53) - 1)]
    kyc_until: date
    country: Annotated[int, msgspec.Meta(ge=1, le=999)]
    investor_class: Literal["retail", "professional", "institution"]
    identity_hash: Hash
    locked_until: Annotated[int, msgspec.Meta(ge=0, le=(1 << 40) - 1)] = 0


class FreezeBody(Body, frozen=True):
    """A wallet to be frozen or released; the hash is of the order that says so."""

    wallet: str
    frozen: bool
    reason_hash: Hash
    series: Names = ()


# --- Claims ----------------------------------------------------------------------------------------


@router.post(
    "/wallets/{address}/claims",
    responses=schemas.done(schemas.Claims),
    openapi_extra=described(ClaimBody, {"series": ["ser_lvpps"]}),
    dependencies=[Depends(own_wallet), Depends(received)],
    tags=["wallets"],
)
async def claims(address: Address, request: Request, moment: AnyMoment) -> Response:
    """Unsigned transactions that pay the wallet what it may claim. Whoever sends them, the wallet is paid."""
    body = await json_body(request, ClaimBody)
    owner = account(wallet_bytes(address))
    sender = owner if body.sender is None else account(wallet_bytes(body.sender, "sender"))
    chosen = {(await find_series(moment, name, "series")).id for name in body.series}
    call = (
        revenue_right.claim() if sender == owner else revenue_right.claim_for(wallet_address(owner))
    )
    wallet = await find_wallet(moment, address)
    parts, total = [], 0
    for row in await positions(moment, wallet, 0, _ALL):
        amount = claimable(holding_of(row), row.acc or 0, row.supply or 0)
        if not amount or (chosen and row.series_id not in chosen):
            continue
        total += amount
        where = account(row.series_address)
        parts.append(
            {
                "series": moment.render.series_ref(row),
                "amount": moment.render.money(amount),
                "transaction": transaction(moment.service, where, call),
            }
        )
    return moment.answer(
        {
            "object": "claims",
            "wallet": owner,
            "sender": sender,
            "total": moment.render.money(total),
            "claims": parts,
            "withheld": await withheld(moment, wallet),
        }
    )


# --- Preview ---------------------------------------------------------------------------------------


@router.post(
    "/streams/{stream_id}/preview",
    responses=schemas.done(schemas.Preview),
    openapi_extra=described(PreviewBody, {"receipts": "2000000000", "units": "600000"}),
    tags=["streams"],
)
async def preview(stream_id: StreamId, request: Request) -> Response:
    """What the waterfall would make of receipts under the rules in force, by the contract's own word."""
    body = await json_body(request, PreviewBody)
    async with moment_of(request) as moment:
        stream = await find_stream(moment, stream_id, "id")
    receipts = _u64(body.receipts, "receipts")
    units = _u64(body.units, "units")
    kpis = kpi_vector({_place(name): value for name, value in (body.kpis_bp or {}).items()})
    where = contract_of(moment.service, "Waterfall")

    def ask(node: ChainClient) -> tuple[waterfall.Outcome, waterfall.RulesOfResult]:
        outcome = node.call(where, waterfall.preview(stream.id, receipts, kpis))
        return outcome, node.call(where, waterfall.rules_of(stream.id))

    outcome, ruled = await asked(moment.service, ask)
    render = moment.render
    told = [
        {
            "kind": step.kind.name.lower().replace("_", "-"),
            "payee": step.payee,
            "to_series": step.to_series,
        }
        for step in ruled.rules.steps
    ]
    lines = [
        {
            "due": str(e.due),
            "paid": str(e.paid),
            "released": str(e.released),
            "balance": str(e.balance),
        }
        for e in outcome.lines
    ]
    # What the ledger holds of the payees is as of after the node's word, and so is the answer.
    async with moment_of(request) as after:
        return after.answer(
            {
                "object": "preview",
                "stream": f"str_{stream.id}",
                "receipts": render.money(receipts),
                "fee_multiplier_bp": outcome.multiplier_bp,
                "triggers_breached": [bit for bit in range(8) if outcome.breached >> bit & 1],
                "lines": render.lines(stream.id, told, lines),
                "distributions": await _shares(after, told, lines, units),
            }
        )


async def _shares(moment: Moment, steps: list[Json], lines: list[Json], units: int) -> list[Json]:
    """What each series would distribute: all its steps together."""
    amounts: dict[str, int] = {}
    for step, line in zip(steps, lines, strict=False):
        if step["to_series"]:
            amounts[step["payee"]] = amounts.get(step["payee"], 0) + int(line["paid"])
    found = []
    for payee, amount in amounts.items():
        row = await moment.row(SERIES_BY_ADDRESS, address=bytes.fromhex(payee[2:]))
        if row is None or not row.issued:
            continue
        found.append(
            {
                "series": moment.render.series_name(row),
                "amount": moment.render.money(amount),
                "units_outstanding": str(row.issued),
                "units": str(units),
                "holder_gets": moment.render.money(amount * units // row.issued),
            }
        )
    return found


def _u64(text: str, field: str) -> int:
    value = int(text)
    if value > _U64:
        raise InputError(
            "this number is too large",
            field=field,
            value=text,
            rule="at most 2^64 - 1",
            remedy="give minor units or base units",
        )
    return value


def _place(name: str) -> int:
    if len(name) <= 2 and name.isascii() and name.isdigit():  # noqa: PLR2004  # places are 0 to 15
        return int(name)
    raise InputError(
        "this is no place of a KPI",
        field="kpis_bp",
        value=name,
        rule="places are 0 to 15",
        remedy="see the stream's rules",
    )


# --- Proofs ----------------------------------------------------------------------------------------


@router.post(
    "/proofs/verify",
    responses=schemas.done(schemas.ProofVerdict),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    },
    tags=["payouts"],
)
async def verify_proof(request: Request) -> Response:
    """Checks an uploaded payout proof link by link against this service's node, with its contracts pinned.

    Whoever trusts nobody runs `usufruct verify` with a node of their own.
    """
    service = service_of(request)
    service.proofs.require_room()  # before megabytes are received for nothing
    body = await request.body()
    names = {
        "currency": "SettlementCurrency",
        "series_factory": "SeriesFactory",
        "waterfall": "Waterfall",
        "statement_book": "StatementBook",
        "stream_registry": "StreamRegistry",
        "telemetry_anchor": "TelemetryAnchor",
    }
    pins = {field: contract_of(service, name) for field, name in names.items()}
    parsed = await service.proofs.of(lambda: proof.parse(body))
    checks = await asked(
        service, lambda node: proof.verify(parsed, node, pins=dict(pins)), service.proofs
    )
    return unstamped(
        {
            "object": "proof-verdict",
            "holds": proof.holds(checks),
            "payout": parsed.payout.id,
            "checks": [{"name": e.name, "ok": e.ok, "detail": e.detail} for e in checks],
        }
    )


# --- Compliance ------------------------------------------------------------------------------------


@router.post(
    "/compliance/registrations",
    status_code=201,
    responses=schemas.done(schemas.Prepared, 201),
    openapi_extra=described(
        RegistrationBody,
        {
            "wallet": _WALLET,
            "participant": 7,
            "kyc_until": "2027-12-31",
            "country": 344,
            "investor_class": "professional",
            "identity_hash": "0x" + "11" * 32,
        },
    ),
    dependencies=[Depends(compliance)],
    tags=["compliance"],
)
async def registration(request: Request, who: Asking) -> Response:
    """Admits or renews a wallet: the transaction for a registrar to sign, recorded in the access log."""
    body = await json_body(request, RegistrationBody)
    service = service_of(request)
    where = contract_of(service, "ParticipantRegistry")
    wallet = account(wallet_bytes(body.wallet, "wallet"))
    entry = participant_registry.Registration(
        wallet=wallet_address(wallet),
        participant=body.participant,
        kyc_until=(body.kyc_until - date(1970, 1, 1)).days,
        country=body.country,
        class_=participant_registry.Class[body.investor_class.upper()],
        locked_until=body.locked_until,
        identity_hash=bytes.fromhex(body.identity_hash[2:]),
    )
    _after_1970(entry.kyc_until, body.kyc_until)
    call = participant_registry.register(entry)
    prepared = _prepared("registration", wallet, transaction(service, where, call))
    return await once(request, who, lambda _: prepared)


@router.post(
    "/compliance/freezes",
    status_code=201,
    responses=schemas.done(schemas.Prepared, 201),
    openapi_extra=described(
        FreezeBody, {"wallet": _WALLET, "frozen": True, "reason_hash": "0x" + "22" * 32}
    ),
    dependencies=[Depends(compliance), Depends(received)],
    tags=["compliance"],
)
async def freeze(request: Request, who: Asking, moment: AnyMoment) -> Response:
    """Freezes or releases a wallet: the transaction for a registrar to sign, recorded in the access log."""
    body = await json_body(request, FreezeBody)
    where = contract_of(moment.service, "ParticipantRegistry")
    wallet = account(wallet_bytes(body.wallet, "wallet"))
    rows = [await find_series(moment, name, "series") for name in body.series]
    call = participant_registry.set_frozen(
        wallet_address(wallet),
        body.frozen,
        bytes.fromhex(body.reason_hash[2:]),
        [wallet_address(row.address) for row in rows],
    )
    act = "freeze" if body.frozen else "release"
    prepared = _prepared(act, wallet, transaction(moment.service, where, call))
    return await once(request, who, lambda _: prepared)


def _after_1970(days: int, given: date) -> None:
    if days < 1 or days >= 1 << 16:
        raise InputError(
            "this day cannot be registered",
            field="kyc_until",
            value=given.isoformat(),
            rule="a day from 1970-01-02 to 2149-06-06",
            remedy="give the last day on which the identity check is valid",
        )


def _prepared(act: str, wallet: str, prepared: dict[str, object]) -> Json:
    return {"object": "prepared", "act": act, "wallet": wallet, "transaction": prepared}
