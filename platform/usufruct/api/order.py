"""Where a page of a list begins, whichever way the list is sorted.

A list in its own order goes on after the id of an object. A sorted one goes on after a mark of three parts: the list
with its sort, filters and moment, the value it is sorted by, and the row's own number. Marks are no secret and prove
nothing: whoever makes one up begins elsewhere in a list that they may read anyhow.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from usufruct.api.moment import page
from usufruct.api.params import PageQuery
from usufruct.api.render import Json
from usufruct.errors import InputError

__all__ = ["Order", "order_of"]

_MARK: Final = re.compile(r"s_([0-9a-f]{12})_([0-9]{1,19})_([0-9]{1,19})", re.ASCII)
_MOST: Final = (1 << 63) - 1
_PAGING: Final = {"limit", "starting_after"}


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is sorted.

    Attributes:
        by: Name of what it is sorted by, a minus before it for the greatest first; None for its own order.
        list_id: Twelve hexadecimal digits of the list with sort, filters and moment; empty in its own order.
        start: Value and key of the row that the page goes on after; None at the beginning, and in its own order.
    """

    by: str | None
    list_id: str
    start: tuple[int, int] | None = None

    @property
    def values(self) -> dict[str, int]:
        """What a sorted statement binds besides its filters."""
        return (
            {}
            if self.start is None
            else dict(zip(("sort_value", "sort_key"), self.start, strict=True))
        )

    @property
    def query(self) -> dict[str, Any]:
        """What a builder of statements is told."""
        return {} if self.by is None else {"order": self.by, "begun": self.start is not None}

    def page(self, rows: Sequence[Any], shown: list[Json], limit: int, key: str = "id") -> Json:
        """A list of at most `limit` of the objects `shown` for `rows`, of which one more was asked for.

        Of a sorted list each row has `sort_value` and `sort_key`.
        """
        listed = page(shown, limit, key)
        if self.by is not None and listed["has_more"]:
            last = rows[limit - 1]
            listed["next"] = f"s_{self.list_id}_{last.sort_value}_{last.sort_key}"
        return listed


def order_of(name: str, query: PageQuery) -> Order:
    """The order that a query of the list `name` asks for, and where the page begins.

    Raises InputError if the page before was of another list, sort, filter or moment.
    """
    by: str | None = getattr(query, "sort", None)
    after = query.starting_after
    mark = None if after is None else _MARK.fullmatch(after)
    if by is None and mark is None:
        return Order(None, "")  # in its own order a list needs no name
    asked = query.model_dump_json(exclude=_PAGING, exclude_none=True)
    list_id = sha256(f"{name}?{asked}".encode()).hexdigest()[:12]
    if after is None:
        return Order(by, list_id)
    start = (int(mark[2]), int(mark[3])) if mark is not None else (0, 0)
    if mark is None or by is None or mark[1] != list_id or max(start) > _MOST:
        raise InputError(
            "this page goes on in another list",
            field="starting_after",
            value=after,
            rule="`next` of a page with the same sort, filters and as_of",
            remedy="repeat them, or begin again without starting_after",
        )
    return Order(by, list_id, start)
