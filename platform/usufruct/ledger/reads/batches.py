"""Anchored batches with the evidence that was handed over for them."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, select

from usufruct.ledger import models as m

__all__ = ["batches_of", "head_before"]


def batches_of(connection: Connection, stream: int, start: int, end: int) -> list[RowMapping]:
    """A stream's batches from `start` to `end`, the oldest first.

    Rows hold all columns of the batch, `tx_hash` and `log_index` of its log, and `manifest` and `leaves` of its
    evidence, both None where nobody has handed it over.
    """
    column, proof = m.batch.c, m.batch_evidence.c
    query = (
        select(m.batch, m.log.c.tx_hash, m.log.c.log_index, proof.manifest, proof.leaves)
        .join(m.log, m.log.c.pos == column.pos)
        .outerjoin(m.batch_evidence, proof.head == column.head)
        .where(column.stream == stream, column.from_ >= start, column.to_ <= end)
        .order_by(column.seq)
    )
    return list(connection.execute(query).mappings())


def head_before(connection: Connection, stream: int, seq: int) -> bytes:
    """The head on which batch `seq` was built."""
    if seq == 1:
        query = select(m.chain_start.c.head).where(m.chain_start.c.stream == stream)
    else:
        query = select(m.batch.c.head).where(m.batch.c.stream == stream, m.batch.c.seq == seq - 1)
    return bytes(connection.execute(query).scalar_one())
