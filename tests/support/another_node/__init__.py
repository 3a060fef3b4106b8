"""A node that is not Anvil, behaving like one of a permissioned network."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.parts import part_missing

__all__ = ["CHAIN_ID", "VALIDATORS", "AnotherNode", "another_node"]

CHAIN_ID = 20260901
"""The chain id of profile `qbft`."""
VALIDATORS = tuple("0x" + f"{number:02x}" * 20 for number in (1, 2, 3, 4))
_FOLDER = Path(__file__).parent
_PATIENCE = 20.0


@dataclass(frozen=True)
class AnotherNode:
    """A running node.

    Attributes:
        url: Its JSON-RPC endpoint.
        refusals: File with a line for each request that it refused.
    """

    url: str
    refusals: Path

    def refused(self) -> list[str]:
        """What it refused, each once."""
        return sorted(set(self.refusals.read_text().splitlines()))


@contextmanager
def another_node(folder: Path, extra_data: bytes, seconds: float = 1.0) -> Iterator[AnotherNode]:
    """The node with a block every `seconds`, `extra_data` in its headers, stopped at the end."""
    node = shutil.which("node")
    if node is None or not (_FOLDER / "node_modules" / "@nomicfoundation").is_dir():
        part_missing("another node than Anvil: run scripts/setup")
    refusals = folder / "refused.txt"
    command = [
        node,
        str(_FOLDER / "node.mjs"),
        str(CHAIN_ID),
        str(seconds),
        "0x" + extra_data.hex(),
    ]
    with (
        refusals.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            port = process.stdout.readline().strip()
            if not port.isdecimal():
                raise RuntimeError(f"the node did not start: {refusals.read_text()}")
            yield AnotherNode(f"http://127.0.0.1:{port}", refusals)
        finally:
            process.terminate()
            process.wait(timeout=_PATIENCE)
