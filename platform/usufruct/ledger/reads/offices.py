"""What the offices watch: money in escrow, refused payments, and the standing of holders in the registry."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, select

from usufruct.ledger.models import (
    freeze,
    funding,
    holder,
    registration,
    series,
    settlement,
    skipped,
    wallet,
)
from usufruct.ledger.reads.rows import placed, when

__all__ = ["ESCROW", "REFUSED_PAYMENTS", "STANDINGS"]

ESCROW: Final = select(
    select(func.sum(funding.c.amount))
    .where(funding.c.stream == bindparam("stream"))
    .scalar_subquery()
    .label("funded"),
    select(func.sum(settlement.c.receipts))
    .where(settlement.c.stream == bindparam("stream"))
    .scalar_subquery()
    .label("settled"),
)
"""What was brought into escrow for :stream, and what settlements took out of it; null for nothing."""

REFUSED_PAYMENTS: Final = (
    placed(
        select(
            wallet.c.address.label("wallet"),
            skipped.c.amount,
            skipped.c.reason,
            *when(),
        )
        .join_from(skipped, wallet, wallet.c.id == skipped.c.wallet)
        .join(series, series.c.id == skipped.c.series),
        skipped.c.pos,
    )
    .where(skipped.c.series == bindparam("series"))
    .order_by(skipped.c.pos.desc())
    .limit(bindparam("limit"))
)
"""Payments of :series that the series refused, with the rule, newest first."""

_later = registration.alias("later")
_after = freeze.alias("after")
STANDINGS: Final = (
    select(
        wallet.c.id,
        registration.c.kyc_until,
        registration.c.country,
        registration.c["class"].label("class_"),
        registration.c.locked_until,
        select(freeze.c.frozen)
        .where(
            freeze.c.wallet == wallet.c.id,
            freeze.c.pos
            == select(func.max(_after.c.pos))
            .where(_after.c.wallet == wallet.c.id, _after.c.pos < bindparam("end"))
            .scalar_subquery(),
        )
        .scalar_subquery()
        .label("frozen"),
    )
    .join_from(wallet, registration, registration.c.wallet == wallet.c.id, isouter=True)
    .where(
        wallet.c.id >= bindparam("first"),
        wallet.c.id <= bindparam("last"),
        wallet.c.id.in_(select(holder.c.wallet).where(holder.c.series == bindparam("series"))),
        (registration.c.pos.is_(None))
        | (
            registration.c.pos
            == select(func.max(_later.c.pos))
            .where(_later.c.wallet == wallet.c.id, _later.c.pos < bindparam("end"))
            .scalar_subquery()
        ),
    )
)
"""What the registry said before the position :end of holders of :series numbered :first to :last; whom it did not know
yet is left out, or has nulls."""
