"""A local chain for tests: the native Anvil on a free port, its files in a folder of its own."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.parts import part_missing

from usufruct.chain.foundry import FoundryMissing, binary

CHAIN_ID = 31337
_LISTENING = re.compile(r"Listening on 127\.0\.0\.1:(\d+)")
_PATIENCE = 30.0


@dataclass(frozen=True)
class Anvil:
    """A running Anvil."""

    port: int
    process: subprocess.Popen[bytes] = field(repr=False)
    chain_id: int = CHAIN_ID

    @property
    def url(self) -> str:
        """Address of the JSON-RPC endpoint."""
        return f"http://127.0.0.1:{self.port}"

    def rpc(self, method: str, *params: object) -> Any:
        """The result of one JSON-RPC call; an error answer raises AnvilError."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        request = urllib.request.Request(  # noqa: S310  # our own local node
            self.url, json.dumps(body).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  # same
            answer = json.load(response)
        if "error" in answer:
            raise AnvilError(answer["error"])
        return answer["result"]

    def send(self, **transaction: str) -> dict[str, Any]:
        """The receipt of a transaction of an account the node signs for; it must succeed.

        The node answers a transaction before its block is there: who then moves the clock or asks
        without waiting may be told of the time before it.
        """
        number = self.rpc("eth_sendTransaction", transaction)
        deadline = time.monotonic() + _PATIENCE
        while not (receipt := self.rpc("eth_getTransactionReceipt", number)):
            assert time.monotonic() < deadline, f"not mined: {transaction}"
            time.sleep(0.002)
        assert receipt["status"] == "0x1", receipt
        return dict(receipt)


class AnvilError(Exception):
    """Anvil answered a call with an error; `error` is its object with code, message and data."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.error = error


@contextmanager
def running_anvil(folder: Path, *options: str) -> Iterator[Anvil]:
    """Anvil with chain id 31337 and any further command-line options, stopped at the end."""
    try:
        program = binary("anvil")
    except FoundryMissing as missing:
        part_missing(str(missing))
    log = folder / "anvil.log"
    arguments = ["--host", "127.0.0.1", "--port", "0", "--chain-id", str(CHAIN_ID), *options]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, *arguments], cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield Anvil(_await_port(process, log), process)
    finally:
        process.terminate()
        process.wait(timeout=_PATIENCE)


def _await_port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if found := _LISTENING.search(log.read_text(errors="replace")):
            return int(found.group(1))
        time.sleep(0.02)
    raise RuntimeError(f"Anvil did not start:\n{log.read_text(errors='replace')}")
