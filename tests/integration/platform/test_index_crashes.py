"""kill -9 of the index and of its database: after a restart the ledger is as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from tests.integration.platform.kit import HOLDERS, Kit
from tests.integration.platform.test_index import churn, compared, fresh, tables
from tests.support import forks
from tests.support.postgres import Server, fresh_postgres, postgres_server

from usufruct.chain import crash
from usufruct.index.indexer import Indexer
from usufruct.index.runner import Runner
from usufruct.ledger.database import Database

ROOT = Path(__file__).resolve().parents[3]
CHILD = Path(__file__).with_name("index_child.py")
Follow = Callable[..., Indexer]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    with postgres_server(tmp_path, durable=True) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/killed.db"
        return
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    with fresh_postgres() as url:
        yield url


def arguments_of(kit: Kit, url: str, largest: int = 6) -> list[str]:
    known = json.dumps(kit.contracts)
    return [kit.anvil.url, url, known, str(kit.first_block), str(largest)]


def child(kit: Kit, url: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "platform")}
    return subprocess.Popen([sys.executable, str(CHILD), *arguments_of(kit, url)], env=environment)


def run(kit: Kit, url: str, crash_at: str = "", largest: int = 6) -> int:
    command = ["index_child.py", *arguments_of(kit, url, largest)]
    main = "tests.integration.platform.index_child:main"
    return forks.run(main, command, {crash.VARIABLE: crash_at}).returncode


def caught_up_in_time(indexer: Indexer) -> None:
    """A server that was killed first recovers what it had committed."""
    for _ in range(150):
        try:
            indexer.catch_up()
        except OperationalError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("the database did not come back")


def same_as_undisturbed(kit: Kit, url: str, tmp_path: Path, follow: Follow) -> None:
    killed, again = Database(url), fresh(tmp_path, "again")
    follow(again, window=16).catch_up()
    assert tables(killed) == tables(again)
    assert compared(kit, killed).differences == []
    killed.dispose()
    again.dispose()


def test_an_index_killed_within_and_after_every_transaction_loses_and_doubles_nothing(
    kit: Kit, target: str, tmp_path: Path, follow: Follow
) -> None:
    churn(kit, 21, 12)
    for place in ("ledger.migrated", "ledger.migrated:5"):
        assert run(kit, target, place) == -signal.SIGKILL, f"{place} was never passed"
    # Two kills leave a range as it was, between its tables and before its commit; the third leaves it written.
    places = cycle(["index.inserted:2", "index.before_commit", "index.written"])
    kills = 0
    while run(kit, target, next(places), largest=9) == -signal.SIGKILL:
        kills += 1
    assert kills >= 3 * 3
    assert run(kit, target) == 0
    same_as_undisturbed(kit, target, tmp_path, follow)


def test_an_index_killed_during_an_undo_undoes_it_again(
    kit: Kit, target: str, tmp_path: Path, follow: Follow
) -> None:
    churn(kit, 22, 10)
    assert run(kit, target) == 0
    kit.client.rpc("anvil_reorg", 6, [])
    kit.transfer("JR", HOLDERS[2], HOLDERS[0], 3)
    assert run(kit, target, "index.undone") == -signal.SIGKILL
    assert run(kit, target) == 0
    same_as_undisturbed(kit, target, tmp_path, follow)


def test_an_index_killed_at_any_moment_goes_on(
    kit: Kit, target: str, tmp_path: Path, follow: Follow
) -> None:
    churn(kit, 23, 20)
    rng = random.Random(23)
    for _ in range(3):
        process = child(kit, target)
        time.sleep(rng.uniform(0.3, 2.5))
        process.kill()
        process.wait(timeout=60)
    assert run(kit, target) == 0
    same_as_undisturbed(kit, target, tmp_path, follow)


def test_a_database_that_is_killed_and_comes_back_is_gone_on_with(
    kit: Kit, server: Server, tmp_path: Path, follow: Follow
) -> None:
    churn(kit, 24, 10)
    database = Database(server.url)
    database.migrate()
    indexer = follow(database, window=16, largest=4)
    seen: list[str] = []
    fatal: list[BaseException] = []
    reached = threading.Event()

    def work() -> float:
        step = indexer.step()
        if step.at >= step.head:
            reached.set()
        return 0.01

    runner = Runner("index", work, fatal.append, lambda text: seen.append(text) if text else None)
    runner.start()
    try:
        for seed in (25, 26):
            server.kill()
            churn(kit, seed, 6)
            server.start()
            reached.clear()
            assert reached.wait(60)
    finally:
        runner.stop()
    assert fatal == []
    assert any("the database does not answer" in text for text in seen)
    indexer.catch_up()
    same_as_undisturbed(kit, server.url, tmp_path, follow)
    database.dispose()


def test_a_database_that_dies_within_a_transaction_keeps_nothing_of_it(
    kit: Kit, server: Server, tmp_path: Path, follow: Follow
) -> None:
    churn(kit, 27, 10)
    database = Database(server.url)
    database.migrate()
    indexer = follow(database, window=16, largest=4)
    indexer.step()
    kills = iter([server.kill])

    def die(name: str) -> None:
        if name == "index.before_commit":
            next(kills, lambda: None)()

    with crash.watched(die), pytest.raises(OperationalError):
        indexer.catch_up()
    server.start()
    caught_up_in_time(indexer)
    same_as_undisturbed(kit, server.url, tmp_path, follow)
    database.dispose()
