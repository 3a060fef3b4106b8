"""Offerings and their subscriptions as of a position: the newest event tells the sums, and what a subscription is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, case, cast, func, or_, select

from usufruct.ledger.models import (
    offering,
    offering_event,
    refund_event,
    series,
    series_event,
    subscriber,
    wallet,
)
from usufruct.ledger.offerings import Status
from usufruct.ledger.reads.order import in_order
from usufruct.ledger.reads.rows import Query, placed, when

__all__ = [
    "LOTS",
    "OFFERING",
    "OFFERING_ORDERS",
    "REFUNDS",
    "REFUNDS_OF_WALLET",
    "SUBSCRIPTION",
    "SUBSCRIPTION_ORDERS",
    "offerings_page",
    "subscriptions_page",
]

_last = offering_event.alias("last")
_cancelled = offering_event.alias("cancelled")
_own = offering_event.alias("own")


def _sum(column: ColumnElement[int], name: str) -> ColumnElement[int]:
    """A sum after the offering's last event; 0 before the first."""
    return func.coalesce(column, 0, type_=column.type).label(name)


def _offerings() -> Query:
    """Offerings with their series and where they stood before the position :end."""
    newest = (
        select(func.max(offering_event.c.pos))
        .where(offering_event.c.offering == offering.c.id, offering_event.c.pos < bindparam("end"))
        .scalar_subquery()
    )
    subscribers = (
        select(func.count())
        .select_from(subscriber)
        .where(subscriber.c.offering == offering.c.id, subscriber.c.pos < bindparam("end"))
        .scalar_subquery()
    )
    sealed = (
        select(func.min(series_event.c.pos))
        .where(
            series_event.c.series == offering.c.series,
            series_event.c.kind == "sealed",
            series_event.c.pos < bindparam("end"),
        )
        .scalar_subquery()
    )
    query = (
        select(
            offering,
            series.c.slug,
            series.c.symbol,
            series.c.decimals.label("series_decimals"),
            series.c.address.label("series_address"),
            series.c.stream,
            series.c.classes,
            series.c.countries,
            _sum(_last.c.subscribed, "subscribed"),
            _sum(_last.c.placed, "placed"),
            _sum(_last.c.waiting, "waiting"),
            _sum(_last.c.held, "held"),
            subscribers.label("subscribers"),
            sealed.label("sealed"),
            _cancelled.c.pos.label("cancelled"),
            *when(),
            *when("cancelled_"),
        )
        .join_from(offering, series, series.c.id == offering.c.series)
        .join(_last, _last.c.pos == newest, isouter=True)
        .join(
            _cancelled,
            and_(
                _cancelled.c.offering == offering.c.id,
                _cancelled.c.kind == "cancelled",
                _cancelled.c.pos < bindparam("end"),
            ),
            isouter=True,
        )
        .where(offering.c.pos < bindparam("end"))
    )
    query = placed(query, offering.c.pos)
    return placed(query, _cancelled.c.pos, "cancelled_", optional=True)


def _of_status(status: Status) -> ColumnElement[bool]:
    """What `status_of` says, at the time :now."""
    now = bindparam("now", type_=BigInteger())
    given_up, over = _cancelled.c.pos.is_not(None), offering.c.closes <= now
    short = func.coalesce(_last.c.subscribed, 0) < offering.c.min_units
    waiting = func.coalesce(_last.c.waiting, 0) != 0
    alive = ~given_up
    return {
        "upcoming": and_(alive, offering.c.opens > now),
        "open": and_(alive, offering.c.opens <= now, ~over),
        "failed": or_(given_up, and_(over, short)),
        "delivering": and_(alive, over, ~short, waiting),
        "complete": and_(alive, over, ~short, ~waiting),
    }[status]


def _sortable(column: ColumnElement[int]) -> ColumnElement[int]:
    """A column that its contract lets be 2⁶³ or more, which SQL takes for negative: all that is so large is equal."""
    return case((column < 0, (1 << 63) - 1), else_=cast(column, BigInteger))


OFFERING_ORDERS: Final[Mapping[str, ColumnElement[int]]] = {
    "opened": offering.c.pos,
    "opens": offering.c.opens,
    "closes": offering.c.closes,
    "price": _sortable(offering.c.price),
    "subscribed": _sortable(func.coalesce(_last.c.subscribed, 0, type_=BigInteger())),
}
"""What offerings can be sorted by."""


@cache
def offerings_page(
    *,
    by_series: bool = False,
    status: Status | None = None,
    order: str = "-opened",
    begun: bool = False,
) -> Query:
    """Offerings as they stood before the position :end, opened before :before, in an order.

    The order is one of `OFFERING_ORDERS`. Filters bind :series (number) and, with a status, :now.
    """
    query = _offerings().where(offering.c.pos < bindparam("before"))
    if by_series:
        query = query.where(offering.c.series == bindparam("series"))
    if status is not None:
        query = query.where(_of_status(status))
    return in_order(query, OFFERING_ORDERS, order, offering.c.pos, begun=begun)


OFFERING: Final = _offerings().where(offering.c.id == bindparam("offering"))
"""Offering number :offering as it stood before the position :end; none if it was not opened yet."""


def _subscriptions() -> Query:
    """Subscriptions before the position :end, each with the event that made it what it is, and that before it."""
    newest = (
        select(func.max(offering_event.c.pos))
        .where(
            offering_event.c.wallet == subscriber.c.wallet,
            offering_event.c.offering == subscriber.c.offering,
            offering_event.c.pos < bindparam("end"),
        )
        .scalar_subquery()
    )
    # A refund that fails is told by the very log before the event that it belongs to.
    failed = (
        select(refund_event.c.pos)
        .where(refund_event.c.pos == _own.c.pos - 1, refund_event.c.wallet == _own.c.wallet)
        .exists()
    )
    query = (
        select(
            subscriber.c.pos.label("first_pos"),
            subscriber.c.offering,
            subscriber.c.wallet.label("wallet_id"),
            wallet.c.address.label("wallet"),
            _own.c.pos,
            _own.c.kind,
            _own.c.units,
            _own.c.price.label("paid_price"),
            _own.c.returned,
            _own.c.standing,
            failed.label("refund_failed"),
            *when(),
            *when("last_"),
        )
        .join_from(subscriber, wallet, wallet.c.id == subscriber.c.wallet)
        .join(_own, _own.c.pos == newest)
        .where(subscriber.c.pos < bindparam("end"))
    )
    return placed(placed(query, subscriber.c.pos), _own.c.pos, "last_")


SUBSCRIPTION_ORDERS: Final[Mapping[str, ColumnElement[int]]] = {
    "time": subscriber.c.pos,
    "units": _own.c.standing,
}
"""What subscriptions can be sorted by: the first lot's place, and units."""


@cache
def subscriptions_page(
    *,
    by_offering: bool = False,
    by_wallet: bool = False,
    status: str | None = None,
    order: str = "time",
    begun: bool = False,
) -> Query:
    """Subscriptions that began after position :after, as of :end, in an order of `SUBSCRIPTION_ORDERS`.

    Filters bind :offering and :wallet (number); `status` is subscribed, withdrawn, delivered, refunded or lapsed.
    """
    query = _subscriptions().where(subscriber.c.pos > bindparam("after"))
    if by_offering:
        query = query.where(subscriber.c.offering == bindparam("offering"))
    if by_wallet:
        query = query.where(subscriber.c.wallet == bindparam("wallet"))
    if status is not None:
        query = query.where(_own.c.kind == status)
    return in_order(query, SUBSCRIPTION_ORDERS, order, subscriber.c.pos, begun=begun)


SUBSCRIPTION: Final = _subscriptions().where(
    subscriber.c.offering == bindparam("offering"), wallet.c.address == bindparam("address")
)
"""The subscription of the wallet :address to :offering before the position :end."""


def _lots() -> Query:
    back = offering_event.alias("back")
    lots = (
        select(
            offering_event.c.lot,
            offering_event.c.wallet.label("wallet_id"),
            cast(func.sum(offering_event.c.units), BigInteger).label("units"),
            func.min(offering_event.c.pos).label("pos"),
            func.max(offering_event.c.pos).label("raised"),
        )
        .where(
            offering_event.c.offering == bindparam("offering"),
            offering_event.c.kind == "subscribed",
            offering_event.c.pos < bindparam("end"),
        )
        .group_by(offering_event.c.lot, offering_event.c.wallet)
        .subquery("lots")
    )
    withdrawn = (
        select(back.c.pos)
        .where(
            back.c.wallet == lots.c.wallet_id,
            back.c.offering == bindparam("offering"),
            back.c.kind == "withdrawn",
            back.c.pos > lots.c.raised,
            back.c.pos < bindparam("end"),
        )
        .exists()
    )
    query = select(lots.c.lot, lots.c.wallet_id, lots.c.units, *when())
    return placed(query, lots.c.pos).where(~withdrawn).order_by(lots.c.lot)


LOTS: Final = _lots()
"""The line of :offering before the position :end: its lots that were not withdrawn, in order."""

REFUNDS: Final[Query] = (
    select(wallet.c.address, refund_event.c.kind, refund_event.c.amount)
    .join_from(refund_event, wallet, wallet.c.id == refund_event.c.wallet)
    .order_by(refund_event.c.wallet, refund_event.c.pos)
)
"""Refunds that could not be paid and the payments of what was owed, by wallet, in order."""
REFUNDS_OF_WALLET: Final = (
    select(refund_event.c.kind, refund_event.c.amount)
    .where(refund_event.c.wallet == bindparam("wallet"), refund_event.c.pos < bindparam("end"))
    .order_by(refund_event.c.pos)
)
"""The same of :wallet before the position :end."""
