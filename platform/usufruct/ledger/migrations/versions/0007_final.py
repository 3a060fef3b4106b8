"""The newest block that the node calls final, and the wallets of a participant by index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column, empty until the index goes on, and the index."""
    op.add_column("cursor", sa.Column("final", sa.BigInteger(), nullable=True))
    op.create_index("ix_registration_participant", "registration", ["participant"], unique=False)


def downgrade() -> None:
    """Removes them."""
    op.drop_index("ix_registration_participant", table_name="registration")
    op.drop_column("cursor", "final")
