"""Payouts: of a wallet, of a distribution, and one by its id's parts.

A payout counts as paid by the first payment after it to its wallet, or to the one that replaced it when it was lost,
since a claim always pays all there is.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from sqlalchemy import bindparam, func, select

from usufruct.ledger.models import distribution, payment, payout, recovery, series, wallet
from usufruct.ledger.reads.rows import Query, placed, when

__all__ = ["ONE_PAYOUT", "payouts_of_distribution", "payouts_of_wallet"]

_TO_REPLACEMENT: Final = (
    select(func.min(payment.c.pos))
    .join_from(payment, recovery, recovery.c.replacement == payment.c.wallet)
    .where(
        recovery.c.lost == payout.c.wallet,
        recovery.c.series == payout.c.series,
        payment.c.series == payout.c.series,
        recovery.c.pos > payout.c.pos,
        payment.c.pos > recovery.c.pos,
    )
    .scalar_subquery()
)
_PAID_POS: Final = func.coalesce(
    select(func.min(payment.c.pos))
    .where(
        payment.c.wallet == payout.c.wallet,
        payment.c.series == payout.c.series,
        payment.c.pos > payout.c.pos,
    )
    .scalar_subquery(),
    _TO_REPLACEMENT,
)


def _with_details(chosen: Query, *, newest_first: bool) -> Query:
    """The chosen payouts with wallet, series, distribution and both transactions."""
    p = chosen.subquery("p")
    query = select(
        p.c.pos,
        p.c.units,
        p.c.numerator,
        p.c.amount,
        p.c.wallet.label("wallet_id"),
        wallet.c.address.label("wallet"),
        series.c.id.label("series_id"),
        series.c.slug,
        series.c.symbol,
        series.c.decimals.label("series_decimals"),
        series.c.address.label("series_address"),
        series.c.stream,
        distribution.c.number,
        distribution.c.period,
        distribution.c.amount.label("distributed"),
        distribution.c.acc_before,
        distribution.c.acc_after,
        distribution.c.supply,
        distribution.c.record_at,
        *when(),
        *when("paid_"),
    )
    query = (
        query.join_from(p, wallet, wallet.c.id == p.c.wallet)
        .join(series, series.c.id == p.c.series)
        .join(distribution, distribution.c.pos == p.c.pos)
    )
    query = placed(placed(query, p.c.pos), p.c.paid_pos, "paid_", optional=True)
    return query.order_by(p.c.pos.desc() if newest_first else p.c.wallet)


def _chosen() -> Query:
    return select(payout, _PAID_POS.label("paid_pos"))


def _status(query: Query, status: str | None) -> Query:
    if status is None:
        return query
    return query.where(_PAID_POS.is_not(None) if status == "paid" else _PAID_POS.is_(None))


@cache
def payouts_of_wallet(
    *,
    status: str | None = None,
    by_series: bool = False,
    by_stream: bool = False,
    by_period: bool = False,
) -> Query:
    """Payouts of :wallet before position :before, newest first, at most :limit.

    Filters bind :series (number), :stream and :period; `status` is paid or accrued.
    """
    query = _chosen().where(
        payout.c.wallet == bindparam("wallet"), payout.c.pos < bindparam("before")
    )
    if by_series:
        query = query.where(payout.c.series == bindparam("series"))
    if by_stream:
        query = query.where(
            payout.c.series.in_(select(series.c.id).where(series.c.stream == bindparam("stream")))
        )
    if by_period:
        of_period = select(distribution.c.pos).where(distribution.c.period == bindparam("period"))
        query = query.where(payout.c.pos.in_(of_period))
    query = _status(query, status).order_by(payout.c.pos.desc()).limit(bindparam("limit"))
    return _with_details(query, newest_first=True)


@cache
def payouts_of_distribution(*, status: str | None = None) -> Query:
    """Payouts of the distribution at :pos to wallets numbered above :after, at most :limit."""
    query = _chosen().where(payout.c.pos == bindparam("pos"), payout.c.wallet > bindparam("after"))
    query = _status(query, status).order_by(payout.c.wallet).limit(bindparam("limit"))
    return _with_details(query, newest_first=False)


ONE_PAYOUT: Final = _with_details(
    _chosen().where(
        payout.c.wallet
        == select(wallet.c.id).where(wallet.c.address == bindparam("address")).scalar_subquery(),
        payout.c.pos
        == select(distribution.c.pos)
        .join(series, series.c.id == distribution.c.series)
        .where(series.c.slug == bindparam("slug"), distribution.c.number == bindparam("number"))
        .scalar_subquery(),
    ),
    newest_first=True,
)
"""The payout of distribution :number of the series :slug to the wallet with :address."""
