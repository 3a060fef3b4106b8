"""Streams, batches and statements as the API's objects, and the explanation of a payout."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row

from usufruct.api.render import KINDS, Json, Renderer, hexed, rfc3339
from usufruct.contracts.objective_disputes import Fault
from usufruct.contracts.revenue_right import Refusal
from usufruct.core.corrections import CorrectedPeriod, Corrections
from usufruct.core.encoding import ReadingLeaf, checksum_address
from usufruct.core.statements import kpi_values
from usufruct.ledger import ids
from usufruct.ledger.accounts import payout_amount
from usufruct.money import Currency, format_amount

__all__ = [
    "arithmetic",
    "batch",
    "dispute",
    "happened",
    "known_at",
    "kpis",
    "refusal",
    "sentence",
    "statement",
    "stream",
    "version",
]

_REFUSALS: Final = {
    Refusal.RECIPIENT_FROZEN: "The wallet was frozen; the amount stays with it until it is released.",
    Refusal.RECIPIENT_EXPIRED: "The identity check had expired; the amount stays until it is renewed.",
    Refusal.UNITS_FROZEN: "An order holds units of the wallet; the amount stays claimable.",
    Refusal.PAYMENT_REJECTED: "The currency refused the wallet; the amount stays claimable.",
}


def stream(
    render: Renderer,
    row: Row[Any],
    tariffs: Sequence[Row[Any]] | None = None,
    rules: Sequence[Row[Any]] = (),
    fundings: Sequence[Row[Any]] = (),
) -> Json:
    """A stream; with `tariffs` given also its tariffs, rules and latest funding."""
    body: Json = {
        "id": ids.stream_id(row.id),
        "object": "stream",
        "number": row.id,
        "code": row.code,
        "kind": KINDS[row.kind] if row.kind < len(KINDS) else str(row.kind),
        "starts": rfc3339(row.start),
        "challenge_window_seconds": row.challenge_window,
        "funding_grace_seconds": row.funding_grace,
        "min_coverage_bp": row.min_coverage_bp,
        "max_estimated_bp": row.max_estimated_bp,
        "readings": "committed" if row.committed else "open",
        "depends_on": [ids.stream_id(each) for each in json.loads(row.depends_on)],
        "opened": render.place(row),
    }
    if tariffs is None:
        return body
    body["tariffs"] = [
        {
            "hash": hexed(each.hash),
            "valid_from": rfc3339(each.valid_from),
            "registered": render.place(each),
        }
        for each in tariffs
    ]
    body["rules"] = [
        {
            "version": each.version,
            "effective_at": rfc3339(each.effective_at),
            "recorded": render.place(each),
            **json.loads(each.content),
        }
        for each in rules
    ]
    body["funding"] = [
        {
            "from": checksum_address(each.sender),
            "amount": render.money(each.amount),
            "escrow_after": render.money(each.escrow),
            **render.place(each),
        }
        for each in fundings
    ]
    return body


def known_at(time: int | None) -> str | None:
    """When something came that no log brought; None where nothing did, or before that was noted."""
    return rfc3339(time) if time else None


def batch(render: Renderer, row: Row[Any]) -> Json:
    """An anchored batch."""
    return {
        "id": ids.batch_id(row.stream, row.seq),
        "object": "batch",
        "stream": ids.stream_id(row.stream),
        "seq": row.seq,
        "from": rfc3339(row.from_),
        "to": rfc3339(row.to_),
        "first": str(row.first),
        "count": row._mapping["count"],  # Row.count is a method of tuples
        "closes_period": row.closes,
        "root": hexed(row.root),
        "content": hexed(row.content),
        "head": hexed(row.head),
        "evidence": "checked" if row.manifest else "missing",
        "evidence_known_at": known_at(row.evidence_known_at),
        "anchored": render.place(row),
    }


def statement(render: Renderer, row: Row[Any], now: int, *, detailed: bool = False) -> Json:
    """A statement; `now` is the chain's time, which decides whether its window is over."""
    fields = json.loads(row.fields)
    final_at = row.event_final_at or row.final_at
    body: Json = {
        "id": ids.statement_id(row.stream, row.period, row.version),
        "object": "statement",
        "stream": ids.stream_id(row.stream),
        "period": render.period(row.period),
        "version": row.version,
        "status": _status(row, final_at, now),
        "from": rfc3339(fields["from_"]),
        "to": rfc3339(fields["to"]),
        "gross": render.money(int(fields["gross"])),
        "adjustments": render.money(int(fields["adjustments"])),
        "distributable": render.money(row.distributable),
        "coverage_bp": fields["coverage_bp"],
        "estimated_bp": fields["estimated_bp"],
        "final_at": rfc3339(final_at),
        "digest": hexed(row.digest),
        "evidence": "checked" if row.lines else "missing",
        "evidence_known_at": known_at(row.evidence_known_at),
        "attested": render.place(row),
    }
    if not detailed:
        return body
    for name in ("first_head", "last_head", "lines_root", "tariff_hash", "documents"):
        body[name] = fields[name]
    body["kpis_bp"] = kpi_values(bytes.fromhex(fields["kpis"][2:]))
    body["lines"] = _lines(render, row)
    body["tariff"] = json.loads(row.tariff) if row.tariff else None
    body["corrections"] = _corrections(render, row)
    body["signers"] = _signers(row)
    return body


def version(render: Renderer, row: Row[Any], now: int) -> Json:
    """One of a period's versions, with what it says in one line and where it was attested."""
    shown = statement(render, row, now)
    kept = ("id", "version", "status", "digest", "adjustments", "distributable", "attested")
    return {name: shown[name] for name in kept}


def happened(render: Renderer, row: Row[Any]) -> Json:
    """Something that happened to a statement."""
    return {
        "event": row.kind,
        "version": row.version,
        "hash": hexed(row.hash) if row.hash else None,
        **render.place(row),
    }


def _status(row: Row[Any], final_at: int, now: int) -> str:
    if not row.newest and row.event != "settled":
        return "superseded"
    if row.event in ("disputed", "voided", "settled"):
        return str(row.event)
    return "final" if now >= final_at else "attested"


def _lines(render: Renderer, row: Row[Any]) -> list[Json] | None:
    if row.lines is None:
        return None
    return [
        {
            "row": line["row"],
            "price": render.money(int(line["price"])),
            "per": str(line["per"]),
            "quantity": str(line["quantity"]),
            "readings": line["count"],
            "amount": render.money(int(line["amount"])),
        }
        for line in json.loads(row.lines)
    ]


def _corrections(render: Renderer, row: Row[Any]) -> Json | None:
    """What the statement adjusts and why; the document is what its hash stands for."""
    if row.corrections is None:
        return None
    found = Corrections.from_json(row.corrections.encode())
    return {
        "carried": render.money(found.carried),
        "total": render.money(found.total),
        "left_to_adjust": render.money(found.owed),
        "periods": [_corrected(render, each) for each in found.periods],
        "document": json.loads(row.corrections),
    }


def _corrected(render: Renderer, period: CorrectedPeriod) -> Json:
    pairs = [
        (ReadingLeaf.decode(each.old), ReadingLeaf.decode(each.new), each.reason)
        for each in period.readings
    ]
    return {
        "period": render.period(period.period),
        "rows": [
            {
                "row": each.row,
                "stated": str(each.stated),
                "before": str(each.before),
                "change": str(each.change),
                "amount": render.money(each.amount),
            }
            for each in period.rows
        ],
        "readings": [
            {
                "seq": str(new.seq),
                "rev": new.rev,
                "reason": reason,
                "record": hexed(new.record),
                "supersedes": hexed(old.record),
            }
            for old, new, reason in pairs
        ],
    }


def _signers(row: Row[Any]) -> list[str] | None:
    """Addresses whose signatures were checked."""
    if row.signer_table is None:
        return None
    bitmap = int(row.evidence_signers, 16)
    return [each for place, each in enumerate(json.loads(row.signer_table)) if bitmap >> place & 1]


def dispute(render: Renderer, row: Row[Any]) -> Json:
    """A dispute of one version of a statement, what was decided, and what that does to the money."""
    fault = None
    if row.fault is not None:
        fault = {
            "id": hexed(row.fault),
            "kind": Fault(row.fault_kind).name.lower().replace("_", "-"),
            "challenger": checksum_address(row.challenger),
            "evidence": hexed(row.fault_evidence),
        }
    successor = None
    if row.next_version is not None:
        successor = {
            "id": ids.statement_id(row.stream, row.period, row.next_version),
            "distributable": render.money(row.next_distributable),
        }
    disputed = row.kind == "disputed"
    status, effect = _outcome(row)
    return {
        "id": ids.dispute_id(row.stream, row.period, row.version, row.earlier + 1),
        "object": "dispute",
        "stream": ids.stream_id(row.stream),
        "period": render.period(row.period),
        "statement": ids.statement_id(row.stream, row.period, row.version),
        "version": row.version,
        "digest": hexed(row.digest),
        "distributable": render.money(row.distributable),
        "by": checksum_address(row.actor) if row.actor else None,
        "evidence": hexed(row.hash) if disputed and row.hash else None,
        "opened": render.place(row),
        "status": status,
        "reason": hexed(row.decided_hash) if row.decided_hash else None,
        "decided": render.place(row, "decided_") if row.decision else None,
        "fault": fault,
        "effect": effect,
        "successor": successor,
    }


def _outcome(row: Row[Any]) -> tuple[str, str]:
    """What became of a dispute, and what that does to the period's payment."""
    if row.decision is None:
        return "open", "payment-blocked"
    if row.decision == "dismissed":
        return "lapsed" if row.lapsed else "dismissed", "statement-stands"
    replaced = row.next_version is not None
    return "upheld", "statement-replaced" if replaced else "waits-for-new-statement"


def refusal(reason: int) -> Json:
    """Why a page of payments passed over a wallet."""
    known = Refusal(reason)
    text = _REFUSALS.get(known, "The series refused the payment; the amount stays claimable.")
    return {"reason": known.name.lower().replace("_", "-"), "detail": text}


# --- Why this amount -------------------------------------------------------------------------------


def kpis(stated: Any, rules: Any) -> list[Json]:
    """The KPIs that the rules look at, with the attested value of each."""
    if stated is None or rules is None:
        return []
    values = kpi_values(bytes.fromhex(json.loads(stated.fields)["kpis"][2:]))
    return [
        {
            "kpi": each["index"],
            "value_bp": values[each["index"]],
            "rule": each,
            "statement": ids.statement_id(stated.stream, stated.period, stated.version),
        }
        for each in json.loads(rules.content)["kpis"]
    ]


def arithmetic(row: Row[Any]) -> Json:
    """The exact computation of a payout: whole numbers only, rounded down once per distribution."""
    before = row.numerator - row.distributed * row.units
    return {
        "formula": "numerator_after = numerator_before + distributed*units; "
        "amount = floor(numerator_after/supply) - floor(numerator_before/supply)",
        "units": str(row.units),
        "supply": str(row.supply),
        "distributed": str(row.distributed),
        "rate": f"{row.distributed}/{row.supply}",
        "accumulator_before": str(row.acc_before),
        "accumulator_after": str(row.acc_after),
        "numerator_before": str(before),
        "numerator_after": str(row.numerator),
        "earned_before": str(before // row.supply),
        "earned_after": str(row.numerator // row.supply),
        "amount": str(payout_amount(row.numerator, row.units, row.distributed, row.supply)),
    }


def sentence(render: Renderer, row: Row[Any]) -> str:
    """The payout in one sentence; it names the record date where that was not the day of the payment."""
    currency = render.currency
    period = render.period(row.period, row)["month"] or f"period {row.period}"
    held = f"held at {rfc3339(row.record_at)} " if row.record_at is not None else ""
    share = Currency("%", 4)
    percent = format_amount(row.units * 1_000_000 // row.supply, share)
    return (
        f"{format_amount(row.amount, currency)} {currency.code} for {period}: "
        f"{row.units} of {row.supply} units of {row.symbol} ({percent} %) {held}"
        f"of {format_amount(row.distributed, currency)} {currency.code}."
    )
