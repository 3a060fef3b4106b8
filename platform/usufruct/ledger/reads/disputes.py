"""Disputes of statements, and proven faults."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select

from usufruct.ledger.models import fault, statement_event
from usufruct.ledger.reads.rows import placed, when

__all__ = ["DISPUTES", "FAULTS"]

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
