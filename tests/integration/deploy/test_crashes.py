"""kill -9 anywhere, then the same command again: the same contracts, no transaction more."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest
from tests.integration.deploy.conftest import TEXT, Town
from tests.integration.deploy.test_apply import TRANSACTIONS
from tests.support import forks

from usufruct.deploy.record import CONTRACTS
from usufruct.keys import dev_account

DEEP = pytest.mark.deep
POINTS = [
    pytest.param("outbox.stored:1", marks=DEEP),  # the very first contract, stored only
    "tx.mined:8",  # in the middle of the contracts that name each other, created but not recorded
    pytest.param("record.drafted:10", marks=DEEP),
    pytest.param("tx.sent:24", marks=DEEP),  # meters
    pytest.param("tx.recorded:31", marks=DEEP),  # units issued
    "record.drafted:12",  # the series' addresses, at the very end
]
IN_TURN = ["outbox.stored:1", "tx.sent:4", "tx.recorded:4", "tx.mined:8", "tx.sent:9"]
"""Where one run after the other is killed, each a few transactions further: a point of every kind."""


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_run_is_continued_without_doing_anything_twice(
    start_town: Callable[..., Town], point: str
) -> None:
    killed_and_continued(start_town(), point)


@pytest.mark.deep
@pytest.mark.parametrize("name", ["outbox.stored", "tx.sent", "tx.mined", "tx.recorded"])
@pytest.mark.parametrize("number", range(1, TRANSACTIONS + 1))
def test_a_run_may_be_killed_anywhere(
    start_town: Callable[..., Town], name: str, number: int
) -> None:
    killed_and_continued(start_town(), f"{name}:{number}")


def test_a_run_may_be_killed_again_and_again(start_town: Callable[..., Town]) -> None:
    town = start_town()
    codes = [run(town, point).returncode for point in IN_TURN]
    assert codes == [-signal.SIGKILL] * len(IN_TURN)
    finished(town)


def killed_and_continued(town: Town, point: str) -> None:
    assert run(town, point).returncode == -signal.SIGKILL
    finished(town)


def finished(town: Town) -> None:
    done = run(town)
    assert done.returncode == 0, done.stderr
    assert town.sent() == TRANSACTIONS
    created = [created_by(town, block) for block in range(1, town.client.block_number() + 1)]
    contracts = [where for each in created for where in each]
    assert len(contracts) == len(CONTRACTS)
    assert set(town.deployment.contracts.values()) == set(contracts)
    assert len(town.deployment.series) == 5
    assert town.apply().receipts == []


def created_by(town: Town, block: int) -> list[str]:
    """Contracts created by the transactions of a block."""
    hashes = town.client.rpc("eth_getBlockByNumber", hex(block), False)["transactions"]
    receipts = [town.client.receipt(bytes.fromhex(each[2:])) for each in hashes]
    return [each.contract_address for each in receipts if each and each.contract_address]


def run(town: Town, crash_at: str = "") -> CompletedProcess[str]:
    """`usufruct apply` as a process of its own."""
    return usufruct(town, "apply", crash_at=crash_at)


def usufruct(town: Town, command: str, *options: str, crash_at: str = "") -> CompletedProcess[str]:
    file = town.state.parent / "town.toml"
    file.write_text(TEXT)
    arguments = [command, str(file), "--rpc", town.anvil.url, "--state", str(town.state), *options]
    return forks.run(
        "usufruct.cli:main",
        ["usufruct", *arguments],
        {"USUFRUCT_CRASH_AT": crash_at, "COLUMNS": "200"},
        loaded=["usufruct.deploy.cli"],
    )


# --- The program ---------------------------------------------------------------------------------


def test_plan_apply_plan(start_town: Callable[..., Town]) -> None:
    town = start_town()
    planned = usufruct(town, "plan")
    assert planned.returncode == 0
    assert (
        f"{TRANSACTIONS} to create, 0 to change, 0 unchanged: {TRANSACTIONS} transactions."
        in planned.stdout
    )
    for subject in ("AccessManager", "stream VPP", "series EV-A", "waterfall WATER", "wallets"):
        assert subject in planned.stdout
    applied = usufruct(town, "apply")
    assert applied.returncode == 0
    assert re.fullmatch(rf"{TRANSACTIONS} transactions, \d+ gas\.", applied.stdout.strip())
    for command in ("apply", "plan"):
        again = usufruct(town, command)
        assert (again.returncode, again.stdout.strip()) == (0, "No changes.")


def test_a_plan_as_json_can_be_read_by_programs(start_town: Callable[..., Town]) -> None:
    town = start_town()
    plan = json.loads(usufruct(town, "plan", "--json").stdout)
    assert (plan["chain_id"], plan["changes"]) == (31337, TRANSACTIONS)
    assert {action["change"] for action in plan["actions"]} == {"create"}
    assert all(action["reason"] and action["key"] for action in plan["actions"])


def test_no_key_is_written_anywhere(start_town: Callable[..., Town]) -> None:
    town = start_town()
    done = usufruct(town, "apply")
    texts = [done.stdout.encode(), done.stderr.encode()]
    texts += [path.read_bytes() for path in town.state.rglob("*") if path.is_file()]
    for number in range(4):
        key = dev_account(number)
        assert not [text for text in texts if bytes(key) in text or key.hex().encode() in text]
