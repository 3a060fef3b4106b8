"""Costly work: beside the event loop, a few pieces at a time, with a bound on how many callers wait for their turn.

Whatever shares the threads that everything else needs, such as signing in, would hold up everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from usufruct.api.problems import Problem

__all__ = ["Turns"]

T = TypeVar("T")


class Turns:
    """Lets `at_once` callers work at a time in threads of their own, and at most `waiting` more wait for it.

    Whoever comes beyond is told to ask again after `pause` seconds.
    """

    def __init__(self, at_once: int, waiting: int, *, pause: int = 2) -> None:
        self._limiter = CapacityLimiter(at_once)
        self._pause = pause
        self._most = at_once + waiting
        self._here = 0

    async def of(self, work: Callable[[], T]) -> T:
        """What `work` returns once it was its turn. Raises Problem at once if too many wait already."""
        self.require_room()
        self._here += 1
        try:
            return await to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._here -= 1

    def require_room(self) -> None:
        """Raises Problem if too many wait already, before anything is received or read for another."""
        if self._here >= self._most:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "busy",
                "Too many computations are waiting.",
                headers={"retry-after": str(self._pause)},
                remedy="ask again in a moment",
            )
