"""Holdings: who holds what as of a position, what they earned, and whether they can be paid."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, bindparam, func, select

from usufruct.ledger.accounts import Holding
from usufruct.ledger.models import (
    checkpoint,
    distribution,
    holder,
    series,
    wallet,
)
from usufruct.ledger.reads.order import in_order
from usufruct.ledger.reads.rows import Query

__all__ = [
    "HOLDERS",
    "HOLDERS_WITH_UNITS",
    "HOLDER_ORDERS",
    "HOLDINGS_OF_WALLET",
    "WALLET_ID",
    "holders_in_order",
    "holding_of",
    "holdings_in_order",
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

HOLDER_ORDERS: Final[Mapping[str, ColumnElement[int]]] = {
    "units": checkpoint.c.units,
    "paid": checkpoint.c.paid,
}
"""What holders and holdings can be sorted by."""


@cache
def holders_in_order(*, order: str, begun: bool = False) -> Query:
    """Present holders of :series as of the position :end, in an order of `HOLDER_ORDERS`."""
    query = _last_checkpoint().where(
        holder.c.series == bindparam("series"), checkpoint.c.units != 0
    )
    return in_order(query, HOLDER_ORDERS, order, holder.c.wallet, begun=begun)


@cache
def holdings_in_order(
    *,
    order: str | None = None,
    begun: bool = False,
    by_series: bool = False,
    by_stream: bool = False,
) -> Query:
    """What :wallet holds or held as of the position :end, in an order of `HOLDER_ORDERS`.

    Without one, in series numbered above :after. Filters bind :series and :stream.
    """
    query = _last_checkpoint().where(holder.c.wallet == bindparam("wallet"))
    if by_series:
        query = query.where(holder.c.series == bindparam("series"))
    if by_stream:
        query = query.where(series.c.stream == bindparam("stream"))
    if order is not None:
        return in_order(query, HOLDER_ORDERS, order, holder.c.series, begun=begun)
    query = query.where(holder.c.series > bindparam("after"))
    return query.order_by(holder.c.series).limit(bindparam("limit"))
