"""Periods and years that people name, and those that no calendar has."""

from __future__ import annotations

import pytest

from usufruct.errors import InputError
from usufruct.exports.calendar import Calendar

CALENDAR = Calendar("2026-09", "Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("2026-09", 1), ("2027-01", 5), ("12000", 12_000)]
)
def test_a_period_has_a_month_and_a_number(text: str, number: int) -> None:
    window = CALENDAR.period(text)
    assert window.number == number
    assert window.start < window.end


@pytest.mark.parametrize(
    "text", ["0", "12001", "999999999", "9999-12", "2026-08", "2026-13", "x", "９", ""]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        CALENDAR.period(text)
    assert caught.value.field == "period"
