"""Facts of the chain that are told as events: which rows of the ledger, as which type, with what document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, bindparam, select

from usufruct.api.render import Json, Renderer, account, rfc3339
from usufruct.ledger import ids
from usufruct.ledger.models import (
    distribution,
    freeze,
    offering,
    offering_event,
    payment,
    refund_event,
    series,
    settlement,
    statement,
    statement_event,
    wallet,
)
from usufruct.ledger.reads.rows import Query, placed, when

__all__ = ["KINDS", "SOURCES", "Fact"]

KINDS: Final = (
    "distribution.created",
    "offering.cancelled",
    "offering.opened",
    "payment.made",
    "refund.failed",
    "refund.paid",
    "settlement.created",
    "statement.attested",
    "statement.dismissed",
    "statement.disputed",
    "statement.lapsed",
    "statement.settled",
    "statement.voided",
    "subscription.delivered",
    "subscription.lapsed",
    "subscription.made",
    "subscription.refunded",
    "subscription.withdrawn",
    "wallet.frozen",
    "wallet.released",
)
"""Types of events."""


class Fact(NamedTuple):
    """A fact at a position of the chain; with a wallet it is that wallet's own affair."""

    kind: str
    pos: int
    stream: int | None
    wallet: bytes | None
    document: Json


def _between(query: Query, table: Any) -> Query:
    query = query.where(table.c.pos >= bindparam("after"), table.c.pos < bindparam("end"))
    return placed(query, table.c.pos)


def _place(row: Row[Any]) -> Json:
    return {"block": row.block, "time": rfc3339(row.time), "transaction": "0x" + row.tx.hex()}


def _distribution(render: Renderer, row: Row[Any]) -> Fact:
    document = {
        "id": ids.distribution_id(row.slug, row.number),
        "series": ids.series_id(row.slug),
        "period": render.period(row.period, row),
        "amount": render.money(row.amount),
        "place": _place(row),
    }
    return Fact("distribution.created", row.pos, row.stream, None, document)


def _payment(render: Renderer, row: Row[Any]) -> Fact:
    document = {
        "wallet": account(row.address),
        "series": ids.series_id(row.slug),
        "amount": render.money(row.amount),
        "place": _place(row),
    }
    return Fact("payment.made", row.pos, row.stream, row.address, document)


def _settlement(render: Renderer, row: Row[Any]) -> Fact:
    document = {
        "id": ids.settlement_id(row.stream, row.period),
        "stream": ids.stream_id(row.stream),
        "period": render.period(row.period),
        "receipts": render.money(row.receipts),
        "shortfall": render.money(row.shortfall),
        "place": _place(row),
    }
    return Fact("settlement.created", row.pos, row.stream, None, document)


def _attested(render: Renderer, row: Row[Any]) -> Fact:
    document = _statement(render, row) | {"distributable": render.money(row.distributable)}
    return Fact("statement.attested", row.pos, row.stream, None, document)


def _happened(render: Renderer, row: Row[Any]) -> Fact:
    return Fact(f"statement.{row.kind}", row.pos, row.stream, None, _statement(render, row))


def _statement(render: Renderer, row: Row[Any]) -> Json:
    return {
        "id": ids.statement_id(row.stream, row.period, row.version),
        "stream": ids.stream_id(row.stream),
        "period": render.period(row.period),
        "version": row.version,
        "place": _place(row),
    }


def _freeze(_: Renderer, row: Row[Any]) -> Fact:
    kind = "wallet.frozen" if row.frozen else "wallet.released"
    document = {"wallet": account(row.address), "place": _place(row)}
    return Fact(kind, row.pos, None, row.address, document)


def _offering(row: Row[Any]) -> Json:
    return {"offering": ids.offering_id(row.number), "series": ids.series_id(row.slug)}


def _opened(render: Renderer, row: Row[Any]) -> Fact:
    document = {
        **_offering(row),
        "price": render.money(row.price),
        "maximum_units": str(row.max_units),
        "decimals": row.series_decimals,
        "opens": rfc3339(row.opens),
        "closes": rfc3339(row.closes),
        "place": _place(row),
    }
    return Fact("offering.opened", row.pos, row.stream, None, document)


def _offered(render: Renderer, row: Row[Any]) -> Fact:
    if row.address is None:
        document = _offering(row) | {"place": _place(row)}
        return Fact("offering.cancelled", row.pos, row.stream, None, document)
    document = {
        **_offering(row),
        "subscription": ids.subscription_id(row.number, row.address),
        "wallet": account(row.address),
        "units": str(row.units),
        "decimals": row.series_decimals,
        **_moved(render, row),
        "place": _place(row),
    }
    done = "made" if row.kind == "subscribed" else row.kind
    return Fact(f"subscription.{done}", row.pos, row.stream, row.address, document)


def _moved(render: Renderer, row: Row[Any]) -> Json:
    """The money that moved, and no other: nothing is told as 0 that was not asked about."""
    if row.kind == "subscribed":
        return {"paid": render.money(row.units * row.unit_price)}
    returned = {"returned": render.money(row.returned)}
    return {"price": render.money(row.price), **returned} if row.kind == "delivered" else returned


def _refund(render: Renderer, row: Row[Any]) -> Fact:
    document = {
        "wallet": account(row.address),
        "amount": render.money(row.amount),
        "place": _place(row),
    }
    return Fact(f"refund.{row.kind}", row.pos, None, row.address, document)


SOURCES: Final[tuple[tuple[Query, Callable[[Renderer, Row[Any]], Fact]], ...]] = (
    (
        _between(
            select(distribution, series.c.slug, series.c.stream, *when()).join_from(
                distribution, series, series.c.id == distribution.c.series
            ),
            distribution,
        ),
        _distribution,
    ),
    (
        _between(
            select(payment, series.c.slug, series.c.stream, wallet.c.address, *when())
            .join_from(payment, series, series.c.id == payment.c.series)
            .join(wallet, wallet.c.id == payment.c.wallet),
            payment,
        ),
        _payment,
    ),
    (_between(select(settlement, *when()), settlement), _settlement),
    (_between(select(statement, *when()), statement), _attested),
    (_between(select(statement_event, *when()), statement_event), _happened),
    (
        _between(
            select(freeze, wallet.c.address, *when()).join_from(
                freeze, wallet, wallet.c.id == freeze.c.wallet
            ),
            freeze,
        ),
        _freeze,
    ),
    (
        _between(
            select(
                offering,
                offering.c.id.label("number"),
                series.c.slug,
                series.c.stream,
                series.c.decimals.label("series_decimals"),
                *when(),
            ).join_from(offering, series, series.c.id == offering.c.series),
            offering,
        ),
        _opened,
    ),
    (
        _between(
            select(
                offering_event,
                offering.c.id.label("number"),
                offering.c.price.label("unit_price"),
                series.c.slug,
                series.c.stream,
                series.c.decimals.label("series_decimals"),
                wallet.c.address,
                *when(),
            )
            .join_from(offering_event, offering, offering.c.id == offering_event.c.offering)
            .join(series, series.c.id == offering.c.series)
            .join(wallet, wallet.c.id == offering_event.c.wallet, isouter=True),
            offering_event,
        ),
        _offered,
    ),
    (
        _between(
            select(refund_event, wallet.c.address, *when()).join_from(
                refund_event, wallet, wallet.c.id == refund_event.c.wallet
            ),
            refund_event,
        ),
        _refund,
    ),
)
"""Queries of facts from :after to before :end, and what makes a fact of a row."""
