"""Primary offerings and their subscriptions. A ledger that follows a chain is rebuilt from it.

Offerings come from logs that a ledger of before passed over, and nothing in it tells whether there were any. What does
not come from logs stays: evidence, access, and what was told.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_PLACES = ("block", "header", "cursor", "meta")


def upgrade() -> None:
    """Empties what comes from logs if the ledger follows a chain, and adds the tables."""
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT 1 FROM meta LIMIT 1")).first() is not None:
        inspector = sa.inspect(connection)
        for name in inspector.get_table_names():
            from_logs = "pos" in {each["name"] for each in inspector.get_columns(name)}
            if from_logs or name in _PLACES:
                op.execute(sa.delete(sa.table(name)))
    op.create_table(
        "offering",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("opens", sa.BigInteger(), nullable=False),
        sa.Column("closes", sa.BigInteger(), nullable=False),
        sa.Column("deliver_until", sa.BigInteger(), nullable=False),
        sa.Column("beneficiary", sa.LargeBinary(length=20), nullable=False),
        sa.Column("withdrawable", sa.Boolean(), nullable=False),
        *_numbers("price", "min_units", "max_units", "min_each", "max_each"),
        sa.PrimaryKeyConstraint("id", name="pk_offering"),
    )
    op.create_table(
        "subscriber",
        sa.Column("offering", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wallet", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("offering", "wallet", name="pk_subscriber"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "offering_event",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offering", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("wallet", sa.Integer(), nullable=True),
        sa.Column("lot", sa.BigInteger(), nullable=True),
        *_numbers("units", "price", "returned", "standing", "subscribed", "placed"),
        *_numbers("waiting", "held"),
        sa.PrimaryKeyConstraint("pos", name="pk_offering_event"),
    )
    op.create_table(
        "refund_event",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wallet", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        *_numbers("amount"),
        sa.PrimaryKeyConstraint("pos", name="pk_refund_event"),
    )
    op.create_index("ix_offering_pos", "offering", ["pos"], unique=False)
    op.create_index("ix_offering_series", "offering", ["series"], unique=False)
    op.create_index("ix_subscriber_pos", "subscriber", ["pos"], unique=False)
    op.create_index("ix_subscriber_wallet", "subscriber", ["wallet"], unique=False)
    op.create_index("ix_refund_event_wallet", "refund_event", ["wallet"], unique=False)
    for columns in (["offering", "pos"], ["wallet", "offering", "pos"]):
        name = "_".join(["ix_offering_event", *columns])
        op.create_index(name, "offering_event", columns, unique=False)


def downgrade() -> None:
    """Removes the tables."""
    for name in ("refund_event", "offering_event", "subscriber", "offering"):
        op.drop_table(name)


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
