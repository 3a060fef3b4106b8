"""Positions, blocks, wallets, streams and series."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the tables."""
    op.create_table(
        "block",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("parent", sa.LargeBinary(length=32), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_block"),
    )
    op.create_index("ix_block_timestamp", "block", ["timestamp"], unique=False)
    op.create_table(
        "cursor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("id = 1", name="ck_cursor_single"),
        sa.PrimaryKeyConstraint("id", name="pk_cursor"),
    )
    op.create_table(
        "freeze",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wallet", sa.Integer(), nullable=False),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("reason_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_freeze"),
    )
    op.create_index("ix_freeze_wallet", "freeze", ["wallet"], unique=False)
    op.create_table(
        "header",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("parent", sa.LargeBinary(length=32), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_header"),
    )
    op.create_table(
        "log",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("tx_index", sa.Integer(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_log"),
        sa.UniqueConstraint(
            "block", "tx_index", "log_index", name="uq_log_block_tx_index_log_index"
        ),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "registration",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wallet", sa.Integer(), nullable=False),
        sa.Column("participant", sa.BigInteger(), nullable=False),
        sa.Column("kyc_until", sa.Integer(), nullable=False),
        sa.Column("country", sa.SmallInteger(), nullable=False),
        sa.Column("class", sa.SmallInteger(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=False),
        sa.Column("identity_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_registration"),
    )
    op.create_index("ix_registration_wallet", "registration", ["wallet"], unique=False)
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.LargeBinary(length=20), nullable=False),
        sa.Column("slug", sa.String(length=48), nullable=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("symbol", sa.String(length=32), nullable=False),
        sa.Column("term_from", sa.BigInteger(), nullable=False),
        sa.Column("term_to", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("decimals", sa.SmallInteger(), nullable=False),
        sa.Column("classes", sa.SmallInteger(), nullable=False),
        sa.Column("countries", sa.String(length=64), nullable=False),
        sa.Column("min_ticket", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.UniqueConstraint("address", name="uq_series_address"),
        sa.UniqueConstraint("slug", name="uq_series_slug"),
    )
    op.create_index("ix_series_stream", "series", ["stream"], unique=False)
    op.create_table(
        "series_event",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("supply", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("pos", name="pk_series_event"),
    )
    op.create_index("ix_series_event_series", "series_event", ["series"], unique=False)
    op.create_table(
        "stream",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("challenge_window", sa.BigInteger(), nullable=False),
        sa.Column("funding_grace", sa.BigInteger(), nullable=False),
        sa.Column("min_coverage_bp", sa.Integer(), nullable=False),
        sa.Column("max_estimated_bp", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("committed", sa.Boolean(), nullable=False),
        sa.Column("depends_on", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stream"),
    )
    op.create_table(
        "tariff",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_tariff"),
    )
    op.create_index("ix_tariff_stream", "tariff", ["stream"], unique=False)
    op.create_table(
        "wallet",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.LargeBinary(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wallet"),
        sa.UniqueConstraint("address", name="uq_wallet_address"),
    )
    op.create_index("ix_wallet_pos", "wallet", ["pos"], unique=False)


def downgrade() -> None:
    """Drops the tables."""
    op.drop_table("freeze")
    op.drop_table("registration")
    op.drop_table("series_event")
    op.drop_table("series")
    op.drop_table("tariff")
    op.drop_table("stream")
    op.drop_table("wallet")
    op.drop_table("log")
    op.drop_table("block")
    op.drop_table("header")
    op.drop_table("meta")
    op.drop_table("cursor")
