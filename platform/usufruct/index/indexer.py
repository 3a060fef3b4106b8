"""Follows the chain: one range of blocks, one database transaction, the cursor in it.

A range is written only if its blocks form one chain with the cursor, so a reorganisation during the reading
leaves no trace. Before each range the cursor's block is looked up again; if the chain no longer has it, the blocks
after the common ancestor are undone first. A node that is merely behind is waited for.

That a node keeps logs back does not show in its answer. The newest blocks, whose headers are read anyway, are
checked against the filter in the header: where it says that a watched contract may have logs, all logs of the
block must make up the filter, and the watched ones among them must be those that were read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import structlog

from usufruct.chain.bloom import bloom_of, may_hold
from usufruct.chain.records import Block, Log
from usufruct.contracts import DecodeError
from usufruct.errors import ChainError
from usufruct.index.chain import Chain, Decoder, TooManyLogs, not_whole
from usufruct.index.cursor import (
    advance,
    begin,
    common_ancestor,
    known_hash,
    read_cursor,
    undo_after,
)
from usufruct.index.handlers import HANDLERS
from usufruct.index.rights import RAW
from usufruct.index.projection import Projection
from usufruct.index.state import State, load_state
from usufruct.ledger.bulk import insert_rows
from usufruct.ledger.database import Database

__all__ = ["Indexer", "Step"]

FIRST_RANGE: Final = 200
LARGEST_RANGE: Final = 5_000
WINDOW: Final = 128
_MANY_LOGS: Final = 10_000
_FEW_LOGS: Final = 3_000

_logger = structlog.get_logger(__name__)


class Step(NamedTuple):
    """What one step did."""

    at: int
    """Block of the cursor after it."""
    head: int
    """The chain's newest block as of the step."""
    logs: int
    """Logs taken in."""
    undone: int
    """Logs undone because their blocks left the chain."""

    @property
    def idle(self) -> bool:
        """True if there was nothing to do."""
        return self.at == self.head and not self.logs and not self.undone


class Indexer:
    """Takes a deployment's logs into a migrated ledger.

    `contracts` are the deployment's addresses by name, `first_block` its first block, `identity` what tells its
    chain apart from others, `window` the number of newest headers that are kept.
    """

    def __init__(
        self,
        chain: Chain,
        database: Database,
        contracts: Mapping[str, str],
        first_block: int,
        identity: Mapping[str, str],
        *,
        window: int = WINDOW,
    ) -> None:
        self._chain = chain
        self._database = database
        self._contracts = contracts
        self._window = window
        self._size = FIRST_RANGE
        self._state: State | None = None
        origin = chain.blocks([max(first_block - 1, 0)])[0]
        with database.write() as connection:
            self._place = begin(connection, origin, identity)
        self._decoder = Decoder(contracts, ())

    def catch_up(self) -> Step:
        """Steps until the head is reached; returns the last step."""
        step = self.step()
        while step.at < step.head:
            step = self.step()
        return step

    def step(self) -> Step:
        """Undoes what left the chain, or takes in the next range of blocks. Raises ChainError if the node fails."""
        self._resume()
        head = self._chain.head()
        if self._is_behind(head):
            return Step(self._place.number, self._place.number, 0, 0)
        if not self._still_there(head):
            undone = self._undo()
            return Step(self._place.number, head.number, 0, undone)
        last = min(self._place.number + self._size, head.number)
        if last <= self._place.number:
            return Step(self._place.number, head.number, 0, 0)
        try:
            logs, blocks = self._read(last, head.number)
        except TooManyLogs:
            self._size = max(1, (last - self._place.number) // 2)
            return Step(self._place.number, head.number, 0, 0)
        if not self._one_chain(logs, blocks):
            return Step(self._place.number, head.number, 0, 0)
        self._require_whole(logs, [each for each in blocks if each.number > head.number - self._window])
        self._write(logs, blocks)
        self._adapt(len(logs))
        return Step(self._place.number, head.number, len(logs), 0)

    # --- Reading ---

    def _still_there(self, head: Block) -> bool:
        if head.number == self._place.number:
            return head.hash == self._place.hash
        return self._chain.block_hash(self._place.number) == self._place.hash

    def _is_behind(self, head: Block) -> bool:
        """Whether the node's head is a block that was taken in some blocks ago."""
        if head.number >= self._place.number:
            return False
        with self._database.read() as connection:
            return known_hash(connection, head.number) == head.hash

    def _read(self, last: int, head: int) -> tuple[list[Log], list[Block]]:
        """Logs of the next range and the blocks to keep, the last block of the range among them."""
        first = self._place.number + 1
        logs = self._chain.logs(first, last, self._decoder.addresses)
        created = self._decoder.created(logs)
        if created:
            logs += self._chain.logs(min(created.values()), last, list(created))
            logs.sort(key=lambda log: (log.block_number, log.log_index))
        numbers = {log.block_number for log in logs} | {last}
        numbers |= set(range(max(first, head - self._window + 1), last + 1))
        return logs, self._chain.blocks(sorted(numbers))

    def _one_chain(self, logs: Iterable[Log], blocks: Sequence[Block]) -> bool:
        """Whether logs and blocks belong together and follow the cursor, as far as neighbours are known."""
        by_number = {each.number: each for each in blocks}
        known = {self._place.number: self._place.hash} | {n: b.hash for n, b in by_number.items()}
        linked = all(
            known.get(each.number - 1, each.parent_hash) == each.parent_hash for each in blocks
        )
        return linked and all(by_number[log.block_number].hash == log.block_hash for log in logs)

    def _require_whole(self, logs: Sequence[Log], blocks: Sequence[Block]) -> None:
        """Raises ChainError if a log of a watched contract is missing from those of the newest blocks."""
        created = self._decoder.created(logs)
        first = min(created.values(), default=0)
        known, new = set(self._decoder.addresses), set(created)
        for block in blocks:
            watched = known | new if block.number >= first else known
            if not any(may_hold(block.logs_bloom, each) for each in watched):
                continue
            every = self._chain.block_logs(block.hash)
            if bloom_of(every) != block.logs_bloom:
                raise _incomplete(block, "they do not make up the filter in its header")
            wanted = [log.log_index for log in every if log.address in watched]
            found = [log.log_index for log in logs if log.block_number == block.number]
            if found != wanted:
                raise _incomplete(block, f"{len(found)} of {len(wanted)} were given for the range")

    # --- Writing ---

    def _write(self, logs: list[Log], blocks: list[Block]) -> None:
        # A failure leaves no state behind, so that the next step loads what the ledger really holds.
        state, self._state = self._resume(), None
        for series in self._decoder.created(logs):
            self._decoder.add_series(series)
        times = {each.number: each.timestamp for each in blocks}
        projection = Projection(state, self._chain.rules, times, self._contracts)
        self._project(projection, logs)
        with_logs = {log.block_number for log in logs}
        with self._database.write() as connection:
            place = advance(connection, self._place, blocks, with_logs, self._window)
            for table, rows in projection.rows.items():
                insert_rows(connection, table, rows)
        self._place, self._state = place, state

    def _project(self, projection: Projection, logs: Iterable[Log]) -> None:
        for log in logs:
            kind = self._decoder.kind(log)
            if kind is None:
                continue
            try:
                projection.apply(log, kind, HANDLERS, RAW)
            except DecodeError as error:
                raise not_whole(log, kind, error) from error

    def _undo(self) -> int:
        self._state = None
        left = self._place
        with self._database.write() as connection:
            self._place = common_ancestor(connection, self._chain.block_hash)
            undone = undo_after(connection, self._place)
        _logger.warning(
            "reorganisation undone",
            from_block=left.number,
            to_block=self._place.number,
            logs=undone,
        )
        return undone

    def _resume(self) -> State:
        """State, cursor and watched series as the ledger has them, loaded unless they are at hand."""
        if self._state is None:
            with self._database.read() as connection:
                self._place = read_cursor(connection) or self._place
                self._state = load_state(connection)
            self._decoder = Decoder(self._contracts, self._state.series)
        return self._state

    def _adapt(self, logs: int) -> None:
        if logs > _MANY_LOGS:
            self._size = max(1, self._size // 2)
        elif logs < _FEW_LOGS:
            self._size = min(LARGEST_RANGE, self._size * 2)


def _incomplete(block: Block, why: str) -> ChainError:
    return ChainError(
        f"the node keeps logs of block {block.number} back",
        field="eth_getLogs",
        value=block.hash,
        rule=f"all logs of a block, but {why}",
        remedy="it passes if the node is still indexing; if not, ask another node",
    )
