"""Series and their distributions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, func, select

from usufruct.ledger.models import distribution, payout, series, series_event, transfer
from usufruct.ledger.reads.order import in_order
from usufruct.ledger.reads.rows import Query, placed, when

__all__ = [
    "DISTRIBUTION_ORDERS",
    "ONE_DISTRIBUTION",
    "PAYOUT_TOTALS",
    "SERIES_AS_OF",
    "SERIES_BY_ADDRESS",
    "SERIES_BY_SLUG",
    "SERIES_NUMBER_BY_ADDRESS",
    "SERIES_NUMBER_BY_SLUG",
    "SERIES_ORDERS",
    "SERIES_PAGE",
    "SERIES_PAGE_OF_STREAM",
    "distributions_page",
    "series_page",
]


SERIES_ORDERS: Final[Mapping[str, ColumnElement[int]]] = {
    "created": series.c.pos,
    "rank": series.c.rank,
    "first": series.c.term_from,
    "last": series.c.term_to,
}
"""What series can be sorted by."""
DISTRIBUTION_ORDERS: Final[Mapping[str, ColumnElement[int]]] = {
    "time": distribution.c.pos,
    "amount": distribution.c.amount,
    "period": distribution.c.period,
}
"""What distributions can be sorted by."""


def _series(*, as_of: bool = False) -> Query:
    """Series with where they stand: now, or before the position :end."""
    step = distribution.alias("step")
    last_step = select(func.max(step.c.pos)).where(step.c.series == series.c.id)

    def moved(party: ColumnElement[int]) -> Query:
        return select(func.sum(transfer.c.units)).where(
            transfer.c.series == series.c.id, party.is_(None)
        )

    if as_of:
        last_step = last_step.where(step.c.pos < bindparam("end"))
    query = select(
        series,
        distribution.c.acc_after.label("acc"),
        distribution.c.number.label("distributions"),
        distribution.c.period.label("last_period"),
        _scalar(moved(transfer.c.sender), transfer.c.pos, as_of=as_of).label("issued"),
        _scalar(moved(transfer.c.recipient), transfer.c.pos, as_of=as_of).label("redeemed"),
        _last_event("sealed", as_of=as_of).label("sealed"),
        _last_event("closed", as_of=as_of).label("closed"),
        _last_event("paused", "resumed", as_of=as_of).label("paused"),
        *when(),
    ).join_from(
        series,
        distribution,
        and_(
            distribution.c.series == series.c.id, distribution.c.pos == last_step.scalar_subquery()
        ),
        isouter=True,
    )
    if as_of:
        query = query.where(series.c.pos < bindparam("end"))
    return placed(query, series.c.pos)


def _last_event(*kinds: str, as_of: bool) -> ScalarSelect[Any]:
    event = series_event.alias("event")
    query = (
        select(event.c.kind)
        .where(event.c.series == series.c.id, event.c.kind.in_(kinds))
        .order_by(event.c.pos.desc())
        .limit(1)
    )
    return _scalar(query, event.c.pos, as_of=as_of)


def _scalar(query: Query, pos: ColumnElement[int], *, as_of: bool) -> ScalarSelect[Any]:
    return (query.where(pos < bindparam("end")) if as_of else query).scalar_subquery()


@cache
def series_page(
    *,
    by_stream: bool = False,
    status: str | None = None,
    as_of: bool = False,
    order: str | None = None,
    begun: bool = False,
) -> Query:
    """Series numbered above :after in the order of their creation, or in an order of `SERIES_ORDERS`.

    The filter binds :stream; `status` is open, sealed or closed; with `as_of` before the position :end.
    """
    query = _series(as_of=as_of)
    if by_stream:
        query = query.where(series.c.stream == bindparam("stream"))
    if status is not None:
        query = query.where(*_of_status(status, as_of=as_of))
    if order is not None:
        return in_order(query, SERIES_ORDERS, order, series.c.id, begun=begun)
    return (
        query.where(series.c.id > bindparam("after"))
        .order_by(series.c.id)
        .limit(bindparam("limit"))
    )


def _of_status(status: str, *, as_of: bool) -> list[ColumnElement[bool]]:
    sealed, closed = (_last_event(kind, as_of=as_of) for kind in ("sealed", "closed"))
    if status == "closed":
        return [closed.is_not(None)]
    return [closed.is_(None), sealed.is_not(None) if status == "sealed" else sealed.is_(None)]


SERIES_PAGE: Final = series_page()
"""Series numbered above :after in the order of their creation."""
SERIES_PAGE_OF_STREAM: Final = series_page(by_stream=True)
"""The same of one :stream."""
SERIES_BY_SLUG: Final = _series().where(series.c.slug == bindparam("slug"))
"""The series :slug."""
SERIES_BY_ADDRESS: Final = _series().where(series.c.address == bindparam("address"))
"""The series at :address."""
SERIES_NUMBER_BY_SLUG: Final = select(series.c.id, series.c.pos).where(
    series.c.slug == bindparam("slug")
)
"""Number and position of the series :slug, without what has to be summed up for the series as a whole."""
SERIES_NUMBER_BY_ADDRESS: Final = select(series.c.id, series.c.pos).where(
    series.c.address == bindparam("address")
)
"""The same of the series at :address."""
SERIES_AS_OF: Final = _series(as_of=True).where(series.c.id == bindparam("series"))
"""Series number :series as it stood before the position :end; none if it was not created yet."""


def _distributions() -> Query:
    query = select(
        distribution,
        series.c.slug,
        series.c.symbol,
        series.c.decimals.label("series_decimals"),
        series.c.address.label("series_address"),
        series.c.stream,
        *when(),
    ).join_from(distribution, series, series.c.id == distribution.c.series)
    return placed(query, distribution.c.pos)


@cache
def distributions_page(
    *,
    by_series: bool = False,
    by_stream: bool = False,
    by_period: bool = False,
    order: str | None = None,
    begun: bool = False,
) -> Query:
    """Distributions before position :before, newest first, or in an order of `DISTRIBUTION_ORDERS`.

    Filters bind :series, :stream, :period.
    """
    query = _distributions().where(distribution.c.pos < bindparam("before"))
    if by_series:
        query = query.where(distribution.c.series == bindparam("series"))
    if by_stream:
        query = query.where(series.c.stream == bindparam("stream"))
    if by_period:
        query = query.where(distribution.c.period == bindparam("period"))
    order = order or "-time"
    return in_order(query, DISTRIBUTION_ORDERS, order, distribution.c.pos, begun=begun)


ONE_DISTRIBUTION: Final = _distributions().where(
    series.c.slug == bindparam("slug"), distribution.c.number == bindparam("number")
)
"""Distribution :number of the series :slug."""

PAYOUT_TOTALS: Final = select(
    func.count().label("holders"), func.sum(payout.c.amount).label("amount")
).where(payout.c.pos == bindparam("pos"))
"""Number of holders and sum of payouts of the distribution at :pos; the rest is carried by fractions."""
