"""What a worker does beside its loop: exchange with the peers, and figures that take longer to compute."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from usufruct.chain.outbox import ChainAccount, Outbox
from usufruct.errors import UsufructError
from usufruct_oracles import logs
from usufruct_oracles.exchange import Exchange
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.ports import Books
from usufruct_oracles.summary import published

STAKES = 60.0
"""Seconds between two computations of the money at stake."""
_EXPECTED = (UsufructError, SQLAlchemyError, OSError)


class Chore(Protocol):
    """Something that is done again and again."""

    def __call__(self) -> object:
        """Do it once."""
        ...


class Chores:
    """Runs chores in a thread of its own until it is told to stop; a failure of one is logged and left behind.

    Args:
        chores: What is done, by name, with the least number of seconds between two times.
        monotonic: Clock of the pauses.
    """

    def __init__(
        self,
        chores: dict[str, tuple[float, Chore]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chores = chores
        self._due = dict.fromkeys(chores, 0.0)
        self._now = monotonic
        self._log = logs.get("chores")

    def run(self, stop: threading.Event) -> None:
        """Do what is due until `stop` is set."""
        while not stop.is_set():
            self.run_due()
            rest = min(self._due.values(), default=self._now() + 1.0) - self._now()
            stop.wait(max(0.05, rest))

    def run_due(self) -> None:
        """Do once what is due."""
        for name, (pause, chore) in self._chores.items():
            if self._now() < self._due[name]:
                continue
            try:
                chore()
            except _EXPECTED as error:
                shown = (
                    error.one_line() if isinstance(error, UsufructError) else type(error).__name__
                )
                self._log.warning("chore failed", chore=name, error=shown)
            self._due[name] = self._now() + pause


class OutboxGauge:
    """Shows how many transactions wait to be mined, and for how long this process has known the oldest."""

    def __init__(
        self,
        outbox: Outbox,
        account: ChainAccount,
        metrics: Metrics,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox = outbox
        self._account = account
        self._metrics = metrics
        self._now = monotonic
        self._since: dict[tuple[int, int], float] = {}

    def __call__(self) -> None:
        """Bring the metrics up to date."""
        pending = {(each.id, each.nonce) for each in self._outbox.pending(self._account)}
        now = self._now()
        self._since = {key: self._since.get(key, now) for key in pending}
        self._metrics.outbox_pending.set(len(pending))
        self._metrics.outbox_age.set(now - min(self._since.values(), default=now))


class StakeGauge:
    """Shows the money at stake in what does not count this period."""

    def __init__(self, books: Books, metrics: Metrics) -> None:
        self._books = books
        self._metrics = metrics

    def __call__(self) -> None:
        """Bring the metrics up to date."""
        found = self._books.verdicts(None, None)["streams"]
        self._metrics.stake.clear()
        for stream in found if isinstance(found, list) else []:
            rules = published(stream)["byRule"]
            for each in rules if isinstance(rules, list) else []:
                if each["stake"] is not None:
                    gauge = self._metrics.stake.labels(str(stream["stream"]), each["rule"])
                    gauge.set(int(each["stake"]))


def chores_of(exchange: Exchange, outbox: OutboxGauge, stakes: StakeGauge, pause: float) -> Chores:
    """The chores of a worker; peers are asked every `pause` seconds."""
    return Chores(
        {
            "exchange": (pause, exchange.step),
            "outbox": (pause, outbox),
            "stakes": (STAKES, stakes),
        }
    )
