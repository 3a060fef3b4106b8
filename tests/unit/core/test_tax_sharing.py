import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core.tax_sharing import Plan, Shares, of_year, share, years

UNIT = 10_000
TAXES = [150 * UNIT, 180 * UNIT, 200 * UNIT, 220 * UNIT]
PLAN = {"base": 100 * UNIT, "town_bp": 5_000, "rebates_bp": (10_000, 5_000)}

plans = st.builds(
    Plan,
    base=st.integers(0, 2**40),
    town_bp=st.integers(0, 10_000),
    vintage=st.booleans(),
    rebates_bp=st.lists(st.integers(0, 10_000), max_size=5).map(tuple),
)
taxes = st.lists(st.integers(0, 2**41), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("vintage", "rebates", "towns"),
    [
        (False, [50, 40, 0, 0], [0, 20, 50, 60]),
        (True, [50, 55, 35, 30], [0, 12.5, 32.5, 45]),
    ],
    ids=["fixed base", "vintage"],
)
def test_the_published_figures(vintage, rebates, towns):
    found = years(Plan(vintage=vintage, **PLAN), TAXES)
    assert [each.rebate for each in found] == [rebate * UNIT for rebate in rebates]
    assert [each.town for each in found] == [int(town * UNIT) for town in towns]
    assert [each.rebate + each.town + each.treasury for each in found] == TAXES


@given(plans, taxes)
def test_every_year_is_shared_to_the_unit(plan, taxes):
    for tax, each in zip(taxes, years(plan, taxes), strict=True):
        assert each.rebate + each.town + each.treasury == tax
        assert min(each.rebate, each.town, each.appeared) >= 0
        assert each.treasury >= min(tax, plan.base)


@given(plans, taxes)
def test_vintages_sum_to_the_highest_growth_so_far(plan, taxes):
    seen = 0
    highest = 0
    for tax, each in zip(taxes, years(plan, taxes), strict=True):
        seen += each.appeared
        highest = max(highest, tax - plan.base, 0)
        assert seen == highest


@given(plans, st.integers(0, 2**41))
def test_an_up_and_down_renews_no_rebate(plan, tax):
    """Growth that comes back has the age of its part, so the fourth year is as if nothing had fallen."""
    steady = years(plan, [tax, tax, tax, tax])[-1]
    assert years(plan, [tax, plan.base, plan.base // 2, tax])[-1] == steady


@given(st.integers(0, 2**63), st.integers(0, 2**40), st.integers(0, 119))
def test_a_late_close_leaves_later_years_their_base(waiting, base, later):
    """Years closed in a row share growth once, in the oldest, and no base as growth."""
    counted = []
    left = waiting
    for following in range(later, -1, -1):
        counted.append(of_year(left, base, following))
        left -= counted[-1]
    assert left == 0
    assert sum(max(tax - base, 0) for tax in counted) == max(waiting - base * (later + 1), 0)
    assert all(tax <= base for tax in counted[1:])


def test_a_tax_below_the_base_is_the_treasurys():
    plan = Plan(vintage=True, **PLAN)
    assert share(plan, 99 * UNIT, [5]) == Shares(0, 0, 99 * UNIT, 0)


def test_rounding_favours_the_treasury():
    plan = Plan(base=0, town_bp=3_333, vintage=False, rebates_bp=(3_333,))
    assert share(plan, 10, []) == Shares(3, 2, 5, 10)
