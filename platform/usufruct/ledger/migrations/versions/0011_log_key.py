"""The key of a log is its position, which is block and log index; a second index of the same is gone."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NAME = "uq_log_block_tx_index_log_index"


def upgrade() -> None:
    """Drops the constraint on block, transaction and log index, which the primary key implies."""
    with op.batch_alter_table("log") as log:
        log.drop_constraint(_NAME, type_="unique")


def downgrade() -> None:
    """Brings it back."""
    with op.batch_alter_table("log") as log:
        log.create_unique_constraint(_NAME, ["block", "tx_index", "log_index"])
