from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.deals import deals

from usufruct.core.statements import kpi_vector
from usufruct.core.waterfall import (
    MAX_U64,
    UNBOUNDED,
    Entry,
    Kpi,
    Line,
    Result,
    Rules,
    Start,
    Step,
    StepKind,
    Term,
    Trigger,
    TriggerKind,
    When,
    balances_after,
    multiplier_bp,
    payments,
    run,
    score_bp,
)

NOBODY = "0x" + "00" * 20
OWNERS = "0x" + "09" * 20
NO_KPIS = kpi_vector({})


def step(kind, amount=0, bp=0, *, series=False, account=0, payee=OWNERS, **more):
    return Step(kind, series, payee, amount, bp, account, **more)


def reserve(amount, account, **more):
    return step(StepKind.RESERVE, amount, account=account, payee=NOBODY, **more)


def settle(rules, receipts, balances=None, kpis=NO_KPIS, last=None, terms=None, **more):
    terms = terms or [None] * len(rules.steps)
    return run(rules, Start(5, receipts, kpis, terms, balances or {}, last, **more))


HAND = Rules(
    (
        step(StepKind.FIXED, 60_000, account=1),
        step(StepKind.FIXED, 300_000, account=2),
        step(StepKind.PERCENT_OF_RECEIPTS, bp=100),
        step(StepKind.DUE, 99_750, series=True, account=3),
        step(StepKind.DUE, 250_000, series=True, account=4),
        reserve(50_000, 5),
        step(StepKind.DUE, 30_000, series=True, account=6),
        step(StepKind.RESIDUAL, series=True),
        step(StepKind.RESIDUAL),
    )
)


def test_the_hand_waterfall_in_a_good_year():
    result = settle(HAND, 1_000_000)
    assert [line.paid for line in result.lines] == [
        60_000, 300_000, 10_000, 99_750, 250_000, 50_000, 30_000, 200_250, 0,
    ]  # fmt: skip
    assert result.balances == {1: 0, 2: 0, 3: 0, 4: 0, 5: 50_000, 6: 0}


def test_the_hand_waterfall_in_a_bad_year():
    result = settle(HAND, 400_000)
    assert [line.paid for line in result.lines] == [60_000, 300_000, 4_000, 36_000, 0, 0, 0, 0, 0]
    assert result.balances == {1: 0, 2: 0, 3: 63_750, 4: 250_000, 5: 0, 6: 30_000}


def test_arrears_are_paid_before_anything_below():
    bad = settle(HAND, 400_000)
    good = settle(HAND, 1_500_000, bad.balances)
    assert good.lines[3] == Line(99_750 + 63_750, 99_750 + 63_750, 0, 0)
    assert good.balances == {1: 0, 2: 0, 3: 0, 4: 0, 5: 50_000, 6: 0}


def test_a_reserve_above_its_target_is_released_to_the_steps_below():
    rules = Rules((reserve(50, 1), step(StepKind.RESIDUAL)))
    assert settle(rules, 100, {1: 80}).lines == (Line(0, 0, 30, 50), Line(130, 130, 0, 0))


def test_a_series_takes_its_dues_in_its_term_and_arrears_in_its_tail():
    rules = Rules((step(StepKind.DUE, 50, series=True, account=1), step(StepKind.RESIDUAL)))
    expected = {
        Term(6, 9, 9): Line(0, 0, 0, 7),  # before
        Term(5, 5, 5): Line(57, 57, 0, 0),
        Term(1, 3, 5): Line(7, 7, 0, 0),  # in the tail
        Term(1, 3, 4): Line(0, 0, 0, 7),  # over
    }
    for term, line in expected.items():
        result = settle(rules, 100, {1: 7}, terms=[term, None])
        assert result.lines == (line, Line(100 - line.paid, 100 - line.paid, 0, 0))


def test_without_an_account_nothing_is_paid_in_the_tail():
    rules = Rules((step(StepKind.DUE, 50, series=True), step(StepKind.RESIDUAL)))
    assert settle(rules, 100, terms=[Term(1, 4, 9), None]).lines[0] == Line(0, 0, 0, 0)


def test_dues_stop_at_the_width_of_the_accounts():
    rules = Rules((step(StepKind.FIXED, 2**57, account=1), step(StepKind.RESIDUAL)))
    assert settle(rules, 0, {1: MAX_U64}).lines[0] == Line(MAX_U64, 0, 0, MAX_U64)
    assert MAX_U64 == 0xFFFF_FFFF_FFFF_FFFF


def test_a_reserve_covers_what_a_step_is_short_of_in_the_same_period():
    rules = Rules(
        (
            reserve(50, 2),
            step(StepKind.DUE, 100, series=True, account=1, draw_from=2),
            step(StepKind.RESIDUAL),
        )
    )
    result = settle(rules, 70, {2: 50})
    assert result.lines == (Line(0, 0, 0, 50), Line(100, 100, 30, 0), Line(0, 0, 0, 0))
    assert result.balances == {1: 0, 2: 20}
    dry = settle(rules, 10, {2: 20})
    assert dry.lines[:2] == (Line(30, 10, 0, 30), Line(100, 30, 30, 70))
    assert dry.balances == {1: 70, 2: 0}


def test_a_schedule_says_the_amount_from_its_period_on():
    rules = Rules(
        (step(StepKind.DUE, 50, series=True), step(StepKind.RESIDUAL)),
        schedule=(Entry(0, 3, 60), Entry(0, 5, 61), Entry(0, 6, 62)),
    )
    dues = [
        run(rules, Start(period, 1000, NO_KPIS, [None, None])).lines[0].due
        for period in range(1, 8)
    ]
    assert dues == [50, 50, 60, 60, 61, 62, 62]


COVENANT = Rules(
    (
        step(StepKind.DUE, 100, series=True, account=1),
        step(StepKind.DUE, 1000, series=True, account=3, when=When.BREACHED),
        reserve(500, 2, when=When.BREACHED),
        reserve(0, 2, when=When.SOUND),
        step(StepKind.RESIDUAL),
    ),
    triggers=(Trigger(TriggerKind.DSCR, 0, 0b1, 12_000, 14_000),),
)


def test_a_breach_diverts_and_a_cure_gives_back():
    sound = settle(COVENANT, 120)
    assert (sound.breached, sound.ratios_bp) == (0, (12_000,))
    assert sound.lines[-1].paid == 20
    breach = settle(COVENANT, 119)
    assert (breach.breached, breach.ratios_bp) == (1, (11_900,))
    assert [line.paid for line in breach.lines] == [100, 19, 0, 0, 0]
    still = settle(COVENANT, 139, breach.balances, breached=1)
    assert still.breached == 1
    cured = settle(COVENANT, 140, {2: 33}, breached=1)
    assert cured.breached == 0
    assert cured.lines[-1].paid == 40 + 33


def test_coverage_counts_arrears_and_dscr_does_not():
    for kind, ratio in ((TriggerKind.DSCR, 20_000), (TriggerKind.COVERAGE, 10_000)):
        trigger = Trigger(kind, 0, 0b11, 1, 1)
        rules = Rules(
            (
                step(StepKind.DUE, 60, series=True, account=1),
                step(StepKind.DUE, 40, series=True, account=1),
                step(StepKind.RESIDUAL),
            ),
            triggers=(trigger,),
        )
        # The arrears of the shared account count once.
        assert settle(rules, 200, {1: 100}).ratios_bp == (ratio,)


def test_an_open_dispute_is_a_breach_and_no_dues_are_none():
    rules = Rules(
        (step(StepKind.FIXED, 0), step(StepKind.RESIDUAL)),
        triggers=(Trigger(TriggerKind.OPEN_DISPUTE), Trigger(TriggerKind.DSCR, 0, 1, 1, 1)),
    )
    assert settle(rules, 5, disputed=True).breached == 1
    calm = settle(rules, 5, breached=0b111)
    assert (calm.breached, calm.ratios_bp) == (0, (UNBOUNDED, UNBOUNDED))


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


def reserves(deal, balances):
    accounts = {s.account for s in deal.rules.steps if s.kind == StepKind.RESERVE}
    return sum(balances.get(account, 0) for account in accounts)


@given(deals())
def test_money_is_conserved_to_the_unit(deal):
    result = run(*deal)
    assert sum(line.paid for line in result.lines) == deal.start.receipts + result.released_total
    paid_out = sum(payments(deal.rules, result).values())
    before, after = reserves(deal, deal.start.balances), reserves(deal, result.balances)
    assert paid_out + after == deal.start.receipts + before


@given(deals())
def test_lines_obey_the_law_of_their_step(deal):
    result = run(*deal)
    available = deal.start.receipts
    for each, line in zip(deal.rules.steps, result.lines, strict=True):
        assert min(line.due, line.paid, line.released, line.balance) >= 0
        assert max(line.due, line.paid, line.released, line.balance) <= MAX_U64
        if each.kind == StepKind.RESERVE:
            assert line.paid == 0 or line.released == 0
            available += line.released - line.paid
        else:
            from_receipts = line.paid - line.released
            assert from_receipts == min(available, line.due)
            assert line.paid <= line.due
            assert not line.released or each.draw_from
            if line.due:
                assert line.balance == (line.due - line.paid if each.account else 0)
            available -= from_receipts
    assert available == 0


@given(deals())
def test_balances_follow_from_the_lines(deal):
    result = run(*deal)
    assert balances_after(deal.rules, result.lines) == result.balances


@given(deals())
def test_a_trigger_is_breached_below_its_level_only(deal):
    result = run(*deal)
    for number, trigger in enumerate(deal.rules.triggers):
        before, after = deal.start.breached >> number & 1, result.breached >> number & 1
        if trigger.kind is TriggerKind.OPEN_DISPUTE:
            assert after == deal.start.disputed
            continue
        level = trigger.cure_bp if before else trigger.threshold_bp
        assert after == (result.ratios_bp[number] < level)
    assert result.breached >> len(deal.rules.triggers) == 0


@given(deals(), st.integers(1, 2**40))
def test_more_money_never_pays_a_fixed_step_less(deal, more):
    fixed = (StepKind.FIXED, StepKind.DUE)
    steps = [s for s in deal.rules.steps if s.kind in fixed] + [deal.rules.steps[-1]]
    steps = [replace(s, when=When.ALWAYS, trigger=0, draw_from=0) for s in steps]
    rules = Rules(tuple(steps))
    receipts = deal.start.receipts
    less = settle(rules, receipts)
    for a, b in zip(less.lines, settle(rules, receipts + more).lines, strict=True):
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
    rules, last = deal.rules, deal.start.last_multiplier
    m = multiplier_bp(rules, deal.start.kpis, last)
    if not rules.kpis:
        assert m == 0
    elif last is None or not rules.max_change_bp:
        assert rules.min_multiplier_bp <= m <= rules.max_multiplier_bp
    else:
        assert abs(m - last) <= rules.max_change_bp


def test_payees_are_paid_once_and_reserves_not():
    result = Result(tuple(Line(n, n, 0, 0) for n in (1, 2, 3, 0)))
    rules = Rules(
        (
            step(StepKind.FIXED, 1),
            reserve(2, 1),
            step(StepKind.FIXED, 3),
            step(StepKind.RESIDUAL, payee="0x" + "08" * 20),
        )
    )
    assert payments(rules, result) == {OWNERS: 4}


def test_lists_of_different_length_are_refused():
    with pytest.raises(ValueError, match="9 steps, 1 terms"):
        settle(HAND, 1, terms=[None])
