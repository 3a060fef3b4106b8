"""Whole-system simulation: whatever goes wrong on the way, the month ends as if nothing had.

SCHEDULES=5000 runs more of them, FIRST_SEED=1000000 others. `scripts/deep simulation` does both.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from tests.simulation.node import Refused
from tests.simulation.schedule import Failure, Plan, Simulation
from tests.simulation.wire import Rates

from usufruct_oracles import logs
from usufruct_oracles.pledges import Pledges

ROOT = Path(__file__).resolve().parents[2]
SCHEDULES = int(os.environ.get("SCHEDULES", "6"))
FIRST_SEED = int(os.environ.get("FIRST_SEED", "0"))


@pytest.fixture(scope="module", autouse=True)
def _silent() -> None:
    logs.configure(as_json=True, level=50)


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    with Simulation() as running:
        yield running


def test_every_schedule_ends_as_the_undisturbed_one(simulation: Simulation) -> None:
    for seed in range(FIRST_SEED, FIRST_SEED + SCHEDULES):
        simulation.run(seed)


EVERY = tuple(Rates(**{each.name: 0.03}) for each in fields(Rates))


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(Plan(rates=(rates, rates, rates)), id=f"node-{each.name}")
        for each, rates in zip(fields(Rates), EVERY, strict=True)
    ]
    + [
        pytest.param(Plan(liar=1, lies="readings"), id="liar-readings"),
        pytest.param(Plan(liar=1, lies="lends"), id="liar-lends"),
        pytest.param(Plan(liar=2, lies="lends", partitions=True, kills=0.5), id="liar-lends-again"),
        pytest.param(Plan(liar=0, lies="anything"), id="liar-signs-anything"),
        pytest.param(Plan(liar=2, lies="garbage"), id="liar-garbage"),
        pytest.param(Plan(drift=(1, 90_000, 2.0)), id="drift"),
        pytest.param(Plan(crash=0.05, kills=0.5), id="crashes"),
        pytest.param(Plan(loss=0.4, delay=15.0, doubling=0.5, partitions=True), id="network"),
        pytest.param(Plan(reorgs=12, dropping=0.3, foreign=True), id="chain"),
        pytest.param(Plan(spikes=True, dropping=0.3), id="fees"),
        pytest.param(Plan(storage=0.4, deaf=0.1), id="storage"),
    ],
)
def test_each_kind_of_fault_alone_changes_nothing(simulation: Simulation, plan: Plan) -> None:
    simulation.run(1, plan)


def test_the_same_seed_is_the_same_run_in_another_process(simulation: Simulation) -> None:
    """Whatever ran before in this one, and however that one orders its sets."""
    code = (
        "from usufruct_oracles import logs; logs.configure(as_json=True, level=50)\n"
        "from tests.simulation.schedule import *\n"
        "with Simulation() as s:\n    s.run(4)\n    print(s.trace)\n"
    )
    environment = {
        "PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2",
        "PYTHONPATH": f"{ROOT}:{ROOT}/platform:{ROOT}/oracles",
    }
    other = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    simulation.run(4)
    assert other == f"{simulation.trace}\n"
    assert len(simulation.trace) > 60


# --- The simulation can fail -------------------------------------------------------------------


def test_a_worker_without_pledges_is_caught_equivocating(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pledges, "pledge", lambda *_: None)
    with pytest.raises(Failure, match=r"seed=3: .*unpledged[\s\S]*replay 3"):
        simulation.run(3, Plan())


def test_a_sender_that_forgets_a_nonce_is_caught(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bytes:
        raise Refused("no transaction is taken")

    monkeypatch.setattr("tests.simulation.node.Chain.send", refuse)
    monkeypatch.setattr("tests.simulation.schedule.HEALED_WITHIN", 60.0)
    with pytest.raises(Failure, match="do not come to rest"):
        simulation.run(3, Plan())


def test_a_reading_that_is_lost_is_caught(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.simulation.schedule._HONEST", 8)
    with pytest.raises(Failure, match="that of the undisturbed run"):
        simulation.run(3, Plan())
