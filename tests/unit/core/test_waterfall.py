from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.deals import deals

from usufruct.core.statements import kpi_vector
from usufruct.core.waterfall import (
    MAX_U64,
    Kpi,
    Line,
    Result,
    Rules,
    Step,
    StepKind,
    multiplier_bp,
    payments,
    run,
    score_bp,
)

NOBODY = "0x" + "00" * 20
OWNERS = "0x" + "09" * 20
NO_KPIS = kpi_vector({})


def step(kind, amount=0, bp=0, *, series=False, carries=False, payee=OWNERS):
    return Step(kind, series, carries, payee, amount, bp)


def settle(rules, receipts, balances=None, kpis=NO_KPIS, last=None, active=None):
    size = len(rules.steps)
    return run(rules, receipts, balances or [0] * size, kpis, last, active or [True] * size)


HAND = Rules(
    (
        step(StepKind.FIXED, 60_000, carries=True),
        step(StepKind.FIXED, 300_000, carries=True),
        step(StepKind.PERCENT_OF_RECEIPTS, bp=100),
        step(StepKind.DUE, 99_750, series=True, carries=True),
        step(StepKind.DUE, 250_000, series=True, carries=True),
        step(StepKind.RESERVE, 50_000, payee=NOBODY),
        step(StepKind.DUE, 30_000, series=True, carries=True),
        step(StepKind.RESIDUAL, series=True),
        step(StepKind.RESIDUAL),
    )
)


def test_the_hand_waterfall_in_a_good_year():
    result = settle(HAND, 1_000_000)
    assert [line.paid for line in result.lines] == [
        60_000, 300_000, 10_000, 99_750, 250_000, 50_000, 30_000, 200_250, 0,
    ]  # fmt: skip
    assert result.balances_after == [0, 0, 0, 0, 0, 50_000, 0, 0, 0]


def test_the_hand_waterfall_in_a_bad_year():
    result = settle(HAND, 400_000)
    assert [line.paid for line in result.lines] == [60_000, 300_000, 4_000, 36_000, 0, 0, 0, 0, 0]
    assert result.balances_after == [0, 0, 0, 63_750, 250_000, 0, 30_000, 0, 0]


def test_arrears_are_paid_before_anything_below():
    bad = settle(HAND, 400_000)
    good = settle(HAND, 1_500_000, bad.balances_after)
    assert good.lines[3] == Line(99_750 + 63_750, 99_750 + 63_750, 0, 0)
    assert good.balances_after == [0, 0, 0, 0, 0, 50_000, 0, 0, 0]


def test_a_reserve_above_its_target_is_released_to_the_steps_below():
    rules = Rules((step(StepKind.RESERVE, 50, payee=NOBODY), step(StepKind.RESIDUAL)))
    assert settle(rules, 100, [80, 0]).lines == (Line(0, 0, 30, 50), Line(130, 130, 0, 0))


def test_a_series_out_of_its_term_takes_nothing_and_keeps_its_arrears():
    rules = Rules((step(StepKind.DUE, 50, series=True, carries=True), step(StepKind.RESIDUAL)))
    result = settle(rules, 100, [7, 0], active=[False, True])
    assert result.lines == (Line(0, 0, 0, 7), Line(100, 100, 0, 0))


def test_dues_stop_at_the_width_of_the_accounts():
    rules = Rules(
        (step(StepKind.FIXED, 2**57, carries=True), step(StepKind.RESIDUAL)),
    )
    assert settle(rules, 0, [MAX_U64, 0]).lines[0] == Line(MAX_U64, 0, 0, MAX_U64)
    assert MAX_U64 == 0xFFFF_FFFF_FFFF_FFFF


def test_the_operators_fee_follows_the_kpis():
    rules = Rules(
        (step(StepKind.KPI_FEE, 40, 300), step(StepKind.RESIDUAL)),
        kpis=(Kpi(0, 9000, 9950, 10_000, 10_000),),
    )
    half = settle(rules, 10_000, kpis=kpi_vector({0: 9475}))
    assert half.multiplier_bp == 5000
    assert half.lines[0].paid == 40 + 150
    none = settle(rules, 10_000)
    assert (none.lines[0].paid, none.multiplier_bp) == (40, 0)
    full = settle(rules, 10_000, kpis=kpi_vector({0: 10_000}))
    assert (full.lines[0].paid, full.multiplier_bp) == (340, 10_000)


@given(deals())
def test_money_is_conserved_to_the_unit(deal):
    result = run(*deal)
    assert result.paid_total == deal.receipts + result.released_total
    before = [b for s, b in zip(deal.rules.steps, deal.balances, strict=True) if s.kind == 3]
    after = [
        line.balance for s, line in zip(deal.rules.steps, result.lines, strict=True) if s.kind == 3
    ]
    paid_out = sum(payments(deal.rules, result).values())
    assert paid_out + sum(after) == deal.receipts + sum(before)


@given(deals())
def test_lines_obey_the_law_of_their_step(deal):
    result = run(*deal)
    available = deal.receipts
    everything = zip(deal.rules.steps, deal.balances, deal.active, result.lines, strict=True)
    for each, balance, active, line in everything:
        assert min(line.due, line.paid, line.released, line.balance) >= 0
        assert max(line.due, line.paid, line.released, line.balance) <= MAX_U64
        if not active:
            assert line == Line(0, 0, 0, balance)
        elif each.kind == StepKind.RESERVE:
            assert line.balance == balance + line.paid - line.released
            assert line.paid == 0 or line.released == 0
            assert line.balance <= each.amount
        else:
            assert line.paid == min(available, line.due)
            assert line.balance == (line.due - line.paid if each.carries else 0)
        available += line.released - line.paid
    assert available == 0


@given(deals(), st.integers(1, 2**40))
def test_more_money_never_pays_a_fixed_step_less(deal, more):
    fixed = (StepKind.FIXED, StepKind.DUE)
    steps = [s for s in deal.rules.steps if s.kind in fixed] + [deal.rules.steps[-1]]
    rules = replace(deal.rules, steps=tuple(steps))
    less = settle(rules, deal.receipts)
    for a, b in zip(less.lines, settle(rules, deal.receipts + more).lines, strict=True):
        assert a.paid <= b.paid


kpis = st.builds(
    Kpi,
    st.integers(0, 15),
    *[st.integers(0, 0xFFFE)] * 2,
    st.integers(0, 20_000),
    st.integers(0, 10_000),
).filter(lambda each: each.floor_bp != each.target_bp)


@given(kpis, st.none() | st.integers(0, 0xFFFE))
def test_scores_are_the_clipped_ratio_rounded_down(kpi, value):
    score = score_bp(kpi, value)
    if value is None:
        assert score == 0
        return
    exact = Fraction(10_000 * (value - kpi.floor_bp), kpi.target_bp - kpi.floor_bp)
    clipped = min(max(exact, Fraction(0)), Fraction(kpi.cap_bp))
    assert 0 <= clipped - score < 1


@given(deals())
def test_the_multiplier_stays_in_its_bounds(deal):
    rules, last = deal.rules, deal.last_multiplier
    m = multiplier_bp(rules, deal.kpis, last)
    if not rules.kpis:
        assert m == 0
    elif last is None or not rules.max_change_bp:
        assert rules.min_multiplier_bp <= m <= rules.max_multiplier_bp
    else:
        assert abs(m - last) <= rules.max_change_bp


def test_payees_are_paid_once_and_reserves_not():
    result = Result(tuple(Line(n, n, 0, 0) for n in (1, 2, 3, 0)), 0)
    rules = Rules(
        (
            step(StepKind.FIXED, 1),
            step(StepKind.RESERVE, 2, payee=NOBODY),
            step(StepKind.FIXED, 3),
            step(StepKind.RESIDUAL, payee="0x" + "08" * 20),
        )
    )
    assert payments(rules, result) == {OWNERS: 4}


def test_lists_of_different_length_are_refused():
    with pytest.raises(ValueError, match="zip"):
        run(HAND, 1, [0], NO_KPIS, None, [True] * 9)
