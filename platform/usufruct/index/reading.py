"""Reads ranges of blocks: as many at once as the node and the number of logs allow, and the next ones ahead.

Ranges are read ahead only where no reorganisation reaches, before the newest blocks. A series that is made in one
range emits in the next ones, which may have been asked for already; its logs there are then asked for by themselves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, NamedTuple

from usufruct.chain.records import Block, Log
from usufruct.contracts import Address
from usufruct.errors import ChainError
from usufruct.index.chain import Chain, TooManyLogs, created_in

__all__ = ["FIRST_RANGE", "LARGEST_RANGE", "RangeReader", "Reading"]

FIRST_RANGE: Final = 200
LARGEST_RANGE: Final = 5_000
_MANY_LOGS: Final = 10_000
_FEW_LOGS: Final = 3_000
_AHEAD: Final = 2
"""Ranges that are read while one is written."""


class Reading(NamedTuple):
    """What a node says of a range of blocks."""

    first: int
    last: int
    addresses: frozenset[Address]
    """Contracts whose logs are in it."""
    logs: list[Log]
    blocks: list[Block]
    """Blocks with logs, the newest of the chain, and the last of the range, in order."""


class RangeReader:
    """Reads the ranges that follow one another; `window` is the number of newest blocks that may still change."""

    def __init__(self, chain: Chain, window: int, largest: int = LARGEST_RANGE) -> None:
        self._chain = chain
        self._window = window
        self._largest = largest
        self._size = min(FIRST_RANGE, largest)
        self._pool = ThreadPoolExecutor(_AHEAD, thread_name_prefix="index-ahead")
        self._ahead: deque[tuple[int, int, Future[Reading]]] = deque()

    def close(self) -> None:
        """Ends the threads."""
        self.forget()
        self._pool.shutdown(cancel_futures=True)

    def read(self, after: int, head: int, addresses: Sequence[Address]) -> Reading:
        """The range that follows the block `after`, with the logs of `addresses` and of what they create.

        Raises:
            TooManyLogs: The node refused; the next call will ask for less.
            ChainError: The node failed; the next call will ask for less, too.
        """
        if not self._ahead or self._ahead[0][0] != after + 1:
            self.forget()
            last = min(after + self._size, head)
        else:
            last = self._ahead[0][1]
        try:
            found = self._found(after + 1, last, head, addresses)
        except (TooManyLogs, ChainError):
            # That an answer was too long or too slow for a connection is a failure like any other.
            self.forget()
            self._size = max(1, (last - after) // 2)
            raise
        self._adapt(len(found.logs))
        self._plan(last, head, addresses)
        return found

    def forget(self) -> None:
        """Drops what was read ahead."""
        while self._ahead:
            self._ahead.pop()[2].cancel()

    def _found(self, first: int, last: int, head: int, addresses: Sequence[Address]) -> Reading:
        if not self._ahead:
            return self._ask(first, last, head, addresses)
        try:
            found = self._ahead.popleft()[2].result()
            return self._completed(
                found, [each for each in addresses if each not in found.addresses]
            )
        except BaseException:
            self.forget()
            raise

    def _completed(self, found: Reading, missing: Sequence[Address]) -> Reading:
        """With the logs of contracts that were not known when the range was asked for."""
        if not missing:
            return found
        more = self._chain.logs(found.first, found.last, missing)
        known = {each.number for each in found.blocks}
        numbers = sorted({log.block_number for log in more} - known)
        blocks = found.blocks + (self._chain.blocks(numbers) if numbers else [])
        return found._replace(
            addresses=found.addresses | frozenset(missing),
            logs=_sorted(found.logs + more),
            blocks=sorted(blocks, key=lambda block: block.number),
        )

    def _ask(self, first: int, last: int, head: int, addresses: Sequence[Address]) -> Reading:
        logs = self._chain.logs(first, last, addresses)
        created = created_in(logs, addresses)
        if created:
            logs = _sorted(logs + self._chain.logs(min(created.values()), last, list(created)))
        numbers = {log.block_number for log in logs} | {last}
        numbers |= set(range(max(first, head - self._window + 1), last + 1))
        blocks = self._chain.blocks(sorted(numbers))
        return Reading(first, last, frozenset(addresses) | frozenset(created), logs, blocks)

    def _adapt(self, logs: int) -> None:
        if logs > _MANY_LOGS:
            self._size = max(1, self._size // 2)
        elif logs < _FEW_LOGS:
            self._size = min(self._largest, self._size * 2)

    def _plan(self, last: int, head: int, addresses: Sequence[Address]) -> None:
        """Asks for the ranges after those that are asked for already."""
        last = self._ahead[-1][1] if self._ahead else last
        while len(self._ahead) < _AHEAD and last + self._size <= head - self._window:
            first, last = last + 1, last + self._size
            work = self._pool.submit(self._ask, first, last, head, addresses)
            self._ahead.append((first, last, work))


def _sorted(logs: Iterable[Log]) -> list[Log]:
    return sorted(logs, key=lambda log: (log.block_number, log.log_index))
