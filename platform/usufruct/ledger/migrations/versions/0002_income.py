"""Units, distributions, payouts and payments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the tables."""
    op.create_table(
        "checkpoint",
        sa.Column("series", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wallet", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("debt", sa.LargeBinary(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", "wallet", "pos", name="pk_checkpoint"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_checkpoint_pos", "checkpoint", ["pos"], unique=False)
    op.create_table(
        "distribution",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("acc_before", sa.BigInteger(), nullable=False),
        sa.Column("acc_after", sa.BigInteger(), nullable=False),
        sa.Column("supply", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_distribution"),
        sa.UniqueConstraint("series", "number", name="uq_distribution_series_number"),
    )
    op.create_index("ix_distribution_series_pos", "distribution", ["series", "pos"], unique=False)
    op.create_table(
        "holder",
        sa.Column("series", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wallet", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("series", "wallet", name="pk_holder"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_holder_pos", "holder", ["pos"], unique=False)
    op.create_index("ix_holder_wallet", "holder", ["wallet"], unique=False)
    op.create_table(
        "payment",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("wallet", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("acc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_payment"),
    )
    op.create_index(
        "ix_payment_wallet_series_pos", "payment", ["wallet", "series", "pos"], unique=False
    )
    op.create_table(
        "payout",
        sa.Column("wallet", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("debt", sa.LargeBinary(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("wallet", "pos", name="pk_payout"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_payout_pos_wallet", "payout", ["pos", "wallet"], unique=False)
    op.create_table(
        "skipped",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("wallet", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_skipped"),
    )
    op.create_index(
        "ix_skipped_wallet_series_pos", "skipped", ["wallet", "series", "pos"], unique=False
    )
    op.create_table(
        "transfer",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("sender", sa.Integer(), nullable=True),
        sa.Column("recipient", sa.Integer(), nullable=True),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_transfer"),
    )
    op.create_index(
        "ix_transfer_issued",
        "transfer",
        ["series"],
        unique=False,
        sqlite_where=sa.text("sender IS NULL"),
        postgresql_where=sa.text("sender IS NULL"),
    )


def downgrade() -> None:
    """Drops the tables."""
    op.drop_table("skipped")
    op.drop_table("payment")
    op.drop_table("payout")
    op.drop_table("distribution")
    op.drop_table("checkpoint")
    op.drop_table("holder")
    op.drop_table("transfer")
