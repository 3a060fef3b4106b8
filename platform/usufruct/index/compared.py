"""Two nodes instead of one: what both say alike is taken, and nothing else.

It doubles the questions, so it is for whoever does not run the node that the index asks (decision 0027). The head is
the older of both heads, so that a node that lags holds the index up and is no reason to stop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from usufruct.chain.records import Block, Log
from usufruct.contracts.waterfall import Rules
from usufruct.errors import ChainError
from usufruct.index.chain import Chain

__all__ = ["ComparedChain"]

T = TypeVar("T")


class ComparedChain:
    """Asks `first` and `second` at once; ChainError where they differ."""

    def __init__(self, first: Chain, second: Chain) -> None:
        self._first = first
        self._second = second
        self._pool = ThreadPoolExecutor(thread_name_prefix="index-second")

    def close(self) -> None:
        """Ends the threads of both."""
        self._pool.shutdown(cancel_futures=True)
        self._first.close()
        self._second.close()

    def head(self) -> Block:
        """The newest block that both have."""
        one, other = self._both(lambda chain: chain.head())
        older = min(one, other, key=lambda block: block.number)
        known = self._both(lambda chain: chain.block_hash(older.number))
        self._alike(f"the hash of block {older.number}", *known)
        return older

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """These blocks in this order."""
        one, other = self._both(lambda chain: chain.blocks(numbers))
        for mine, theirs in zip(one, other, strict=True):
            self._alike(f"the hash of block {mine.number}", mine.hash, theirs.hash)
            self._alike(f"the time of block {mine.number}", mine.timestamp, theirs.timestamp)
        return one

    def block_hash(self, number: int) -> bytes | None:
        """Hash of a block, None if one of the chains is not that long."""
        one, other = self._both(lambda chain: chain.block_hash(number))
        if one is None or other is None:
            return None
        return self._alike(f"the hash of block {number}", one, other)

    def final(self, head: int) -> int | None:
        """The newest block that both call final."""
        one, other = self._both(lambda chain: chain.final(head))
        return None if one is None or other is None else min(one, other)

    def logs(self, first: int, last: int, addresses: Sequence[str]) -> list[Log]:
        """Logs in the inclusive range in chain order."""
        one, other = self._both(lambda chain: chain.logs(first, last, addresses))
        what = f"the number of logs of blocks {first} to {last}"
        self._alike(what, len(one), len(other))
        for mine, theirs in zip(one, other, strict=True):
            self._alike(f"a log of block {mine.block_number}", mine, theirs)
        return one

    def logs_of_blocks(self, block_hashes: Sequence[bytes]) -> list[list[Log]]:
        """All logs of these blocks, as the first tells them; the filter in a header is what they are held against."""
        return self._first.logs_of_blocks(block_hashes)

    def rules(self, stream: int, version: int) -> Rules:
        """A recorded rule set of the waterfall."""
        one, other = self._both(lambda chain: chain.rules(stream, version))
        return self._alike(f"rules {version} of stream {stream}", one, other)

    def _both(self, ask: Callable[[Chain], T]) -> tuple[T, T]:
        other = self._pool.submit(ask, self._second)
        try:
            return ask(self._first), other.result()
        finally:
            other.cancel()

    @staticmethod
    def _alike(what: str, one: T, other: T) -> T:
        if one != other:
            raise ChainError(
                f"two nodes differ about {what}",
                field="second_rpc",
                value=f"{_short(one)} and {_short(other)}",
                rule="both must say the same before anything is taken in",
                remedy="it passes if one is still catching up; if not, find out which of them is wrong",
            )
        return one


def _short(value: object) -> str:
    text = "0x" + value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= 100 else text[:100] + "…"  # noqa: PLR2004  # enough to tell them apart
