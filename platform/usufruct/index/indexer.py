"""Follows the chain: one range of blocks, one database transaction, the cursor in it.

A range is written only if its blocks form one chain with the cursor, so a reorganisation during the reading
leaves no trace. Before each range the cursor's block is looked up again; if the chain no longer has it, the blocks
after the common ancestor are undone first. A node that is merely behind is waited for.

That a node keeps logs back does not show in its answer. The newest blocks, whose headers are read anyway, are
checked against the filter in the header: where it says that a watched contract may have logs, all logs of the
block must make up the filter, and the watched ones among them must be those that were read.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

import structlog

from usufruct.chain import crash
from usufruct.chain.bloom import bloom_of, may_hold
from usufruct.chain.records import Block, Log
from usufruct.contracts import Address, DecodeError
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
from usufruct.index.projection import Projection
from usufruct.index.reading import LARGEST_RANGE, RangeReader
from usufruct.index.rights import RAW
from usufruct.index.state import State, load_state
from usufruct.ledger.bulk import insert_rows
from usufruct.ledger.database import Database

__all__ = ["WINDOW", "Indexer", "Step"]

WINDOW: Final = 128
"""Newest blocks that may still change."""

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
    chain apart from others, `window` the number of newest headers that are kept, `deepest` the most blocks that a
    reorganisation may undo where the node calls none final, `largest` the most blocks of a range.
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
        deepest: int = WINDOW,
        largest: int = LARGEST_RANGE,
    ) -> None:
        self._chain = chain
        self._database = database
        self._contracts = contracts
        self._window = window
        self._deepest = deepest
        self._reader = RangeReader(chain, window, largest)
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
        with _uncollected():
            return self._step()

    def close(self) -> None:
        """Ends the threads."""
        self._reader.close()

    def _step(self) -> Step:
        self._resume()
        head = self._chain.head()
        if self._is_behind(head):
            return Step(self._place.number, self._place.number, 0, 0)
        if not self._still_there(head):
            undone = self._undo()
            return Step(self._place.number, head.number, 0, undone)
        if head.number <= self._place.number:
            return Step(self._place.number, head.number, 0, 0)
        try:
            found = self._reader.read(self._place.number, head.number, self._decoder.addresses)
        except TooManyLogs:
            return Step(self._place.number, head.number, 0, 0)
        if not self._one_chain(found.logs, found.blocks):
            self._reader.forget()
            return Step(self._place.number, head.number, 0, 0)
        newest = head.number - self._window
        created = self._decoder.created(found.logs)
        recent = [each for each in found.blocks if each.number > newest]
        self._require_whole(found.logs, recent, created)
        self._write(found.logs, found.blocks, created, self._chain.final(head.number))
        return Step(self._place.number, head.number, len(found.logs), 0)

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

    def _one_chain(self, logs: Iterable[Log], blocks: Sequence[Block]) -> bool:
        """Whether logs and blocks belong together and follow the cursor, as far as neighbours are known."""
        by_number = {each.number: each for each in blocks}
        known = {self._place.number: self._place.hash} | {n: b.hash for n, b in by_number.items()}
        linked = all(
            known.get(each.number - 1, each.parent_hash) == each.parent_hash for each in blocks
        )
        return linked and all(by_number[log.block_number].hash == log.block_hash for log in logs)

    def _require_whole(
        self, logs: Sequence[Log], blocks: Sequence[Block], created: Mapping[Address, int]
    ) -> None:
        """Raises ChainError if a log of a watched contract is missing from those of the newest blocks."""
        first = min(created.values(), default=0)
        known, new = set(self._decoder.addresses), set(created)
        watched_at = {
            each.number: known | new if each.number >= first else known for each in blocks
        }
        doubtful = [
            each
            for each in blocks
            if any(may_hold(each.logs_bloom, where) for where in watched_at[each.number])
        ]
        found: defaultdict[int, list[int]] = defaultdict(list)
        for log in logs if doubtful else ():
            if log.block_number in watched_at:
                found[log.block_number].append(log.log_index)
        every = self._chain.logs_of_blocks([each.hash for each in doubtful])
        for block, whole in zip(doubtful, every, strict=True):
            if bloom_of(whole) != block.logs_bloom:
                raise _incomplete(block, "they do not make up the filter in its header")
            watched, given = watched_at[block.number], found[block.number]
            wanted = [log.log_index for log in whole if log.address in watched]
            if given != wanted:
                raise _incomplete(block, f"{len(given)} of {len(wanted)} were given for the range")

    # --- Writing ---

    def _write(
        self, logs: list[Log], blocks: list[Block], created: Iterable[Address], final: int | None
    ) -> None:
        # A failure leaves no state behind, so that the next step loads what the ledger really holds.
        state, self._state = self._resume(), None
        for series in created:
            self._decoder.add_series(series)
        times = {each.number: each.timestamp for each in blocks}
        projection = Projection(state, self._chain.rules, times, self._contracts)
        self._project(projection, logs)
        with_logs = {log.block_number for log in logs}
        with self._database.write() as connection:
            place = advance(connection, self._place, blocks, with_logs, self._window, final)
            for table, rows in projection.rows.items():
                insert_rows(connection, table, rows)
                crash.point("index.inserted")
            crash.point("index.before_commit")
        crash.point("index.written")
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
        self._reader.forget()
        left = self._place
        with self._database.write() as connection:
            place = common_ancestor(connection, self._chain.block_hash)
            undone = undo_after(connection, place, left.number - self._deepest)
            crash.point("index.undone")
        self._place = place
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


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles: a range makes many thousands of records, none of them in a cycle."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _incomplete(block: Block, why: str) -> ChainError:
    return ChainError(
        f"the node keeps logs of block {block.number} back",
        field="eth_getLogs",
        value=block.hash,
        rule=f"all logs of a block, but {why}",
        remedy="it passes if the node is still indexing; if not, ask another node",
    )
