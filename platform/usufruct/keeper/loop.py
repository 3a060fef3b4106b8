"""Rounds of the keeper until it is told to stop, with alerts, and what whoever watches the process wants to know."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Final

from usufruct.clock import Clock, SystemClock, SystemTimer, Timer
from usufruct.index.runner import PASSING, told
from usufruct.keeper.keeper import Keeper
from usufruct.keeper.metrics import Metrics
from usufruct.keeper.site import Outcome
from usufruct.keeper.status import Due

__all__ = ["Look", "Loop"]

_LOOK: Final = 60.0
"""Seconds between two looks at what is due."""
_REMIND: Final = 3_600.0
"""Seconds after which an alert that stands is told again."""
_STUCK: Final = 900.0
"""Seconds without any step after which the loop counts as dead; a transaction is waited for three minutes."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was due at one moment.

    Attributes:
        found: All of it.
        overdue: What has been due for too long.
        now: The chain's time.
    """

    found: Sequence[Due]
    overdue: Sequence[Due]
    now: int


class Loop:
    """Rounds of `keeper`, every `interval` seconds, with a look at what is due at least once a minute.

    `watch` looks, `tell` shows an outcome and `complain` an error. What stands unchanged is told once, an alert again
    every hour.
    """

    def __init__(
        self,
        keeper: Keeper,
        watch: Callable[[], Look],
        metrics: Metrics,
        tell: Callable[[Outcome], None],
        complain: Callable[[str], None],
        *,
        clock: Clock | None = None,
        timer: Timer | None = None,
    ) -> None:
        self._keeper = keeper
        self._watch = watch
        self._metrics = metrics
        self._tell = tell
        self._complain = complain
        self._clock = clock or SystemClock()
        self._timer = timer or SystemTimer()
        self._told: set[str] = set()
        self._alerted: dict[str, float] = {}
        self._looked: float | None = None
        self._moved = self._timer.monotonic()
        self._failure = "no round has ended yet"

    def run(self, interval: float, stop: threading.Event) -> None:
        """Rounds until `stop` is set: at once between two steps, after the transaction that is under way.

        A node or a database that fails ends the round, is complained of, and is asked again in the next.
        """
        while not stop.is_set():
            seen: set[str] = set()
            began = self._timer.monotonic()
            try:
                self._round(seen, stop)
                self._ended("")
            except PASSING as error:
                text = told(error)
                seen.add(text)
                self._ended(text)
            self._metrics.seconds.observe(self._timer.monotonic() - began)
            self._told = seen
            stop.wait(interval)

    def _round(self, seen: set[str], stop: threading.Event) -> None:
        for outcome in chain(self._keeper.round(), self._alerts()):
            self._moved = self._timer.monotonic()
            self._metrics.told(outcome)
            seen.add(outcome.text)
            if outcome.text not in self._told:
                self._tell(outcome)
            if stop.is_set():
                return

    def _alerts(self) -> Iterator[Outcome]:
        """Looks at what is due once a minute; tells what is overdue and was not told within the hour."""
        now = self._timer.monotonic()
        if self._looked is None or now - self._looked >= _LOOK:
            self._looked = now
            look = self._watch()
            self._metrics.looked(look.found, look.overdue, look.now)
            lines = {each.line(): each for each in look.overdue}
            self._alerted = {line: at for line, at in self._alerted.items() if line in lines}
            for line, each in lines.items():
                if now - self._alerted.get(line, now - _REMIND) >= _REMIND:
                    self._alerted[line] = now
                    yield Outcome("alert", line, asdict(each))

    def _ended(self, failure: str) -> None:
        if failure and failure not in self._told:
            self._complain(failure)
        self._failure = failure
        self._moved = self._timer.monotonic()
        self._metrics.rounds.labels("failed" if failure else "done").inc()
        self._metrics.skipped.set(self._keeper.backoff.waiting())
        if not failure:
            self._metrics.last_round.set(self._clock.now())

    def is_alive(self) -> bool:
        """Whether it took a step within the last quarter of an hour."""
        return self._timer.monotonic() - self._moved < _STUCK

    def is_ready(self) -> bool:
        """Whether the last round met no error."""
        return not self._failure

    def unready(self) -> str:
        """Why it is not ready, "" if it is."""
        return self._failure
