"""kill -9 during ingestion, on a real file: after a restart the journal is as if nothing had happened."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.support import forks
from tests.support.postgres import fresh_postgres

from usufruct.chain import crash
from usufruct.clock import FixedClock
from usufruct.config import load_community
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.journal.schema import metadata
from usufruct_oracles.simulate import write_day
from usufruct_oracles.sources.csv_folder import CsvFolder

ROOT = Path(__file__).resolve().parents[3]
COMMUNITY = ROOT / "examples" / "community.toml"
DAYS = ("2026-09-01", "2026-09-02")


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inbox")
    for day in DAYS:
        write_day(load_community(COMMUNITY), day, folder, 7, True)
    return folder


@pytest.fixture(scope="module")
def undisturbed(
    inbox: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[tuple[object, ...]]]:
    journal = tmp_path_factory.mktemp("undisturbed") / "j.sqlite"
    assert ingest(inbox, str(journal)) == 0
    return dump(str(journal))


def ingest(inbox: Path, journal: str, crash_at: str = "") -> int:
    """Exit code of a process that ingests the inbox."""
    command = ["ingest_child.py", str(COMMUNITY), str(inbox), journal]
    main = "tests.integration.oracles.ingest_child:run"
    return forks.run(main, command, {crash.VARIABLE: crash_at}).returncode


def dump(journal: str) -> dict[str, list[tuple[object, ...]]]:
    """Everything in the journal but when it was received."""
    database = Database(journal)
    found = {}
    with database.read() as connection:
        for table in metadata.sorted_tables:
            columns = [column for column in table.c if column.name != "received_at"]
            rows = connection.execute(select(*columns)).all()
            found[table.name] = sorted((tuple(each) for each in rows), key=repr)
    database.close()
    return found


@pytest.mark.parametrize(
    "place",
    [
        "journal.before_commit",
        "journal.stored",
        "journal.before_commit:5",
        "journal.before_commit:9",
        "journal.stored:8",
    ],
)
def test_after_a_kill_the_journal_is_as_if_undisturbed(
    inbox: Path,
    tmp_path: Path,
    undisturbed: dict[str, list[tuple[object, ...]]],
    place: str,
) -> None:
    journal = str(tmp_path / "j.sqlite")
    assert ingest(inbox, journal, place) == -signal.SIGKILL
    stored = len(dump(journal)["files"])
    passes = int(place.partition(":")[2] or 1)
    assert stored == (passes if place.startswith("journal.stored") else passes - 1)
    assert ingest(inbox, journal) == 0
    assert dump(journal) == undisturbed


def test_killed_at_every_file_it_still_gets_there(
    inbox: Path, tmp_path: Path, undisturbed: dict[str, list[tuple[object, ...]]]
) -> None:
    journal = str(tmp_path / "j.sqlite")
    kills = 0
    while ingest(inbox, journal, "journal.stored") == -signal.SIGKILL:
        kills += 1
    assert kills == 9  # the eight files, and the heartbeats at once
    assert dump(journal) == undisturbed


# --- PostgreSQL ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fresh_postgres() as url:
        yield url


def test_postgresql_holds_the_same_journal_also_after_a_kill(
    inbox: Path, postgres: str, undisturbed: dict[str, list[tuple[object, ...]]]
) -> None:
    assert ingest(inbox, postgres, "journal.before_commit:3") == -signal.SIGKILL
    assert ingest(inbox, postgres) == 0
    # Numbers that a transaction drew and lost stay unused in PostgreSQL: compare without them.
    assert without_ids(dump(postgres)) == without_ids(undisturbed)
    assert ingest(inbox, postgres) == 0
    community = load_community(COMMUNITY)
    clock = FixedClock(1_800_000_000)
    source = CsvFolder(inbox, community.project.timezone, clock)
    # Closed also if the test fails: the server waits for its clients when it stops.
    with closing(Journal(postgres, community, clock=clock, sources=[source])) as journal:
        assert journal.poll() == {"accepted": 0, "rejected": 0}
        assert journal.verdicts(None, 1)["period"] == 1


def without_ids(found: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    ids = {"id", "file_id", "record_id"}
    result = {}
    for table in metadata.sorted_tables:
        names = [column.name for column in table.c if column.name != "received_at"]
        result[table.name] = sorted(
            (
                tuple(
                    bytes(value) if isinstance(value, memoryview) else value
                    for name, value in zip(names, row, strict=True)
                    if name not in ids
                )
                for row in found[table.name]
            ),
            key=repr,
        )
    return result
