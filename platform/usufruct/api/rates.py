"""How many requests one address or key may make: a bucket of tokens each, in memory, bounded in number."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Rates"]

_MOST: Final = 10_000
_BURST: Final = 2


@dataclass(slots=True)
class Rates:
    """Buckets that fill by `per_second` and hold twice as many tokens; 0 lets everything pass.

    Of the callers only the `most` seen last are remembered: whoever comes from ever new addresses gets a full
    bucket each time, which is what a new address is worth.
    """

    per_second: float
    most: int = _MOST
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def wait(self, caller: str, now: float, cost: float = 1.0) -> float:
        """Takes tokens; 0 if there were enough, else the seconds until there are. `now` is of a monotonic clock."""
        if not self.per_second:
            return 0.0
        size = max(self.per_second * _BURST, cost)
        tokens, at = self._buckets.pop(caller, (size, now))
        tokens = min(size, tokens + (now - at) * self.per_second)
        enough = tokens >= cost
        self._buckets[caller] = (tokens - cost if enough else tokens, now)
        if len(self._buckets) > self.most:
            self._buckets.popitem(last=False)
        return 0.0 if enough else (cost - tokens) / self.per_second
