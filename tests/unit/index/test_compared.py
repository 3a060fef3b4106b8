"""Two nodes: what both say is taken in, what they differ about stops the index, and a lagging one is waited for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.ledgers import migrated
from tests.unit.index.test_indexer import CONTRACTS, FakeChain, count

from usufruct.errors import ChainError
from usufruct.index.compared import ComparedChain
from usufruct.index.indexer import Indexer
from usufruct.ledger.database import Database
from usufruct.ledger.models import log, transfer


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return migrated(f"sqlite:///{tmp_path}/ledger.db")


def chain() -> FakeChain:
    made = FakeChain(50)
    made.create(10)
    made.issue(11, 5)
    made.issue(12, 7)
    return made


def follow(first: FakeChain, second: FakeChain, database: Database) -> Indexer:
    return Indexer(ComparedChain(first, second), database, CONTRACTS, 1, {"chain_id": "1"})


def test_what_both_say_is_taken_in(database: Database) -> None:
    assert follow(chain(), chain(), database).catch_up().at == 50
    assert count(database, transfer) == 2


def test_nothing_is_taken_in_while_they_differ(database: Database) -> None:
    first, second = chain(), chain()
    following = follow(first, second, database)
    last = second.events.pop()
    with pytest.raises(ChainError, match="differ about the number of logs"):
        following.step()
    second.issue(12, 8)
    with pytest.raises(ChainError, match="differ about a log of block 12"):
        following.step()
    second.events[-1] = last
    second.fork, second.forked_at = 1, 40
    with pytest.raises(ChainError, match="differ about the hash of block 50"):
        following.step()
    assert count(database, log) == 0
    second.forked_at = 1 << 60
    assert following.catch_up().at == 50
    assert count(database, log) == 3


def test_one_that_lags_is_waited_for(database: Database) -> None:
    first, second = chain(), chain()
    second.length = 30
    following = follow(first, second, database)
    assert following.catch_up().at == 30
    second.length = 60
    assert following.catch_up().at == 50


def test_final_is_what_both_call_final(database: Database) -> None:
    first, second = chain(), chain()
    both = ComparedChain(first, second)
    first.finalized = 40
    assert both.final(50) is None
    second.finalized = 35
    assert both.final(50) == 35
    both.close()
