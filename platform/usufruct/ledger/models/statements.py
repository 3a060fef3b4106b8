"""Batches, statements, settlements, and the evidence for them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from usufruct.ledger.models.base import ADDRESS, HASH, metadata, pos_column
from usufruct.ledger.types import U64

chain_start = Table(
    "chain_start",
    metadata,
    pos_column(),
    Column("stream", Integer, nullable=False, unique=True),
    Column("start", BigInteger, nullable=False),
    Column("head", HASH, nullable=False),
)
batch = Table(
    "batch",
    metadata,
    pos_column(),
    Column("stream", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("from_", BigInteger, nullable=False),
    Column("to_", BigInteger, nullable=False),
    Column("first", U64, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("closes", Boolean, nullable=False),
    Column("root", HASH, nullable=False),
    Column("content", HASH, nullable=False),
    Column("head", HASH, nullable=False, index=True),
    UniqueConstraint("stream", "seq"),
)
signers = Table(
    "signers",
    metadata,
    pos_column(),
    Column("epoch", BigInteger),  # null: scheduled only
    Column("members", Text, nullable=False),  # JSON list of addresses, ascending
    Column("threshold", SmallInteger, nullable=False),
    Column("active_from", BigInteger, nullable=False),
)
statement = Table(
    "statement",
    metadata,
    pos_column(),
    Column("stream", Integer, nullable=False),
    Column("period", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", HASH, nullable=False, index=True),
    Column("distributable", U64, nullable=False),
    Column("final_at", BigInteger, nullable=False),
    Column("signers", String(66), nullable=False),  # bitmap in hex
    Column("fields", Text, nullable=False),  # JSON of all fifteen fields
    UniqueConstraint("stream", "period", "version"),
)
statement_event = Table(
    "statement_event",
    metadata,
    pos_column(),
    Column("stream", Integer, nullable=False),
    Column("period", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String(12), nullable=False),  # disputed | dismissed | lapsed | voided | settled
    Column("actor", ADDRESS),
    Column("hash", HASH),
    Column("final_at", BigInteger),
    Index(None, "stream", "period", "version"),
)


rules = Table(
    "rules",
    metadata,
    pos_column(),
    Column("stream", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("effective_at", BigInteger, nullable=False),
    Column("content", Text, nullable=False),  # JSON of steps and KPIs, read from the chain
    UniqueConstraint("stream", "version"),
)
funding = Table(
    "funding",
    metadata,
    pos_column(),
    Column("stream", Integer, nullable=False, index=True),
    Column("sender", ADDRESS, nullable=False),
    Column("amount", U64, nullable=False),
    Column("escrow", U64, nullable=False),
)
settlement = Table(
    "settlement",
    metadata,
    pos_column(),
    Column("stream", Integer, nullable=False),
    Column("period", BigInteger, nullable=False),
    Column("rules_version", BigInteger, nullable=False),
    Column("required", U64, nullable=False),
    Column("receipts", U64, nullable=False),
    Column("shortfall", U64, nullable=False),
    Column("multiplier_bp", Integer, nullable=False),
    Column("breached", SmallInteger, nullable=False),  # bit i: trigger i
    Column("lines", Text, nullable=False),  # JSON list in the order of the steps
    UniqueConstraint("stream", "period"),
)
owed = Table(  # payments to plain payees that failed, and their later withdrawal
    "owed",
    metadata,
    pos_column(),
    Column("payee", ADDRESS, nullable=False, index=True),
    Column("stream", Integer),  # null: withdrawn
    Column("period", BigInteger),
    Column("amount", U64, nullable=False),
)


def known_at(*, primary_key: bool = False) -> Column[int]:
    """When a row came that no log brought: the chain's time, by the last block in the ledger then.

    0 stands for what came before that was noted.
    """
    return Column(
        "known_at",
        BigInteger,
        primary_key=primary_key,
        autoincrement=False,
        nullable=False,
        server_default="0",
    )


batch_evidence = Table(
    "batch_evidence",
    metadata,
    Column("head", HASH, primary_key=True),
    Column("manifest", Text, nullable=False),  # canonical JSON
    Column("leaves", LargeBinary, nullable=False),  # 102 bytes each, in order
    Column("source", Text, nullable=False),
    known_at(),
)
statement_evidence = Table(
    "statement_evidence",
    metadata,
    Column("digest", HASH, primary_key=True),
    Column("lines", Text, nullable=False),  # JSON list
    Column("tariff", Text, nullable=False),  # canonical JSON
    Column("signatures", LargeBinary, nullable=False),  # 64 bytes for each set bit
    Column("signers", String(66), nullable=False),  # bitmap in hex
    Column("table_", Text, nullable=False),  # JSON list: the signer table it was checked against
    Column("source", Text, nullable=False),
    Column("corrections", Text),  # canonical JSON, null where it corrects nothing
    known_at(),
)
verdict_report = Table(  # as each worker told it, and as it told it before
    "verdict_report",
    metadata,
    Column("stream", Integer, primary_key=True, autoincrement=False),
    Column("period", BigInteger, primary_key=True, autoincrement=False),
    Column("source", String(255), primary_key=True),
    Column("document", Text, nullable=False),
    known_at(primary_key=True),
)
