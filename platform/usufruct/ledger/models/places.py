"""Where the index stands; wallets, streams and series."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
)

from usufruct.ledger.models.base import ADDRESS, HASH, id_column, metadata, pos_column
from usufruct.ledger.types import U64

cursor = Table(
    "cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("block", BigInteger, nullable=False),
    Column("hash", HASH, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("evidence", BigInteger, nullable=False, server_default="0"),  # grows with each change
    Column("final", BigInteger),  # newest block that the node calls final; null: it does not tell
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
    Column("hash", HASH, nullable=False),
    Column("parent", HASH, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
)
block = Table(  # every block with at least one log of ours
    "block",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", HASH, nullable=False),
    Column("parent", HASH, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Index(None, "timestamp"),
)
log = Table(  # the key is block and log index packed: no event is kept twice
    "log",
    metadata,
    pos_column(),
    Column("block", BigInteger, nullable=False),
    Column("tx_index", Integer, nullable=False),
    Column("log_index", Integer, nullable=False),
    Column("tx_hash", HASH, nullable=False),
)


wallet = Table(
    "wallet",
    metadata,
    id_column(),
    pos_column(primary=False),
    Column("address", ADDRESS, nullable=False, unique=True),
    Index(None, "pos"),
)
stream = Table(
    "stream",
    metadata,
    id_column(),
    pos_column(primary=False),
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
    pos_column(),
    Column("stream", Integer, nullable=False, index=True),
    Column("valid_from", BigInteger, nullable=False),
    Column("hash", HASH, nullable=False),
)
series = Table(
    "series",
    metadata,
    id_column(),
    pos_column(primary=False),
    Column("address", ADDRESS, nullable=False, unique=True),
    Column(
        "slug", String(48), nullable=False, unique=True
    ),  # the symbol in lower case, made unique
    Column("stream", Integer, index=True),  # null: units of a fund
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
    Column("tail", Integer, nullable=False),
    Column("holder_cap", BigInteger, nullable=False),
    Column("country_cap", BigInteger, nullable=False),
    Column("window_every", BigInteger, nullable=False),
    Column("window_length", BigInteger, nullable=False),
    Column("consent", Boolean, nullable=False),
)
series_event = Table(
    "series_event",
    metadata,
    pos_column(),
    Column("series", Integer, nullable=False, index=True),
    Column("kind", String(8), nullable=False),  # sealed | paused | resumed | closed
    Column("supply", U64),
)
fund = Table(  # a contract that holds series, and the units of it that its holders have
    "fund",
    metadata,
    pos_column(),
    Column("series", Integer, nullable=False, unique=True),  # of its units
    Column("wallet", Integer, nullable=False, unique=True),  # its own
    Column("level", SmallInteger, nullable=False),
)
registration = Table(
    "registration",
    metadata,
    pos_column(),
    Column("wallet", Integer, nullable=False, index=True),
    Column("participant", U64, nullable=False, index=True),
    Column("kyc_until", Integer, nullable=False),
    Column("country", SmallInteger, nullable=False),
    Column("class", SmallInteger, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
    Column("identity_hash", HASH, nullable=False),
)
freeze = Table(
    "freeze",
    metadata,
    pos_column(),
    Column("wallet", Integer, nullable=False, index=True),
    Column("frozen", Boolean, nullable=False),
    Column("reason_hash", HASH, nullable=False),
)
