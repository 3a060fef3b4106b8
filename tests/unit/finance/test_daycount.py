"""Day counts against the conventions' own examples."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.errors import InputError
from usufruct.finance.daycount import convention

DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("name", "start", "end", "years"),
    [
        ("ACT/365F", date(2023, 11, 1), date(2024, 5, 1), Fraction(182, 365)),
        # ISDA's memorandum on ACT/ACT: 61 days of 2003, 121 of the leap year 2004.
        ("ACT/ACT", date(2003, 11, 1), date(2004, 5, 1), Fraction(61, 365) + Fraction(121, 366)),
        ("30/360", date(2007, 1, 31), date(2007, 2, 28), Fraction(28, 360)),
        ("30/360", date(2007, 1, 15), date(2007, 1, 31), Fraction(16, 360)),
        ("30/360", date(2007, 1, 31), date(2007, 3, 31), Fraction(60, 360)),
        ("30/360", date(2006, 8, 31), date(2007, 2, 28), Fraction(178, 360)),
    ],
)
def test_examples(name: str, start: date, end: date, years: Fraction) -> None:
    assert convention(name)(start, end) == years


@pytest.mark.parametrize("name", ["ACT/365F", "ACT/ACT"])
@given(days=st.lists(DAYS, min_size=3, max_size=3).map(sorted))
def test_years_add_up(name: str, days: list[date]) -> None:
    first, middle, last = days
    count = convention(name)
    assert count(first, middle) + count(middle, last) == count(first, last)


@given(DAYS)
def test_a_calendar_year_is_a_year(day: date) -> None:
    start = date(day.year, 1, 1)
    assert convention("ACT/ACT")(start, date(day.year + 1, 1, 1)) == 1


def test_an_unknown_convention_is_refused() -> None:
    with pytest.raises(InputError, match="day_count"):
        convention("ACT/360½")
