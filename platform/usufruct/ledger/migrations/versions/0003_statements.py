"""Batches, statements, settlements and evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the tables."""
    op.create_table(
        "batch",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("from_", sa.BigInteger(), nullable=False),
        sa.Column("to_", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("closes", sa.Boolean(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(length=32), nullable=False),
        sa.Column("head", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_batch"),
        sa.UniqueConstraint("stream", "seq", name="uq_batch_stream_seq"),
    )
    op.create_index("ix_batch_head", "batch", ["head"], unique=False)
    op.create_table(
        "batch_evidence",
        sa.Column("head", sa.LargeBinary(length=32), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("head", name="pk_batch_evidence"),
    )
    op.create_table(
        "chain_start",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_chain_start"),
        sa.UniqueConstraint("stream", name="uq_chain_start_stream"),
    )
    op.create_table(
        "funding",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("sender", sa.LargeBinary(length=20), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("escrow", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_funding"),
    )
    op.create_index("ix_funding_stream", "funding", ["stream"], unique=False)
    op.create_table(
        "owed",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("payee", sa.LargeBinary(length=20), nullable=False),
        sa.Column("stream", sa.Integer(), nullable=True),
        sa.Column("period", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_owed"),
    )
    op.create_index("ix_owed_payee", "owed", ["payee"], unique=False)
    op.create_table(
        "rules",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_rules"),
        sa.UniqueConstraint("stream", "version", name="uq_rules_stream_version"),
    )
    op.create_table(
        "settlement",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("rules_version", sa.BigInteger(), nullable=False),
        sa.Column("required", sa.BigInteger(), nullable=False),
        sa.Column("receipts", sa.BigInteger(), nullable=False),
        sa.Column("shortfall", sa.BigInteger(), nullable=False),
        sa.Column("multiplier_bp", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_settlement"),
        sa.UniqueConstraint("stream", "period", name="uq_settlement_stream_period"),
    )
    op.create_table(
        "signers",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=True),
        sa.Column("members", sa.Text(), nullable=False),
        sa.Column("threshold", sa.SmallInteger(), nullable=False),
        sa.Column("active_from", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_signers"),
    )
    op.create_table(
        "statement",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("distributable", sa.BigInteger(), nullable=False),
        sa.Column("final_at", sa.BigInteger(), nullable=False),
        sa.Column("signers", sa.String(length=66), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pos", name="pk_statement"),
        sa.UniqueConstraint(
            "stream", "period", "version", name="uq_statement_stream_period_version"
        ),
    )
    op.create_index("ix_statement_digest", "statement", ["digest"], unique=False)
    op.create_table(
        "statement_event",
        sa.Column("pos", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("actor", sa.LargeBinary(length=20), nullable=True),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("final_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("pos", name="pk_statement_event"),
    )
    op.create_index(
        "ix_statement_event_stream_period_version",
        "statement_event",
        ["stream", "period", "version"],
        unique=False,
    )
    op.create_table(
        "statement_evidence",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("tariff", sa.Text(), nullable=False),
        sa.Column("signatures", sa.LargeBinary(), nullable=False),
        sa.Column("signers", sa.String(length=66), nullable=False),
        sa.Column("table_", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_statement_evidence"),
    )
    op.create_table(
        "verdict_report",
        sa.Column("stream", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "period", "source", name="pk_verdict_report"),
    )


def downgrade() -> None:
    """Drops the tables."""
    op.drop_table("verdict_report")
    op.drop_table("statement_evidence")
    op.drop_table("batch_evidence")
    op.drop_table("owed")
    op.drop_table("settlement")
    op.drop_table("funding")
    op.drop_table("rules")
    op.drop_table("statement_event")
    op.drop_table("statement")
    op.drop_table("signers")
    op.drop_table("batch")
    op.drop_table("chain_start")
