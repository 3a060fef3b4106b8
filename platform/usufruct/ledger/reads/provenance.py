"""Which logs a payout's figures come from."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, select

from usufruct.ledger.models import checkpoint, record, skipped
from usufruct.ledger.reads.rows import Query, placed, when

__all__ = ["ANNOUNCED", "LAST_SKIP_AS_OF", "UNITS_SINCE"]


def _units_since() -> Query:
    other = checkpoint.alias("other")
    own = (checkpoint.c.series == bindparam("series"), checkpoint.c.wallet == bindparam("wallet"))
    last_other = (
        select(func.max(other.c.pos))
        .where(
            other.c.series == bindparam("series"),
            other.c.wallet == bindparam("wallet"),
            other.c.pos < bindparam("before"),
            other.c.units != bindparam("units"),
        )
        .scalar_subquery()
    )
    query = select(*when()).select_from(checkpoint)
    return (
        placed(query, checkpoint.c.pos)
        .where(
            *own,
            checkpoint.c.pos < bindparam("before"),
            checkpoint.c.pos > func.coalesce(last_other, -1),
        )
        .order_by(checkpoint.c.pos)
        .limit(1)
    )


UNITS_SINCE: Final = _units_since()
"""The log before position :before since which :wallet holds :units of :series."""

ANNOUNCED: Final = (
    placed(select(*when()).select_from(record), record.c.pos)
    .where(
        record.c.series == bindparam("series"),
        record.c.period == bindparam("period"),
        record.c.at == bindparam("at"),
        record.c.pos < bindparam("before"),
    )
    .order_by(record.c.pos.desc())
    .limit(1)
)
"""The log before position :before that set the record date :at for :period of :series."""

LAST_SKIP_AS_OF: Final = (
    placed(select(skipped.c.pos, skipped.c.amount, skipped.c.reason, *when()), skipped.c.pos)
    .where(
        skipped.c.wallet == bindparam("wallet"),
        skipped.c.series == bindparam("series"),
        skipped.c.pos < bindparam("end"),
    )
    .order_by(skipped.c.pos.desc())
    .limit(1)
)
"""The last time before position :end that a page of payments passed over :wallet in :series."""
