"""The migrations of the ledger."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from usufruct.ledger import migrations


def test_the_migrations_follow_one_another() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    found = list(ScriptDirectory.from_config(config).walk_revisions())
    assert [each.revision for each in reversed(found)] == [
        f"{number:04}" for number in range(1, len(found) + 1)
    ]
