"""What the interface itself must remember: who may ask, who asked, what was promised and what was told.

None of it comes from the chain: a new index of the chain leaves these tables alone. Tokens and keys are kept as
SHA-256 of 256 bits of chance; nothing here opens anything.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from usufruct.ledger.models.base import ADDRESS, HASH, metadata

access_grant = Table(  # a role of a machine's key, or of a wallet that signs in
    "access_grant",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("wallet", ADDRESS),  # whose own things an investor sees, or who signs in
    Column("streams", Text, nullable=False),  # JSON list of stream numbers; empty: all
    Column("secret", HASH, unique=True),  # of a key; null: the wallet signs in
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Index(None, "wallet"),
)
used_nonce = Table(  # of messages that signed somebody in, until they would have expired anyway
    "used_nonce",
    metadata,
    Column("nonce", String(64), primary_key=True),
    Column("expires_at", BigInteger, nullable=False, index=True),
)
session = Table(
    "session",
    metadata,
    Column("token", HASH, primary_key=True),
    Column("csrf", HASH, nullable=False),
    Column("wallet", ADDRESS, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("ended_at", BigInteger),
)
access_log = Table(  # privileged reads and writes; each row's hash covers the one before
    "access_log",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("role", String(16), nullable=False),
    Column("action", String(8), nullable=False),
    Column("resource", Text, nullable=False),
    Column("outcome", String(8), nullable=False),
    Column("hash", HASH, nullable=False),
)
access_head = Table(  # the end of the access log; writers follow one another on it
    "access_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", HASH, nullable=False),
    CheckConstraint("id = 1", name="single"),
)
idempotency = Table(  # answers to writes, for whoever asks again
    "idempotency",
    metadata,
    Column("actor", String(80), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("request", HASH, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
)
feed_event = Table(  # final facts in the order in which they are told
    "feed_event",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("place", BigInteger, nullable=False),  # position of the log it comes from
    Column("stream", Integer),
    Column("wallet", ADDRESS),  # whose own affair it is; null: everybody's
    Column("document", Text, nullable=False),
    UniqueConstraint("place", "kind"),
)
feed_cursor = Table(  # how far the ledger was turned into events
    "feed_cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("block", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single"),
)
webhook = Table(
    "webhook",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("actor", String(80), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("kinds", Text, nullable=False),  # JSON list; empty: all
    Column("told", BigInteger, nullable=False),  # all events up to this number are delivered
    Column("attempts", Integer, nullable=False),  # of the event after it
    Column("next_at", BigInteger, nullable=False),
    Column("status", String(8), nullable=False),  # active | stopped | removed
    Column("failure", Text),
    Column("created_at", BigInteger, nullable=False),
)
