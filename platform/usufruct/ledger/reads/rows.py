"""Joins that most questions share: a log's transaction and time."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, FromClause, Label, Select

from usufruct.ledger.models import block, log

__all__ = ["EVER", "Query", "placed", "when"]

Query: TypeAlias = Select[*tuple[Any, ...]]
"""A statement whose rows are read by name."""


EVER: Final = 1 << 62
"""A time after every possible one: whatever came, whenever it came, is known then."""


def when(prefix: str = "") -> list[Label[Any]]:
    """Block, time, transaction and log index of the log that `placed` joins under the same prefix."""
    logs, blocks = _tables(prefix)
    return [
        logs.c.block.label(f"{prefix}block"),
        blocks.c.timestamp.label(f"{prefix}time"),
        logs.c.tx_hash.label(f"{prefix}tx"),
        logs.c.log_index.label(f"{prefix}log_index"),
    ]


def placed(
    query: Query, pos: ColumnElement[int], prefix: str = "", *, optional: bool = False
) -> Query:
    """`query` joined with the log at `pos` and its block; `optional` where `pos` may be null."""
    logs, blocks = _tables(prefix)
    return query.join(logs, logs.c.pos == pos, isouter=optional).join(
        blocks, blocks.c.number == logs.c.block, isouter=optional
    )


@cache
def _tables(prefix: str) -> tuple[FromClause, FromClause]:
    if not prefix:
        return log, block
    return log.alias(f"{prefix}log"), block.alias(f"{prefix}at")
