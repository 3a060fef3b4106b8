"""What all settlements and distributions add up to, however many there are."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, cast, func, select

from usufruct.ledger.models import batch, block, distribution, log, rules, series, settlement

__all__ = ["DISTRIBUTED", "READINGS", "RULES", "SETTLED"]

_sums = (
    select(
        distribution.c.series,
        distribution.c.period,
        func.count().label("count"),
        cast(func.sum(distribution.c.amount), BigInteger).label("amount"),
        func.max(distribution.c.pos).label("last"),
    )
    .group_by(distribution.c.series, distribution.c.period)
    .subquery()
)
DISTRIBUTED: Final = (
    select(
        _sums.c.period,
        _sums.c["count"].label("number"),
        _sums.c.amount,
        series.c.slug,
        series.c.symbol,
        series.c.address.label("series_address"),
        series.c.stream,
        block.c.timestamp.label("time"),
    )
    .join_from(_sums, series, series.c.id == _sums.c.series)
    .join(log, log.c.pos == _sums.c.last)
    .join(block, block.c.number == log.c.block)
    .order_by(_sums.c.last.desc())
)
"""By series and period: number, sum and last time of the distributions, the latest first."""

SETTLED: Final = select(
    settlement.c.stream,
    settlement.c.period,
    settlement.c.rules_version,
    settlement.c.receipts,
    settlement.c.lines,
).order_by(settlement.c.pos)
"""All settlements with what each step was paid."""

RULES: Final = select(rules.c.stream, rules.c.version, rules.c.content)
"""All rules that ever were in force."""

READINGS: Final = select(cast(func.sum(batch.c["count"]), BigInteger).label("readings"))
"""How many readings are anchored; null for none."""
