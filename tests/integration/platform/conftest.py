"""The small project, a ledger for it, and a real PostgreSQL where there is one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.integration.platform.kit import Kit, deployed
from tests.support.anvil import Anvil
from tests.support.ledgers import migrated
from tests.support.postgres import fresh_postgres

from usufruct.core.encoding import hex0x
from usufruct.deploy.record import Deployment, save
from usufruct.index.chain import NodeChain
from usufruct.index.indexer import Indexer
from usufruct.ledger.database import Database

Follow = Callable[[Database], Indexer]


@pytest.fixture
def kit(anvil_fresh: Anvil) -> Kit:
    """The project on a chain of its own."""
    return deployed(anvil_fresh)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Database]:
    """An empty migrated ledger on SQLite."""
    database = migrated(f"sqlite:///{tmp_path}/ledger.db")
    yield database
    database.dispose()


@pytest.fixture
def follow(kit: Kit) -> Iterator[Callable[..., Indexer]]:
    """Makes indexers of the project."""
    with ExitStack() as stack:

        def make(database: Database, **options: int) -> Indexer:
            chain = NodeChain(kit.client, kit.contracts["Waterfall"])
            stack.callback(chain.close)
            identity = {"chain_id": "31337", "currency": "USDX:6"}
            made = Indexer(chain, database, kit.contracts, kit.first_block, identity, **options)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def deployment(kit: Kit) -> Deployment:
    """The project's deployment record."""
    return Deployment(
        chain_id=kit.client.chain_id,
        genesis=kit.client.genesis,
        project="TEST",
        block=kit.first_block,
        contracts=kit.contracts,
        series=kit.series,
    )


@pytest.fixture
def record(deployment: Deployment, tmp_path: Path) -> Path:
    """The deployment record as a file."""
    path = tmp_path / "state" / "deployments" / "31337.json"
    save(deployment, path)
    assert json.loads(path.read_text())["genesis"] == hex0x(deployment.genesis)
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of an empty database on a real PostgreSQL."""
    with fresh_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest, ledger: Database) -> Iterator[Database]:
    """An empty ledger on either database."""
    if request.param == "sqlite":
        yield ledger
        return
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    with fresh_postgres() as url:
        database = migrated(url)
        yield database
        database.dispose()
