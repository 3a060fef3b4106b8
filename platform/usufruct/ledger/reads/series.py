"""Series and their distributions."""

from __future__ import annotations

from functools import cache
from typing import Final

from sqlalchemy import and_, bindparam, func, select

from usufruct.ledger.models import distribution, payout, series, series_event, transfer
from usufruct.ledger.reads.rows import Query, placed, when

__all__ = [
    "ONE_DISTRIBUTION",
    "PAYOUT_TOTALS",
    "SERIES_BY_ADDRESS",
    "SERIES_BY_SLUG",
    "SERIES_NUMBER_BY_ADDRESS",
    "SERIES_NUMBER_BY_SLUG",
    "SERIES_PAGE",
    "SERIES_PAGE_OF_STREAM",
    "distributions_page",
]


def _series() -> Query:
    step = distribution.alias("step")
    last_step = select(func.max(step.c.pos)).where(step.c.series == series.c.id).scalar_subquery()
    event = series_event.alias("event")

    def last_event(*kinds: str) -> Query:
        return (
            select(event.c.kind)
            .where(event.c.series == series.c.id, event.c.kind.in_(kinds))
            .order_by(event.c.pos.desc())
            .limit(1)
        )

    issued = (
        select(func.sum(transfer.c.units))
        .where(transfer.c.series == series.c.id, transfer.c.sender.is_(None))
        .scalar_subquery()
    )
    redeemed = (
        select(func.sum(transfer.c.units))
        .where(transfer.c.series == series.c.id, transfer.c.recipient.is_(None))
        .scalar_subquery()
    )
    query = select(
        series,
        distribution.c.acc_after.label("acc"),
        distribution.c.number.label("distributions"),
        distribution.c.period.label("last_period"),
        issued.label("issued"),
        redeemed.label("redeemed"),
        last_event("sealed").scalar_subquery().label("sealed"),
        last_event("closed").scalar_subquery().label("closed"),
        last_event("paused", "resumed").scalar_subquery().label("paused"),
        *when(),
    ).join_from(
        series,
        distribution,
        and_(distribution.c.series == series.c.id, distribution.c.pos == last_step),
        isouter=True,
    )
    return placed(query, series.c.pos)


SERIES_PAGE: Final = (
    _series()
    .where(series.c.id > bindparam("after"))
    .order_by(series.c.id)
    .limit(bindparam("limit"))
)
"""Series numbered above :after in the order of their creation."""
SERIES_PAGE_OF_STREAM: Final = SERIES_PAGE.where(series.c.stream == bindparam("stream"))
"""The same of one :stream."""
SERIES_BY_SLUG: Final = _series().where(series.c.slug == bindparam("slug"))
"""The series :slug."""
SERIES_BY_ADDRESS: Final = _series().where(series.c.address == bindparam("address"))
"""The series at :address."""
SERIES_NUMBER_BY_SLUG: Final = select(series.c.id).where(series.c.slug == bindparam("slug"))
"""The number of the series :slug, without what has to be summed up for the series as a whole."""
SERIES_NUMBER_BY_ADDRESS: Final = select(series.c.id).where(
    series.c.address == bindparam("address")
)
"""The same of the series at :address."""


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
    *, by_series: bool = False, by_stream: bool = False, by_period: bool = False
) -> Query:
    """Distributions before position :before, newest first; filters bind :series, :stream, :period."""
    query = _distributions().where(distribution.c.pos < bindparam("before"))
    if by_series:
        query = query.where(distribution.c.series == bindparam("series"))
    if by_stream:
        query = query.where(series.c.stream == bindparam("stream"))
    if by_period:
        query = query.where(distribution.c.period == bindparam("period"))
    return query.order_by(distribution.c.pos.desc()).limit(bindparam("limit"))


ONE_DISTRIBUTION: Final = _distributions().where(
    series.c.slug == bindparam("slug"), distribution.c.number == bindparam("number")
)
"""Distribution :number of the series :slug."""

PAYOUT_TOTALS: Final = select(
    func.count().label("holders"), func.sum(payout.c.amount).label("amount")
).where(payout.c.pos == bindparam("pos"))
"""Number of holders and sum of payouts of the distribution at :pos; the rest is carried by fractions."""
