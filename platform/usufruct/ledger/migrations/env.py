"""Alembic's entry: runs the migrations on the connection that `Database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from usufruct.chain import crash
from usufruct.ledger.models import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    on_version_apply=lambda **_: crash.point("ledger.migrated"),
)
with context.begin_transaction():
    context.run_migrations()
