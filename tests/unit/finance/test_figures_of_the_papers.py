"""Every figure of the papers that the engine must reproduce; each test names its paper."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from usufruct.core.tax_sharing import Plan, years
from usufruct.finance.indicators.sizing import averages, jobs, sizing
from usufruct.finance.measures import annuity, growth_for_payback, irr, npv, payback
from usufruct.finance.numbers import exact
from usufruct.finance.valuation.held import finite_right, held_value
from usufruct.finance.valuation.plausibility import Headline, panel
from usufruct.finance.valuation.study import load_valuation, study

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
YI = Decimal(10**8)
WAN = Decimal(10**4)


def to(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


# --- P0, table 2 ---


def test_p0_value_at_fifteen_times() -> None:
    found = held_value("P/E×earnings", "earnings", Decimal("2.5") * YI, Decimal(15))
    assert found.value == Decimal("37.5") * YI
    assert to(found.cap * 100, 2) == Decimal("6.67")


def test_p0_payback_is_ten_years_and_eight_take_more() -> None:
    assert payback(25 * YI, [Decimal("2.5") * YI] * 30) == 10
    assert payback(25 * YI, [Decimal("3.125") * YI] * 30) == 8
    growth = growth_for_payback(25 * YI, Decimal("2.5") * YI, 8)
    assert to(growth * 100, 3) == Decimal("6.287")


def test_p0_irr_and_npv_over_thirty_years() -> None:
    flows = [-25 * YI, *[Decimal("2.5") * YI] * 30]
    assert to(irr(flows) * 100, 4) == Decimal("9.3073")
    assert to(npv(Decimal("0.05"), flows) / YI, 4) == Decimal("13.4311")


def test_p0_a_right_of_thirty_years_at_a_fifteenth_is_worth_less_than_fifteen_times() -> None:
    with exact():
        rate = Decimal(1) / 15
    assert to(annuity(rate, 30), 3) == Decimal("12.836")
    assert to(finite_right(Decimal("2.5") * YI, rate, 30) / YI, 2) == Decimal("32.09")


def test_p0_the_panel_finds_that_the_area_is_ten_times_too_small() -> None:
    headlines = [
        Headline("investment", 25 * YI, "area"),
        Headline("income", Decimal("2.5") * YI, "area·month"),
        Headline("fee", Decimal("0.5") * YI, "area·month"),
    ]
    found = panel(headlines, 10 * WAN)
    assert [to(each.value, 1) for each in found.checks] == [
        Decimal("25000.0"),
        Decimal("208.3"),
        Decimal("41.7"),
    ]
    assert all(each.flagged for each in found.checks)
    assert found.cause == "the area is about 10× too small for these figures"
    assert panel(headlines, 100 * WAN).flags == ()


def test_p0_the_file_says_what_follows_and_what_does_not() -> None:
    report = study(load_valuation(EXAMPLES / "p0-table2.toml"))
    claims = next(each for each in report.sections if each.title.startswith("Claims"))
    assert [each.source for each in claims.figures] == [
        "holds",
        "does not hold",
        "holds",
        "does not hold",
    ]
    assert "the income of 30 years" in claims.figures[2].note
    assert claims.figures[3].note.startswith("not derivable")
    assert any("disagree" in flag for flag in report.flags)


def test_p0_jobs_are_linear_in_the_area() -> None:
    assert jobs(10 * WAN) == (200, 300)
    assert jobs(25 * WAN) == (500, 750)


# --- P2: stepped tax sharing ---


@pytest.mark.parametrize(
    ("vintage", "rebates", "town"),
    [(False, [50, 40, 0, 0], [0, 20, 50, 60]), (True, [50, 55, 35, 30], [0, 12.5, 32.5, 45])],
)
def test_p2_stepped_tax_sharing(vintage: bool, rebates: list[float], town: list[float]) -> None:
    unit = 10_000
    plan = Plan(100 * unit, 5_000, vintage, (10_000, 5_000))
    found = years(plan, [each * unit for each in (150, 180, 200, 220)])
    assert [each.rebate / unit for each in found] == rebates
    assert [each.town / unit for each in found] == town


# --- P4: sizing ---


def test_p4_sizing_of_a_city() -> None:
    with exact():
        held = Decimal(2) / 3
    found = sizing(10_000 * WAN, Decimal(8_000), held, Decimal(35), Decimal("0.05"))
    assert found.investment == 8_000 * YI
    assert to(found.held_cost / YI, 2) == Decimal("5333.33")
    assert to(found.rent / YI, 1) == Decimal("280.0")
    assert to(found.value / YI, 0) == 5_600
    assert to(found.break_even_margin * 100, 2) == Decimal("95.24")


def test_p4_averages_exactly_and_as_printed() -> None:
    with exact():
        held = Decimal(2) / 3
    exactly = averages(Decimal(10_000), Decimal(8_000), held, 7, 5)
    assert [
        to(each, 3)
        for each in (
            exactly.area_year,
            exactly.cost_year,
            exactly.area,
            exactly.cost,
            exactly.held,
        )
    ] == [Decimal(each) for each in ("285.714", "228.571", "1428.571", "1142.857", "761.905")]
    printed = averages(Decimal(10_000), Decimal(8_000), held, 7, 5, "as_printed")
    assert (
        printed.area_year,
        printed.cost_year,
        printed.area,
        printed.cost,
        printed.held,
    ) == (286, 229, 1430, 1145, 763)
