"""Record dates; accounts and payouts by numerator; all terms of a series. The index is rebuilt from the chain.

What a ledger of before holds by lifetime debt cannot say who held what at a record date, and all of it comes from
logs: so those rows go, the cursor with them, and `usufruct serve` reads the chain again. Evidence stays.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_REBUILT = (
    *("wallet", "stream", "tariff", "series", "series_event", "registration", "freeze", "log"),
    *(
        "transfer",
        "holder",
        "distribution",
        "payment",
        "skipped",
        "batch",
        "chain_start",
        "signers",
    ),
    *("statement", "statement_event", "rules", "funding", "settlement", "owed"),
    *("block", "header", "cursor", "meta"),
)


def upgrade() -> None:
    """Adds record dates, replaces accounts and payouts, and empties what comes from logs."""
    _forget()
    op.create_table(
        "record",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_record"),
    )
    op.create_index("ix_record_series_period", "record", ["series", "period"], unique=False)
    op.create_table(
        "kept",
        sa.Column("series", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wallet", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", "period", "wallet", "pos", name="pk_kept"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_kept_pos", "kept", ["pos"], unique=False)
    op.create_table(
        "recovery",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.Column("replacement", sa.Integer(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("numerator", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_recovery"),
    )
    op.create_index("ix_recovery_lost_series", "recovery", ["lost", "series"], unique=False)
    for name, columns in _added().items():
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.add_column(column)
    with op.batch_alter_table("series") as table:
        table.alter_column("stream", existing_type=sa.Integer(), nullable=True)
    _accounts("numerator", sa.Column("acc", sa.BigInteger(), nullable=False))


def downgrade() -> None:
    """Goes back to lifetime debts; the index is rebuilt from the chain."""
    _forget()
    with op.batch_alter_table("series") as table:
        table.alter_column("stream", existing_type=sa.Integer(), nullable=False)
    op.drop_table("record")
    op.drop_table("kept")
    op.drop_table("recovery")
    for name, columns in _added().items():
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.drop_column(column.name)
    _accounts("debt")


def _added() -> dict[str, list[sa.Column[Any]]]:
    """Columns by table; the tables are empty by then."""
    return {
        "series": [
            sa.Column("tail", sa.Integer(), nullable=False),
            sa.Column("holder_cap", sa.BigInteger(), nullable=False),
            sa.Column("country_cap", sa.BigInteger(), nullable=False),
            sa.Column("window_every", sa.BigInteger(), nullable=False),
            sa.Column("window_length", sa.BigInteger(), nullable=False),
            sa.Column("consent", sa.Boolean(), nullable=False),
        ],
        "distribution": [sa.Column("record_at", sa.BigInteger(), nullable=True)],
        "settlement": [sa.Column("breached", sa.SmallInteger(), nullable=False)],
    }


def _forget() -> None:
    for name in _REBUILT:
        op.execute(sa.delete(sa.table(name)))


def _accounts(figure: str, *more: sa.Column[int]) -> None:
    """Makes the tables of accounts and payouts anew, with this figure beside the units."""
    op.drop_table("checkpoint")
    op.drop_table("payout")
    op.create_table(
        "checkpoint",
        sa.Column("series", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wallet", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column(figure, sa.LargeBinary(), nullable=False),
        *more,
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", "wallet", "pos", name="pk_checkpoint"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_checkpoint_pos", "checkpoint", ["pos"], unique=False)
    op.create_table(
        "payout",
        sa.Column("wallet", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column(figure, sa.LargeBinary(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("wallet", "pos", name="pk_payout"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_payout_pos_wallet", "payout", ["pos", "wallet"], unique=False)
