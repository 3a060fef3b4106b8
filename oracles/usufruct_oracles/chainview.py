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
    Batch,
    Cursor,
    Domain,
    Statement,
    batch_digest,
    first_cursor,
    head_of,
    next_batch,
    next_cursor,
)
from usufruct.errors import ChainError

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


@dataclass(frozen=True, slots=True)
class Signers:
    """The signer table in force: addresses ascending, and how many must sign."""

    table: tuple[str, ...]
    threshold: int
    epoch: int

    def place(self, address: str) -> int | None:
        """The place of an address in the table, or None."""
        lowered = address.lower()
        return next((at for at, each in enumerate(self.table) if each.lower() == lowered), None)


@dataclass(frozen=True, slots=True)
class Anchored:
    """An anchored batch: what was signed, where it left the stream, and the transaction."""

    batch: Batch
    digest: bytes
    cursor: Cursor
    tx: bytes
    block: int

    @property
    def head(self) -> bytes:
        """The head after it."""
        return head_of(self.cursor)


@dataclass(frozen=True, slots=True)
class Attested:
    """An attested version of a statement."""

    statement: Statement
    digest: bytes
    signers: int
    tx: bytes
    block: int


@dataclass(slots=True)
class Account:
    """What one stream's events add up to.

    Attributes:
        start: Start of the chain, None while it is not open.
        batches: Anchored batches by number.
        versions: Attested versions of each period, in order.
        voided: Periods whose newest version is void.
        settled: Periods that were settled.
    """

    start: int | None = None
    batches: dict[int, Anchored] = field(default_factory=dict)
    versions: dict[int, list[Attested]] = field(default_factory=dict)
    voided: set[int] = field(default_factory=set)
    settled: set[int] = field(default_factory=set)

    @property
    def cursor(self) -> Cursor | None:
        """Where the stream stands, None while its chain is not open."""
        if self.start is None:
            return None
        last = self.batches.get(len(self.batches))
        return first_cursor(self.start) if last is None else last.cursor

    def before(self, seq: int) -> Cursor | None:
        """Where the stream stood before batch `seq`, None if that is not known."""
        if self.start is None or not 1 <= seq <= len(self.batches) + 1:
            return None
        return first_cursor(self.start) if seq == 1 else self.batches[seq - 1].cursor

    def head_at(self, boundary: int) -> bytes | None:
        """The head at the stream's start or at the end of a closing batch, None if there is none."""
        if boundary == self.start:
            return head_of(first_cursor(boundary))
        found = (each for each in self.batches.values() if each.batch.to == boundary)
        last = next(found, None)
        return last.head if last is not None and last.batch.closes else None


class ChainView:
    """Reads the anchor's and the book's events; safe to share between threads.

    Attributes:
        anchor_domain: EIP-712 domain of batches.
        book_domain: EIP-712 domain of statements.
        now: Time of the latest block that was read.
    """

    def __init__(
        self, node: Node, chain_id: int, addresses: Mapping[str, str], first_block: int
    ) -> None:
        self._node = node
        self._anchor = addresses["TelemetryAnchor"]
        self._book = addresses["StatementBook"]
        self._first = first_block
        self._lock = threading.RLock()
        self.anchor_domain = Domain(chain_id, self._anchor)
        self.book_domain = Domain(chain_id, self._book)
        self.now = 0
        self._signers: Signers | None = None
        self._reset()

    def _reset(self) -> None:
        self._accounts: dict[int, Account] = {}
        self._next = self._first
        self._last: Block | None = None

    @property
    def signers(self) -> Signers:
        """The signer table as of the last refresh."""
        if self._signers is None:
            self.refresh()
        if self._signers is None:
            raise AssertionError("refresh reads the table")
        return self._signers

    def account(self, stream: int) -> Account:
        """A stream's account as of the last refresh; the caller must not change it."""
        with self._lock:
            return self._accounts.get(stream, Account())

    def refresh(self) -> None:
        """Read what is new; ChainError if the node fails or contradicts its own events."""
        with self._lock:
            latest = self._node.block("latest")
            if self._is_known(latest):
                return
            if self._was_reorganised():
                self._reset()
            try:
                for stream in self._read_to(latest.number):
                    self._check_head(stream, latest.number)
            except ChainError:
                self._reset()
                raise
            found = self._node.call(self._anchor, anchor.signers_of())
            self._signers = Signers(tuple(found.signers), found.threshold, found.epoch)
            self._last = latest
            self.now = latest.timestamp

    def _is_known(self, latest: Block) -> bool:
        return self._last is not None and latest.hash == self._last.hash

    def _was_reorganised(self) -> bool:
        if self._last is None:
            return False
        try:
            return self._node.block(self._last.number).hash != self._last.hash
        except ChainError:
            return True  # the block is gone: the chain is shorter than it was

    def _read_to(self, latest: int) -> set[int]:
        touched: set[int] = set()
        while self._next <= latest:
            end = min(self._next + RANGE - 1, latest)
            logs = self._node.logs(self._next, end, [self._anchor, self._book], [list(_TOPICS)])
            touched.update(self._take(log) for log in logs)
            self._next = end + 1
        return touched

    def _check_head(self, stream: int, block: int) -> None:
        cursor = self._accounts[stream].cursor
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

    def _take(self, log: Log) -> int:
        """Add one event; returns its stream."""
        topic = log.topics[0]
        if topic == anchor.ChainOpened.TOPIC:
            opened = anchor.ChainOpened.decode(log.topics, log.data)
            self._of(opened.stream).start = opened.start
            return opened.stream
        if topic == anchor.BatchAnchored.TOPIC:
            return self._take_batch(anchor.BatchAnchored.decode(log.topics, log.data), log)
        if topic == book.StatementAttested.TOPIC:
            return self._take_statement(book.StatementAttested.decode(log.topics, log.data), log)
        if topic == book.StatementVoided.TOPIC:
            voided = book.StatementVoided.decode(log.topics, log.data)
            self._of(voided.stream).voided.add(voided.period)
            return voided.stream
        settled = book.StatementSettled.decode(log.topics, log.data)
        self._of(settled.stream).settled.add(settled.period)
        return settled.stream

    def _of(self, stream: int) -> Account:
        return self._accounts.setdefault(stream, Account())

    def _take_batch(self, event: anchor.BatchAnchored, log: Log) -> int:
        account = self._of(event.stream)
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
        return event.stream

    def _take_statement(self, event: book.StatementAttested, log: Log) -> int:
        account = self._of(event.stream)
        attested = Attested(
            Statement(*event.statement.to_abi()),
            event.digest,
            event.signers,
            log.tx_hash,
            log.block_number,
        )
        account.versions.setdefault(event.period, []).append(attested)
        account.voided.discard(event.period)
        return event.stream


def _unconnected(stream: int, seq: int) -> ChainError:
    return ChainError(
        f"batch {seq} of stream {stream} does not continue from the events before it",
        field="BatchAnchored",
        value=seq,
        rule="the events since the deployment form one chain",
        remedy="check `block` in the deployment record, or ask a node that keeps all logs",
    )
