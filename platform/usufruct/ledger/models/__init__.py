"""Tables of the ledger (SQLAlchemy Core), the same on SQLite and PostgreSQL.

Keys. Every row that comes from a log carries `pos`, the packed (block, log index) of that log; `log` adds the
transaction. Sorting by `pos` is sorting by what happened first. Wallets and series have small integer ids given
in the order of their first appearance, so that two indexes of one chain are equal row by row.

Undo. No row is changed after it was written; state is the newest row at or before a position. Hence the undo of
a reorganised block b is `DELETE … WHERE pos >= first_position(b)` on every table in `FROM_LOGS`.

What the interface remembers (`access`) has nothing to do with the chain and outlives reorganisations too.

Evidence (`batch_evidence`, `statement_evidence`, `verdict_report`) is keyed by the hash it proves and outlives
reorganisations.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table

from usufruct.ledger.models.access import (
    access_grant,
    access_head,
    access_log,
    feed_cursor,
    feed_event,
    idempotency,
    session,
    used_nonce,
    webhook,
)
from usufruct.ledger.models.base import metadata
from usufruct.ledger.models.disputes import bond_event, fault
from usufruct.ledger.models.income import (
    checkpoint,
    distribution,
    holder,
    kept,
    payment,
    payout,
    record,
    recovery,
    skipped,
    transfer,
)
from usufruct.ledger.models.offerings import offering, offering_event, refund_event, subscriber
from usufruct.ledger.models.places import (
    block,
    cursor,
    freeze,
    fund,
    header,
    log,
    meta,
    registration,
    series,
    series_event,
    stream,
    tariff,
    wallet,
)
from usufruct.ledger.models.statements import (
    batch,
    batch_evidence,
    chain_start,
    funding,
    owed,
    rules,
    settlement,
    signers,
    statement,
    statement_event,
    statement_evidence,
    verdict_report,
)

__all__ = [
    "FROM_LOGS",
    "access_grant",
    "access_head",
    "access_log",
    "batch",
    "batch_evidence",
    "block",
    "bond_event",
    "chain_start",
    "checkpoint",
    "cursor",
    "distribution",
    "fault",
    "feed_cursor",
    "feed_event",
    "freeze",
    "fund",
    "funding",
    "header",
    "holder",
    "idempotency",
    "kept",
    "log",
    "meta",
    "metadata",
    "offering",
    "offering_event",
    "owed",
    "payment",
    "payout",
    "record",
    "recovery",
    "refund_event",
    "registration",
    "rules",
    "series",
    "series_event",
    "session",
    "settlement",
    "signers",
    "skipped",
    "statement",
    "statement_event",
    "statement_evidence",
    "stream",
    "subscriber",
    "tariff",
    "transfer",
    "used_nonce",
    "verdict_report",
    "wallet",
    "webhook",
]

FROM_LOGS: Final[tuple[Table, ...]] = tuple(
    table for table in metadata.sorted_tables if "pos" in table.c
)
"""Tables whose rows come from logs and are undone by position."""
