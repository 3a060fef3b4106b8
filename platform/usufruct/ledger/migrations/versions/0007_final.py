"""The newest block that the node calls final."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column, empty until the index goes on."""
    op.add_column("cursor", sa.Column("final", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Removes it."""
    op.drop_column("cursor", "final")
