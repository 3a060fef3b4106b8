"""What the worker knows of the chain: heads, anchored batches, attested statements, the signer table.

Everything is derived from events, read once in bounded ranges from the deployment's block on, and compared
with the contract's own word: each batch's head follows from its event, and the last one must be what
`headOf` says. When a block that was read has another hash now (a reorganisation), reading starts anew.
Time is the latest block's, never the computer's.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from usufruct.chain.records import Block, Log
from usufruct.contracts import Call
from usufruct.contracts import statement_book as book
from usufruct.contracts import telemetry_anchor as anchor
from usufruct.core.encoding import hex0x
from usufruct.core.typed_data import (
    Domain,
    Statement,
    batch_digest,
    head_of,
    next_batch,
    next_cursor,
)
from usufruct.errors import ChainError
from usufruct_oracles.chainstate import Account, Anchored, Attested, Signers

R = TypeVar("R")

RANGE = 2_000
"""Blocks asked for at once."""

_TOPICS = (
    anchor.ChainOpened.TOPIC,
    anchor.BatchAnchored.TOPIC,
    book.StatementAttested.TOPIC,
    book.StatementVoided.TOPIC,
    book.StatementSettled.TOPIC,
)


class Node(Protocol):
    """The part of ChainClient that is needed here."""

    def block(self, block: int | str = "latest") -> Block:
        """A block's header."""
        ...

    def call(self, address: str, call: Call[R], block: int | str = "latest") -> R:
        """What a contract answers."""
        ...

    def logs(
        self,
        from_block: int,
        to_block: int,
        addresses: Sequence[str],
        topics: Sequence[bytes | Sequence[bytes] | None] | None = None,
    ) -> list[Log]:
        """Logs in an inclusive range, in chain order."""
        ...


@dataclass(slots=True)
class _Reading:
    """How far the events were read, and what they add up to; replaced as a whole, never changed in use."""

    accounts: dict[int, Account]
    next: int
    touched: set[int] = field(default_factory=set)

    def of(self, stream: int) -> Account:
        """The stream's account, copied before its first change in this reading."""
        if stream not in self.touched:
            self.touched.add(stream)
            self.accounts[stream] = self.accounts.get(stream, Account()).copy()
        return self.accounts[stream]


class ChainView:
    """Reads the anchor's and the book's events; safe to share between threads.

    Attributes:
        anchor_domain: EIP-712 domain of batches.
        book_domain: EIP-712 domain of statements.
    """

    def __init__(
        self, node: Node, chain_id: int, addresses: Mapping[str, str], first_block: int
    ) -> None:
        self._node = node
        self._anchor = addresses["TelemetryAnchor"]
        self._book = addresses["StatementBook"]
        self._first = first_block
        self._lock = threading.Lock()
        self.anchor_domain = Domain(chain_id, self._anchor)
        self.book_domain = Domain(chain_id, self._book)
        self._accounts: Mapping[int, Account] = {}
        self._next = first_block
        self._last: Block | None = None
        self._signers = Signers((), 0, 0)

    @property
    def now(self) -> int:
        """Time of the latest block that was read, 0 before the first refresh."""
        return self._last.timestamp if self._last is not None else 0

    @property
    def signers(self) -> Signers:
        """The signer table as of the last refresh, empty before the first."""
        return self._signers

    def account(self, stream: int) -> Account:
        """A stream's account as of the last refresh; it does not change afterwards."""
        return self._accounts.get(stream, Account())

    def refresh(self) -> None:
        """Read what is new. If that fails, all stays as it was.

        Raises:
            ChainError: The node fails or contradicts its own events.
        """
        with self._lock:
            latest = self._node.block("latest")
            if self._last is not None and latest.hash == self._last.hash:
                return
            if self._was_reorganised():
                self._next, self._last = self._first, None
            anew = self._last is None
            reading = _Reading({} if anew else dict(self._accounts), self._next)
            try:
                self._read_to(reading, latest.number)
            except ChainError:
                self._last = None  # what was read before may be wrong too: all is read again
                raise
            found = self._node.call(self._anchor, anchor.signers_of())
            self._signers = Signers(tuple(found.signers), found.threshold, found.epoch)
            self._accounts, self._next, self._last = reading.accounts, reading.next, latest

    def _was_reorganised(self) -> bool:
        if self._last is None:
            return True
        try:
            return self._node.block(self._last.number).hash != self._last.hash
        except ChainError:
            return True  # the block is gone: the chain is shorter than it was

    def _read_to(self, reading: _Reading, latest: int) -> None:
        while reading.next <= latest:
            end = min(reading.next + RANGE - 1, latest)
            for log in self._node.logs(
                reading.next, end, [self._anchor, self._book], [list(_TOPICS)]
            ):
                self._take(reading, log)
            reading.next = end + 1
        for stream in reading.touched:
            self._check_head(stream, reading.accounts[stream], latest)

    def _check_head(self, stream: int, account: Account, block: int) -> None:
        cursor = account.cursor
        told = self._node.call(self._anchor, anchor.head_of(stream), block)
        if cursor is not None and head_of(cursor) == told:
            return
        raise ChainError(
            f"the events of stream {stream} do not lead to its head",
            field="headOf",
            value=hex0x(told),
            rule="BatchAnchored events since the deployment must end at the head",
            remedy="check `block` in the deployment record, or ask a node that keeps all logs",
        )

    # --- Events ---

    def _take(self, reading: _Reading, log: Log) -> None:
        topic = log.topics[0]
        if topic == anchor.ChainOpened.TOPIC:
            opened = anchor.ChainOpened.decode(log.topics, log.data)
            reading.of(opened.stream).start = opened.start
        elif topic == anchor.BatchAnchored.TOPIC:
            event = anchor.BatchAnchored.decode(log.topics, log.data)
            self._take_batch(reading.of(event.stream), event, log)
        elif topic == book.StatementAttested.TOPIC:
            attested = book.StatementAttested.decode(log.topics, log.data)
            _take_statement(reading.of(attested.stream), attested, log)
        elif topic == book.StatementVoided.TOPIC:
            voided = book.StatementVoided.decode(log.topics, log.data)
            reading.of(voided.stream).voided.add(voided.period)
        else:
            settled = book.StatementSettled.decode(log.topics, log.data)
            reading.of(settled.stream).settled.add(settled.period)

    def _take_batch(self, account: Account, event: anchor.BatchAnchored, log: Log) -> None:
        cursor = account.cursor
        if cursor is None:
            raise _unconnected(event.stream, event.seq)
        batch = next_batch(
            cursor,
            stream=event.stream,
            to=event.to,
            count=event.count,
            closes=event.closes,
            root=event.root,
            content=event.content,
        )
        digest = batch_digest(self.anchor_domain, batch)
        after = next_cursor(cursor, batch, digest)
        if head_of(after) != event.head or batch.seq != event.seq:
            raise _unconnected(event.stream, event.seq)
        account.batches[batch.seq] = Anchored(batch, digest, after, log.tx_hash, log.block_number)


def _take_statement(account: Account, event: book.StatementAttested, log: Log) -> None:
    attested = Attested(
        Statement(*event.statement.to_abi()),
        event.digest,
        event.signers,
        log.tx_hash,
        log.block_number,
        log.log_index,
    )
    account.versions[event.period] = (*account.versions.get(event.period, ()), attested)
    account.voided.discard(event.period)


def _unconnected(stream: int, seq: int) -> ChainError:
    return ChainError(
        f"batch {seq} of stream {stream} does not continue from the events before it",
        field="BatchAnchored",
        value=seq,
        rule="the events since the deployment form one chain",
        remedy="check `block` in the deployment record, or ask a node that keeps all logs",
    )
