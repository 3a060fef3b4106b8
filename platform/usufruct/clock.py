"""The time: the only place that reads it, so that tests and simulations can hold it still."""

import time
from typing import Protocol


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> int:
        """Unix time in whole seconds."""
        ...


class SystemClock:
    """The computer's clock."""

    def now(self) -> int:
        """Unix time in whole seconds, rounded down."""
        return time.time_ns() // 1_000_000_000


class FixedClock:
    """A clock that stands still until it is set."""

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> int:
        """The time it was set to."""
        return self._now

    def set(self, now: int) -> None:
        """Sets the time, also backwards."""
        self._now = now

    def advance(self, seconds: int) -> None:
        """Moves the time forward by `seconds`."""
        self._now += seconds
