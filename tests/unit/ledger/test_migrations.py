"""The migrations of the ledger."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select

from usufruct.ledger import migrations
from usufruct.ledger.database import Database, alembic_config
from usufruct.ledger.models import meta, used_nonce, wallet


def test_the_migrations_follow_one_another() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    found = list(ScriptDirectory.from_config(config).walk_revisions())
    assert [each.revision for each in reversed(found)] == [
        f"{number:04}" for number in range(1, len(found) + 1)
    ]


def test_a_ledger_that_passed_offerings_over_is_emptied_and_keeps_who_may_ask(
    tmp_path: Path,
) -> None:
    database = Database(f"sqlite:///{tmp_path}/before.db")
    with database.write() as connection:
        command.upgrade(alembic_config(connection), "0011")
        connection.execute(insert(meta).values(key="chain_id", value="31337"))
        connection.execute(insert(wallet).values(id=1, pos=1, address=bytes(20)))
        nonce = {"nonce": "n", "expires_at": 1}
        connection.execute(insert(used_nonce).values(nonce))
    database.migrate()
    with database.read() as connection:
        assert connection.execute(select(meta)).all() == []
        assert connection.execute(select(wallet)).all() == []
        assert connection.execute(select(used_nonce)).all() == [("n", 1)]
    database.dispose()
