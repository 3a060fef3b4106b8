"""What statements of account need beside the other questions: payments, recoveries and registrations of a wallet."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, or_, select

from usufruct.ledger.models import (
    payment,
    recovery,
    registration,
    series,
    wallet,
)
from usufruct.ledger.reads.rows import placed, when

__all__ = ["LOSSES", "PAYMENTS_BETWEEN", "RECOVERIES_BETWEEN", "REGISTRATIONS"]

PAYMENTS_BETWEEN: Final = (
    placed(
        select(
            payment.c.pos,
            payment.c.series.label("series_id"),
            payment.c.amount,
            series.c.symbol,
            *when(),
        ).join_from(payment, series, series.c.id == payment.c.series),
        payment.c.pos,
    )
    .where(
        payment.c.wallet == bindparam("wallet"),
        payment.c.pos >= bindparam("start"),
        payment.c.pos < bindparam("end"),
    )
    .order_by(payment.c.pos)
)
"""Payments to :wallet at positions :start ≤ pos < :end, in order."""

RECOVERIES_BETWEEN: Final = (
    placed(
        select(
            recovery.c.pos,
            recovery.c.series.label("series_id"),
            recovery.c.lost,
            recovery.c.replacement,
            *when(),
        ),
        recovery.c.pos,
    )
    .where(
        or_(
            recovery.c.lost == bindparam("wallet"),
            recovery.c.replacement == bindparam("wallet"),
        ),
        recovery.c.pos >= bindparam("start"),
        recovery.c.pos < bindparam("end"),
    )
    .order_by(recovery.c.pos)
)
"""Recoveries from or to :wallet at positions :start ≤ pos < :end, in order."""

_lost, _replacement = wallet.alias("lost"), wallet.alias("replacement")
LOSSES: Final = (
    select(
        recovery.c.pos,
        recovery.c.series.label("series_id"),
        _lost.c.address.label("lost"),
        _replacement.c.address.label("replacement"),
    )
    .join_from(recovery, _lost, _lost.c.id == recovery.c.lost)
    .join(_replacement, _replacement.c.id == recovery.c.replacement)
    .order_by(recovery.c.pos)
)
"""All recoveries, in order."""

_later = registration.alias("later")
REGISTRATIONS: Final = select(
    registration.c.wallet,
    registration.c.participant,
    registration.c.kyc_until,
    registration.c.country,
    registration.c["class"].label("class_"),
    registration.c.locked_until,
).where(
    registration.c.pos
    == select(func.max(_later.c.pos))
    .where(_later.c.wallet == registration.c.wallet, _later.c.pos < bindparam("end"))
    .scalar_subquery()
)
"""The newest registration before position :end of every wallet."""
