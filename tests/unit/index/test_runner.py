"""Threads that go on over failures of the node, and end on everything else."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree

from usufruct.errors import ChainError, ConfigError
from usufruct.index import runner
from usufruct.index.runner import Runner


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_FIRST_PAUSE", 0.001)


def run(results: Iterator[float | BaseException]) -> tuple[list[BaseException], list[str | None]]:
    over = threading.Event()
    fatal: list[BaseException] = []
    failed: list[str | None] = []

    def work() -> float:
        result = next(results, None)
        if result is None:
            over.set()
            return 60.0
        if isinstance(result, BaseException):
            raise result
        return result

    def die(error: BaseException) -> None:
        fatal.append(error)
        over.set()

    worker = Runner("test", work, die, failed.append)
    worker.start()
    assert over.wait(10)
    worker.stop()
    return fatal, failed


def test_it_goes_on_after_the_node_failed() -> None:
    gone = ChainError("gone", field="rpc", value="x", rule="must answer")
    fatal, failed = run(iter([0.0, gone, gone, 0.0]))
    assert fatal == []
    assert failed[:5] == [None, "rpc=x: must answer", "rpc=x: must answer", None, None]


def test_it_goes_on_where_no_connection_to_the_database_was_free() -> None:
    fatal, failed = run(iter([NoneFree("none within 10 s"), 0.0]))
    assert (fatal, failed[:2]) == ([], ["none within 10 s", None])


@pytest.mark.parametrize("error", [ConfigError("wrong"), ValueError("defect"), KeyboardInterrupt()])
def test_it_ends_on_what_will_not_get_better(error: BaseException) -> None:
    fatal, failed = run(iter([error]))
    assert fatal == [error]
    assert failed[-1] is not None


def test_stopping_before_the_start_is_harmless() -> None:
    Runner("test", lambda: 0.0, lambda _: None).stop()


def test_a_database_that_does_not_answer_is_tried_again() -> None:
    full = OperationalError("SELECT secret", {"a": "secret"}, OSError("the disk is full"))
    fatal, failed = run(iter([full, 0.0]))
    assert fatal == []
    assert failed[:2] == ["the database does not answer: the disk is full", None]
