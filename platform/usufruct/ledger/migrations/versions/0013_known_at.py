"""When evidence and reports became known here, and reports as they were before. 0 stands for before this was noted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_EVIDENCE = ("batch_evidence", "statement_evidence")
_KEY = ["stream", "period", "source"]
_NAME = "pk_verdict_report"


def upgrade() -> None:
    """Adds the time; a report's is part of its key, so that the one before stays."""
    for name in (*_EVIDENCE, "verdict_report"):
        known_at = sa.Column("known_at", sa.BigInteger(), nullable=False, server_default="0")
        op.add_column(name, known_at)
    _key_of_reports([*_KEY, "known_at"])


def downgrade() -> None:
    """Leaves the newest of each report, and removes the time."""
    op.execute(
        "DELETE FROM verdict_report WHERE known_at < (SELECT MAX(newer.known_at) FROM verdict_report AS newer"
        " WHERE newer.stream = verdict_report.stream AND newer.period = verdict_report.period"
        " AND newer.source = verdict_report.source)"
    )
    _key_of_reports(_KEY)
    for name in (*_EVIDENCE, "verdict_report"):
        with op.batch_alter_table(name) as table:
            table.drop_column("known_at")


def _key_of_reports(columns: list[str]) -> None:
    with op.batch_alter_table("verdict_report") as table:
        table.drop_constraint(_NAME, type_="primary")
        table.create_primary_key(_NAME, columns)
