"""Turns decoded events into ledger rows. No I/O: the same events always give the same rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Protocol

from sqlalchemy import Table

from usufruct.chain.records import Log
from usufruct.contracts import Event
from usufruct.contracts.waterfall import Rules
from usufruct.index.state import State
from usufruct.ledger.bulk import Row
from usufruct.ledger.models import log, wallet
from usufruct.ledger.types import position

__all__ = ["Handler", "Projection", "RawHandler", "RulesReader"]

_ADDRESS_BYTES: Final = 20
_NOBODY: Final = bytes(_ADDRESS_BYTES)


class RulesReader(Protocol):
    """Reads a recorded rule set, which the event only points to."""

    def __call__(self, stream: int, version: int) -> Rules:
        """The rules of `stream` with this version."""
        ...


class Projection:
    """The rows that a range of logs adds, gathered by table."""

    def __init__(
        self,
        state: State,
        rules: RulesReader,
        times: Mapping[int, int],
        contracts: Mapping[str, str],
    ) -> None:
        self.state = state
        self.read_rules = rules
        self.time = 0
        """Time of the block of the event at hand."""
        self._times = times
        self._fund_units = bytes.fromhex(contracts.get("FundUnitFactory", "0x")[2:])
        self._offering = bytes.fromhex(contracts.get("Offering", "0x")[2:])
        self.rows: defaultdict[Table, list[Row]] = defaultdict(list)
        self._logs = self.rows[log]

    def apply(
        self,
        each: Log,
        kind: type[Event],
        handlers: Mapping[type[Event], Handler],
        raw_handlers: Mapping[type[Event], RawHandler],
    ) -> None:
        """Adds the rows of one log of a `kind` of event; kinds without a handler are of no concern to the ledger.

        Raises DecodeError if the log is not of that kind.
        """
        raw = raw_handlers.get(kind)
        handler = None if raw else handlers.get(kind)
        if raw is None and handler is None:
            return
        number, index = each.block_number, each.log_index
        pos = position(number, index)
        self.time = self._times[number]
        self._logs.append((pos, number, each.tx_index, index, each.tx_hash))
        emitter = _emitter(each.address)
        if raw is not None:
            raw(self, pos, emitter, each.topics, each.data)
        elif handler is not None:
            handler(self, pos, emitter, kind.decode(each.topics, each.data))

    def pays_fund_units(self, factory: bytes) -> bool:
        """Whether a factory makes units of funds, whose income comes from no stream of their own."""
        return factory == self._fund_units

    def takes_subscriptions(self, emitter: bytes) -> bool:
        """Whether a contract is the one of offerings, some of whose events the waterfall has too."""
        return emitter == self._offering

    def add(self, table: Table, *values: Any) -> None:
        """Adds a row: a value for every column, in the order of the table."""
        self.rows[table].append(values)

    def wallet(self, address: str, pos: int) -> int:
        """The number of a wallet; a new one is numbered now."""
        return self.wallet_of(bytes.fromhex(address[2:]), pos)

    def wallet_of(self, raw: bytes, pos: int) -> int:
        """The number of the wallet with these 20 bytes of address."""
        known = self.state.wallets.get(raw)
        if known is not None:
            return known
        number = len(self.state.wallets) + 1
        self.state.wallets[raw] = number
        self.add(wallet, number, pos, raw)
        return number

    def named_by(self, topic: bytes, pos: int) -> int | None:
        """The number of the wallet in a topic; None for the address of nobody."""
        words = self.state.words
        if topic in words:
            return words[topic]
        raw = topic[-_ADDRESS_BYTES:]
        words[topic] = found = None if raw == _NOBODY else self.wallet_of(raw, pos)
        return found


Handler = Callable[[Projection, int, bytes, Any], None]
"""Adds the rows of one event: projection, position, address of the contract, event."""
RawHandler = Callable[[Projection, int, bytes, Sequence[bytes], bytes], None]
"""The same from a log's topics and data, for the events that make up nearly all logs of a chain."""


@lru_cache(1 << 12)
def _emitter(address: str) -> bytes:
    return bytes.fromhex(address[2:])
