"""One function per event of Offering: subscriptions, and what became of them."""

from __future__ import annotations

from typing import Final

from usufruct.contracts import Event
from usufruct.contracts import offering as of
from usufruct.index.projection import Handler, Projection
from usufruct.ledger import models as m
from usufruct.ledger.offerings import OfferingBook

__all__ = ["OFFERED", "refund_paid"]


def _opened(p: Projection, pos: int, _: bytes, e: of.OfferingOpened) -> None:
    t = e.terms
    p.state.offerings[e.offering] = OfferingBook(t.price)
    p.add(
        m.offering, e.offering, pos, p.state.series[bytes.fromhex(e.series[2:])], t.from_, t.to,
        t.deliver_until, bytes.fromhex(t.beneficiary[2:]), t.withdrawable, t.price, t.min_units,
        t.max_units, t.min_each, t.max_each,
    )  # fmt: skip


def _subscribed(p: Projection, pos: int, _: bytes, e: of.Subscribed) -> None:
    wallet, known = p.wallet(e.subscriber, pos), p.state.subscribers[e.offering]
    if wallet not in known:
        known.add(wallet)
        p.add(m.subscriber, e.offering, wallet, pos)
    standing = p.state.offerings[e.offering].subscribe(wallet, e.units)
    _event(p, pos, e.offering, "subscribed", wallet, e.units, lot=e.lot, standing=standing)


def _withdrawn(p: Projection, pos: int, _: bytes, e: of.SubscriptionWithdrawn) -> None:
    wallet = p.wallet(e.subscriber, pos)
    standing = p.state.offerings[e.offering].withdraw(wallet)
    _event(
        p, pos, e.offering, "withdrawn", wallet, e.units, returned=e.returned, standing=standing
    )  # fmt: skip


def _delivered(p: Projection, pos: int, _: bytes, e: of.Delivered) -> None:
    wallet = p.wallet(e.subscriber, pos)
    standing = p.state.offerings[e.offering].settle(wallet, e.units)
    _event(
        p, pos, e.offering, "delivered", wallet, e.units,
        price=e.price, returned=e.returned, standing=standing,
    )  # fmt: skip


def _refunded(p: Projection, pos: int, _: bytes, e: of.Refunded) -> None:
    _gave_back(p, pos, "refunded", e.offering, e.subscriber, e.amount)


def _lapsed(p: Projection, pos: int, _: bytes, e: of.Lapsed) -> None:
    _gave_back(p, pos, "lapsed", e.offering, e.subscriber, e.amount)


def _gave_back(
    p: Projection, pos: int, kind: str, offering: int, subscriber: str, amount: int
) -> None:
    wallet = p.wallet(subscriber, pos)
    units = p.state.offerings[offering].settle(wallet)
    _event(p, pos, offering, kind, wallet, units, returned=amount, standing=units)


def _cancelled(p: Projection, pos: int, _: bytes, e: of.OfferingCancelled) -> None:
    _event(p, pos, e.offering, "cancelled", None, 0)


def _event(
    p: Projection,
    pos: int,
    offering: int,
    kind: str,
    wallet: int | None,
    units: int,
    *,
    lot: int | None = None,
    price: int = 0,
    returned: int = 0,
    standing: int = 0,
) -> None:
    sums = p.state.offerings[offering].sums
    p.add(
        m.offering_event, pos, offering, kind, wallet, lot, units, price, returned, standing, *sums
    )  # fmt: skip


def _refund_failed(p: Projection, pos: int, _: bytes, e: of.RefundFailed) -> None:
    p.add(m.refund_event, pos, p.wallet(e.subscriber, pos), "failed", e.amount)


def refund_paid(p: Projection, pos: int, e: of.OwedWithdrawn) -> None:
    """Notes that all refunds that were owed to a wallet were paid; the waterfall has an event of the same kind."""
    p.add(m.refund_event, pos, p.wallet(e.payee, pos), "paid", e.amount)


OFFERED: Final[dict[type[Event], Handler]] = {
    of.OfferingOpened: _opened,
    of.Subscribed: _subscribed,
    of.SubscriptionWithdrawn: _withdrawn,
    of.Delivered: _delivered,
    of.Refunded: _refunded,
    of.Lapsed: _lapsed,
    of.OfferingCancelled: _cancelled,
    of.RefundFailed: _refund_failed,
}
"""Events of offerings that the ledger keeps."""
