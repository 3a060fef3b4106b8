"""Turns what is final in the ledger into numbered events, once, in the order of the chain.

The cursor moves in the transaction that writes the events, so that a crash neither loses nor doubles one. Blocks
that a reorganisation may still replace are left alone: an event is never taken back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select, update

from usufruct.api.auth.principal import Principal
from usufruct.api.render import Json, Renderer, account, rfc3339
from usufruct.ledger import ids
from usufruct.ledger.bulk import insert_rows
from usufruct.ledger.database import Database
from usufruct.ledger.models import (
    cursor,
    distribution,
    feed_cursor,
    feed_event,
    freeze,
    payment,
    series,
    settlement,
    statement,
    statement_event,
    wallet,
)
from usufruct.ledger.reads.rows import Query, placed, when
from usufruct.ledger.types import first_position

__all__ = ["EVENT", "EVENTS_AFTER", "KINDS", "Feed", "shown", "visible"]

_BLOCKS: Final = 5_000
KINDS: Final = (
    "distribution.created",
    "payment.made",
    "settlement.created",
    "statement.attested",
    "statement.dismissed",
    "statement.disputed",
    "statement.lapsed",
    "statement.settled",
    "statement.voided",
    "wallet.frozen",
    "wallet.released",
)
"""Types of events."""
EVENTS_AFTER: Final = (
    select(feed_event)
    .where(feed_event.c.number > bindparam("after"))
    .order_by(feed_event.c.number)
    .limit(bindparam("limit"))
)
"""Events numbered above :after, in order."""
EVENT: Final = select(feed_event.c.number).where(feed_event.c.number == bindparam("number"))
"""Event :number, if there is one."""


class _Fact(NamedTuple):
    kind: str
    pos: int
    stream: int | None
    wallet: bytes | None
    document: Json


@dataclass(frozen=True, slots=True)
class Feed:
    """Writes the events of a ledger.

    Attributes:
        database: The ledger.
        render: Turns rows into objects.
        finality_blocks: Blocks on top of a fact until it is told.
    """

    database: Database
    render: Renderer
    finality_blocks: int

    def round(self) -> bool:
        """Writes the events of the next blocks that are final; False if there are none."""
        with self.database.write() as connection:
            at = connection.execute(select(feed_cursor).with_for_update()).one()
            head = connection.execute(select(cursor.c.block)).scalar()
            final = -1 if head is None else head - self.finality_blocks
            last = min(final, self._skip(connection, at.block) + _BLOCKS)
            if last <= at.block:
                return False
            values = {"after": first_position(at.block + 1), "end": first_position(last + 1)}
            facts = sorted(self._facts(connection, values), key=lambda each: (each.pos, each.kind))
            rows = [
                (number, e.kind, e.pos, e.stream, e.wallet, json.dumps(e.document))
                for number, e in enumerate(facts, at.number + 1)
            ]
            insert_rows(connection, feed_event, rows)
            connection.execute(update(feed_cursor).values(block=last, number=at.number + len(rows)))
        return last < final

    @staticmethod
    def _skip(connection: Connection, block: int) -> int:
        """Where the next step begins; before the first, at the first block of the ledger."""
        if block >= 0:
            return block
        first = connection.execute(select(wallet.c.pos).order_by(wallet.c.pos).limit(1)).scalar()
        return block if first is None else max(block, (first >> 20) - 1 - _BLOCKS)

    def _facts(self, connection: Connection, values: dict[str, int]) -> Iterator[_Fact]:
        for query, make in _SOURCES:
            for row in connection.execute(query, values):
                yield make(self.render, row)


def visible(who: Principal, public: bool, row: Row[Any]) -> bool:
    """Whether somebody may see an event: everybody's, the own wallet's, or by a role."""
    if public or row.wallet is None or who.owns(row.wallet):
        return True
    return who.reader(row.stream) is not None


def shown(row: Row[Any]) -> Json:
    """An event as it is told."""
    document = json.loads(row.document)
    place = document.pop("place")
    return {
        "id": str(row.number),
        "object": "event",
        "type": row.kind,
        "block": place["block"],
        "time": place["time"],
        "data": document,
    }


# --- Sources ---------------------------------------------------------------------------------------


def _between(query: Query, table: Any) -> Query:
    query = query.where(table.c.pos >= bindparam("after"), table.c.pos < bindparam("end"))
    return placed(query, table.c.pos)


def _place(row: Row[Any]) -> Json:
    return {"block": row.block, "time": rfc3339(row.time), "transaction": "0x" + row.tx.hex()}


def _distribution(render: Renderer, row: Row[Any]) -> _Fact:
    document = {
        "id": ids.distribution_id(row.slug, row.number),
        "series": ids.series_id(row.slug),
        "period": render.period(row.period),
        "amount": render.money(row.amount),
        "place": _place(row),
    }
    return _Fact("distribution.created", row.pos, row.stream, None, document)


def _payment(render: Renderer, row: Row[Any]) -> _Fact:
    document = {
        "wallet": account(row.address),
        "series": ids.series_id(row.slug),
        "amount": render.money(row.amount),
        "place": _place(row),
    }
    return _Fact("payment.made", row.pos, row.stream, row.address, document)


def _settlement(render: Renderer, row: Row[Any]) -> _Fact:
    document = {
        "id": ids.settlement_id(row.stream, row.period),
        "stream": ids.stream_id(row.stream),
        "period": render.period(row.period),
        "receipts": render.money(row.receipts),
        "shortfall": render.money(row.shortfall),
        "place": _place(row),
    }
    return _Fact("settlement.created", row.pos, row.stream, None, document)


def _attested(render: Renderer, row: Row[Any]) -> _Fact:
    document = _statement(render, row) | {"distributable": render.money(row.distributable)}
    return _Fact("statement.attested", row.pos, row.stream, None, document)


def _happened(render: Renderer, row: Row[Any]) -> _Fact:
    return _Fact(f"statement.{row.kind}", row.pos, row.stream, None, _statement(render, row))


def _statement(render: Renderer, row: Row[Any]) -> Json:
    return {
        "id": ids.statement_id(row.stream, row.period, row.version),
        "stream": ids.stream_id(row.stream),
        "period": render.period(row.period),
        "version": row.version,
        "place": _place(row),
    }


def _freeze(_: Renderer, row: Row[Any]) -> _Fact:
    kind = "wallet.frozen" if row.frozen else "wallet.released"
    document = {"wallet": account(row.address), "place": _place(row)}
    return _Fact(kind, row.pos, None, row.address, document)


_SOURCES: Final[tuple[tuple[Query, Callable[[Renderer, Row[Any]], _Fact]], ...]] = (
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
)
