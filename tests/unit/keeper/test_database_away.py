"""A keeper outlives a database that does not answer, as it does a node."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest
from sqlalchemy.exc import InterfaceError, OperationalError

from usufruct.clock import FixedClock
from usufruct.contracts import RevertReason
from usufruct.keeper.backoff import Backoff
from usufruct.keeper.keeper import Keeper
from usufruct.keeper.loop import Look, Loop
from usufruct.keeper.metrics import Metrics
from usufruct.keeper.site import Outcome

NOW = 1_000_000
LOCKED = sqlite3.OperationalError("database is locked")


class Failing:
    """A keeper whose first rounds fail; after the one that does not the loop is stopped."""

    def __init__(self, *errors: Exception) -> None:
        self.backoff = Backoff(FixedClock(NOW))
        self.stop = threading.Event()
        self._errors = list(errors)

    def round(self) -> Iterator[Outcome]:
        if self._errors:
            raise self._errors.pop(0)
        self.stop.set()
        yield Outcome("settled", "VPP period 1", {})


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT secret", {"of": "somebody"}, LOCKED),
        InterfaceError("SELECT secret", {"of": "somebody"}, LOCKED),
        RevertReason("the chain was reorganised"),
    ],
)
def test_a_round_that_fails_by_its_surroundings_is_told_once_and_the_next_goes_on(
    error: Exception,
) -> None:
    keeper, told, complaints = Failing(error, error), list[str](), list[str]()
    loop = Loop(
        cast("Keeper", keeper),
        lambda: Look((), (), NOW),
        cast("Any", Metrics()),
        lambda outcome: told.append(outcome.text),
        complaints.append,
        clock=FixedClock(NOW),
    )
    loop.run(0.0, keeper.stop)
    assert told == ["VPP period 1"]
    assert len(complaints) == 1
    assert "secret" not in complaints[0]
    assert "somebody" not in complaints[0]
    assert loop.is_ready()
