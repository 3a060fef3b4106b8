"""When to try again whom a payment cannot reach: soon at first, then ever later, never not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from usufruct.clock import Clock, SystemClock

__all__ = ["Backoff"]

_FIRST: Final = 60
_MOST: Final = 86_400


@dataclass(frozen=True, slots=True)
class _Failure:
    reason: str
    count: int
    next_at: int


class Backoff:
    """Keeps in memory who failed and when they are due again; a new process tries everybody at once.

    `first` and `most` are the shortest and longest wait in seconds; each failure for the same reason doubles it.
    """

    def __init__(
        self, clock: Clock | None = None, *, first: int = _FIRST, most: int = _MOST
    ) -> None:
        self._clock = clock or SystemClock()
        self._first = first
        self._most = most
        self._failures: dict[str, _Failure] = {}

    def due(self, key: str) -> bool:
        """Whether to try `key` now."""
        failure = self._failures.get(key)
        return failure is None or self._clock.now() >= failure.next_at

    def failed(self, key: str, reason: str) -> int:
        """Notes a failure; returns the time before which `key` is not due. Another reason begins anew."""
        before = self._failures.get(key)
        count = before.count + 1 if before is not None and before.reason == reason else 1
        wait = min(self._first << min(count - 1, 32), self._most)
        next_at = self._clock.now() + wait
        self._failures[key] = _Failure(reason, count, next_at)
        return next_at

    def succeeded(self, key: str) -> None:
        """Forgets that `key` ever failed."""
        self._failures.pop(key, None)

    def attempts(self, key: str) -> int:
        """How often `key` failed for its present reason."""
        failure = self._failures.get(key)
        return failure.count if failure is not None else 0

    def waiting(self) -> int:
        """How many failed and are not due."""
        now = self._clock.now()
        return sum(now < each.next_at for each in self._failures.values())
