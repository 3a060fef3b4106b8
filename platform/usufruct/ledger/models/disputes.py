"""Proven faults, and the bonds that reward them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, SmallInteger, String, Table

from usufruct.ledger.models.base import ADDRESS, HASH, metadata, pos_column

fault = Table(
    "fault",
    metadata,
    pos_column(),
    Column("id", HASH, nullable=False, unique=True),
    Column("stream", Integer, nullable=False),
    Column("period", BigInteger, nullable=False),
    Column("kind", SmallInteger, nullable=False),  # a value of ObjectiveDisputes' Fault
    Column("challenger", ADDRESS, nullable=False),
    Column("evidence", HASH, nullable=False),
    Index(None, "stream", "period"),
)
bond_event = Table(
    "bond_event",
    metadata,
    pos_column(),
    Column("stream", Integer, nullable=False, index=True),
    Column(
        "kind", String(12), nullable=False
    ),  # opened | deposited | announced | withdrawn | rewarded
    Column("account", ADDRESS),
    Column("amount", String(30), nullable=False),  # decimal, below 2^96
    Column("fault", HASH),  # of a reward
    Column("leaves_at", BigInteger),  # of an announcement
)
