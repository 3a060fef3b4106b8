"""Which wallet is a fund, and which series its units are. Where there are units of funds the index is rebuilt.

Funds come from logs that a ledger of before passed over; without them nothing can be looked through. Evidence stays.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_PLACES = ("block", "header", "cursor", "meta")


def upgrade() -> None:
    """Adds the table, and empties what comes from logs if funds were passed over."""
    connection = op.get_bind()
    units = sa.text("SELECT 1 FROM series WHERE stream IS NULL LIMIT 1")
    if connection.execute(units).first() is not None:
        inspector = sa.inspect(connection)
        for name in inspector.get_table_names():
            from_logs = "pos" in {each["name"] for each in inspector.get_columns(name)}
            if from_logs or name in _PLACES:
                op.execute(sa.delete(sa.table(name)))
    op.create_table(
        "fund",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("wallet", sa.Integer(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_fund"),
        sa.UniqueConstraint("series", name="uq_fund_series"),
        sa.UniqueConstraint("wallet", name="uq_fund_wallet"),
    )


def downgrade() -> None:
    """Removes the table."""
    op.drop_table("fund")
