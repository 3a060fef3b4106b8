"""Which readings a proof carries: one rule for the builder and the verifier, so that none can be left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Scope = Literal["sample", "day", "all"]
"""Three readings of the fullest batch with paths, all of that batch, or all of the period."""


def fullest(counts: Mapping[int, int]) -> int | None:
    """Number of the batch with most readings, the earliest of equals; None if there are no readings."""
    most = max(counts.values(), default=0)
    return (
        min((seq for seq, count in counts.items() if count == most), default=None) if most else None
    )


def sampled(count: int) -> list[int]:
    """Places of the sampled readings of a batch: the first, the middle and the last."""
    return sorted({0, count // 2, count - 1})


def batches_in(scope: Scope, counts: Mapping[int, int]) -> list[int]:
    """Numbers of the batches whose readings a proof of this scope carries."""
    if scope == "all":
        return [seq for seq, count in counts.items() if count]
    chosen = fullest(counts)
    return [] if chosen is None else [chosen]
