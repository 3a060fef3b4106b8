"""A contract of ten bytes: each call adds one to slot 0.

python -m tests.integration.chain.counter URL OUTBOX KEY CONTRACT
    calls CONTRACT once under the natural key KEY; may be killed at a crash point.
"""

from __future__ import annotations

import sys
from pathlib import Path

from usufruct.chain.client import ChainClient
from usufruct.chain.outbox import Outbox
from usufruct.chain.sender import Sender
from usufruct.keys import dev_account

RUNTIME = bytes.fromhex("60005460010160005500")
CREATION = bytes.fromhex("69") + RUNTIME + bytes.fromhex("600052600a6016f3")


def count(client: ChainClient, contract: str) -> int:
    """How often the contract was called."""
    return int(client.rpc("eth_getStorageAt", contract, "0x0", "latest"), 16)


if __name__ == "__main__":
    url, path, key, contract = sys.argv[1:]
    with Outbox(Path(path)) as outbox:
        sender = Sender(ChainClient(url), dev_account(0), outbox)
        sender.submit(key, contract, b"")
