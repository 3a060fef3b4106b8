"""`usufruct index --once` against a real node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.platform.kit import MEGA, Kit
from tests.integration.platform.test_index import compared
from tests.support.anvil import running_anvil
from typer.testing import CliRunner

from usufruct.cli import build
from usufruct.errors import ConfigError
from usufruct.ledger.database import Database


@pytest.fixture
def other_chain(tmp_path: Path) -> Iterator[str]:
    """A node of another chain with the same id."""
    with running_anvil(tmp_path, "--timestamp", "1000000000") as node:
        yield node.url


def test_it_fills_the_ledger_and_ends_and_takes_in_nothing_twice(kit: Kit, record: Path) -> None:
    kit.settle(900 * MEGA, 1)
    head = kit.client.block_number()
    state = record.parents[1]
    command = ["index", "--once", "--rpc", kit.anvil.url, "--second-rpc", kit.anvil.url]
    command += ["--state", str(state)]
    runner = CliRunner()
    first = runner.invoke(build("index"), command, catch_exceptions=False)
    assert first.exit_code == 0
    assert first.output.startswith(f"block {head}: ")
    assert first.output.endswith(" events taken in, 0 undone\n")
    ledger = Database(f"sqlite:///{state}/ledger.db")
    assert compared(kit, ledger).differences == []
    ledger.dispose()
    again = runner.invoke(build("index"), command, catch_exceptions=False)
    assert again.output == f"block {head}: 0 events taken in, 0 undone\n"


def test_a_second_node_of_another_chain_is_refused(
    kit: Kit, record: Path, other_chain: str
) -> None:
    command = ["index", "--once", "--rpc", kit.anvil.url, "--second-rpc", other_chain]
    command += ["--state", str(record.parents[1])]
    with pytest.raises(ConfigError, match="genesis block differs") as caught:
        CliRunner().invoke(build("index"), command, catch_exceptions=False)
    assert caught.value.field == "second_rpc"
