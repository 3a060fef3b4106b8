from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.errors import InputError
from usufruct.money import BASIS, Currency, basis_points, format_amount, mul_div_down, parse_amount

USDX = Currency("USDX", 6)
YEN = Currency("JPY", 0)


@given(st.integers(-(2**64), 2**64), st.integers(0, 18))
def test_amounts_survive_the_way_out_and_in(minor, decimals):
    currency = Currency("X", decimals)
    assert parse_amount(format_amount(minor, currency), currency, signed=True) == minor


@given(st.integers(-(10**15), 10**15), st.integers(0, 6))
def test_parsing_is_exact(number, places):
    text = f"{Decimal(number).scaleb(-places):f}"
    assert parse_amount(text, USDX, signed=True) == Fraction(text) * 10**6


def test_amounts_are_plain():
    assert format_amount(1_234_560_000, USDX) == "1234.560000"
    assert format_amount(-1, USDX) == "-0.000001"
    assert format_amount(7, YEN) == "7"
    assert parse_amount("0", USDX) == parse_amount("-0.0", USDX) == 0
    assert parse_amount("150.00", USDX) == 150_000_000
    assert parse_amount("1.5000000000", USDX) == 1_500_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1e3",
        "1,5",
        "NaN",
        " 1",
        "1_0",
        "٣",
        "0x1",
        ".5",
        "5.",
        "1.0000001",
        "-1",
        1.5,
        None,
        "9" * 5000,
    ],
)
def test_other_amounts_are_refused(text):
    with pytest.raises(InputError) as caught:
        parse_amount(text, USDX)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "expected"),
    [("6%", 600), ("99.5%", 9950), ("0%", 0), ("100%", 10_000), ("0.01%", 1), (" 12.5% ", 1250)],
)
def test_basis_points(text, expected):
    assert basis_points(text) == expected


@pytest.mark.parametrize("text", ["6", "0.001%", "-1%", "655.35%", "%", "1e1%", "six%"])
def test_other_shares_are_refused(text):
    with pytest.raises(InputError):
        basis_points(text)


def test_all_is_ten_thousand_basis_points():
    assert basis_points("100%") == BASIS == 10_000


@given(st.integers(0, 2**128), st.integers(0, 2**128), st.integers(1, 2**64))
def test_mul_div_rounds_down_once(a, b, c):
    exact = Fraction(a * b, c)
    assert 0 <= exact - mul_div_down(a, b, c) < 1
