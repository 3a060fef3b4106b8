"""Keeps a worker going in a thread of its own: over failures of the node, until it is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree

from usufruct.contracts import ContractError
from usufruct.errors import ChainError, ConfigError, UsufructError

__all__ = ["PASSING", "Progress", "Runner", "told"]

PASSING: Final = (ChainError, ContractError, OperationalError, InterfaceError, NoneFree)
"""What passes by itself: a node that fails or answers oddly, a database that does not answer, has no room, or has no
connection free."""
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0
_logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Progress:
    """How far the index is, for whoever asks; written by one thread."""

    at: int = -1
    head: int = -1
    caught_up: bool = False
    failure: str | None = None
    logs: int = 0
    undone: int = 0


class Runner:
    """Calls `work` again and again in a thread; `work` returns the seconds to wait before the next time.

    A ChainError, and a database that does not answer or has no room, is logged and tried again with growing pauses.
    Any other error ends the thread and is handed to `fatal`, since trying again would not help. Pauses are counted by
    a clock that nobody sets.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], float],
        fatal: Callable[[BaseException], None],
        failed: Callable[[str | None], None] = lambda _: None,
    ) -> None:
        self._name = name
        self._work = work
        self._fatal = fatal
        self._failed = failed
        self._stop = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, timeout: float = 30.0) -> None:
        """Asks the thread to end after what it is doing, and waits for that."""
        self._stop.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def wake(self) -> None:
        """Ends the pause between two rounds of work; not that after a failure, which is there for whoever failed."""
        self._woken.set()

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stop.is_set():
            try:
                wait = self._work()
            except PASSING as error:
                text = told(error)
                _logger.warning("no progress, trying again", worker=self._name, error=text)
                self._failed(text)
                self._stop.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except BaseException as error:  # noqa: BLE001  # the thread must not die silently
                self._failed(error.one_line() if isinstance(error, ConfigError) else str(error))
                self._fatal(error)
                return
            else:
                pause = _FIRST_PAUSE
                self._failed(None)
                self._woken.wait(wait)
                self._woken.clear()


def told(error: Exception) -> str:
    """One line about a failure, without what a statement contained."""
    if isinstance(error, UsufructError):
        return error.one_line()
    if isinstance(error, DBAPIError):
        lines = str(error.orig).strip().splitlines()
        return f"the database does not answer: {lines[0] if lines else type(error).__name__}"
    return str(error)
