"""Valuations: laws that hold for every input, and refusals that name the clause."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.errors import InputError
from usufruct.finance.files import load_text
from usufruct.finance.report import Section
from usufruct.finance.valuation.composite import Factor, Technology, composite
from usufruct.finance.valuation.discounted import discounted, ramp
from usufruct.finance.valuation.held import METHODS, finite_right, held_value
from usufruct.finance.valuation.sensitivity import table, tornado
from usufruct.finance.valuation.sold import sale_price
from usufruct.finance.valuation.study import study
from usufruct.finance.valuation.tables import ValuationTable

AMOUNTS = st.integers(0, 10**12).map(Decimal)
RATES = st.integers(1, 3_000).map(lambda each: Decimal(each) / 10_000)
PARTS = st.integers(0, 1_000).map(lambda each: Decimal(each) / 1_000)


def stream(code: str = "VPP", flow: int = 100, years: int = 10, **factors: str) -> Technology:
    known = {name: Factor(Decimal(value), "Ada", "survey") for name, value in factors.items()}
    return Technology(code, [Decimal(flow)] * years, Decimal("0.08"), known)


# --- Composite ---


@given(PARTS, PARTS, PARTS, PARTS)
def test_more_maturity_is_never_worth_less(
    a: Decimal, b: Decimal, policy: Decimal, risk: Decimal
) -> None:
    low, high = sorted((a, b))
    values = [
        composite(
            Decimal(5), [stream(maturity=str(m), policy=str(policy), volatility=str(risk))]
        ).value
        for m in (low, high)
    ]
    assert values[0] <= values[1]


@given(st.lists(AMOUNTS, min_size=1, max_size=5), AMOUNTS)
def test_streams_add_up(flows: list[Decimal], base: Decimal) -> None:
    parts = [Technology(f"S{at}", [flow], Decimal("0.1"), {}) for at, flow in enumerate(flows)]
    together = composite(base, parts).value
    alone = sum((composite(Decimal(0), [each]).value for each in parts), base)
    assert abs(together - alone) < Decimal("1e-25") * max(together, Decimal(1))


def test_a_risk_is_not_counted_twice() -> None:
    each = replace(stream(volatility="0.2"), risks_in_rate=frozenset({"volatility"}))
    with pytest.raises(InputError, match=r"VPP\.volatility") as caught:
        composite(Decimal(0), [each])
    assert "risk_counted_in" in (caught.value.rule or "")
    neutral = replace(stream(volatility="0"), risks_in_rate=frozenset({"volatility"}))
    assert composite(Decimal(0), [neutral]).value > 0


def test_a_factor_has_an_author_and_lies_in_the_unit_interval() -> None:
    with pytest.raises(InputError, match="maturity"):
        composite(Decimal(0), [stream(maturity="1.1")])
    nobody = {"policy": Factor(Decimal(1), "", "because")}
    with pytest.raises(InputError, match="author"):
        composite(Decimal(0), [replace(stream(), factors=nobody)])


def test_the_literal_form_counts_one_year_and_says_so() -> None:
    found = composite(Decimal(10), [stream(maturity="0.5")], "literal")
    assert (found.mode, found.value) == ("literal", Decimal(60))


# --- Held ---


@given(AMOUNTS, RATES, RATES)
def test_a_higher_cap_rate_is_never_worth_more(income: Decimal, a: Decimal, b: Decimal) -> None:
    low, high = sorted((a, b))
    assert (
        held_value("NOI/cap", "NOI", income, low).value
        >= held_value("NOI/cap", "NOI", income, high).value
    )


@given(AMOUNTS, RATES)
def test_a_multiple_is_one_over_the_cap_rate(income: Decimal, cap: Decimal) -> None:
    by_cap = held_value("NOI/cap", "NOI", income, cap)
    by_multiple = held_value("EBITDA×multiple", "EBITDA", income, by_cap.multiple)
    assert abs(by_cap.value - by_multiple.value) <= Decimal("1e-20") * max(by_cap.value, Decimal(1))


@pytest.mark.parametrize("name", METHODS)
def test_a_method_takes_only_its_numerator(name: str) -> None:
    other = "revenue" if METHODS[name].numerator != "revenue" else "NOI"
    with pytest.raises(InputError, match="numerator"):
        held_value(name, other, Decimal(1), Decimal(1))


@pytest.mark.parametrize("rate", ["0", "-0.01"])
def test_a_cap_rate_of_nothing_is_refused(rate: str) -> None:
    with pytest.raises(InputError, match="cap rate"):
        held_value("NOI/cap", "NOI", Decimal(1), Decimal(rate))


@given(AMOUNTS, RATES)
def test_a_right_that_ends_is_worth_less_than_one_that_does_not(
    income: Decimal, cap: Decimal
) -> None:
    for_ever = held_value("NOI/cap", "NOI", income, cap).value
    values = [finite_right(income, cap, years) for years in (1, 30, 200)]
    assert values == sorted(values)
    assert values[-1] <= for_ever


# --- Discounted ---


@given(st.integers(1, 10**9).map(Decimal), RATES, st.integers(1, 60))
def test_discounting_a_constant_income_is_capitalising_it(
    income: Decimal, rate: Decimal, years: int
) -> None:
    found = discounted([income] * years, rate, terminal_cap=rate)
    assert abs(found.value - income / rate) < Decimal("1e-15") * income / rate


@given(PARTS, st.integers(1, 5), st.integers(5, 30))
def test_a_ramp_begins_at_its_part_and_ends_with_all(
    start: Decimal, years: int, horizon: int
) -> None:
    found = ramp(Decimal(100), start, years, horizon)
    assert found == sorted(found)
    assert found[0] == (100 if years == 1 else 100 * start)
    assert set(found[years - 1 :]) == {Decimal(100)}
    assert len(found) == horizon


def test_what_discounting_refuses() -> None:
    for refused in (
        lambda: discounted([], Decimal("0.1")),
        lambda: discounted([Decimal(1)], Decimal("0.1"), terminal_cap=Decimal(0)),
        lambda: discounted(
            [Decimal(1)], Decimal("0.1"), terminal_cap=Decimal(1), selling_cost=Decimal(2)
        ),
        lambda: ramp(Decimal(1), Decimal(2), 3, 5),
        lambda: ramp(Decimal(1), Decimal(0), 6, 5),
    ):
        with pytest.raises(InputError):
            refused()


# --- Sold ---


@given(AMOUNTS, AMOUNTS, AMOUNTS, PARTS, PARTS)
def test_the_five_lines_add_up(
    cost: Decimal, revenue: Decimal, development: Decimal, rate: Decimal, progress: Decimal
) -> None:
    found = sale_price(cost, revenue, development, rate, progress)
    *parts, price = found.lines
    assert abs(sum(amount for _, amount in parts) - price[1]) < Decimal("1e-15")
    assert any("premium is negative" in flag for flag in found.flags) == (found.premium < 0)


@pytest.mark.parametrize(
    ("kind", "rate", "flagged"),
    [
        ("renewal", "0.2", False),
        ("renewal", "0.19", True),
        ("other", "0.15", False),
        ("other", "0.16", True),
    ],
)
def test_profit_outside_the_normal_band_is_flagged(kind: str, rate: str, flagged: bool) -> None:
    found = sale_price(Decimal(1), Decimal(9), Decimal(2), Decimal(rate), Decimal(1), kind=kind)  # type: ignore[arg-type]
    assert bool(found.flags) == flagged


def test_progress_is_a_part() -> None:
    with pytest.raises(InputError, match="θ"):
        sale_price(Decimal(1), Decimal(1), Decimal(1), Decimal("0.2"), Decimal("1.01"))


# --- Sensitivity ---


def test_a_tornado_has_the_widest_bar_first() -> None:
    bars = tornado(
        lambda at: at["noi"] / at["cap"],
        {"noi": Decimal(100), "cap": Decimal("0.05")},
        {"noi": (Decimal(90), Decimal(110)), "cap": (Decimal("0.04"), Decimal("0.06"))},
    )
    assert [(bar.name, round(bar.swing)) for bar in bars] == [("cap", 833), ("noi", 400)]
    values = table(
        lambda at: at["noi"] / at["cap"],
        {"noi": Decimal(100), "cap": Decimal("0.05")},
        ("noi", [Decimal(100), Decimal(200)]),
        ("cap", [Decimal("0.05"), Decimal("0.1")]),
    )
    assert values == [[2000, 1000], [4000, 2000]]
    with pytest.raises(InputError, match="input"):
        tornado(lambda at: at["noi"], {"noi": Decimal(1)}, {"rent": (Decimal(1), Decimal(2))})


# --- A whole file ---

FILE = """\
schema = 1
title = "t"
currency = "CNY"
[unit]
area_m2 = "1000"
[dcf]
income = "100"
years = 10
rate = "8%"
terminal_cap = "9%"
ramp = { start = "40%", years = 4 }
[sensitivity]
of = "dcf"
rows = { input = "rate", values = ["8%", "9%"] }
columns = { input = "terminal_cap", values = ["9%", "10%"] }
[tornado]
of = "dcf"
bounds = { rate = ["7%", "9%"], selling_cost = ["0%", "1%"] }
"""


def sections_of(text: str) -> dict[str, Section]:
    report = study(load_text(text, "v.toml", ValuationTable).table)
    return {each.title: each for each in report.sections}


def test_a_file_shows_its_ramp_and_how_its_value_moves() -> None:
    found = sections_of(FILE)
    ramped = found["Ramp over 4 years from 40%"].figures
    assert [each.value for each in ramped] == [40, 60, 80, 100]
    value = found["Discounted cash flow"].figures[-1].value
    moved = found["Sensitivity of dcf: rate by terminal_cap"].figures
    assert [each.label for each in moved] == [
        "rate 8%, terminal_cap 9%",
        "rate 8%, terminal_cap 10%",
        "rate 9%, terminal_cap 9%",
        "rate 9%, terminal_cap 10%",
    ]
    assert moved[0].value == value
    assert moved[0].value > moved[1].value > moved[3].value
    bars = found["Tornado of dcf: how far each input alone moves it"].figures
    assert [each.label for each in bars] == ["rate", "selling_cost"]


def test_every_valuation_is_judged() -> None:
    checks = sections_of(FILE)["Plausibility, over 1 000 ㎡"]
    assert [each.label for each in checks.figures] == ["discounted cash flow", "income"]
    assert all(each.note == "implausible" for each in checks.figures)
    assert len(checks.flags) == 2


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('of = "dcf"\nrows', 'of = "sale"\nrows', "of"),
        ('input = "rate"', 'input = "colour"', "input"),
        ('input = "rate"', 'input = "terminal_cap"', "columns"),
        ('selling_cost = ["0%", "1%"]', 'selling_cost = ["1%", "0%"]', "selling_cost"),
    ],
)
def test_what_moves_is_an_input_of_the_file(old: str, new: str, field: str) -> None:
    with pytest.raises(InputError, match=field):
        sections_of(FILE.replace(old, new))
