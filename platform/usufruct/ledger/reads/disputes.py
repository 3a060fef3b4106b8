"""Disputes of statements, and proven faults.

A dispute begins with the log that opens it, or with the one that voids a statement nobody had disputed, and ends with
the next log that dismisses it or voids the version. Nobody answers in time: `lapsed` stands between the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from sqlalchemy import ColumnElement, FromClause, and_, bindparam, case, func, or_, select

from usufruct.ledger.models import fault, statement, statement_event
from usufruct.ledger.reads.order import in_order
from usufruct.ledger.reads.rows import Query, placed, when

__all__ = ["DISPUTES", "DISPUTE_ORDERS", "FAULTS", "disputes_page"]

DISPUTES: Final = (
    placed(select(statement_event, *when()), statement_event.c.pos)
    .where(statement_event.c.kind.in_(("disputed", "dismissed", "lapsed", "voided")))
    .order_by(statement_event.c.pos.desc())
    .limit(bindparam("limit"))
)
"""What happened to disputed statements of all streams, newest first."""

FAULTS: Final = (
    placed(select(fault, *when()), fault.c.pos)
    .order_by(fault.c.pos.desc())
    .limit(bindparam("limit"))
)
"""Faults that were proven to the chain, newest first."""

_opened = statement_event.alias("opened")
_decided = statement_event.alias("decided")
DISPUTE_ORDERS: Final[Mapping[str, ColumnElement[int]]] = {
    "time": _opened.c.pos,
    "period": _opened.c.period,
}
"""What disputes can be sorted by."""


@cache
def disputes_page(
    *,
    by_stream: bool = False,
    by_period: bool = False,
    status: str | None = None,
    order: str = "-time",
    begun: bool = False,
) -> Query:
    """Disputes as they stood before the position :end, in an order of `DISPUTE_ORDERS`.

    Filters bind :stream and :period; `status` is open, dismissed, lapsed or upheld.
    """
    lapsed = _lapsed()
    query = placed(
        placed(_disputes(lapsed), _opened.c.pos), _decided.c.pos, "decided_", optional=True
    ).where(_opened.c.pos < bindparam("end"), or_(_opened.c.kind == "disputed", _undisputed()))
    if by_stream:
        query = query.where(_opened.c.stream == bindparam("stream"))
    if by_period:
        query = query.where(_opened.c.period == bindparam("period"))
    dismissed = _decided.c.kind == "dismissed"
    if status is not None:
        query = query.where(
            {
                "open": _decided.c.pos.is_(None),
                "dismissed": and_(dismissed, ~lapsed),
                "lapsed": and_(dismissed, lapsed),
                "upheld": _decided.c.kind == "voided",
            }[status]
        )
    return in_order(query, DISPUTE_ORDERS, order, _opened.c.pos, begun=begun)


def _disputes(lapsed: ColumnElement[bool]) -> Query:
    """Openings with what was decided, the version they are about, and the one that came after it."""
    earlier, later = statement_event.alias("earlier"), statement.alias("later")
    of_version = (
        statement.c.stream == _opened.c.stream,
        statement.c.period == _opened.c.period,
        statement.c.version == _opened.c.version,
    )
    next_version = select(func.min(later.c.version)).where(
        later.c.stream == _opened.c.stream,
        later.c.period == _opened.c.period,
        later.c.version > _opened.c.version,
        later.c.pos < bindparam("end"),
    )
    successor = statement.alias("successor")
    return (
        select(
            _opened,
            select(func.count())
            .where(*_same(earlier), earlier.c.kind == "disputed", earlier.c.pos < _opened.c.pos)
            .scalar_subquery()
            .label("earlier"),
            _decided.c.kind.label("decision"),
            _decided.c.hash.label("decided_hash"),
            lapsed.label("lapsed"),
            fault.c.id.label("fault"),
            fault.c.kind.label("fault_kind"),
            fault.c.challenger,
            fault.c.evidence.label("fault_evidence"),
            statement.c.distributable,
            statement.c.digest,
            successor.c.version.label("next_version"),
            successor.c.distributable.label("next_distributable"),
            *when(),
            *when("decided_"),
        )
        .join_from(_opened, statement, and_(*of_version))
        .join(_decided, _decided.c.pos == _decision(), isouter=True)
        .join(fault, fault.c.id == _decided.c.hash, isouter=True)
        .join(
            successor,
            and_(
                successor.c.stream == _opened.c.stream,
                successor.c.period == _opened.c.period,
                successor.c.version == next_version.scalar_subquery(),
            ),
            isouter=True,
        )
    )


def _same(other: FromClause) -> tuple[ColumnElement[bool], ...]:
    """Events of the version that the opening is about, before the position :end."""
    return (
        other.c.stream == _opened.c.stream,
        other.c.period == _opened.c.period,
        other.c.version == _opened.c.version,
        other.c.pos < bindparam("end"),
    )


def _decision() -> ColumnElement[int]:
    """Position of the log that ended it; null while it is open."""
    end = statement_event.alias("ending")
    ended = select(func.min(end.c.pos)).where(
        *_same(end), end.c.pos > _opened.c.pos, end.c.kind.in_(("dismissed", "voided"))
    )
    return case((_opened.c.kind == "voided", _opened.c.pos), else_=ended.scalar_subquery())


def _lapsed() -> ColumnElement[bool]:
    """Whether nobody had resolved it in time."""
    lapse = statement_event.alias("lapse")
    return (
        select(lapse.c.pos)
        .where(
            *_same(lapse),
            lapse.c.kind == "lapsed",
            lapse.c.pos > _opened.c.pos,
            lapse.c.pos < _decided.c.pos,
        )
        .exists()
    )


def _undisputed() -> ColumnElement[bool]:
    """Whether it voids a version that no dispute was open of."""
    before = statement_event.alias("before")
    last = (
        select(before.c.kind)
        .where(
            *_same(before),
            before.c.pos < _opened.c.pos,
            before.c.kind.in_(("disputed", "dismissed")),
        )
        .order_by(before.c.pos.desc())
        .limit(1)
        .scalar_subquery()
    )
    return and_(_opened.c.kind == "voided", func.coalesce(last, "") != "disputed")
