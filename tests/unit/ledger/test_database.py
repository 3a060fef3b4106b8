"""The database: its URL, its schema, its migrations."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select
from tests.support.ledgers import migrated

from usufruct.errors import ConfigError
from usufruct.ledger.database import Database, alembic_config
from usufruct.ledger.models import cursor, metadata


def test_the_migrations_make_the_tables_of_the_models(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new/folder/ledger.db")
    database.migrate()
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        indexes = {
            table.name: {each["name"] for each in inspect(connection).get_indexes(table.name)}
            for table in metadata.sorted_tables
        }
    assert indexes == {
        table.name: {each.name for each in table.indexes} for table in metadata.sorted_tables
    }
    database.dispose()


def test_the_migrations_can_be_undone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/ledger.db")
    database.migrate()
    with database.writer.connect() as connection:
        command.downgrade(alembic_config(connection), "base")
        connection.commit()
    with database.read() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    database.migrate()
    database.require()
    database.dispose()


def test_readers_see_one_moment(tmp_path: Path) -> None:
    database = migrated(f"sqlite:///{tmp_path}/ledger.db")
    values = {"id": 1, "block": 5, "hash": b"\0" * 32, "timestamp": 0}
    with database.read() as reading:
        assert reading.execute(select(cursor)).all() == []
        with database.write() as writing:
            writing.execute(cursor.insert().values(values))
        assert reading.execute(select(cursor)).all() == []
    with database.read() as reading:
        assert reading.execute(select(cursor.c.block)).scalar() == 5
    database.dispose()


def test_a_moment_that_was_left_cannot_be_read(tmp_path: Path) -> None:
    """Its connection is somebody else's by then."""
    database = migrated(f"sqlite:///{tmp_path}/ledger.db")

    async def late() -> None:
        async with database.read_async() as reader:
            assert await reader.rows(select(cursor), {}) == []
        await reader.rows(select(cursor), {})

    with pytest.raises(AttributeError):
        asyncio.run(late())
    database.dispose()


def test_a_failed_write_leaves_no_trace(tmp_path: Path) -> None:
    database = migrated(f"sqlite:///{tmp_path}/ledger.db")
    values = {"id": 1, "block": 5, "hash": b"\0" * 32, "timestamp": 0}

    def fail() -> None:
        with database.write() as connection:
            connection.execute(cursor.insert().values(values))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as connection:
        assert connection.execute(select(cursor)).all() == []
    database.dispose()


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("", "SQLite or PostgreSQL"),
        ("ledger.db", "SQLite or PostgreSQL"),
        ("mysql://u:secret@h/n", "SQLite or PostgreSQL"),
        ("sqlite://", "cannot be shared"),
        ("sqlite:///:memory:", "cannot be shared"),
    ],
)
def test_other_urls_are_refused(url: str, rule: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Database(url)
    assert rule in caught.value.one_line()
    assert "secret" not in caught.value.one_line()


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("this is not a database, and long enough to be seen as none at all" * 20)
    with pytest.raises(ConfigError, match="cannot be used"):
        Database(f"sqlite:///{text}").migrate()
    with pytest.raises(ConfigError, match="no ledger"):
        Database(f"sqlite:///{tmp_path}/none.db").require()
    (tmp_path / "empty.db").touch()
    with pytest.raises(ConfigError, match="no ledger"):
        Database(f"sqlite:///{tmp_path}/empty.db").require()
