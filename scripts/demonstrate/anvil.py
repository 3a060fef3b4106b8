"""Anvil with its state kept in a folder, and its clock under control (local development chains only)."""

from __future__ import annotations

import socket
from pathlib import Path

from demonstrate.processes import Stack, free_port
from usufruct.chain.client import ChainClient
from usufruct.chain.foundry import binary

CHAIN_ID = 31337


class Anvil:
    """One Anvil whose chain survives from run to run in `state`."""

    def __init__(self, processes: Stack, state: Path, start_time: int) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        known = state.exists()
        argv = [
            str(binary("anvil")),
            *("--host", "127.0.0.1", "--port", str(self.port)),
            *("--chain-id", str(CHAIN_ID), "--accounts", "20"),
            *("--state", str(state), "--silent"),
            *("--timestamp", str(start_time)),  # the genesis block, and so its hash, stays the same
        ]
        processes.start("anvil", argv)
        self.client = ChainClient(self.url)
        processes.wait_until("Anvil", self._answers, 30)
        if (
            known
        ):  # a loaded chain would go on with the wall clock, which may be far from its own time
            self.client.rpc("evm_setTime", self.now() + 1)
            self.client.rpc("evm_mine")

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def now(self) -> int:
        """Time of the latest block."""
        return self.client.block("latest").timestamp

    def move_to(self, time: int) -> None:
        """Set the chain's clock forward to `time` and mine a block with it; a past time does nothing."""
        if time > self.now():
            self.client.rpc("evm_setNextBlockTimestamp", time)
            self.client.rpc("evm_mine")
