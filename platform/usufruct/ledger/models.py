"""Tables of the ledger (SQLAlchemy Core), the same on SQLite and PostgreSQL.

Keys. Every row that comes from a log carries `pos`, the packed (block, log index) of that log; `log` adds the
transaction. Sorting by `pos` is sorting by what happened first. Wallets and series have small integer ids given
in the order of their first appearance, so that two indexes of one chain are equal row by row.

Undo. No row is changed after it was written; state is the newest row at or before a position. Hence the undo of
a reorganised block b is `DELETE … WHERE pos >= first_position(b)` on every table in `FROM_LOGS`.

Evidence (`batch_evidence`, `statement_evidence`, `verdict_report`) is keyed by the hash it proves and outlives
reorganisations.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from usufruct.ledger.types import I128, U64

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_HASH = LargeBinary(32)
_ADDRESS = LargeBinary(20)


def _pos(*, primary: bool = True) -> Column[Any]:
    return Column("pos", BigInteger, primary_key=primary, nullable=False, autoincrement=False)


def _id() -> Column[Any]:
    return Column("id", Integer, primary_key=True, autoincrement=False)


# --- Where the index stands ------------------------------------------------------------------------

cursor = Table(
    "cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("block", BigInteger, nullable=False),
    Column("hash", _HASH, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("evidence", BigInteger, nullable=False, server_default="0"),  # grows with each change
    CheckConstraint("id = 1", name="single"),
)
meta = Table(
    "meta",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
header = Table(  # the newest block headers, to find where a reorganisation began
    "header",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", _HASH, nullable=False),
    Column("parent", _HASH, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
)
block = Table(  # every block with at least one log of ours
    "block",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", _HASH, nullable=False),
    Column("parent", _HASH, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Index(None, "timestamp"),
)
log = Table(
    "log",
    metadata,
    _pos(),
    Column("block", BigInteger, nullable=False),
    Column("tx_index", Integer, nullable=False),
    Column("log_index", Integer, nullable=False),
    Column("tx_hash", _HASH, nullable=False),
    UniqueConstraint("block", "tx_index", "log_index"),
)

# --- Who and what ----------------------------------------------------------------------------------

wallet = Table(
    "wallet",
    metadata,
    _id(),
    _pos(primary=False),
    Column("address", _ADDRESS, nullable=False, unique=True),
    Index(None, "pos"),
)
stream = Table(
    "stream",
    metadata,
    _id(),
    _pos(primary=False),
    Column("code", String(32), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("challenge_window", BigInteger, nullable=False),
    Column("funding_grace", BigInteger, nullable=False),
    Column("min_coverage_bp", Integer, nullable=False),
    Column("max_estimated_bp", Integer, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("committed", Boolean, nullable=False),
    Column("depends_on", Text, nullable=False),  # JSON list of stream numbers
)
tariff = Table(
    "tariff",
    metadata,
    _pos(),
    Column("stream", Integer, nullable=False, index=True),
    Column("valid_from", BigInteger, nullable=False),
    Column("hash", _HASH, nullable=False),
)
series = Table(
    "series",
    metadata,
    _id(),
    _pos(primary=False),
    Column("address", _ADDRESS, nullable=False, unique=True),
    Column(
        "slug", String(48), nullable=False, unique=True
    ),  # the symbol in lower case, made unique
    Column("stream", Integer, nullable=False, index=True),
    Column("name", String(32), nullable=False),
    Column("symbol", String(32), nullable=False),
    Column("term_from", BigInteger, nullable=False),
    Column("term_to", BigInteger, nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("decimals", SmallInteger, nullable=False),
    Column("classes", SmallInteger, nullable=False),
    Column("countries", String(64), nullable=False),  # JSON list of ISO numeric codes
    Column("min_ticket", U64, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
)
series_event = Table(
    "series_event",
    metadata,
    _pos(),
    Column("series", Integer, nullable=False, index=True),
    Column("kind", String(8), nullable=False),  # sealed | paused | resumed
    Column("supply", U64),
)
registration = Table(
    "registration",
    metadata,
    _pos(),
    Column("wallet", Integer, nullable=False, index=True),
    Column("participant", U64, nullable=False),
    Column("kyc_until", Integer, nullable=False),
    Column("country", SmallInteger, nullable=False),
    Column("class", SmallInteger, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
    Column("identity_hash", _HASH, nullable=False),
)
freeze = Table(
    "freeze",
    metadata,
    _pos(),
    Column("wallet", Integer, nullable=False, index=True),
    Column("frozen", Boolean, nullable=False),
    Column("reason_hash", _HASH, nullable=False),
)

# --- Units and income ------------------------------------------------------------------------------

transfer = Table(
    "transfer",
    metadata,
    _pos(),
    Column("series", Integer, nullable=False),
    Column("sender", Integer),  # null: issued
    Column("recipient", Integer),  # null: redeemed
    Column("units", U64, nullable=False),
)
holder = Table(  # whoever held units of a series at any time
    "holder",
    metadata,
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("wallet", Integer, primary_key=True, autoincrement=False),
    _pos(primary=False),
    Index(None, "wallet"),
    Index(None, "pos"),
    sqlite_with_rowid=False,
)
checkpoint = Table(  # an account after each change: holdings and earnings as of any block
    "checkpoint",
    metadata,
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("wallet", Integer, primary_key=True, autoincrement=False),
    _pos(),
    Column("units", U64, nullable=False),
    Column("debt", I128, nullable=False),  # lifetime form: claims added back (protocol §9)
    Column("paid", U64, nullable=False),  # all claims up to here
    Index(None, "pos"),
    sqlite_with_rowid=False,
)
distribution = Table(
    "distribution",
    metadata,
    _pos(),
    Column("series", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("period", BigInteger, nullable=False),
    Column("amount", U64, nullable=False),
    Column("acc_before", U64, nullable=False),
    Column("acc_after", U64, nullable=False),
    Column("supply", U64, nullable=False),
    UniqueConstraint("series", "number"),
)
payout = Table(  # one holder's share of one distribution, to the unit
    "payout",
    metadata,
    Column("wallet", Integer, primary_key=True, autoincrement=False),
    _pos(),  # of the distribution
    Column("series", Integer, nullable=False),
    Column("units", U64, nullable=False),
    Column("debt", I128, nullable=False),
    Column("amount", U64, nullable=False),
    Index(None, "pos", "wallet"),
    sqlite_with_rowid=False,
)
payment = Table(
    "payment",
    metadata,
    _pos(),
    Column("series", Integer, nullable=False),
    Column("wallet", Integer, nullable=False),
    Column("amount", U64, nullable=False),
    Column("acc", U64, nullable=False),
    Index(None, "wallet", "series", "pos"),
)
skipped = Table(  # a keeper's page passed over this holder
    "skipped",
    metadata,
    _pos(),
    Column("series", Integer, nullable=False),
    Column("wallet", Integer, nullable=False),
    Column("amount", U64, nullable=False),
    Column("reason", SmallInteger, nullable=False),
    Index(None, "wallet", "series", "pos"),
)

# --- Data and statements ---------------------------------------------------------------------------

chain_start = Table(
    "chain_start",
    metadata,
    _pos(),
    Column("stream", Integer, nullable=False, unique=True),
    Column("start", BigInteger, nullable=False),
    Column("head", _HASH, nullable=False),
)
batch = Table(
    "batch",
    metadata,
    _pos(),
    Column("stream", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("from_", BigInteger, nullable=False),
    Column("to_", BigInteger, nullable=False),
    Column("first", U64, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("closes", Boolean, nullable=False),
    Column("root", _HASH, nullable=False),
    Column("content", _HASH, nullable=False),
    Column("head", _HASH, nullable=False, index=True),
    UniqueConstraint("stream", "seq"),
)
signers = Table(
    "signers",
    metadata,
    _pos(),
    Column("epoch", BigInteger),  # null: scheduled only
    Column("members", Text, nullable=False),  # JSON list of addresses, ascending
    Column("threshold", SmallInteger, nullable=False),
    Column("active_from", BigInteger, nullable=False),
)
statement = Table(
    "statement",
    metadata,
    _pos(),
    Column("stream", Integer, nullable=False),
    Column("period", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", _HASH, nullable=False, index=True),
    Column("distributable", U64, nullable=False),
    Column("final_at", BigInteger, nullable=False),
    Column("signers", String(66), nullable=False),  # bitmap in hex
    Column("fields", Text, nullable=False),  # JSON of all fifteen fields
    UniqueConstraint("stream", "period", "version"),
)
statement_event = Table(
    "statement_event",
    metadata,
    _pos(),
    Column("stream", Integer, nullable=False),
    Column("period", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String(12), nullable=False),  # disputed | dismissed | voided | settled
    Column("actor", _ADDRESS),
    Column("hash", _HASH),
    Column("final_at", BigInteger),
    Index(None, "stream", "period", "version"),
)

# --- Money -----------------------------------------------------------------------------------------

rules = Table(
    "rules",
    metadata,
    _pos(),
    Column("stream", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("effective_at", BigInteger, nullable=False),
    Column("content", Text, nullable=False),  # JSON of steps and KPIs, read from the chain
    UniqueConstraint("stream", "version"),
)
funding = Table(
    "funding",
    metadata,
    _pos(),
    Column("stream", Integer, nullable=False, index=True),
    Column("sender", _ADDRESS, nullable=False),
    Column("amount", U64, nullable=False),
    Column("escrow", U64, nullable=False),
)
settlement = Table(
    "settlement",
    metadata,
    _pos(),
    Column("stream", Integer, nullable=False),
    Column("period", BigInteger, nullable=False),
    Column("rules_version", BigInteger, nullable=False),
    Column("required", U64, nullable=False),
    Column("receipts", U64, nullable=False),
    Column("shortfall", U64, nullable=False),
    Column("multiplier_bp", Integer, nullable=False),
    Column("lines", Text, nullable=False),  # JSON list in the order of the steps
    UniqueConstraint("stream", "period"),
)
owed = Table(  # payments to plain payees that failed, and their later withdrawal
    "owed",
    metadata,
    _pos(),
    Column("payee", _ADDRESS, nullable=False, index=True),
    Column("stream", Integer),  # null: withdrawn
    Column("period", BigInteger),
    Column("amount", U64, nullable=False),
)

# --- Evidence from workers, checked against the chain -------------------------------------------------

batch_evidence = Table(
    "batch_evidence",
    metadata,
    Column("head", _HASH, primary_key=True),
    Column("manifest", Text, nullable=False),  # canonical JSON
    Column("leaves", LargeBinary, nullable=False),  # 102 bytes each, in order
    Column("source", Text, nullable=False),
)
statement_evidence = Table(
    "statement_evidence",
    metadata,
    Column("digest", _HASH, primary_key=True),
    Column("lines", Text, nullable=False),  # JSON list
    Column("tariff", Text, nullable=False),  # canonical JSON
    Column("signatures", LargeBinary, nullable=False),  # 64 bytes for each set bit
    Column("signers", String(66), nullable=False),  # bitmap in hex
    Column("table_", Text, nullable=False),  # JSON list: the signer table it was checked against
    Column("source", Text, nullable=False),
)
verdict_report = Table(
    "verdict_report",
    metadata,
    Column("stream", Integer, primary_key=True, autoincrement=False),
    Column("period", BigInteger, primary_key=True, autoincrement=False),
    Column("source", String(255), primary_key=True),
    Column("document", Text, nullable=False),
)

FROM_LOGS: Final[tuple[Table, ...]] = tuple(
    table for table in metadata.sorted_tables if "pos" in table.c
)
"""Tables whose rows come from logs and are undone by position."""
