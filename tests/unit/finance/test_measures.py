"""Measures: closed forms, a second implementation, and refusals."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
import pyxirr
from hypothesis import assume, given
from hypothesis import strategies as st

from usufruct.errors import InputError
from usufruct.finance.measures import (
    annuity,
    dscr,
    durations,
    icr,
    irr,
    ltv,
    npv,
    payback,
    wal,
    xirr,
    xnpv,
    years_with_cover,
)

AMOUNTS = st.integers(1, 10**9).map(Decimal)
RATES = st.integers(1, 5_000).map(lambda each: Decimal(each) / 10_000)


@given(RATES, st.integers(1, 60))
def test_a_level_flow_is_worth_the_closed_form(rate: Decimal, years: int) -> None:
    flows = [Decimal(0), *[Decimal(1)] * years]
    assert abs(npv(rate, flows) - annuity(rate, years)) < Decimal("1e-20")


@given(AMOUNTS, st.lists(AMOUNTS, min_size=1, max_size=40))
def test_at_its_rate_a_flow_is_worth_nothing(paid: Decimal, got: list[Decimal]) -> None:
    assume(sum(got) * 1000 > paid)
    flows = [-paid, *got]
    assert abs(npv(irr(flows), flows)) < Decimal("1e-6") * paid


@given(AMOUNTS, st.lists(AMOUNTS, min_size=1, max_size=40))
def test_irr_agrees_with_pyxirr(paid: Decimal, got: list[Decimal]) -> None:
    assume(sum(got) * 5 > paid)
    found = irr([-paid, *got])
    other = pyxirr.irr([-float(paid), *map(float, got)])
    assume(other is not None and -0.9 < other < 100)
    assert float(found) == pytest.approx(other, rel=1e-7, abs=1e-9)


@given(AMOUNTS, st.lists(st.tuples(st.integers(1, 9_000), AMOUNTS), min_size=1, max_size=20))
def test_xirr_agrees_with_pyxirr(paid: Decimal, got: list[tuple[int, Decimal]]) -> None:
    start = date(2026, 1, 1)
    flows = [(start, -paid), *((start + timedelta(days), amount) for days, amount in got)]
    try:
        found = xirr(flows)
    except InputError:
        return  # outside the searched range
    other = pyxirr.xirr([each[0] for each in flows], [float(each[1]) for each in flows])
    assume(other is not None and -0.9 < other < 100)
    assert float(found) == pytest.approx(other, rel=1e-6, abs=1e-8)


def test_xirr_of_the_spreadsheets_sample() -> None:
    # The example of Microsoft's documentation of XIRR.
    days = [(2008, 1, 1), (2008, 3, 1), (2008, 10, 30), (2009, 2, 15), (2009, 4, 1)]
    amounts = [-10_000, 2_750, 4_250, 3_250, 2_750]
    flows = [(date(*day), Decimal(each)) for day, each in zip(days, amounts, strict=True)]
    assert float(xirr(flows)) == pytest.approx(0.373362535, abs=1e-8)
    assert float(xnpv(Decimal("0.09"), flows)) == pytest.approx(2086.647602, abs=1e-5)


@pytest.mark.parametrize(
    ("flows", "reason"),
    [
        ([100, 100], "never change sign"),
        ([-100], "never change sign"),
        ([-1000, 2300, -1320], "have 2 rates of return"),
        ([100, -200, 150], "worth nothing"),
    ],
)
def test_no_or_several_rates_are_refused_with_the_reason(flows: list[int], reason: str) -> None:
    with pytest.raises(InputError, match="IRR") as caught:
        irr([Decimal(each) for each in flows])
    assert reason in (caught.value.rule or "")


def test_three_sign_changes_with_one_rate_are_no_reason_to_refuse() -> None:
    flows = [Decimal(each) for each in (-1000, 500, -100, 900)]
    assert abs(npv(irr(flows), flows)) < Decimal("1e-9")


def test_payback_counts_part_of_a_year() -> None:
    assert payback(Decimal(250), [Decimal(100)] * 3) == Decimal("2.5")
    with pytest.raises(InputError, match="payback"):
        payback(Decimal(250), [Decimal(100)] * 2)


def test_covers_and_their_refusals() -> None:
    assert dscr(Decimal(150), Decimal(60), Decimal(40)) == Decimal("1.5")
    assert icr(Decimal(150), Decimal(60)) == Decimal("2.5")
    assert ltv(Decimal(60), Decimal(100)) == Decimal("0.6")
    assert years_with_cover([Decimal("1.2"), Decimal("1.19"), Decimal(3)], Decimal("1.2")) == 2
    for refused in (
        lambda: dscr(Decimal(1), Decimal(0), Decimal(0)),
        lambda: icr(Decimal(1), Decimal(-1)),
        lambda: ltv(Decimal(1), Decimal(0)),
        lambda: wal([(Decimal(1), Decimal(0))]),
        lambda: annuity(Decimal(-1), 3),
    ):
        with pytest.raises(InputError):
            refused()


@given(RATES, st.integers(1, 40))
def test_a_single_payment_lasts_until_it_is_paid(rate: Decimal, years: int) -> None:
    found = durations(rate, [(Decimal(years), Decimal(100))])
    assert abs(found.macaulay - years) < Decimal("1e-20")
    assert found.modified < found.macaulay


def test_weighted_average_life_of_equal_repayments() -> None:
    assert wal([(Decimal(year), Decimal(50)) for year in range(1, 21)]) == Decimal("10.5")


@pytest.mark.parametrize(
    "rates", [("0.1", "0.101", "0.5"), ("0.1", "0.1", "0.5"), ("0.1", "0.10001")]
)
def test_rates_of_return_that_lie_close_together_are_not_overlooked(rates: tuple[str, ...]) -> None:
    flows = [Decimal(-100)]
    for rate in map(Decimal, rates):
        # Times (1 - (1 + rate)·x): the flows are worth nothing at that rate too.
        grown = [Decimal(0), *(-(1 + rate) * each for each in flows)]
        flows = [one + other for one, other in zip([*flows, Decimal(0)], grown, strict=True)]
    with pytest.raises(InputError, match=f"{len(set(rates))} rates of return"):
        irr(flows)
