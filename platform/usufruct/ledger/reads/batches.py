"""Anchored batches with the evidence that was handed over for them."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, and_, bindparam, select

from usufruct.ledger import models as m
from usufruct.ledger.reads.rows import EVER

__all__ = ["batch_with", "batches_of", "head_before"]


_BATCHES = (
    select(
        m.batch,
        m.log.c.tx_hash,
        m.log.c.log_index,
        m.batch_evidence.c.manifest,
        m.batch_evidence.c.leaves,
    )
    .join(m.log, m.log.c.pos == m.batch.c.pos)
    .outerjoin(
        m.batch_evidence,
        and_(
            m.batch_evidence.c.head == m.batch.c.head,
            m.batch_evidence.c.known_at <= bindparam("known"),
        ),
    )
)


def batches_of(
    connection: Connection, stream: int, start: int, end: int, known: int = EVER
) -> list[RowMapping]:
    """A stream's batches from `start` to `end`, the oldest first.

    Rows hold all columns of the batch, `tx_hash` and `log_index` of its log, and `manifest` and `leaves` of its
    evidence, both None where nobody had handed it over by the chain's time `known`.
    """
    column = m.batch.c
    query = _BATCHES.where(column.stream == stream, column.from_ >= start, column.to_ <= end)
    return list(connection.execute(query.order_by(column.seq), {"known": known}).mappings())


def batch_with(
    connection: Connection, stream: int, reading: int, known: int = EVER
) -> RowMapping | None:
    """The stream's batch with the reading of that number, a row as of `batches_of`; None if there is none."""
    column = m.batch.c
    query = _BATCHES.where(column.stream == stream, column.first <= reading, column["count"] > 0)
    last = query.order_by(column.seq.desc()).limit(1)
    return connection.execute(last, {"known": known}).mappings().one_or_none()


def head_before(connection: Connection, stream: int, seq: int) -> bytes:
    """The head on which batch `seq` was built."""
    if seq == 1:
        query = select(m.chain_start.c.head).where(m.chain_start.c.stream == stream)
    else:
        query = select(m.batch.c.head).where(m.batch.c.stream == stream, m.batch.c.seq == seq - 1)
    return bytes(connection.execute(query).scalar_one())
