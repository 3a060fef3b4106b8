"""Proven faults and the bonds that reward them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds both tables; no earlier deployment has the contracts they come from."""
    op.create_table(
        "fault",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("challenger", sa.LargeBinary(length=20), nullable=False),
        sa.Column("evidence", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_fault"),
        sa.UniqueConstraint("id", name="uq_fault_id"),
    )
    op.create_index("ix_fault_stream_period", "fault", ["stream", "period"], unique=False)
    op.create_table(
        "bond_event",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("account", sa.LargeBinary(length=20), nullable=True),
        sa.Column("amount", sa.String(length=30), nullable=False),
        sa.Column("fault", sa.LargeBinary(length=32), nullable=True),
        sa.Column("leaves_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("pos", name="pk_bond_event"),
    )
    op.create_index("ix_bond_event_stream", "bond_event", ["stream"], unique=False)


def downgrade() -> None:
    """Removes them."""
    op.drop_table("bond_event")
    op.drop_table("fault")
