"""Backups that are kept in the state folder itself are no part of what is copied."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.ledgers import migrated

from usufruct.ledger.database import Database
from usufruct.ops.backup import backup, restore

NOW = 1_790_000_000


@pytest.mark.parametrize("where", ["backups", "kept/apart", ""])
def test_a_backup_holds_neither_itself_nor_those_before(tmp_path: Path, where: str) -> None:
    state = tmp_path / "state"
    database = migrated(f"sqlite:///{state}/ledger.db")
    with closing(sqlite3.connect(state / "outbox.sqlite")) as journal:
        journal.execute("CREATE TABLE line (id INTEGER PRIMARY KEY)")
        journal.commit()
    left = state / where / ".usufruct-20260101T000000Z.77.tmp"  # of one that was killed
    left.mkdir(parents=True)
    (left / "ledger.db").write_bytes((state / "ledger.db").read_bytes())
    names = []
    for day in range(3):
        made, files = backup(state, database, state / where, NOW + day)
        names.append([each.name for each in files])
    assert names == [["ledger.db", "state/outbox.sqlite"]] * 3
    fresh = tmp_path / "fresh"
    restore(made, fresh, Database(f"sqlite:///{fresh}/ledger.db"))
    assert sorted(path.name for path in fresh.iterdir()) == ["ledger.db", "outbox.sqlite"]
