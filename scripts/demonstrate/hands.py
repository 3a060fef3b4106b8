"""The people of the demo as they act on the chain: each with a key, each act done once, also when taken up again."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from usufruct.chain.client import ChainClient
from usufruct.chain.outbox import Outbox
from usufruct.chain.records import Receipt
from usufruct.chain.sender import Sender
from usufruct.contracts import Address, Call
from usufruct.keys import dev_account, dev_address

ISSUER = 0
REGISTRAR = 0
TREASURER = 1
FUND_MANAGER = 9
KEEPER = 16
OPERATOR = 17
CHALLENGER = 18


class Hands:
    """Sends for Anvil's well-known accounts; `state` keeps what each has sent."""

    def __init__(self, client: ChainClient, state: Path) -> None:
        self.client = client
        self._state = state

    def act(self, account: int, key: str, to: str, call: Call[Any]) -> Receipt | None:
        """Make the effect named `key` happen once; None if it was there already."""
        with closing(Outbox(self._state / f"account-{account}.db")) as outbox:
            return Sender(self.client, dev_account(account), outbox).submit(key, to, call.data)


def wallet(account: int) -> Address:
    """Address of an account."""
    return dev_address(account)
