"""The worker's loop: take in, catch up, propose; and its status.

A pass does one step for every stream. While steps make progress passes follow each other at once; otherwise
the worker sleeps for `poll`, or shorter while it waits for another worker's turn. An error of one stream does
not keep the others from going on; a defect ends the process, whose supervisor starts it again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from usufruct.chain.explain import explain
from usufruct.clock import Clock, SystemClock
from usufruct.config import Stream
from usufruct.contracts import ContractError
from usufruct.errors import UsufructError
from usufruct_oracles import logs
from usufruct_oracles.archive import Archive
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.desk import Desk, Waiting
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.ports import Books
from usufruct_oracles.propose import Proposer
from usufruct_oracles.reconcile import Reconciler

_EXPECTED = (UsufructError, ContractError, SQLAlchemyError, OSError)
_SHORT = 0.2
_LONGEST_PAUSE = 30.0
_SHORT_WAITS = {"not_my_turn", "no_quorum", "catching_up", "unread"}


@dataclass(slots=True)
class Progress:
    """How the loop is doing; written by the loop, read by the status.

    Attributes:
        passes: Passes so far.
        finished_at: Wall clock at the end of the last pass without an error, None before.
        error: The last pass's error, "" if there was none.
    """

    passes: int = 0
    finished_at: int | None = None
    error: str = ""


class Worker:
    """Runs until it is told to stop.

    Attributes:
        progress: How it is doing.
    """

    def __init__(
        self,
        streams: Mapping[int, Stream],
        books: Books,
        view: ChainView,
        desk: Desk,
        reconciler: Reconciler,
        archive: Archive,
        proposer: Proposer,
        metrics: Metrics,
        *,
        poll: float,
        max_head_age: int = 600,
        clock: Clock | None = None,
    ) -> None:
        self._streams = streams
        self._books = books
        self._view = view
        self._desk = desk
        self._reconciler = reconciler
        self._archive = archive
        self._proposer = proposer
        self._metrics = metrics
        self._poll = poll
        self._max_head_age = max_head_age
        self._clock = clock or SystemClock()
        self._head_time, self._moved_at = 0, self._clock.now()
        self._log = logs.get("worker")
        self._running = False
        self.progress = Progress()

    def run(self, stop: threading.Event, until: Callable[[], bool] = lambda: False) -> None:
        """Pass after pass until `stop` is set or `until` holds; a step under way is finished first."""
        failures = 0
        self._running = True
        try:
            while not (stop.is_set() or until()):
                moved = self.run_once(stop)
                failures = failures + 1 if self.progress.error else 0
                if not moved:
                    stop.wait(self._pause(failures))
        finally:
            self._running = False

    def is_alive(self) -> bool:
        """Whether the loop runs."""
        return self._running

    def is_ready(self) -> bool:
        """Whether the loop runs, its last pass met no error, and the chain it sees is not standing still."""
        return self._running and not self.unready()

    def unready(self) -> str:
        """Why the worker is not ready, "" if it is."""
        if self.progress.finished_at is None:
            return "no pass has ended without an error yet"
        if self.progress.error:
            return self.progress.error
        still = self._clock.now() - self._moved_at if self._max_head_age else 0
        if still > self._max_head_age:
            return f"no new block for {still} s, more than {self._max_head_age} s"
        return ""

    def run_once(self, stop: threading.Event | None = None) -> bool:
        """One pass; True if something moved. Errors are logged, counted and kept for the status."""
        errors: list[str] = []
        moved = False
        with self._metrics.seconds.time():
            if self._guarded("input", self._take_in, errors) is not None:
                for stream in self._streams:
                    if stop is not None and stop.is_set():
                        break
                    moved |= bool(self._guarded(str(stream), partial(self.step, stream), errors))
        self._finish(errors)
        return moved

    def _take_in(self) -> bool:
        self._view.refresh()
        time = self._view.now
        for verdict, count in self._books.poll().items():
            self._metrics.readings.labels(verdict).inc(count)
        self._desk.looked_at = time
        return True

    def step(self, stream: int) -> bool:
        """Catch up with one stream and propose what is due; True if something moved."""
        moved = self._catch_up(stream)
        # Statements first: they must not wait behind a backlog of later days.
        if self._proposer.statement(stream) or self._proposer.batch(stream):
            self._view.refresh()
            self._catch_up(stream)
            moved = True
        cursor = self._view.account(stream).cursor
        if cursor is not None:
            self._metrics.lag.labels(str(stream)).set(max(0, self._view.now - cursor.to))
        return moved

    def _catch_up(self, stream: int) -> bool:
        recorded = self._reconciler.catch_up(stream)
        return bool(self._archive.catch_up(stream)) or bool(recorded)

    def _guarded(self, part: str, step: Callable[[], bool], errors: list[str]) -> bool | None:
        try:
            return step()
        except _EXPECTED as error:
            shown = _shown(error)
            errors.append(f"{part}: {type(error).__name__}: {logs.escape(shown)}")
            self._log.error("pass failed", part=part, kind=type(error).__name__, error=shown)
            return None

    def _finish(self, errors: list[str]) -> None:
        self.progress.passes += 1
        now, time = self._clock.now(), self._view.now
        if time != self._head_time:
            self._head_time, self._moved_at = time, now
        self._metrics.head_age.set(max(0, now - time))
        self.progress.error = "; ".join(errors)
        if errors:
            self._metrics.failures.inc()
        else:
            self.progress.finished_at = self._clock.now()

    def _pause(self, failures: int) -> float:
        if failures:
            pause: float = min(self._poll * 2 ** min(failures, 10), _LONGEST_PAUSE)
            return pause
        waits = self._proposer.state.values()
        if any(each.code in _SHORT_WAITS for each in waits):
            return min(self._poll, _SHORT)
        return self._poll

    def waiting(self, stream: int) -> dict[str, Waiting]:
        """What a stream waits for: "batch", "statement", and "record" while it catches up."""
        found = {
            kind: self._proposer.state[stream, kind]
            for kind in ("batch", "statement")
            if (stream, kind) in self._proposer.state
        }
        behind = self._reconciler.waiting.get(stream)
        return found if behind is None else {**found, "record": behind}


def _shown(error: Exception) -> str:
    if isinstance(error, ContractError):
        return explain(error)
    if isinstance(error, SQLAlchemyError):
        # Its own text would show the statement with its parameters, which may be readings.
        return str(getattr(error, "orig", None) or type(error).__name__)
    return error.one_line() if isinstance(error, UsufructError) else str(error)
