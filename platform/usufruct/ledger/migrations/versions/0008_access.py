"""What the interface itself must remember: grants, sessions, access log, idempotency, events, webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_REFUSE = "BEGIN SELECT RAISE(ABORT, 'the access log is only added to'); END"
_SQLITE = (
    f"CREATE TRIGGER access_log_no_update BEFORE UPDATE ON access_log {_REFUSE}",
    f"CREATE TRIGGER access_log_no_delete BEFORE DELETE ON access_log {_REFUSE}",
)
_POSTGRES = (
    """
    CREATE OR REPLACE FUNCTION access_log_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the access log is only added to'; END $$
    """,
    """
    CREATE TRIGGER access_log_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log
    FOR EACH STATEMENT EXECUTE FUNCTION access_log_refuse()
    """,
)


def upgrade() -> None:
    """Adds the tables; nothing in them comes from the chain."""
    _who()
    _log()
    _told()
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRES:
        op.execute(statement)


def _who() -> None:
    op.create_table(
        "access_grant",
        sa.Column("id", sa.String(24), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("wallet", sa.LargeBinary(20), nullable=True),
        sa.Column("streams", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(32), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_access_grant"),
        sa.UniqueConstraint("secret", name="uq_access_grant_secret"),
    )
    op.create_index("ix_access_grant_wallet", "access_grant", ["wallet"])
    op.create_table(
        "used_nonce",
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name="pk_used_nonce"),
    )
    op.create_index("ix_used_nonce_expires_at", "used_nonce", ["expires_at"])
    op.create_table(
        "session",
        sa.Column("token", sa.LargeBinary(32), nullable=False),
        sa.Column("csrf", sa.LargeBinary(32), nullable=False),
        sa.Column("wallet", sa.LargeBinary(20), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("token", name="pk_session"),
    )
    op.create_index("ix_session_expires_at", "session", ["expires_at"])


def _log() -> None:
    op.create_table(
        "access_log",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(8), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_access_log"),
    )
    op.create_table(
        "access_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_access_head_single"),
        sa.PrimaryKeyConstraint("id", name="pk_access_head"),
    )
    head = sa.table("access_head", sa.column("id"), sa.column("number"), sa.column("hash"))
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": bytes(32)}])
    op.create_table(
        "idempotency",
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("request", sa.LargeBinary(32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])


def _told() -> None:
    op.create_table(
        "feed_event",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("stream", sa.Integer(), nullable=True),
        sa.Column("wallet", sa.LargeBinary(20), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_feed_event"),
        sa.UniqueConstraint("place", "kind", name="uq_feed_event_place_kind"),
    )
    op.create_table(
        "feed_cursor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_feed_cursor_single"),
        sa.PrimaryKeyConstraint("id", name="pk_feed_cursor"),
    )
    place = sa.table("feed_cursor", sa.column("id"), sa.column("block"), sa.column("number"))
    op.bulk_insert(place, [{"id": 1, "block": -1, "number": 0}])
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(24), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("told", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
    )
    op.create_index("ix_webhook_actor", "webhook", ["actor"])


def downgrade() -> None:
    """Removes them with all that they remember."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER access_log_no_change ON access_log")
        op.execute("DROP FUNCTION IF EXISTS access_log_refuse")
    for name in (
        *("webhook", "feed_cursor", "feed_event", "idempotency"),
        *("access_head", "access_log", "session", "used_nonce", "access_grant"),
    ):
        op.drop_table(name)
