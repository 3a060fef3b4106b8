"""Units, record dates, distributions, payouts and payments."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    SmallInteger,
    Table,
    UniqueConstraint,
)

from usufruct.ledger.models.base import metadata, pos_column
from usufruct.ledger.types import I128, U64

transfer = Table(
    "transfer",
    metadata,
    pos_column(),
    Column("series", Integer, nullable=False),
    Column("sender", Integer),  # null: issued
    Column("recipient", Integer),  # null: redeemed
    Column("units", U64, nullable=False),
)
Index(
    "ix_transfer_issued",
    transfer.c.series,
    sqlite_where=transfer.c.sender.is_(None),
    postgresql_where=transfer.c.sender.is_(None),
)
Index(
    "ix_transfer_redeemed",
    transfer.c.series,
    sqlite_where=transfer.c.recipient.is_(None),
    postgresql_where=transfer.c.recipient.is_(None),
)
holder = Table(  # whoever held units of a series at any time
    "holder",
    metadata,
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("wallet", Integer, primary_key=True, autoincrement=False),
    pos_column(primary=False),
    Index(None, "wallet"),
    Index(None, "pos"),
    sqlite_with_rowid=False,
)
checkpoint = Table(  # an account after each change: holdings and earnings as of any block
    "checkpoint",
    metadata,
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("wallet", Integer, primary_key=True, autoincrement=False),
    pos_column(),
    Column("units", U64, nullable=False),
    Column("numerator", I128, nullable=False),  # income times supply (protocol §9), up to `acc`
    Column("acc", U64, nullable=False),
    Column("paid", U64, nullable=False),  # all claims up to here
    Index(None, "pos"),
    sqlite_with_rowid=False,
)
record = Table(  # a period's record date; the newest row of a period counts
    "record",
    metadata,
    pos_column(),
    Column("series", Integer, nullable=False),
    Column("period", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "series", "period"),
)
kept = Table(  # units at a record date of a wallet that moved some before the period's money came
    "kept",
    metadata,
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("period", BigInteger, primary_key=True, autoincrement=False),
    Column("wallet", Integer, primary_key=True, autoincrement=False),
    pos_column(),
    Column("units", U64, nullable=False),
    Index(None, "pos"),
    sqlite_with_rowid=False,
)
distribution = Table(
    "distribution",
    metadata,
    pos_column(),
    Column("series", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("period", BigInteger, nullable=False),
    Column("amount", U64, nullable=False),
    Column("acc_before", U64, nullable=False),
    Column("acc_after", U64, nullable=False),
    Column("supply", U64, nullable=False),
    Column("record_at", BigInteger),  # null: the distribution itself was the record moment
    UniqueConstraint("series", "number"),
    Index(None, "series", "pos"),
)
payout = Table(  # one holder's share of one distribution, to the unit
    "payout",
    metadata,
    Column("wallet", Integer, primary_key=True, autoincrement=False),
    pos_column(),  # of the distribution
    Column("series", Integer, nullable=False),
    Column("units", U64, nullable=False),  # at the record moment
    Column("numerator", I128, nullable=False),  # after the distribution
    Column("amount", U64, nullable=False),
    Index(None, "pos", "wallet"),
    sqlite_with_rowid=False,
)
payment = Table(
    "payment",
    metadata,
    pos_column(),
    Column("series", Integer, nullable=False),
    Column("wallet", Integer, nullable=False),
    Column("amount", U64, nullable=False),
    Column("acc", U64, nullable=False),
    Index(None, "wallet", "series", "pos"),
)
recovery = Table(  # a lost wallet's units and unpaid income became another wallet's
    "recovery",
    metadata,
    pos_column(),
    Column("series", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
    Column("replacement", Integer, nullable=False),
    Column("units", U64, nullable=False),
    Column("numerator", I128, nullable=False),  # income times supply that moved
    Index(None, "lost", "series"),
)
skipped = Table(  # a keeper's page passed over this holder
    "skipped",
    metadata,
    pos_column(),
    Column("series", Integer, nullable=False),
    Column("wallet", Integer, nullable=False),
    Column("amount", U64, nullable=False),
    Column("reason", SmallInteger, nullable=False),
    Index(None, "wallet", "series", "pos"),
)
