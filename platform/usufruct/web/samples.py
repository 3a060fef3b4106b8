"""Draws a sample that whoever knows its seed draws again: nobody chose what is looked at.

The k-th draw of a kind is SHA-256 of "seed/kind/k" as a whole number, modulo how many there are of that kind; what
was drawn before is passed over. All of a kind stand in the chain's order and count from 0.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate

__all__ = ["MOST", "draw", "place_in"]

MOST = 20
"""Of a kind that are drawn at most."""


def draw(seed: str, kind: str, size: int, count: int) -> list[int]:
    """Up to `count` different numbers below `size`, ascending; all of them where there are no more."""
    if size <= count:
        return list(range(size))
    found: set[int] = set()
    k = 0
    while len(found) < count:
        digest = sha256(f"{seed}/{kind}/{k}".encode()).digest()
        found.add(int.from_bytes(digest, "big") % size)
        k += 1
    return sorted(found)


def place_in(sizes: Sequence[int], number: int) -> tuple[int, int]:
    """Which of groups of these sizes, put one behind another, holds `number`, and at which place."""
    ends = list(accumulate(sizes))
    group = bisect_right(ends, number)
    return group, number - (ends[group - 1] if group else 0)
