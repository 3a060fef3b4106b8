"""Reading CSV lines: exact values, strict columns, never an exception."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct_oracles.validation.rows import (
    LATEST,
    MAX_DURATION,
    WITH_REQUEST,
    Value,
    parse_duration,
    parse_row,
    parse_start,
    parse_value,
)
from usufruct_oracles.validation.verdicts import Rule

GOOD = "home-01,2026-09-10T12:00:00+08:00,3600,1.234,kWh,0"


def test_a_good_row() -> None:
    row = parse_row(2, GOOD)
    assert row.fault is None
    assert (row.meter, row.duration, row.value, row.unit, row.quality) == (
        "home-01",
        3600,
        Value(1234, 3),
        "kWh",
        0,
    )
    assert row.start == 1789012800
    assert row.end == 1789016400


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "1 columns"),
        ("home-01", "1 columns"),
        (GOOD + ",", "7 columns"),
        (GOOD.replace(",0", ""), "5 columns"),
        (GOOD.replace("home-01", ""), "meter"),
        (GOOD.replace("home-01", "../home"), "meter"),
        (GOOD.replace("home-01", '"home-01"'), "meter"),
        (GOOD.replace("+08:00", ""), "start"),
        (GOOD.replace("T12", " 12"), "start"),
        (GOOD.replace("T12", "t12"), "start"),
        (GOOD.replace("12:00:00", "12:00:00.5"), "start"),
        (GOOD.replace("09-10", "02-30"), "start"),
        (GOOD.replace("T12:00", "T24:01"), "start"),
        (GOOD.replace("T12", "T25"), "start"),
        (GOOD.replace("+08:00", "+99:00"), "start"),
        (GOOD.replace("3600", "0"), "duration_s"),
        (GOOD.replace("3600", "-3600"), "duration_s"),
        (GOOD.replace("3600", "3600.0"), "duration_s"),
        (GOOD.replace("3600", "9999999"), "duration_s"),
        (GOOD.replace("kWh,0", "kWh,x"), "quality"),
        (GOOD.replace("kWh,0", "kWh,256"), "quality"),
    ],
)
def test_a_malformed_row_names_its_column(line: str, told: str) -> None:
    fault = parse_row(2, line).fault
    assert fault is not None
    assert fault.rule is Rule.MALFORMED
    assert told in fault.detail


@pytest.mark.parametrize(
    "value",
    [
        *("", "NaN", "nan", "inf", "-Infinity", "1e3", "1E3", "+1", " 1", "1 ", "1_000", "1,0"),
        *(".5", "5.", "0x10", "١", "--1", "1" * 16, "1." + "1" * 10),
    ],
)
def test_what_is_no_plain_decimal_is_not_a_number(value: str) -> None:
    line = GOOD.replace("1.234", value)
    fault = parse_row(2, line).fault
    assert fault is not None
    assert fault.rule is (Rule.MALFORMED if value == "1,0" else Rule.NOT_A_NUMBER)


def test_a_cut_off_row_keeps_meter_and_time() -> None:
    row = parse_row(2, ",".join(GOOD.split(",")[:4]))
    assert row.fault is not None
    assert (row.meter, row.end) == ("home-01", 1789016400)


def test_bounds_of_times() -> None:
    assert parse_start("1970-01-01T00:00:00Z") == 0
    assert parse_start("1969-12-31T23:59:59Z") is None
    assert parse_start("9999-12-31T23:59:59Z") is None
    assert parse_start("0001-01-01T00:00:00+08:00") is None
    assert (parse_start("6000-01-01T00:00:00Z") or 0) < LATEST
    assert parse_duration(str(MAX_DURATION)) == MAX_DURATION
    assert parse_duration(str(MAX_DURATION + 1)) is None


@given(
    st.integers(-(10**14), 10**14),
    st.integers(0, 9),
    st.fractions(min_value=Fraction(1, 10**6), max_value=10**6),
)
def test_a_quantity_is_the_exact_floor(numerator: int, places: int, multiplier: Fraction) -> None:
    text = str(Decimal(numerator).scaleb(-places)) if places else str(numerator)
    if "E" in text:
        text = f"{Decimal(numerator).scaleb(-places):f}"
    value = parse_value(text)
    assert value is not None
    exact = Fraction(Decimal(text)) * multiplier
    assert value.quantity(multiplier) == exact.numerator // exact.denominator


@given(st.decimals(min_value=0, max_value=10**6, places=3))
def test_decimals_are_read_exactly(number: Decimal) -> None:
    value = parse_value(f"{number:f}")
    assert value is not None
    assert value.quantity(Fraction(1000)) == int(
        (number * 1000).to_integral_value(rounding=ROUND_FLOOR)
    )


@given(st.text(max_size=120))
def test_no_text_raises(line: str) -> None:
    assert parse_row(2, line).fault is not None


@given(st.lists(st.text(max_size=24), min_size=6, max_size=6))
def test_no_columns_raise(columns: list[str]) -> None:
    row = parse_row(2, ",".join(columns))
    assert row.line == ",".join(columns)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-09-10T24:00:00+08:00", "2026-09-11T00:00:00+08:00"),
        ("2026-12-31T24:00:00Z", "2027-01-01T00:00:00Z"),
        ("2028-02-28T24:00:00-05:00", "2028-02-29T00:00:00-05:00"),
    ],
)
def test_the_end_of_a_day_may_be_written_as_its_24_o_clock(written: str, meant: str) -> None:
    assert parse_start(written) == parse_start(meant) is not None


def test_a_row_may_tell_what_was_asked_for() -> None:
    row = parse_row(2, GOOD + ",7.5", WITH_REQUEST)
    assert row.fault is None
    assert row.requested == Value(75, 1)
    assert parse_row(2, GOOD + ",", WITH_REQUEST).requested is None
    for wrong in ("x", "-1"):
        fault = parse_row(2, f"{GOOD},{wrong}", WITH_REQUEST).fault
        assert fault is not None
        assert "requested" in fault.detail
    assert parse_row(2, GOOD, WITH_REQUEST).fault is not None
