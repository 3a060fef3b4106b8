"""The keeper's loop: what is told and when, how it stops, and what whoever watches it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

import httpx
import pytest

from usufruct.clock import FixedClock
from usufruct.contracts import ContractError
from usufruct.errors import ChainError, ConfigError
from usufruct.keeper.backoff import Backoff
from usufruct.keeper.keeper import Keeper
from usufruct.keeper.loop import Look, Loop
from usufruct.keeper.metrics import Metered, Metrics
from usufruct.keeper.site import Outcome
from usufruct.keeper.status import Due
from usufruct.opsport import add_ops, ops_port

NOW = 1_000_000
DAY = 86_400
LATE = Due("settlement", "VPP period 1", NOW - 2 * DAY, "waits for money")


class Hands:
    """A timer that only moves when it is told to."""

    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


class Rounds:
    """A keeper whose rounds are given; after the last the loop is stopped."""

    def __init__(self, rounds: Sequence[Sequence[Outcome] | ChainError], timer: Hands) -> None:
        self.backoff = Backoff(FixedClock(NOW))
        self.stop = threading.Event()
        self.pause = 0.0
        self._rounds = list(rounds)
        self._timer = timer

    def round(self) -> Iterator[Outcome]:
        self._timer.at += self.pause
        found = self._rounds.pop(0)
        if not self._rounds:
            self.stop.set()
        if isinstance(found, ChainError):
            raise found
        yield from found


class Watched:
    """A loop with everything that it says."""

    def __init__(self, *rounds: Sequence[Outcome] | ChainError, due: Sequence[Due] = ()) -> None:
        self.timer = Hands()
        self.keeper = Rounds([*rounds, ()], self.timer)
        self.metrics = Metrics()
        self.told: list[str] = []
        self.complaints: list[str] = []
        self.looks = 0
        self.due = list(due)
        self.loop = Loop(
            cast("Keeper", self.keeper),
            self._look,
            self.metrics,
            lambda outcome: self.told.append(outcome.text),
            self.complaints.append,
            clock=FixedClock(NOW),
            timer=self.timer,
        )

    def _look(self) -> Look:
        self.looks += 1
        return Look(self.due, self.due, NOW)

    def port(self, address: str | None) -> AbstractContextManager[None]:
        """The operations port, as `usufruct keep --ops` opens it."""
        return ops_port(
            "Keeper",
            lambda app: add_ops(app, self.loop, lambda: self.metrics.registry),
            address,
            "--ops",
        )

    def run(self, pause: float = 0.0) -> Watched:
        self.keeper.pause = pause
        self.loop.run(0.0, self.keeper.stop)
        return self

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"usufruct_keeper_{name}", labels)


def waiting(text: str = "waits") -> Outcome:
    return Outcome("waiting", text, {})


def failure(text: str = "no answer") -> ChainError:
    return ChainError(text, field="rpc", value="x", rule="answers", remedy="start it")


def test_what_stands_is_told_once_and_again_when_it_comes_back() -> None:
    one, two = [waiting("a"), waiting("b")], [waiting("b")]
    assert Watched(one, one, two, one).run().told == ["a", "b", "a"]


def test_an_alert_is_told_at_once_then_every_hour_and_no_more_when_it_is_over() -> None:
    watched = Watched(*[[]] * 130, due=[LATE]).run(pause=60)
    alerts = [each for each in watched.told if each == LATE.line()]
    assert len(alerts) == 3  # 0, 60 and 120 minutes
    assert watched.value("alerts") == 1
    assert watched.value("due_oldest_seconds", kind="settlement") == 2 * DAY
    over = Watched([], [])
    over.run(pause=60)
    assert over.told == []
    assert over.value("alerts") == 0


def test_what_is_due_is_asked_for_once_a_minute_however_short_the_rounds() -> None:
    assert Watched(*[[]] * 60).run(pause=1).looks <= 2


def test_a_failed_round_is_told_once_and_the_next_goes_on() -> None:
    watched = Watched(failure(), failure(), [waiting()]).run()
    assert len(watched.complaints) == 1
    assert watched.told == ["waits"]
    assert (watched.value("rounds_total", outcome="failed")) == 2
    assert (watched.value("rounds_total", outcome="done") or 0) >= 1
    assert watched.value("last_round_time") == NOW
    assert watched.loop.is_ready()


def test_a_loop_whose_last_round_failed_is_not_ready_and_says_why() -> None:
    watched = Watched()
    assert not watched.loop.is_ready()
    watched.keeper._rounds = [failure("the node is away")]
    watched.keeper.stop.clear()
    watched.run()
    assert not watched.loop.is_ready()
    assert "start it" in watched.loop.unready()
    assert watched.loop.is_alive()
    watched.timer.at += 1_000
    assert not watched.loop.is_alive()


def test_a_stop_waits_for_the_step_under_way_and_for_no_further_one() -> None:
    watched = Watched([waiting("first"), waiting("second")])

    def tell(outcome: Outcome) -> None:
        watched.told.append(outcome.text)
        watched.keeper.stop.set()

    watched.loop._tell = tell
    watched.run()
    assert watched.told == ["first"]


def test_payees_that_wait_for_their_next_attempt_are_counted() -> None:
    watched = Watched([])
    watched.keeper.backoff.failed("a", "frozen")
    watched.keeper.backoff.failed("b", "blocked")
    watched.keeper.backoff.succeeded("b")
    assert watched.run().value("payees_skipped") == 1


# --- The sender that is counted ---


class Sends:
    """A sender that does what it is told: mines, finds it done, or is refused."""

    address = "0x" + "11" * 20

    def submit(self, key: str, to: str | None, data: bytes, *, done: Any = None) -> Any:
        del to, data, done
        what = key.partition(":")[2]
        if what == "refused":
            raise ContractError
        return None if what == "done" else type("Receipt", (), {"gas_used": 21_000})()

    def recover(self, *, wait: bool = False) -> list[str]:
        return [f"recovered {wait}"]


def test_transactions_and_gas_are_counted_by_action() -> None:
    metrics = Metrics()
    sender = Metered(cast("Any", Sends()), metrics)
    for key in ("push:1", "push:2", "push:done", "settle:1"):
        sender.submit(key, None, b"")
    with pytest.raises(ContractError):
        sender.submit("close:refused", None, b"")
    assert sender.recover(wait=True) == ["recovered True"]

    def count(action: str, outcome: str) -> float | None:
        labels = {"action": action, "outcome": outcome}
        return metrics.registry.get_sample_value("usufruct_keeper_transactions_total", labels)

    assert (count("push", "mined"), count("push", "needless")) == (2, 1)
    assert (count("settle", "mined"), count("close", "refused")) == (1, 1)
    gas = metrics.registry.get_sample_value("usufruct_keeper_gas_total", {"action": "push"})
    assert gas == 42_000


# --- The port ---


def test_the_port_tells_health_readiness_and_metrics() -> None:
    watched = Watched([waiting()])
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with watched.port(address):
        url = f"http://{address}"
        assert httpx.get(f"{url}/healthz").status_code == 200
        refused = httpx.get(f"{url}/readyz")
        assert (refused.status_code, refused.json()["why"]) == (503, "no round has ended yet")
        watched.run()
        assert httpx.get(f"{url}/readyz").json() == {"ok": True}
        assert 'outcomes_total{kind="waiting"} 1.0' in httpx.get(f"{url}/metrics").text
        assert httpx.get(f"{url}/docs").status_code == 404
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/healthz")


@pytest.mark.parametrize("address", ["9465", "host", ":1", "127.0.0.1:x", "127.0.0.1:70000", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    watched = Watched()
    with (
        pytest.raises(ConfigError, match="no address"),
        watched.port(address),
    ):
        raise AssertionError("it is not served")


def test_without_an_address_nothing_is_served() -> None:
    watched = Watched()
    with watched.port(None):
        assert not watched.loop.is_ready()
