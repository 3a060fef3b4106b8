"""kill -9 during a migration: the ledger is that of before, and the next start migrates it as if never disturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, inspect, select, text
from tests.support import forks
from tests.support.postgres import fresh_postgres

from usufruct.chain import crash
from usufruct.errors import ConfigError
from usufruct.ledger.bulk import insert_rows
from usufruct.ledger.database import Database, alembic_config
from usufruct.ledger.models import cursor, log, meta, metadata, verdict_report, wallet

ROOT = Path(__file__).resolve().parents[3]
MIGRATE = (
    "import sys; from usufruct.ledger.database import Database; Database(sys.argv[1]).migrate()"
)
BEFORE = "0008"
LOGS = [(block << 20 | at, block, at, at, bytes([at]) * 32) for block in (1, 2) for at in range(50)]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path}/killed.db"
        if request.param == "postgresql":
            pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
            url = stack.enter_context(fresh_postgres())
        made = Database(url)
        stack.callback(made.dispose)
        yield made


def migrate() -> None:
    """What a process of its own does."""
    Database(sys.argv[1]).migrate()


def migrated(database: Database, crash_at: str = "") -> int:
    command_line = ["migrate", database.url.render_as_string(hide_password=False)]
    main = "tests.integration.platform.test_migration_crashes:migrate"
    return forks.run(main, command_line, {crash.VARIABLE: crash_at}).returncode


def versions(database: Database) -> list[str]:
    with database.read() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))
        return [each.revision for each in reversed(list(scripts.walk_revisions()))]


def version(database: Database) -> str | None:
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def complete(database: Database) -> bool:
    """Whether the schema is that of the models, to the last index."""
    with database.read() as connection:
        return compare_metadata(MigrationContext.configure(connection), metadata) == []


def rows(database: Database, table: Any) -> list[Any]:
    with database.read() as connection:
        return [tuple(each) for each in connection.execute(select(table).order_by(table.c.pos))]


def test_a_new_ledger_killed_at_any_version_has_nothing_in_it_and_is_made_by_the_next_start(
    database: Database,
) -> None:
    for at in range(1, len(versions(database)) + 1):
        assert migrated(database, f"ledger.migrated:{at}") == -signal.SIGKILL
        with database.read() as connection:
            assert inspect(connection).get_table_names() == []
    assert migrated(database) == 0
    assert complete(database)


def test_a_ledger_with_rows_killed_on_the_way_to_a_newer_version_keeps_them_and_its_version(
    database: Database,
) -> None:
    with database.write() as connection:
        command.upgrade(alembic_config(connection), BEFORE)
        insert_rows(connection, log, LOGS)
        insert_rows(connection, wallet, [(1, LOGS[0][0], b"\1" * 20)])
    newer = versions(database)[versions(database).index(BEFORE) + 1 :]
    for at in range(1, len(newer) + 1):
        assert migrated(database, f"ledger.migrated:{at}") == -signal.SIGKILL
        assert version(database) == BEFORE
        assert rows(database, log) == LOGS
    assert migrated(database) == 0
    assert version(database) == newer[-1]
    assert complete(database)
    assert rows(database, log) == LOGS
    assert len(rows(database, wallet)) == 1


def test_a_ledger_that_is_rebuilt_keeps_its_rows_if_killed_and_what_no_log_brought_if_not(
    database: Database,
) -> None:
    report = {"stream": 1, "period": 2, "source": "alpha", "document": "{}"}
    with database.write() as connection:
        command.upgrade(alembic_config(connection), "0011")
        insert_rows(connection, log, LOGS)
        connection.execute(insert(meta).values(key="chain_id", value="31337"))
        connection.execute(insert(cursor).values(id=1, block=2, hash=b"\2" * 32, timestamp=9))
        into = text("INSERT INTO verdict_report VALUES (:stream, :period, :source, :document)")
        connection.execute(into, report)
    for at in (1, 2):
        assert migrated(database, f"ledger.migrated:{at}") == -signal.SIGKILL
        assert version(database) == "0011"
        assert rows(database, log) == LOGS
    assert migrated(database) == 0
    assert complete(database)
    assert rows(database, log) == []
    with database.read() as connection:
        assert connection.execute(select(meta)).all() == []
        assert connection.execute(select(cursor)).all() == []
        (kept,) = connection.execute(select(verdict_report)).mappings().all()
    assert kept == report | {"known_at": 0}


def test_two_that_migrate_at_once_make_one_ledger(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "platform")}
    both = [subprocess.Popen([sys.executable, "-c", MIGRATE, url], env=environment) for _ in "ab"]
    assert [each.wait(timeout=240) for each in both] == [0, 0]
    assert complete(database)


def test_a_ledger_of_a_newer_program_is_refused_with_what_to_do(database: Database) -> None:
    database.migrate()
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match="newer") as refused:
        database.migrate()
    assert "update the program" in refused.value.one_line()
