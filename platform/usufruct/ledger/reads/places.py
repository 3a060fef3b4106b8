"""Where the index stands and which block a time falls into."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select, union_all

from usufruct.ledger.models import block, cursor, header, meta

__all__ = ["BLOCK_AT_TIME", "CURSOR", "META", "TIME_OF_BLOCK"]

CURSOR: Final = select(cursor.c.block, cursor.c.hash, cursor.c.timestamp, cursor.c.evidence)
"""The last block taken in, and the revision of the evidence."""

META: Final = select(meta.c.key, meta.c.value)
"""What the ledger is of: chain, contracts, currency."""

_times = union_all(
    select(block.c.number, block.c.timestamp),
    select(header.c.number, header.c.timestamp),
    select(cursor.c.block, cursor.c.timestamp),
).subquery()
TIME_OF_BLOCK: Final = select(_times.c.timestamp).where(_times.c.number == bindparam("block"))
"""Time of `block`, if something happened in it or it is one of the newest; it may be told more than once."""

BLOCK_AT_TIME: Final = (
    select(block.c.number)
    .where(block.c.timestamp <= bindparam("time"))
    .order_by(block.c.timestamp.desc(), block.c.number.desc())
    .limit(1)
)
"""The last block up to `time` (unix seconds) in which anything happened; no row if there is none."""
