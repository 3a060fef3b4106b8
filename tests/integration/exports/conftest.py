"""A small project with two settled periods, its ledger, and a state folder for the commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.integration.platform.kit import HOLDERS, MEGA, Kit, deployed
from tests.support.anvil import Anvil
from tests.support.ledgers import migrated
from typer.testing import CliRunner, Result

from usufruct.cli import build
from usufruct.index.chain import NodeChain
from usufruct.index.indexer import Indexer
from usufruct.ledger.database import Database

ROOT = Path(__file__).parents[3]
ADAM, BARB, CARL, DAVE, EVE = HOLDERS


@dataclass
class Office:
    """Where statements are made.

    Attributes:
        kit: The project.
        state: State folder with the ledger.
        database: The ledger.
        community: Community file with the project's calendar.
        month: Name of period 1.
        follow: Takes the chain into the ledger.
    """

    kit: Kit
    state: Path
    database: Database
    community: Path
    month: str
    follow: Callable[[], object]

    def run(self, *arguments: str) -> Result:
        """A command on this state."""
        places = ("--state", str(self.state), "--community", str(self.community))
        if arguments[:2] == ("bank", "confirm"):
            places = places[:2]
        runner = CliRunner()
        return runner.invoke(build(arguments[0]), [*arguments, *places], catch_exceptions=False)

    def ok(self, *arguments: str) -> str:
        """The output of a command that ends well."""
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.output


def early_in_a_month(anvil: Anvil) -> None:
    """Sets the chain's clock to the 5th of the next month: what takes a few days is then of one month and one year."""
    now = datetime.fromtimestamp(
        int(anvil.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16), UTC
    )
    fifth = (now.replace(day=28) + timedelta(days=7)).replace(day=5)
    anvil.rpc("evm_setNextBlockTimestamp", int(fifth.timestamp()))
    anvil.rpc("evm_mine")


@pytest.fixture
def office(anvil_fresh: Anvil, tmp_path: Path) -> Office:
    """Two periods are settled; Adam and Carl were paid for the first, nobody for the second."""
    early_in_a_month(anvil_fresh)
    kit = deployed(anvil_fresh)
    kit.settle(900 * MEGA, 1)
    kit.claim("SR", ADAM)
    kit.claim("SR", CARL)
    kit.claim("JR", CARL)
    kit.settle(900 * MEGA, 2)
    return office_of(kit, tmp_path)


def office_of(kit: Kit, tmp_path: Path) -> Office:
    """The office of a project, whose ledger has all that happened."""
    state = tmp_path / "state"
    database = migrated(f"sqlite:///{state}/ledger.db")
    identity = {"chain_id": "31337", "currency": "USDX:6"}
    chain = NodeChain(kit.client, kit.contracts["Waterfall"])
    indexer = Indexer(chain, database, kit.contracts, kit.first_block, identity)
    indexer.catch_up()
    month = datetime.fromtimestamp(kit.start, UTC).strftime("%Y-%m")
    text = (ROOT / "examples" / "community.toml").read_text()
    community = tmp_path / "community.toml"
    text = text.replace("2026-09", month)
    community.write_text(text.replace('"Asia/Shanghai"', '"UTC"'))
    return Office(kit, state, database, community, month, indexer.catch_up)
