"""Named places at which a crash test may kill the process.

Set `USUFRUCT_CRASH_AT=name` to die at the first pass, `name:n` at the n-th. The process is killed
with SIGKILL, so that no handler, `finally` or buffer flush softens the crash. Without the variable
nothing happens.

A simulation that runs several workers in one process is told of every pass instead, and ends the worker
that it has in mind by an exception that nobody catches.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["VARIABLE", "point", "watched"]

VARIABLE: Final = "USUFRUCT_CRASH_AT"
"""Environment variable that names the point."""

_passes: Counter[str] = Counter()
_watchers: list[Callable[[str], None]] = []


@contextmanager
def watched(watcher: Callable[[str], None]) -> Iterator[None]:
    """Tells `watcher` the name of each point that is passed meanwhile."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def point(name: str) -> None:
    """Kills this process here if `USUFRUCT_CRASH_AT` asks for it.

    `name` is dotted, subject before verb: `outbox.stored`, `tx.sent`, `batch.signed`.
    """
    for watcher in _watchers:
        watcher(name)
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    chosen, _, pass_number = wanted.partition(":")
    if chosen != name:
        return
    _passes[name] += 1
    if _passes[name] == int(pass_number or 1):
        os.kill(os.getpid(), signal.SIGKILL)
