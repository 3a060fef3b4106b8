"""Simulation: laws of the distributions, the same numbers from the same seed, and the waterfall of all paths."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core.waterfall import (
    Entry,
    Rules,
    Start,
    Step,
    StepKind,
    Term,
    Trigger,
    TriggerKind,
    When,
    run,
)
from usufruct.errors import InputError
from usufruct.finance.risk.figures import diversification, tail_of
from usufruct.finance.risk.model import correlation_of, simulate_paths
from usufruct.finance.risk.study import load_assumptions, study
from usufruct.finance.risk.tables import AssumptionsTable, ScenarioTable, assumptions_hash
from usufruct.finance.risk.vectors import run_paths
from usufruct.finance.structures.cli import load_structure
from usufruct.finance.structures.deal import compile_deal

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def assumptions(**changes: Any) -> AssumptionsTable:
    risky = {
        "volume": "1000",
        "price": "10",
        "cost": "1000",
        "occupancy": "80%",
        "price_growth": "2%",
        "price_volatility": "10%",
        "volume_volatility": "10%",
    }
    return AssumptionsTable.model_validate(
        {
            "schema": 1,
            "title": "a community",
            "author": "Ada",
            "currency": "CNY",
            "years": 10,
            "paths": 20_000,
            "seed": 7,
            "rate": "6%",
            "stream": {"VPP": dict(risky), "PARKING": dict(risky)},
            **changes,
        }
    )


def test_means_are_those_of_the_assumptions() -> None:
    mean = simulate_paths(assumptions()).income.mean(axis=0)
    for year in (1, 10):
        expected = 1000 * 10 * 0.8 * 1.02 ** (year - 1) - 1000
        assert mean[year - 1] == pytest.approx(expected, rel=0.02)


def test_the_same_seed_gives_the_same_numbers_and_another_one_others() -> None:
    one, again = simulate_paths(assumptions()), simulate_paths(assumptions())
    other = simulate_paths(assumptions(seed=8))
    assert np.array_equal(one.income, again.income)
    assert not np.array_equal(one.income, other.income)


@pytest.mark.parametrize(("rho", "ratio"), [("1", 1.0), ("0", 2**0.5)])
def test_correlation_takes_diversification_away(rho: str, ratio: float) -> None:
    paths = simulate_paths(assumptions(correlation={"VPP": {"PARKING": rho}}))
    assert diversification(paths, 1) == pytest.approx(ratio, rel=0.02)


def test_impossible_correlations_are_refused() -> None:
    with pytest.raises(InputError, match="correlation"):
        correlation_of(assumptions(correlation={"VPP": {"PARKING": "1.1"}}))
    with pytest.raises(InputError, match="correlation"):
        correlation_of(
            assumptions(correlation={"VPP": {"PARKING": "0.1"}, "PARKING": {"VPP": "0.2"}})
        )
    three = {"VPP": {}, "PARKING": {}, "WATER": {}}
    plain = {"volume": "1", "price": "1"}
    with pytest.raises(InputError, match="semidefinite"):
        correlation_of(
            assumptions(
                stream=dict.fromkeys(three, plain),
                correlation={
                    "VPP": {"PARKING": "0.9", "WATER": "0.9"},
                    "PARKING": {"WATER": "-0.9"},
                },
            )
        )


def test_a_stress_never_earns_more_from_the_same_draws() -> None:
    table = assumptions()
    scenario = ScenarioTable.model_validate(
        {
            "name": "off",
            "clause": "policy",
            "from_year": 3,
            "off": ["VPP"],
            "price": {"PARKING": "0.9"},
        }
    )
    base, stressed = simulate_paths(table), simulate_paths(table, scenario)
    assert np.array_equal(base.income[:, :2], stressed.income[:, :2])
    assert (stressed.income[:, 2:] <= base.income[:, 2:]).all()
    assert (stressed.income[:, 2:, stressed.streams.index("VPP")] == -1000).all()


def test_defaults_come_at_their_rate_and_last_as_long_as_they_do() -> None:
    plain = {"volume": "1", "price": "1", "default_rate": "10%", "recovery_rate": "50%"}
    earned = simulate_paths(assumptions(stream={"VPP": plain}, years=40)).income[:, :, 0]
    assert 1 - earned[:, 0].mean() == pytest.approx(0.1, abs=0.01)
    # The chain's balance: default / (default + recovery).
    assert 1 - earned[:, -1].mean() == pytest.approx(0.1 / 0.6, abs=0.015)


def test_the_hash_is_of_everything_in_the_file_and_of_nothing_else() -> None:
    one = assumptions_hash(assumptions())
    assert one == assumptions_hash(assumptions(rate="0.06"))
    changed = [{"seed": 8}, {"author": "Ben"}, {"rate": "6.01%"}, {"paths": 20_001}]
    assert len({one, *(assumptions_hash(assumptions(**each)) for each in changed)}) == 5


def test_files_of_one_hash_give_the_same_figures() -> None:
    one = assumptions()
    other = assumptions(stream=dict(reversed(one.model_dump()["stream"].items())))
    assert list(one.stream) != list(other.stream)
    assert assumptions_hash(one) == assumptions_hash(other)
    assert np.array_equal(simulate_paths(one).income, simulate_paths(other).income)


def test_the_hash_sees_the_last_digit() -> None:
    long = "0." + "0" * 9 + "1" * 21
    assert assumptions_hash(assumptions(rate=long)) != assumptions_hash(
        assumptions(rate=long[:-1] + "2")
    )
    large = "1" + "0" * 29
    seen = {assumptions_hash(assumptions(rate=f"{large}.{tail}")) for tail in ("1", "2")}
    assert len(seen) == 2


@given(
    st.lists(st.integers(-1000, 1000), min_size=1, max_size=200), st.sampled_from([0.9, 0.95, 0.99])
)
def test_the_tail_is_worse_than_its_quantile(values: list[int], confidence: float) -> None:
    found = tail_of(np.array(values, dtype=float), confidence)
    assert found.cvar >= found.var - 1e-9
    assert found.quantile in values
    below = sum(value <= found.quantile for value in values)
    assert below >= (1 - confidence) * len(values) - 1e-9


# --- The waterfall of all paths is the mirror of the contract, path by path ---

AMOUNTS = st.integers(0, 10**9)


@st.composite
def rules_of(draw: st.DrawFn) -> tuple[Rules, list[Term | None]]:
    steps = [
        Step(StepKind.PERCENT_OF_RECEIPTS, False, "tax", bp=draw(st.integers(0, 10_000))),
        Step(
            StepKind.FIXED,
            False,
            "operator",
            amount=draw(AMOUNTS),
            account=1,
            draw_from=draw(st.sampled_from([0, 4])),
        ),
        Step(StepKind.DUE, True, "series:A", amount=draw(AMOUNTS), account=2, draw_from=4),
        Step(StepKind.RESERVE, False, "", amount=draw(AMOUNTS), account=4),
        Step(
            StepKind.DUE,
            True,
            "series:B",
            amount=draw(AMOUNTS),
            account=3,
            when=draw(st.sampled_from(list(When))),
        ),
        Step(
            StepKind.PERCENT_OF_AVAILABLE,
            False,
            "fee",
            bp=draw(st.integers(0, 10_000)),
            when=When.SOUND,
        ),
        Step(StepKind.RESIDUAL, True, "series:B"),
        Step(StepKind.RESIDUAL, False, "owner"),
    ]
    threshold = draw(st.integers(0, 30_000))
    kind = draw(st.sampled_from([TriggerKind.COVERAGE, TriggerKind.DSCR]))
    trigger = Trigger(kind, 1, 0b110, threshold, threshold + draw(st.integers(0, 5_000)))
    schedule = (Entry(2, 2, draw(AMOUNTS)), Entry(2, 4, draw(AMOUNTS)))
    term = Term(1, draw(st.integers(1, 6)), 6)
    terms: list[Term | None] = [None, None, term, None, term, None, term, None]
    return Rules(tuple(steps), triggers=(trigger,), schedule=schedule), terms


@given(rules_of(), st.lists(st.lists(AMOUNTS, min_size=6, max_size=6), min_size=1, max_size=5))
def test_all_paths_pay_what_the_mirror_pays(
    deal: tuple[Rules, list[Term | None]], receipts: list[list[int]]
) -> None:
    rules, terms = deal
    found = run_paths(rules, np.array(receipts, dtype=np.int64), terms)
    for path, amounts in enumerate(receipts):
        balances: dict[int, int] = {}
        breached = 0
        for period, amount in enumerate(amounts, 1):
            start = Start(period, amount, b"\xff" * 32, terms, balances, None, breached)
            result = run(rules, start)
            balances, breached = dict(result.balances), result.breached
            for place, line in enumerate(result.lines):
                assert found.paid[place, path, period - 1] == line.paid
                assert found.due[place, path, period - 1] == line.due


def test_the_examples_say_how_a_tranche_fares() -> None:
    table = load_assumptions(EXAMPLES / "assumptions.toml").model_copy(update={"paths": 2_000})
    deal = compile_deal(load_structure(EXAMPLES / "six-streams.toml"))
    report = study(table, deal)
    late, loss, _ = report.sections[-1].figures
    assert 0 < Decimal(late.value) < 1
    assert 0 < Decimal(loss.value) < Decimal(late.value)
    assert len(report.sections) == 5
