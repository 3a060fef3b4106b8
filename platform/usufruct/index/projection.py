"""Turns decoded events into ledger rows. No I/O: the same events always give the same rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Table

from usufruct.contracts import Event
from usufruct.contracts.waterfall import Rules
from usufruct.index.state import State
from usufruct.ledger.bulk import Row
from usufruct.ledger.models import log, wallet
from usufruct.ledger.types import position

__all__ = ["Entry", "Handler", "Projection", "RulesReader"]


class Entry(NamedTuple):
    """One decoded log with its place on the chain."""

    event: Event
    address: bytes
    block: int
    tx_index: int
    log_index: int
    tx_hash: bytes

    @property
    def pos(self) -> int:
        """The packed position."""
        return position(self.block, self.log_index)


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
        self.rows: defaultdict[Table, list[Row]] = defaultdict(list)

    def apply(self, entry: Entry, handlers: dict[type[Event], Handler]) -> None:
        """Adds the rows of one event; events without a handler are of no concern to the ledger."""
        handler = handlers.get(type(entry.event))
        if handler is None:
            return
        pos, self.time = entry.pos, self._times[entry.block]
        self.add(log, pos, entry.block, entry.tx_index, entry.log_index, entry.tx_hash)
        handler(self, pos, entry.address, entry.event)

    def pays_fund_units(self, factory: bytes) -> bool:
        """Whether a factory makes units of funds, whose income comes from no stream of their own."""
        return factory == self._fund_units

    def add(self, table: Table, *values: Any) -> None:
        """Adds a row: a value for every column, in the order of the table."""
        self.rows[table].append(values)

    def wallet(self, address: str, pos: int) -> int:
        """The number of a wallet; a new one is numbered now."""
        raw = bytes.fromhex(address[2:])
        known = self.state.wallets.get(raw)
        if known is not None:
            return known
        number = len(self.state.wallets) + 1
        self.state.wallets[raw] = number
        self.add(wallet, number, pos, raw)
        return number


Handler = Callable[[Projection, int, bytes, Any], None]
"""Adds the rows of one event: projection, position, address of the contract, event."""
