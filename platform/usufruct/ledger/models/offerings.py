"""Primary offerings, what happened to their subscriptions, and refunds that could not be paid."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table

from usufruct.ledger.models.base import ADDRESS, id_column, metadata, pos_column
from usufruct.ledger.types import U64

offering = Table(
    "offering",
    metadata,
    id_column(),
    pos_column(primary=False),
    Column("series", Integer, nullable=False, index=True),
    Column("opens", BigInteger, nullable=False),
    Column("closes", BigInteger, nullable=False),
    Column("deliver_until", BigInteger, nullable=False),
    Column("beneficiary", ADDRESS, nullable=False),
    Column("withdrawable", Boolean, nullable=False),
    Column("price", U64, nullable=False),  # minor units of the currency for one unit
    Column("min_units", U64, nullable=False),
    Column("max_units", U64, nullable=False),
    Column("min_each", U64, nullable=False),  # 0: none
    Column("max_each", U64, nullable=False),  # 0: none
    Index(None, "pos"),
)
subscriber = Table(  # whoever subscribed at any time
    "subscriber",
    metadata,
    Column("offering", Integer, primary_key=True, autoincrement=False),
    Column("wallet", Integer, primary_key=True, autoincrement=False),
    pos_column(primary=False),  # of the first subscription
    Index(None, "wallet"),
    Index(None, "pos"),
    sqlite_with_rowid=False,
)
offering_event = Table(  # what happened, and what it left of the subscription and of the offering
    "offering_event",
    metadata,
    pos_column(),
    Column("offering", Integer, nullable=False),
    Column(
        "kind", String(10), nullable=False
    ),  # subscribed | withdrawn | delivered | refunded | lapsed | cancelled
    Column("wallet", Integer),  # null: cancelled
    Column("lot", BigInteger),  # of a subscription: its place in the order
    Column("units", U64, nullable=False),  # subscribed, taken back, delivered, or given back
    Column("price", U64, nullable=False),  # paid to the beneficiary, minor units
    Column("returned", U64, nullable=False),  # to the subscriber, minor units
    Column("standing", U64, nullable=False),  # units of the subscription it adds to or ends
    Column("subscribed", U64, nullable=False),  # from here on of the offering, after the event
    Column("placed", U64, nullable=False),
    Column("waiting", BigInteger, nullable=False),  # subscribers not dealt with
    Column("held", U64, nullable=False),  # their money, minor units
    Index(None, "offering", "pos"),
    Index(None, "wallet", "offering", "pos"),
)
refund_event = Table(  # a refund that could not be paid, or the payment of all of those of a wallet
    "refund_event",
    metadata,
    pos_column(),
    Column("wallet", Integer, nullable=False, index=True),
    Column("kind", String(6), nullable=False),  # failed | paid
    Column("amount", U64, nullable=False),
)
