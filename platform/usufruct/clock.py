"""The time: the only place that reads it, so that tests and simulations can hold it still or let it pass."""

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


class Timer(Protocol):
    """Measures how long something takes, and waits."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes backwards, whatever happens to the clock."""
        ...

    def sleep(self, seconds: float) -> None:
        """Comes back after `seconds`."""
        ...


class SystemTimer:
    """The computer's own."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Comes back after `seconds`."""
        time.sleep(seconds)


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
