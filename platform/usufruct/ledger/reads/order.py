"""Lists in an order of the caller's choice, page by page."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, bindparam, or_

from usufruct.ledger.reads.rows import Query

__all__ = ["in_order"]


def in_order(
    query: Query,
    columns: Mapping[str, ColumnElement[int]],
    order: str,
    key: ColumnElement[int],
    *,
    begun: bool,
) -> Query:
    """At most :limit rows of `query` by a column, those that are equal in it by `key`, in the same direction.

    Rows also have `sort_value` and `sort_key`, from which the page after them begins.

    Args:
        query: Without an order of its own.
        columns: What it can be sorted by, by name; whole numbers, never null.
        order: A name, with a minus before it for the greatest first.
        key: Unique among the rows.
        begun: Whether rows begin after the one with :sort_value and :sort_key.
    """
    down = order.startswith("-")
    column = columns[order.removeprefix("-")]
    if begun:
        value, last = (
            bindparam(name, type_=each.type)
            for name, each in (("sort_value", column), ("sort_key", key))
        )
        beyond, further = (column < value, key < last) if down else (column > value, key > last)
        query = query.where(or_(beyond, and_(column == value, further)))
    ways = (column.desc(), key.desc()) if down else (column.asc(), key.asc())
    shown = query.add_columns(column.label("sort_value"), key.label("sort_key"))
    return shown.order_by(*ways).limit(bindparam("limit"))
