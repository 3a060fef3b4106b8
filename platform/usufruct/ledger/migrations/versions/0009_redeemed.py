"""Redemptions of a series by index: without it every look at a series read all transfers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the index."""
    op.create_index(
        "ix_transfer_redeemed",
        "transfer",
        ["series"],
        unique=False,
        sqlite_where=sa.text("recipient IS NULL"),
        postgresql_where=sa.text("recipient IS NULL"),
    )


def downgrade() -> None:
    """Removes it."""
    op.drop_index("ix_transfer_redeemed", table_name="transfer")
