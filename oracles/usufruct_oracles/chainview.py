"""What the worker knows of the chain: heads, anchored batches, attested statements, the signer table.

Everything is derived from events, read once in bounded ranges from the deployment's block on. Events alone
prove nothing: a node may keep some back. So after each reading, what they add up to is compared with the
contracts' own word at the very block that was read to: each batch's head follows from its event, the last one
must be what `headOf` says, and the versions of each statement, whether it is void and what is settled must be
what the book says. If they differ, nothing of the reading is taken and all events are read again.

Before anything is read the node must be of the chain that the worker was started on. When a block that
was read has another hash now (a reorganisation), reading starts anew; a node that is merely behind is waited
for. Time is the latest block's, never the computer's.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from usufruct.chain.records import Block, Log
from usufruct.contracts import Call, ContractError, DecodeError
from usufruct.contracts import statement_book as book
from usufruct.contracts import telemetry_anchor as anchor
from usufruct.core.typed_data import (
    Domain,
    Statement,
    batch_digest,
    head_of,
    next_batch,
    next_cursor,
)
from usufruct_oracles.chainstate import Account, Anchored, Attested, Signers
from usufruct_oracles.contradictions import (
    Contradiction,
    behind,
    book_differs,
    broken,
    head_differs,
    other_chain,
    unconnected,
)

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

    def identity(self) -> tuple[int, bytes]:
        """The chain's id and the hash of its first block, asked for now."""
        ...

    def block(self, block: int | str = "latest") -> Block:
        """A block's header."""
        ...

    def call(self, address: str, call: Call[R], block: int | str | bytes = "latest") -> R:
        """What a contract answers."""
        ...

    def call_many(
        self, calls: Sequence[tuple[str, Call[R]]], block: int | str | bytes = "latest"
    ) -> Sequence[R | ContractError]:
        """What contracts answer to several calls, in their order."""
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
    anew: bool
    touched: set[int] = field(default_factory=set)

    def of(self, stream: int) -> Account:
        """The stream's account, copied before its first change in this reading."""
        if stream not in self.touched:
            self.touched.add(stream)
            self.accounts[stream] = self.accounts.get(stream, Account()).copy()
        return self.accounts[stream]


class ChainView:
    """Reads the anchor's and the book's events; safe to share between threads.

    Args:
        node: The node that is asked.
        chain_id: Id of the chain that the deployment is on.
        addresses: Addresses of "TelemetryAnchor" and "StatementBook".
        first_block: The deployment's block.
        genesis: Hash of the chain's first block; by default that which is found first.
        streams: Numbers of the streams to be checked even if no event of theirs was seen.

    Attributes:
        anchor_domain: EIP-712 domain of batches.
        book_domain: EIP-712 domain of statements.
    """

    def __init__(
        self,
        node: Node,
        chain_id: int,
        addresses: Mapping[str, str],
        first_block: int,
        genesis: bytes | None = None,
        streams: Iterable[int] = (),
    ) -> None:
        self._node = node
        self._identity = chain_id, genesis
        self._anchor = addresses["TelemetryAnchor"]
        self._book = addresses["StatementBook"]
        self._first = first_block
        self._streams = frozenset(streams)
        self._lock = threading.Lock()
        self.anchor_domain = Domain(chain_id, self._anchor)
        self.book_domain = Domain(chain_id, self._book)
        self._accounts: Mapping[int, Account] = {}
        self._next = first_block
        self._last: Block | None = None
        self._doubted = False
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
            Contradiction: The node is of another chain, is behind, or keeps events back.
            ChainError: The node fails otherwise.
        """
        with self._lock:
            latest = self._node.block("latest")
            if self._last is not None and latest.hash == self._last.hash:
                return
            self._require_chain()
            anew = self._doubted or self._was_reorganised(latest)
            reading = _Reading(dict(self._accounts), self._next, anew=False)
            if anew:
                reading = _Reading({}, self._first, anew=True)
            try:
                self._read_to(reading, latest)
            except Contradiction:
                self._doubted = True  # what was read before may be wrong too: all is read again
                raise
            found = self._node.call(self._anchor, anchor.signers_of(), latest.hash)
            self._signers = Signers(tuple(found.signers), found.threshold, found.epoch)
            self._accounts, self._next, self._last = reading.accounts, reading.next, latest
            self._doubted = False

    def _require_chain(self) -> None:
        (chain_id, genesis), (wanted, first) = self._node.identity(), self._identity
        if chain_id != wanted or (first is not None and genesis != first):
            raise other_chain(chain_id, genesis, wanted)
        self._identity = wanted, genesis

    def _was_reorganised(self, latest: Block) -> bool:
        if self._last is None:
            return True
        if latest.number < self._last.number:
            # A chain that was reorganised is soon as long as it was. A node that lags, as happens behind
            # a load balancer, would have the worker take back what is on the chain.
            raise behind(latest.number, self._last.number)
        return self._node.block(self._last.number).hash != self._last.hash

    def _read_to(self, reading: _Reading, latest: Block) -> None:
        while reading.next <= latest.number:
            end = min(reading.next + RANGE - 1, latest.number)
            for log in self._node.logs(
                reading.next, end, [self._anchor, self._book], [list(_TOPICS)]
            ):
                self._take_whole(reading, log)
            reading.next = end + 1
        self._check_heads(reading, latest.hash)
        self._check_book(reading, latest.hash)

    # --- The contracts' own word ---

    def _check_heads(self, reading: _Reading, block: bytes) -> None:
        streams = sorted({*reading.accounts, *self._streams})
        told = self._answers([(self._anchor, anchor.head_of(each)) for each in streams], block)
        for stream, head in zip(streams, told, strict=True):
            cursor = reading.accounts.get(stream, Account()).cursor
            if head != (bytes(32) if cursor is None else head_of(cursor)):
                raise head_differs(stream, head)

    def _check_book(self, reading: _Reading, block: bytes) -> None:
        streams = sorted(reading.accounts)
        progresses = self._answers([(self._book, book.progress_of(s)) for s in streams], block)
        due: list[tuple[int, int]] = []
        for stream, progress in zip(streams, progresses, strict=True):
            account = reading.accounts[stream]
            told = progress.attested, progress.settled
            if told != (len(account.versions), len(account.settled)):
                raise book_differs(stream, "progressOf", str(told))
            # What was settled when last looked at cannot change any more.
            known = 0 if reading.anew else len(self.account(stream).settled)
            due += [(stream, period) for period in range(known + 1, progress.attested + 1)]
        records = self._answers([(self._book, book.record_of(*each)) for each in due], block)
        for (stream, period), record in zip(due, records, strict=True):
            account = reading.accounts[stream]
            void = period in account.voided and period not in account.settled
            mine = len(account.versions.get(period, ())), void
            if mine != (record.version, record.status == book.Status.VOIDED):
                raise book_differs(stream, "recordOf", f"{period}: version {record.version}")

    def _answers(self, calls: Sequence[tuple[str, Call[R]]], block: bytes) -> list[R]:
        """What the contracts answer at one block; a revert is raised."""
        if not calls:
            return []
        found = []
        for answer in self._node.call_many(calls, block):
            if isinstance(answer, ContractError):
                raise answer
            found.append(answer)
        return found

    # --- Events ---

    def _take_whole(self, reading: _Reading, log: Log) -> None:
        try:
            self._take(reading, log)
        except (DecodeError, LookupError) as error:
            raise broken(log.block_number, str(error)) from error

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
            raise unconnected(event.stream, event.seq)
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
            raise unconnected(event.stream, event.seq)
        account.batches[batch.seq] = Anchored(
            batch, digest, after, event.head, log.tx_hash, log.block_number
        )


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
