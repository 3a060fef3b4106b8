"""What the index asks of a node, and how it decodes the answers."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Final, Literal, Protocol

from usufruct.chain.client import ChainClient, RpcError
from usufruct.chain.records import Block, Log
from usufruct.contracts import (
    Address,
    DecodeError,
    Event,
    address,
    fund_factory,
    objective_disputes,
    offering,
    operator_bond,
    participant_registry,
    revenue_right,
    series_extension,
    series_factory,
    series_standards,
    statement_book,
    stream_registry,
    telemetry_anchor,
    waterfall,
)
from usufruct.contracts.waterfall import Rules
from usufruct.errors import ChainError

__all__ = [
    "OPTIONAL",
    "WATCHED",
    "Chain",
    "Decoder",
    "NodeChain",
    "TooManyLogs",
    "created_in",
    "not_whole",
]

WATCHED: Final[Mapping[str, ModuleType]] = {
    "ParticipantRegistry": participant_registry,
    "StreamRegistry": stream_registry,
    "TelemetryAnchor": telemetry_anchor,
    "StatementBook": statement_book,
    "SeriesFactory": series_factory,
    "FundUnitFactory": series_factory,
    "Waterfall": waterfall,
}
"""Contracts of a deployment whose events the ledger keeps, by their name in the deployment record."""
OPTIONAL: Final[Mapping[str, ModuleType]] = {
    "FundFactory": fund_factory,
    "Offering": offering,
    "ObjectiveDisputes": objective_disputes,
    "OperatorBond": operator_bond,
}
"""Contracts whose events are kept where a deployment has them."""

_SERIES: Final = {**revenue_right.EVENTS, **series_extension.EVENTS, **series_standards.EVENTS}
"""Events of a series: its two halves emit under one address."""
_CREATED: Final = series_factory.SeriesCreated.TOPIC
Finality = Literal["tags", "safe", "instant", "none"]
"""How one learns which blocks are final: by the node's tag `finalized` or the earlier `safe`, at once (QBFT), or
not at all."""
_TAGS: Final[Mapping[str, str]] = {"tags": "finalized", "safe": "safe"}
_IN_FLIGHT: Final = 4
_ADDRESSES: Final = 500


class TooManyLogs(Exception):
    """The node does not answer for a range of this size; ask for a smaller one."""


class Chain(Protocol):
    """The questions of the index."""

    def head(self) -> Block:
        """The newest block."""
        ...

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """These blocks in this order, of one chain as far as the node knows; ChainError if one is missing."""
        ...

    def block_hash(self, number: int) -> bytes | None:
        """Hash of a block, None if the chain is not that long."""
        ...

    def final(self, head: int) -> int | None:
        """The newest block that no reorganisation reaches, given the head; None if the node does not tell."""
        ...

    def logs(self, first: int, last: int, addresses: Sequence[str]) -> list[Log]:
        """Logs in the inclusive range in chain order; TooManyLogs if the range must be smaller."""
        ...

    def logs_of_blocks(self, block_hashes: Sequence[bytes]) -> list[list[Log]]:
        """All logs of each of these blocks, whatever contract they are of."""
        ...

    def rules(self, stream: int, version: int) -> Rules:
        """A recorded rule set of the waterfall."""
        ...

    def close(self) -> None:
        """Ends its threads."""
        ...


class NodeChain:
    """The chain behind a node's JSON-RPC endpoint, with a few requests under way at once."""

    def __init__(
        self, client: ChainClient, waterfall_address: str, finality: Finality = "tags"
    ) -> None:
        self._client = client
        self._finality = finality
        self._tags = [_TAGS[finality]] if finality in _TAGS else []
        self._known_final: int | None = None
        self._waterfall = waterfall_address
        self._pool = ThreadPoolExecutor(_IN_FLIGHT, thread_name_prefix="index")

    def close(self) -> None:
        """Ends the threads."""
        self._pool.shutdown(cancel_futures=True)

    def head(self) -> Block:
        """The newest block; ChainError if the endpoint serves another chain than at the start."""
        # One question for all: it is asked again with every look at the chain.
        (found, genesis), (newest, *known) = self._client.outlook("latest", *self._tags)
        if (found, genesis) != (self._client.chain_id, self._client.genesis):
            raise ChainError(
                f"{self._client.url} now serves chain {found} that begins with 0x{genesis.hex()}",
                field="rpc",
                value=found,
                rule=f"chain {self._client.chain_id} that begins with "
                f"0x{self._client.genesis.hex()}, of which the ledger is",
                remedy="point --rpc at the right node; nothing was taken in or undone",
            )
        self._known_final = next((each.number for each in known if each is not None), None)
        return self._client.block("latest") if newest is None else newest

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """These blocks in this order."""
        return self._client.blocks(numbers)

    def block_hash(self, number: int) -> bytes | None:
        """Hash of a block, None if the chain is not that long."""
        found = self._client.block_if_any(number)
        return None if found is None else found.hash

    def final(self, head: int) -> int | None:
        """The newest final block, by the kind of chain or by the node's word when it last told its head.

        Nodes without the tag refuse it or know no such block; a development node says block 0.
        """
        if not self._tags:
            return head if self._finality == "instant" else None
        return min(self._known_final, head) if self._known_final else None

    def logs(self, first: int, last: int, addresses: Sequence[str]) -> list[Log]:
        """Logs in the inclusive range in chain order."""
        pages = [addresses[at : at + _ADDRESSES] for at in range(0, len(addresses), _ADDRESSES)]
        try:
            asked = self._pool.map(lambda page: self._client.logs(first, last, page), pages)
            found = [log for logs in asked for log in logs]
        except RpcError as error:
            if first == last:
                raise
            raise TooManyLogs(str(error)) from error
        if len(pages) > 1:
            found.sort(key=_place)
        return found

    def logs_of_blocks(self, block_hashes: Sequence[bytes]) -> list[list[Log]]:
        """All logs of each of these blocks, whatever contract they are of."""
        return self._client.logs_of_blocks(block_hashes)

    def rules(self, stream: int, version: int) -> Rules:
        """A recorded rule set of the waterfall."""
        return self._client.call(self._waterfall, waterfall.rules_at(stream, version)).rules


class Decoder:
    """Knows which contract is at which address, and so what its logs mean."""

    def __init__(self, contracts: Mapping[str, str], series: Iterable[bytes]) -> None:
        self._events: dict[Address, Mapping[bytes, type[Event]]] = {
            address(where): WATCHED[name].EVENTS
            for name, where in contracts.items()
            if name in WATCHED
        }
        for name, module in OPTIONAL.items():
            if name in contracts:
                self._events[address(contracts[name])] = module.EVENTS
        for raw in series:
            self.add_series(address(raw))

    @property
    def addresses(self) -> list[Address]:
        """All addresses to watch."""
        return list(self._events)

    def add_series(self, where: Address) -> None:
        """Watches one more series."""
        self._events[where] = _SERIES

    def created(self, logs: Iterable[Log]) -> dict[Address, int]:
        """Series that these logs create and that are not watched yet, with the block of their creation."""
        return created_in(logs, self._events)

    def kind(self, log: Log) -> type[Event] | None:
        """The event that a log is of; None if it is none that is known."""
        return self._events[log.address].get(log.topics[0]) if log.topics else None


def created_in(logs: Iterable[Log], known: Container[Address]) -> dict[Address, int]:
    """Series that these logs create and that are not `known`, with the block of their creation."""
    found: dict[Address, int] = {}
    for log in logs:
        if log.topics and log.topics[0] == _CREATED:
            event = _creation(log)
            if event.series not in known:
                found[event.series] = log.block_number
    return found


def not_whole(log: Log, kind: type[Event], error: DecodeError) -> ChainError:
    """The node's failure of a log that cannot be decoded."""
    return ChainError(
        f"a log of block {log.block_number} is not whole: {error}",
        field=kind.NAME,
        value=log.tx_hash,
        rule=f"a log of {kind.SIGNATURE}",
        remedy="ask another node; nothing was taken in",
    )


def _creation(log: Log) -> series_factory.SeriesCreated:
    kind = series_factory.SeriesCreated
    try:
        return kind.decode(log.topics, log.data)
    except DecodeError as error:
        raise not_whole(log, kind, error) from error


def _place(log: Log) -> tuple[int, int]:
    return log.block_number, log.log_index
