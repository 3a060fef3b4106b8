"""The corrections documents that statements name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column; no earlier statement named a document."""
    op.add_column("statement_evidence", sa.Column("corrections", sa.Text(), nullable=True))


def downgrade() -> None:
    """Removes it."""
    op.drop_column("statement_evidence", "corrections")
