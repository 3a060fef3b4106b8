"""Turns what is final in the ledger into numbered events, once, in the order of the chain.

The cursor moves in the transaction that writes the events, so that a crash neither loses nor doubles one. Blocks
that a reorganisation may still replace are left alone: an event is never taken back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select, update

from usufruct.api.auth.principal import Principal, Role
from usufruct.api.events.facts import SOURCES, Fact
from usufruct.api.render import Json, Renderer
from usufruct.ledger.bulk import insert_rows
from usufruct.ledger.database import Database
from usufruct.ledger.models import cursor, feed_cursor, feed_event, wallet
from usufruct.ledger.types import first_position

__all__ = ["EVENT", "EVENTS_AFTER", "Feed", "by_role", "shown", "visible"]

_BLOCKS: Final = 5_000
EVENTS_AFTER: Final = (
    select(feed_event)
    .where(feed_event.c.number > bindparam("after"))
    .order_by(feed_event.c.number)
    .limit(bindparam("limit"))
)
"""Events numbered above :after, in order."""
EVENT: Final = select(feed_event.c.number).where(feed_event.c.number == bindparam("number"))
"""Event :number, if there is one."""


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

    def _facts(self, connection: Connection, values: dict[str, int]) -> Iterator[Fact]:
        for query, make in SOURCES:
            for row in connection.execute(query, values):
                yield make(self.render, row)


def visible(who: Principal, public: bool, row: Row[Any]) -> bool:
    """Whether somebody may see an event: everybody's, the own wallet's, or by a role."""
    return _of_all_or_own(who, public, row) or who.reader(row.stream) is not None


def by_role(who: Principal, public: bool, row: Row[Any]) -> Role | None:
    """The role by which somebody sees an event that is another's; None for everybody's, the own and the hidden."""
    return None if _of_all_or_own(who, public, row) else who.reader(row.stream)


def _of_all_or_own(who: Principal, public: bool, row: Row[Any]) -> bool:
    return public or row.wallet is None or who.owns(row.wallet)


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
