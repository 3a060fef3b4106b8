"""One chain on which the example community is deployed; each test gets it back as it was."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.anvil import Anvil, running_anvil

from usufruct.chain.client import ChainClient
from usufruct.chain.sender import Timing
from usufruct.config import Community, parse_community
from usufruct.contracts import Call
from usufruct.core.encoding import hex0x
from usufruct.deploy.apply import Applied, Observer, apply
from usufruct.deploy.plan import Plan, make_plan, open_record
from usufruct.deploy.record import Deployment, load_deployment, record_path
from usufruct.deploy.site import Site
from usufruct.keys import SecretBytes, dev_address

TEXT = (Path(__file__).resolve().parents[3] / "examples" / "community.toml").read_text("utf-8")
NOW = 1_792_000_000
"""2026-10-14: in the second period."""
QUICK = Timing(timeout=30, poll=0.002, poll_most=0.05)


@dataclass(frozen=True)
class Town:
    """A chain with a state folder, and the example file to be changed at will."""

    anvil: Anvil
    state: Path

    @property
    def client(self) -> ChainClient:
        return ChainClient(self.anvil.url)

    @property
    def deployment(self) -> Deployment:
        return load_deployment(record_path(self.state, self.client.chain_id))

    def file(self, *changes: tuple[str, str]) -> Community:
        """The example file with texts replaced, each at its first place."""
        text = TEXT
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        return parse_community(text, "town.toml")

    def plan(self, *changes: tuple[str, str]) -> Plan:
        """What would be done for the changed file."""
        community = self.file(*changes)
        return make_plan(
            Site(community, self.client, open_record(community, self.client, self.state))
        )

    def apply(
        self,
        *changes: tuple[str, str],
        keys: list[SecretBytes] | None = None,
        observer: Observer | None = None,
    ) -> Applied:
        """Does what the changed file says."""
        return apply(
            self.file(*changes),
            self.client,
            self.state,
            keys or [],
            observer=observer,
            timing=QUICK,
        )

    def sent(self) -> int:
        """Transactions of all accounts the example knows."""
        return sum(self.client.nonce(dev_address(number)) for number in range(16))

    def send(self, sender: str, to: str, call: Call[Any]) -> None:
        """Calls a contract from an account the node signs for; it must succeed."""
        gas = hex(1_000_000)
        self.anvil.send(**{"from": sender, "to": to, "data": hex0x(call.data), "gas": gas})

    def pass_time(self, seconds: int) -> None:
        """Lets time pass on the chain."""
        self.anvil.rpc("evm_increaseTime", seconds)
        self.anvil.rpc("evm_mine")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("deployed")
    with running_anvil(folder, "--timestamp", str(NOW)) as anvil:
        town = Town(anvil, folder / "state")
        town.apply()
        yield town


@pytest.fixture
def town(deployed: Town, tmp_path: Path) -> Iterator[Town]:
    """The deployed town, put back afterwards."""
    state = tmp_path / "state"
    shutil.copytree(deployed.state, state)
    snapshot = deployed.anvil.rpc("evm_snapshot")
    yield Town(deployed.anvil, state)
    deployed.anvil.rpc("evm_revert", snapshot)


@pytest.fixture
def start_town(tmp_path: Path) -> Iterator[Callable[..., Town]]:
    """Starts towns on chains of their own, with nothing deployed."""
    running = []

    def start(*options: str) -> Town:
        folder = tmp_path / f"town{len(running)}"
        folder.mkdir()
        context = running_anvil(folder, "--timestamp", str(NOW), *options)
        running.append(context)
        return Town(context.__enter__(), folder / "state")

    yield start
    for context in running:
        context.__exit__(None, None, None)
