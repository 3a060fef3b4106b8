"""Everything of a kind in the chain's order, narrow enough to draw a sample from, and what was drawn."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, select

from usufruct.ledger.models import (
    batch,
    batch_evidence,
    distribution,
    payout,
    series,
    statement,
)
from usufruct.ledger.reads.rows import placed, when

__all__ = [
    "ALL_BATCHES",
    "ALL_DISTRIBUTIONS",
    "ALL_STATEMENTS",
    "LEAVES",
    "PAYOUT_AT",
]

ALL_STATEMENTS: Final = select(
    statement.c.stream, statement.c.period, statement.c.version
).order_by(statement.c.pos)
"""All versions of all statements."""

ALL_BATCHES: Final = (
    select(batch.c.stream, batch.c.seq, batch.c["count"].label("readings"))
    .where(batch.c["count"] > 0)
    .order_by(batch.c.pos)
)
"""All batches that hold readings."""

ALL_DISTRIBUTIONS: Final = (
    select(distribution.c.pos, func.count(payout.c.wallet).label("payouts"))
    .join_from(distribution, series, series.c.id == distribution.c.series)
    .join(payout, payout.c.pos == distribution.c.pos)
    .where(series.c.stream.is_not(None))
    .group_by(distribution.c.pos)
    .order_by(distribution.c.pos)
)
"""All distributions of series of streams (those of funds have no path to a meter), with the number of their payouts."""

PAYOUT_AT: Final = (
    select(payout.c.wallet)
    .where(payout.c.pos == bindparam("pos"))
    .order_by(payout.c.wallet)
    .offset(bindparam("place"))
    .limit(1)
)
"""The wallet of the payout at :place of the distribution at :pos, counted from 0 by the wallets' numbers."""

LEAVES: Final = placed(
    select(
        batch.c.stream,
        batch.c.seq,
        batch.c.first,
        batch.c.root,
        batch_evidence.c.leaves,
        *when(),
    ).join_from(batch, batch_evidence, batch_evidence.c.head == batch.c.head, isouter=True),
    batch.c.pos,
).where(batch.c.stream == bindparam("stream"), batch.c.seq == bindparam("seq"))
"""Batch :seq of :stream with its leaves, 102 bytes each; null where its evidence is not here."""
