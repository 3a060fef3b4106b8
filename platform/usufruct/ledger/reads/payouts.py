"""Payouts: of a wallet, of a distribution, and one by its id's parts.

A payout counts as paid by the first payment after it to its wallet, since a claim always pays all there is. Where the
wallet was lost before, by the first one to its replacement after that, and so on: the replacement may be lost too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, bindparam, case, func, select

from usufruct.ledger.models import distribution, payment, payout, recovery, series, wallet
from usufruct.ledger.reads.order import in_order
from usufruct.ledger.reads.rows import Query, placed, when

__all__ = ["ONE_PAYOUT", "OWNER", "PAYOUT_ORDERS", "payouts_of_distribution", "payouts_of_wallet"]

PAYOUT_ORDERS: Final[Mapping[str, ColumnElement[int]]] = {
    "time": payout.c.pos,
    "amount": payout.c.amount,
    "units": payout.c.units,
    "period": distribution.c.period,
}
"""What payouts of a wallet can be sorted by; those of a distribution by amount and units."""


OWNER: Final = select(
    wallet.c.id,
    select(recovery.c.pos).where(recovery.c.lost == wallet.c.id).exists().label("lost"),
).where(wallet.c.address == bindparam("address"))
"""The number of a wallet, and whether it was lost at any time."""


def _paid_pos(*, never_lost: bool = False, as_of: bool = False) -> ColumnElement[Any]:
    """Position of the payment that included the payout, null for none; with `as_of` before the position :end."""
    own = _first_payment(payout, as_of=as_of)
    if never_lost:
        return own
    lost = select(recovery.c.pos).where(
        recovery.c.lost == payout.c.wallet, recovery.c.series == payout.c.series
    )
    return case((lost.exists(), _followed(as_of=as_of)), else_=own)


def _first_payment(since: FromClause, *, as_of: bool) -> ColumnElement[Any]:
    """Position of the first payment in the payout's series to the wallet of `since`, after the position there."""
    paid = payment.alias("paid")
    query = select(func.min(paid.c.pos)).where(
        paid.c.wallet == since.c.wallet,
        paid.c.series == payout.c.series,
        paid.c.pos > since.c.pos,
    )
    if as_of:
        query = query.where(paid.c.pos < bindparam("end"))
    return query.correlate(since, payout).scalar_subquery()


def _followed(*, as_of: bool) -> ColumnElement[Any]:
    """The same by way of all recoveries before the payment, each of which begins a stretch with another wallet."""
    begun = select(payout.c.wallet.label("wallet"), payout.c.pos.label("pos")).correlate(payout)
    # Nested, since it begins with the row of the payout that it is asked for.
    way = begun.cte("way", recursive=True, nesting=True)
    later, between = recovery.alias("later"), payment.alias("between")
    next_loss = (
        select(func.min(later.c.pos))
        .where(
            later.c.lost == way.c.wallet,
            later.c.series == payout.c.series,
            later.c.pos > way.c.pos,
        )
        .correlate(way, payout)
        .scalar_subquery()
    )
    paid_before = (
        select(between.c.pos)
        .where(
            between.c.wallet == way.c.wallet,
            between.c.series == payout.c.series,
            between.c.pos > way.c.pos,
            between.c.pos < recovery.c.pos,
        )
        .correlate(way, payout, recovery)
        .exists()
    )
    handed_on = (
        select(recovery.c.replacement, recovery.c.pos)
        .join_from(way, recovery, recovery.c.lost == way.c.wallet)
        .where(recovery.c.series == payout.c.series, recovery.c.pos == next_loss, ~paid_before)
        .correlate(payout)
    )
    way = way.union_all(handed_on)
    return (
        select(_first_payment(way, as_of=as_of))
        .select_from(way)
        .order_by(way.c.pos.desc())
        .limit(1)
        .correlate(payout)
        .scalar_subquery()
    )


def _with_details(chosen: Query, *, newest_first: bool, order: str | None = None) -> Query:
    """The chosen payouts with wallet, series, distribution and both transactions."""
    p = chosen.subquery("p")
    marks = [] if order is None else [p.c.sort_value, p.c.sort_key]
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
        *marks,
    )
    query = (
        query.join_from(p, wallet, wallet.c.id == p.c.wallet)
        .join(series, series.c.id == p.c.series)
        .join(distribution, distribution.c.pos == p.c.pos)
    )
    query = placed(placed(query, p.c.pos), p.c.paid_pos, "paid_", optional=True)
    if order is not None:
        return query.order_by(*(each.desc() if order.startswith("-") else each for each in marks))
    return query.order_by(p.c.pos.desc() if newest_first else p.c.wallet)


def _chosen(*, status: str | None = None, as_of: bool = False, never_lost: bool = False) -> Query:
    paid = _paid_pos(never_lost=never_lost, as_of=as_of)
    query = select(payout, paid.label("paid_pos"))
    if status is None:
        return query
    return query.where(paid.is_not(None) if status == "paid" else paid.is_(None))


@cache
def payouts_of_wallet(
    *,
    status: str | None = None,
    by_series: bool = False,
    by_stream: bool = False,
    by_period: bool = False,
    as_of: bool = False,
    order: str | None = None,
    begun: bool = False,
    never_lost: bool = False,
) -> Query:
    """Payouts of :wallet before position :before, newest first or in an order of `PAYOUT_ORDERS`, at most :limit.

    Filters bind :series (number), :stream and :period; `status` is paid or accrued. With `as_of` what was paid
    before the position :end counts as paid. `never_lost` of a wallet that never was spares the look for recoveries.
    """
    query = _chosen(status=status, as_of=as_of, never_lost=never_lost).where(
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
    if order is not None:
        query = query.join(distribution, distribution.c.pos == payout.c.pos)
        query = in_order(query, PAYOUT_ORDERS, order, payout.c.pos, begun=begun)
    else:
        query = query.order_by(payout.c.pos.desc()).limit(bindparam("limit"))
    return _with_details(query, newest_first=True, order=order)


@cache
def payouts_of_distribution(
    *,
    status: str | None = None,
    as_of: bool = False,
    order: str | None = None,
    begun: bool = False,
) -> Query:
    """Payouts of the distribution at :pos to wallets numbered above :after, at most :limit.

    Or to all of them in an order of `PAYOUT_ORDERS`; `as_of` as above.
    """
    query = _chosen(status=status, as_of=as_of).where(payout.c.pos == bindparam("pos"))
    if order is not None:
        query = in_order(query, PAYOUT_ORDERS, order, payout.c.wallet, begun=begun)
    else:
        query = query.where(payout.c.wallet > bindparam("after"))
        query = query.order_by(payout.c.wallet).limit(bindparam("limit"))
    return _with_details(query, newest_first=False, order=order)


ONE_PAYOUT: Final = _with_details(
    _chosen(as_of=True).where(
        payout.c.wallet
        == select(wallet.c.id).where(wallet.c.address == bindparam("address")).scalar_subquery(),
        payout.c.pos
        == select(distribution.c.pos)
        .join(series, series.c.id == distribution.c.series)
        .where(series.c.slug == bindparam("slug"), distribution.c.number == bindparam("number"))
        .scalar_subquery(),
        payout.c.pos < bindparam("end"),
    ),
    newest_first=True,
)
"""The payout of distribution :number of the series :slug to the wallet :address, as of the position :end."""
