"""What people are told where a disk is full or a database is held by somebody else."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy.exc import OperationalError
from tests.support.ledgers import migrated

from usufruct import cli
from usufruct.errors import ConfigError
from usufruct.ledger.database import Database
from usufruct.ops import backup as module
from usufruct.ops import state as looked
from usufruct.ops.backup import backup
from usufruct.ops.finding import Level


class Usage(NamedTuple):
    """What is told of a disk."""

    free: int


FULL = "database or disk is full"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return migrated(f"sqlite:///{tmp_path}/state/ledger.db")


@pytest.mark.parametrize("text", [FULL, "database is locked"])
def test_a_command_says_in_one_line_that_the_database_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    error = OperationalError("INSERT secret", {"of": "somebody"}, sqlite3.OperationalError(text))

    def fail(_: str) -> None:
        raise error

    monkeypatch.setattr(cli, "build", fail)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    shown = capsys.readouterr().err
    assert ended.value.code == 2
    assert shown.startswith(f"database={text}: ")
    assert shown.count("\n") == 1
    assert "defect" not in shown
    assert "secret" not in shown


def test_a_backup_on_a_full_disk_does_not_call_the_ledger_damaged(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(sqlite3.Connection):
        def backup(self, target: sqlite3.Connection, **_: object) -> None:  # type: ignore[override]  # as it is used
            target.execute("PRAGMA max_page_count=1")
            target.executescript("CREATE TABLE a (b); CREATE TABLE c (d);")

    connect = sqlite3.connect
    monkeypatch.setattr(
        module.sqlite3, "connect", lambda *args, **options: connect(*args, factory=Full, **options)
    )
    with pytest.raises(ConfigError, match="room"):
        backup(tmp_path / "state", database, tmp_path / "backups", 1_790_000_000)
    assert list((tmp_path / "backups").iterdir()) == []


@pytest.mark.parametrize(("free", "level"), [(10 << 20, Level.FAIL), (10 << 30, Level.OK)])
def test_the_doctor_looks_whether_there_is_room(
    database: Database, monkeypatch: pytest.MonkeyPatch, free: int, level: Level
) -> None:
    monkeypatch.setattr(looked, "disk_usage", lambda _: Usage(free))
    found = [each for each in looked.database_findings(database, None) if each.what == "room"]
    assert [each.level for each in found] == [level]
