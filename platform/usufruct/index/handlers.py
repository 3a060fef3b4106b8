"""One function per event of the registries, the anchor, the statement book and the waterfall."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from enum import IntEnum
from typing import Any, Final

from usufruct.contracts import Event
from usufruct.contracts import participant_registry as pr
from usufruct.contracts import statement_book as sb
from usufruct.contracts import stream_registry as sr
from usufruct.contracts import telemetry_anchor as ta
from usufruct.contracts import waterfall as wf
from usufruct.core.waterfall import Line
from usufruct.index.disputes import DISPUTED
from usufruct.index.offerings import OFFERED, refund_paid
from usufruct.index.projection import Handler, Projection
from usufruct.index.rights import RIGHTS
from usufruct.index.state import SignerTable
from usufruct.ledger import models as m

__all__ = ["HANDLERS", "as_json"]

_WIDE: Final = 1 << 53
"""Integers from here on are text in JSON, since many readers keep 53 bits only."""


def _stream_opened(p: Projection, pos: int, _: bytes, e: sr.StreamOpened) -> None:
    t = e.terms
    code = ascii_text(e.code)
    p.add(
        m.stream, e.stream, pos, code, t.start, t.challenge_window, t.funding_grace, t.min_coverage_bp,
        t.max_estimated_bp, t.kind, t.committed, json.dumps(list(e.depends_on)),
    )  # fmt: skip


def _tariff_set(p: Projection, pos: int, _: bytes, e: sr.TariffSet) -> None:
    p.add(m.tariff, pos, e.stream, e.valid_from, e.tariff_hash)


def _registered(p: Projection, pos: int, _: bytes, e: pr.WalletRegistered) -> None:
    a = e.attributes
    locked_until, kyc_until = a >> 64 & 0xFF_FFFF_FFFF, a >> 104 & 0xFFFF
    country, class_ = a >> 120 & 0xFFFF, a >> 136 & 0xFF
    p.add(
        m.registration, pos, p.wallet(e.wallet, pos), e.participant, kyc_until, country, class_,
        locked_until, e.identity_hash,
    )  # fmt: skip


def _frozen(p: Projection, pos: int, _: bytes, e: pr.WalletFrozen) -> None:
    p.add(m.freeze, pos, p.wallet(e.wallet, pos), e.frozen, e.reason_hash)


def _lost(p: Projection, pos: int, _: bytes, e: pr.WalletLost) -> None:
    p.add(m.freeze, pos, p.wallet(e.wallet, pos), True, bytes(32))


def _chain_opened(p: Projection, pos: int, _: bytes, e: ta.ChainOpened) -> None:
    p.add(m.chain_start, pos, e.stream, e.start, e.head)


def _batch_anchored(p: Projection, pos: int, _: bytes, e: ta.BatchAnchored) -> None:
    p.add(
        m.batch, pos, e.stream, e.seq, e.from_, e.to, e.first, e.count, e.closes, e.root, e.content, e.head
    )  # fmt: skip


def _signers_scheduled(p: Projection, pos: int, _: bytes, e: ta.SignersScheduled) -> None:
    p.state.signers = SignerTable(tuple(e.signers), e.threshold, e.active_from)
    p.add(m.signers, pos, None, json.dumps(e.signers), e.threshold, e.active_from)


def _signers_activated(p: Projection, pos: int, _: bytes, e: ta.SignersActivated) -> None:
    scheduled = p.state.signers
    if scheduled is None:
        raise ValueError(f"signer table {e.epoch} became active but was never scheduled")
    members = json.dumps(scheduled.members)
    p.add(m.signers, pos, e.epoch, members, e.threshold, scheduled.active_from)


def _attested(p: Projection, pos: int, _: bytes, e: sb.StatementAttested) -> None:
    p.add(
        m.statement, pos, e.stream, e.period, e.version, e.digest, e.distributable, e.final_at,
        hex(e.signers), json.dumps(as_json(e.statement)),
    )  # fmt: skip


def _disputed(p: Projection, pos: int, _: bytes, e: sb.StatementDisputed) -> None:
    by = bytes.fromhex(e.by[2:])
    p.add(
        m.statement_event, pos, e.stream, e.period, e.version, "disputed", by, e.evidence_hash, None
    )


def _dismissed(p: Projection, pos: int, _: bytes, e: sb.DisputeDismissed) -> None:
    p.add(
        m.statement_event, pos, e.stream, e.period, e.version, "dismissed", None, e.reason_hash, e.final_at
    )  # fmt: skip


def _lapsed(p: Projection, pos: int, _: bytes, e: sb.DisputeLapsed) -> None:
    # What became of the statement follows as an event of its own.
    p.add(m.statement_event, pos, e.stream, e.period, e.version, "lapsed", None, None, None)


def _voided(p: Projection, pos: int, _: bytes, e: sb.StatementVoided) -> None:
    p.add(
        m.statement_event, pos, e.stream, e.period, e.version, "voided", None, e.reason_hash, None
    )


def _statement_settled(p: Projection, pos: int, _: bytes, e: sb.StatementSettled) -> None:
    p.add(m.statement_event, pos, e.stream, e.period, e.version, "settled", None, None, None)


def _rules_set(p: Projection, pos: int, _: bytes, e: wf.RulesSet) -> None:
    content = json.dumps(as_json(p.read_rules(e.stream, e.version)))
    p.add(m.rules, pos, e.stream, e.version, e.effective_at, content)


def _funded(p: Projection, pos: int, _: bytes, e: wf.Funded) -> None:
    p.add(m.funding, pos, e.stream, bytes.fromhex(e.from_[2:]), e.amount, e.escrow)


def _settled(p: Projection, pos: int, _: bytes, e: wf.Settled) -> None:
    lines = [Line.unpack(word) for word in e.lines]
    p.add(
        m.settlement, pos, e.stream, e.period, e.rules_version, e.receipts + e.shortfall, e.receipts,
        e.shortfall, e.multiplier_bp, e.breached, json.dumps(as_json(lines)),
    )  # fmt: skip


def _payment_failed(p: Projection, pos: int, _: bytes, e: wf.PaymentFailed) -> None:
    p.add(m.owed, pos, bytes.fromhex(e.payee[2:]), e.stream, e.period, e.amount)


def _owed_withdrawn(p: Projection, pos: int, emitter: bytes, e: wf.OwedWithdrawn) -> None:
    if p.takes_subscriptions(emitter):
        refund_paid(p, pos, e)
        return
    p.add(m.owed, pos, bytes.fromhex(e.payee[2:]), None, None, e.amount)


HANDLERS: Final[dict[type[Event], Handler]] = {
    sr.StreamOpened: _stream_opened,
    sr.TariffSet: _tariff_set,
    pr.WalletRegistered: _registered,
    pr.WalletLost: _lost,
    pr.WalletFrozen: _frozen,
    ta.ChainOpened: _chain_opened,
    ta.BatchAnchored: _batch_anchored,
    ta.SignersScheduled: _signers_scheduled,
    ta.SignersActivated: _signers_activated,
    sb.StatementAttested: _attested,
    sb.StatementDisputed: _disputed,
    sb.DisputeDismissed: _dismissed,
    sb.DisputeLapsed: _lapsed,
    sb.StatementVoided: _voided,
    sb.StatementSettled: _statement_settled,
    wf.RulesSet: _rules_set,
    wf.Funded: _funded,
    wf.Settled: _settled,
    wf.PaymentFailed: _payment_failed,
    wf.OwedWithdrawn: _owed_withdrawn,
    **DISPUTED,
    **OFFERED,
    **RIGHTS,
}
"""Every event that the ledger keeps."""


def ascii_text(word: bytes) -> str:
    """The text in a left-aligned bytes32."""
    return word.rstrip(b"\0").decode("ascii", errors="replace")


def as_json(value: Any) -> Any:
    """A decoded struct as plain JSON: bytes as hex, enums as lower-case names, wide integers as text."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int):
        return value if -_WIDE < value < _WIDE else str(value)
    if isinstance(value, Sequence):
        return [as_json(each) for each in value]
    return {each.name: as_json(getattr(value, each.name)) for each in fields(value)}
