"""Record dates of series, and the units kept for those whose money is still to come."""

from __future__ import annotations

from typing import Final

from sqlalchemy import and_, bindparam, func, select

from usufruct.ledger.models import distribution, kept, record
from usufruct.ledger.reads.rows import placed, when

__all__ = ["KEPT", "RECORDS"]

_newer = record.alias("newer")
_NEWEST: Final = (
    select(func.max(_newer.c.pos))
    .where(_newer.c.series == record.c.series, _newer.c.period == record.c.period)
    .scalar_subquery()
)
_paid = distribution.alias("paid")

RECORDS: Final = (
    placed(
        select(
            record.c.period,
            record.c.at,
            distribution.c.number.label("distribution"),
            select(func.max(_paid.c.period))
            .where(_paid.c.series == record.c.series)
            .scalar_subquery()
            .label("last_period"),
            *when(),
        ).join_from(
            record,
            distribution,
            and_(
                distribution.c.series == record.c.series,
                distribution.c.period == record.c.period,
            ),
            isouter=True,
        ),
        record.c.pos,
    )
    .where(
        record.c.series == bindparam("series"),
        record.c.period < bindparam("before"),
        record.c.pos == _NEWEST,
        record.c.at != 0,
    )
    .order_by(record.c.period.desc())
    .limit(bindparam("limit"))
)
"""Record dates of :series in force, of periods below :before, newest first, with the distribution that came."""

KEPT: Final = (
    select(kept.c.wallet, kept.c.units)
    .where(kept.c.series == bindparam("series"), kept.c.period == bindparam("period"))
    .order_by(kept.c.pos)
)
"""Units at the record date of :period of wallets that moved some of :series before its money came."""
