"""Holdings: who holds what as of a position, what they earned, and whether they can be paid."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, func, select

from usufruct.ledger.accounts import Holding
from usufruct.ledger.models import (
    checkpoint,
    distribution,
    freeze,
    holder,
    registration,
    series,
    skipped,
    wallet,
)
from usufruct.ledger.reads.rows import Query

__all__ = [
    "HOLDERS",
    "HOLDERS_WITH_UNITS",
    "HOLDINGS_OF_WALLET",
    "LAST_SKIP",
    "STANDING",
    "WALLET_ID",
    "holding_of",
]

WALLET_ID: Final = select(wallet.c.id).where(wallet.c.address == bindparam("address"))
"""The number of a wallet."""


def holding_of(row: Row[Any]) -> Holding:
    """The account in a row of the queries below."""
    return Holding(row.units, row.numerator, row.numerator_acc, row.paid)


def _last_checkpoint() -> Query:
    inner = checkpoint.alias("newest")
    newest = (
        select(func.max(inner.c.pos))
        .where(
            inner.c.series == holder.c.series,
            inner.c.wallet == holder.c.wallet,
            inner.c.pos < bindparam("end"),
        )
        .scalar_subquery()
    )
    step = distribution.alias("step")
    last_step = (
        select(func.max(step.c.pos))
        .where(step.c.series == holder.c.series, step.c.pos < bindparam("end"))
        .scalar_subquery()
    )
    return (
        select(
            holder.c.series.label("series_id"),
            holder.c.wallet.label("wallet_id"),
            wallet.c.address.label("wallet"),
            checkpoint.c.units,
            checkpoint.c.numerator,
            checkpoint.c.acc.label("numerator_acc"),
            checkpoint.c.paid,
            distribution.c.acc_after.label("acc"),
            distribution.c.supply,
            series.c.slug,
            series.c.symbol,
            series.c.decimals.label("series_decimals"),
            series.c.address.label("series_address"),
            series.c.stream,
        )
        .join_from(holder, wallet, wallet.c.id == holder.c.wallet)
        .join(series, series.c.id == holder.c.series)
        .join(
            checkpoint,
            and_(
                checkpoint.c.series == holder.c.series,
                checkpoint.c.wallet == holder.c.wallet,
                checkpoint.c.pos == newest,
            ),
        )
        .join(distribution, distribution.c.pos == last_step, isouter=True)
        # Whoever came later has no checkpoint before the end either; this spares looking for it.
        .where(holder.c.pos < bindparam("end"))
    )


HOLDERS: Final = (
    _last_checkpoint()
    .where(holder.c.series == bindparam("series"), holder.c.wallet > bindparam("after"))
    .order_by(holder.c.wallet)
    .limit(bindparam("limit"))
)
"""Everybody who ever held units of :series, numbered above :after, as of the position :end."""

HOLDERS_WITH_UNITS: Final = (
    _last_checkpoint()
    .where(
        holder.c.series == bindparam("series"),
        holder.c.wallet > bindparam("after"),
        checkpoint.c.units != 0,
    )
    .order_by(holder.c.wallet)
    .limit(bindparam("limit"))
)
"""Present holders of :series, numbered above :after, as of the position :end."""

HOLDINGS_OF_WALLET: Final = (
    _last_checkpoint()
    .where(holder.c.wallet == bindparam("wallet"), holder.c.series > bindparam("after"))
    .order_by(holder.c.series)
    .limit(bindparam("limit"))
)
"""What :wallet holds or held, in series numbered above :after, as of the position :end."""

STANDING: Final = select(
    select(registration.c.kyc_until)
    .where(registration.c.wallet == bindparam("wallet"))
    .order_by(registration.c.pos.desc())
    .limit(1)
    .scalar_subquery()
    .label("kyc_until"),
    select(freeze.c.frozen)
    .where(freeze.c.wallet == bindparam("wallet"))
    .order_by(freeze.c.pos.desc())
    .limit(1)
    .scalar_subquery()
    .label("frozen"),
)
"""What the participant registry says of :wallet now: last valid day of the identity check, and freeze."""

LAST_SKIP: Final = (
    select(skipped.c.pos, skipped.c.amount, skipped.c.reason)
    .where(skipped.c.wallet == bindparam("wallet"), skipped.c.series == bindparam("series"))
    .order_by(skipped.c.pos.desc())
    .limit(1)
)
"""The last time a page of payments passed over :wallet in :series."""
