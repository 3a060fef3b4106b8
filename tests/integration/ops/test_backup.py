"""Backups are taken while everything runs, are whole or not there, and bring back what was lost."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from tests.support.ledgers import migrated
from tests.support.program import usufruct

from usufruct.errors import ConfigError, EvidenceError
from usufruct.ledger.database import Database
from usufruct.ledger.models import meta, webhook
from usufruct.ops.backup import INCOMPLETE, backup, restore, verify

_MAIN = "import sys; from usufruct.cli import main; sys.argv[0] = 'usufruct'; main()"
NOW = 1_790_000_000


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A ledger, a journal, a deployment record and a key."""
    folder = tmp_path / "state"
    database = migrated(f"sqlite:///{folder}/ledger.db")
    with database.write() as connection:
        connection.execute(meta.insert(), {"key": "chain_id", "value": "31337"})
    database.dispose()
    (folder / "deployments").mkdir()
    (folder / "deployments" / "31337.json").write_text('{"version": 1}')
    (folder / "keystore.json").write_text("kept apart from backups")
    with closing(journal(folder)) as connection:
        connection.execute("CREATE TABLE line (id INTEGER PRIMARY KEY, pair INTEGER)")
        connection.commit()
    return folder


def journal(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "outbox.sqlite", timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    return connection


def ledger(state: Path) -> Database:
    return Database(f"sqlite:///{state}/ledger.db")


def kill(at: str, *arguments: str) -> None:
    """Runs a command that is killed at a crash point."""
    environment = {**os.environ, "USUFRUCT_CRASH_AT": at}
    command = [sys.executable, "-c", _MAIN, *arguments]
    killed = subprocess.run(command, env=environment, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL


def test_everything_that_cannot_be_made_anew_comes_back(state: Path, tmp_path: Path) -> None:
    with closing(journal(state)) as connection:
        connection.execute("INSERT INTO line VALUES (1, 1)")
        connection.commit()
    made, files = backup(state, ledger(state), tmp_path / "backups", NOW)
    assert [each.name for each in files] == [
        "ledger.db",
        "state/deployments/31337.json",
        "state/outbox.sqlite",
    ]
    assert all((made / each.name).stat().st_mode & 0o077 == 0 for each in files)
    assert "kept apart from backups" not in "".join(
        path.read_bytes().decode(errors="replace") for path in made.rglob("*") if path.is_file()
    )
    fresh = tmp_path / "fresh"
    assert restore(made, fresh, ledger(fresh)) == files
    with ledger(fresh).read() as connection:
        assert connection.execute(meta.select()).all() == [("chain_id", "31337")]
    with closing(journal(fresh)) as connection:
        assert connection.execute("SELECT * FROM line").fetchall() == [(1, 1)]
    assert not (fresh / INCOMPLETE).exists()


def test_a_backup_under_load_is_one_moment(state: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        with closing(journal(state)) as connection:
            number = 0
            while not stop.is_set():
                number += 2
                rows = [(number, number), (number + 1, number)]
                connection.executemany("INSERT INTO line VALUES (?, ?)", rows)
                connection.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = []
        for second in range(5):
            made, _ = backup(state, ledger(state), tmp_path / "backups", NOW + second)
            with closing(sqlite3.connect(made / "state" / "outbox.sqlite")) as copy:
                torn = "SELECT pair FROM line GROUP BY pair HAVING count(*) <> 2"
                assert copy.execute(torn).fetchall() == []
                counts.append(copy.execute("SELECT count(*) FROM line").fetchone()[0])
    finally:
        stop.set()
        writer.join()
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


@pytest.mark.parametrize("at", ["backup.copied", "backup.drafted"])
def test_killed_while_copying_there_is_no_backup_and_the_next_is_whole(
    state: Path, tmp_path: Path, at: str
) -> None:
    folder = tmp_path / "backups"
    kill(at, "backup", str(folder), "--state", str(state))
    assert list(folder.glob("usufruct-*")) == []
    done = usufruct("backup", str(folder), "--state", str(state), "--json")
    assert done.returncode == 0, done.stderr
    assert verify(Path(json.loads(done.stdout)["folder"]))


@pytest.mark.parametrize("at", ["restore.stored", "restore.placed:1", "restore.placed:2"])
def test_killed_while_restoring_it_is_told_and_repeating_ends_it(
    state: Path, tmp_path: Path, at: str
) -> None:
    made, files = backup(state, ledger(state), tmp_path / "backups", NOW)
    (state / "ledger.db").write_bytes(b"damaged")
    command = ("restore", str(made), "--state", str(state), "--force")
    kill(at, *command)
    doctor = usufruct("doctor", "--state", str(state), "--rpc", "http://127.0.0.1:9", "--json")
    assert doctor.returncode == 1
    found = json.loads(doctor.stdout)["findings"]
    assert [each["remedy"] for each in found if each["what"] == "restore"] == [
        f"run usufruct restore {made} again"
    ]
    # It need not be forced a second time.
    done = usufruct(*command[:-1])
    assert done.returncode == 0, done.stderr
    ledger(state).require()
    assert len(files) == 3
    assert not (state / INCOMPLETE).exists()


def test_nothing_is_overwritten_unasked(state: Path, tmp_path: Path) -> None:
    made, _ = backup(state, ledger(state), tmp_path / "backups", NOW)
    before = (state / "ledger.db").read_bytes()
    with pytest.raises(ConfigError, match="there already"):
        restore(made, state, ledger(state))
    assert (state / "ledger.db").read_bytes() == before
    with pytest.raises(ConfigError, match="there already"):
        backup(state, ledger(state), tmp_path / "backups", NOW)


def test_a_backup_that_was_changed_restores_nothing(state: Path, tmp_path: Path) -> None:
    made, _ = backup(state, ledger(state), tmp_path / "backups", NOW)
    record = made / "state" / "deployments" / "31337.json"
    record.write_text('{"version": 2}')
    fresh = tmp_path / "fresh"
    with pytest.raises(EvidenceError, match="changed"):
        restore(made, fresh, ledger(fresh))
    assert not fresh.exists()
    record.unlink()
    with pytest.raises(EvidenceError, match="missing"):
        verify(made)


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "state/../../evil", "other"])
def test_a_manifest_that_points_elsewhere_is_refused(
    state: Path, tmp_path: Path, name: str
) -> None:
    made, _ = backup(state, ledger(state), tmp_path / "backups", NOW)
    manifest = made / "manifest.json"
    body = json.loads(manifest.read_bytes())
    body["files"][0]["name"] = name
    manifest.write_text(json.dumps(body))
    with pytest.raises(ConfigError, match="no backup"):
        verify(made)


def test_a_damaged_database_makes_no_backup(state: Path, tmp_path: Path) -> None:
    path = state / "ledger.db"
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    path.write_bytes(content)
    with pytest.raises(EvidenceError, match="copied whole"):
        backup(state, ledger(state), tmp_path / "backups", NOW)
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_postgresql_ledger_is_dumped_and_loaded(
    postgres: str, state: Path, tmp_path: Path
) -> None:
    database = Database(postgres)
    database.migrate()
    with database.write() as connection:
        connection.execute(meta.insert(), {"key": "chain_id", "value": "31337"})
    made, files = backup(state, database, tmp_path / "backups", NOW)
    assert files[0].kind == "postgresql"
    with database.write() as connection:
        connection.execute(meta.delete())
    database.dispose()
    with pytest.raises(ConfigError, match="another kind"):
        restore(made, tmp_path / "fresh", ledger(tmp_path / "fresh"))
    restore(made, tmp_path / "fresh", database)
    with database.read() as connection:
        assert connection.execute(meta.select()).all() == [("chain_id", "31337")]
    database.dispose()
    engine = create_engine(database.url.set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1
    engine.dispose()


def test_what_no_backup_holds_is_said_and_missed_once_it_is_needed(
    state: Path, tmp_path: Path
) -> None:
    done = usufruct("backup", str(tmp_path / "backups"), "--state", str(state))
    assert "not in it: api.secret, keystores" in done.stdout
    fields = {"id": "wh_1", "actor": "key_1", "url": "https://a.example", "kinds": "[]", "told": 0}
    rest = {"attempts": 0, "next_at": 0, "status": "active", "created_at": NOW}
    with ledger(state).write() as connection:
        connection.execute(webhook.insert(), fields | rest)
    made, _ = backup(state, ledger(state), tmp_path / "backups", NOW)
    fresh = tmp_path / "fresh"
    told = usufruct("restore", str(made), "--state", str(fresh))
    assert told.returncode == 0, told.stderr
    assert f"{fresh}/api.secret is not there" in told.stderr
    ask = ("doctor", "--state", str(fresh), "--rpc", "http://127.0.0.1:9", "--json")
    secret = str(fresh / "api.secret")

    def missed() -> list[str]:
        found = json.loads(usufruct(*ask).stdout)["findings"]
        return [each["what"] for each in found if each["what"] == secret and each["remedy"]]

    assert missed() == [secret]
    (fresh / "api.secret").write_text("00" * 32)
    (fresh / "api.secret").chmod(0o600)
    assert missed() == []
