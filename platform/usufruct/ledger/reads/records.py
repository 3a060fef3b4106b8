"""Record dates of series, and the units kept for those whose money is still to come."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, func, select

from usufruct.ledger.models import distribution, kept, record
from usufruct.ledger.reads.order import in_order
from usufruct.ledger.reads.rows import Query, placed, when

__all__ = ["KEPT", "RECORDS", "RECORD_ORDERS", "records_page"]

RECORD_ORDERS: Final[Mapping[str, ColumnElement[int]]] = {
    "period": record.c.period,
    "record_date": record.c.at,
}
"""What record dates can be sorted by."""


@cache
def records_page(
    *,
    by_period: bool = False,
    as_of: bool = False,
    order: str | None = None,
    begun: bool = False,
) -> Query:
    """Record dates of :series in force, of periods below :before, with the distribution that came of each.

    The highest period first, or in an order of `RECORD_ORDERS`. The filter binds :period; with `as_of` they are as
    they stood before the position :end.
    """
    newer, paid = record.alias("newer"), distribution.alias("paid")
    newest = select(func.max(newer.c.pos)).where(
        newer.c.series == record.c.series, newer.c.period == record.c.period
    )
    last = select(func.max(paid.c.period)).where(paid.c.series == record.c.series)
    came = [distribution.c.series == record.c.series, distribution.c.period == record.c.period]
    if as_of:
        end: BindParameter[int] = bindparam("end")
        newest, last = newest.where(newer.c.pos < end), last.where(paid.c.pos < end)
        came.append(distribution.c.pos < end)
    query = select(
        record.c.period,
        record.c.at,
        distribution.c.number.label("distribution"),
        last.scalar_subquery().label("last_period"),
        *when(),
    ).join_from(record, distribution, and_(*came), isouter=True)
    query = placed(query, record.c.pos).where(
        record.c.series == bindparam("series"),
        record.c.period < bindparam("before"),
        record.c.pos == newest.scalar_subquery(),
        record.c.at != 0,
    )
    if by_period:
        query = query.where(record.c.period == bindparam("period"))
    return in_order(query, RECORD_ORDERS, order or "-period", record.c.period, begun=begun)


RECORDS: Final = records_page()
"""Record dates of :series in force, of periods below :before, newest first, with the distribution that came."""

KEPT: Final = (
    select(kept.c.wallet, kept.c.units)
    .where(kept.c.series == bindparam("series"), kept.c.period == bindparam("period"))
    .order_by(kept.c.pos)
)
"""Units at the record date of :period of wallets that moved some of :series before its money came."""
