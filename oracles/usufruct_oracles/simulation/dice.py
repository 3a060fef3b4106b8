"""Chance that can be repeated: numbers from SHA-256 over a key, the same on every machine and Python."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")

_WORD = 8
_PER_MILLE = 1000


class Dice:
    """A stream of numbers that depends on nothing but its key.

    Args:
        key: What it is for, e.g. seed, meter and day; the same key gives the same numbers.
    """

    def __init__(self, *key: str | int) -> None:
        self._key = repr(key).encode()
        self._count = 0

    def below(self, bound: int) -> int:
        """A number from 0 to `bound` − 1, each as likely as the others to within 2^-40."""
        self._count += 1
        digest = sha256(self._key + self._count.to_bytes(_WORD, "big")).digest()
        return int.from_bytes(digest[:_WORD], "big") % bound

    def between(self, least: int, most: int) -> int:
        """A number from `least` to `most`, both included."""
        return least + self.below(most - least + 1)

    def chance(self, per_mille: int) -> bool:
        """True in `per_mille` of 1000 cases."""
        return self.below(_PER_MILLE) < per_mille

    def choose(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]
