"""Who failed is tried ever later, never not at all, and at once for another reason."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from usufruct.clock import FixedClock
from usufruct.keeper.backoff import Backoff

DAY = 86_400


def test_waits_double_up_to_a_day() -> None:
    clock = FixedClock(0)
    waits = Backoff(clock)
    found = []
    for _ in range(14):
        assert waits.due("x")
        found.append(waits.failed("x", "frozen") - clock.now())
        assert not waits.due("x")
        clock.advance(found[-1])
    assert found[:4] == [60, 120, 240, 480]
    assert found[-1] == DAY
    assert waits.attempts("x") == 14


def test_another_reason_or_a_success_begins_anew() -> None:
    clock = FixedClock(0)
    waits = Backoff(clock)
    for _ in range(5):
        waits.failed("x", "frozen")
    assert waits.failed("x", "expired") == 60
    waits.succeeded("x")
    assert waits.due("x")
    assert waits.attempts("x") == 0
    assert waits.due("y")


@given(st.integers(1, 10_000))
def test_nobody_is_ever_forgotten(failures: int) -> None:
    clock = FixedClock(0)
    waits = Backoff(clock)
    for _ in range(min(failures, 200)):
        waits.failed("x", "frozen")
    clock.advance(DAY)
    assert waits.due("x")
