from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core.periods import (
    day_bounds,
    day_of,
    parse_day,
    parse_duration,
    period_bounds,
    period_name,
    period_of,
    zone,
)
from usufruct.errors import InputError

ZONES = [
    "UTC",
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Pacific/Apia",
]
zones = st.sampled_from(ZONES)
months = st.builds("{:04d}-{:02d}".format, st.integers(2000, 2035), st.integers(1, 12))
times = st.integers(946_684_800, 2_208_988_800)


@given(months, st.integers(1, 60), zones)
def test_periods_follow_each_other_without_gap(first, number, timezone):
    start, end = period_bounds(first, number, timezone)
    assert start < end == period_bounds(first, number + 1, timezone)[0]
    local = datetime.fromtimestamp(start, ZoneInfo(timezone))
    assert local.day == 1
    assert f"{local:%Y-%m}" == period_name(first, number)


@given(months, times, zones)
def test_each_moment_has_one_period(first, time, timezone):
    number = period_of(first, time, timezone)
    if number >= 1:
        start, end = period_bounds(first, number, timezone)
        assert start <= time < end
    else:
        assert time < period_bounds(first, 1, timezone)[0]


@given(times, zones)
def test_each_moment_is_in_its_day(time, timezone):
    start, end = day_bounds(day_of(time, timezone), timezone)
    assert start <= time < end


def test_days_are_longer_and_shorter_where_the_clock_changes():
    def hours(day, timezone):
        start, end = day_bounds(day, timezone)
        return (end - start) / 3600

    assert hours("2026-03-29", "Europe/Berlin") == 23
    assert hours("2026-10-25", "Europe/Berlin") == 25
    assert hours("2026-10-04", "Australia/Lord_Howe") == 23.5
    assert hours(date(2026, 9, 1), "Asia/Shanghai") == 24
    # Midnight itself was skipped: the day began at one o'clock.
    assert hours("2018-11-04", "America/Sao_Paulo") == 23
    assert hours("2018-11-03", "America/Sao_Paulo") == 24
    # Samoa left out a whole day.
    assert hours("2011-12-30", "Pacific/Apia") == 0


def test_a_month_of_the_example():
    start, end = period_bounds("2026-09", 2, "Asia/Shanghai")
    assert datetime.fromtimestamp(start, ZoneInfo("UTC")).isoformat() == "2026-09-30T16:00:00+00:00"
    assert end - start == timedelta(days=31).total_seconds()
    assert period_of("2026-09", start - 1, "Asia/Shanghai") == 1
    assert period_name("2026-09", 5) == "2027-01"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("15m", 900), ("1h", 3600), ("3d", 259_200), ("2w", 1_209_600)],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("wrong", ["", "3", "d", "0d", "-1d", "1.5h", "1 h", "1y", "٣d", 3, None])
def test_other_durations_are_refused(wrong):
    with pytest.raises(InputError):
        parse_duration(wrong)


@pytest.mark.parametrize("wrong", ["2026-9", "2026-13", "2026", "26-09", ""])
def test_other_months_are_refused(wrong):
    with pytest.raises(InputError):
        period_bounds(wrong, 1, "UTC")


@pytest.mark.parametrize("wrong", ["2026-02-30", "2026-1-1", "20260101", "2026-W01-1", "", None])
def test_other_days_are_refused(wrong):
    with pytest.raises(InputError):
        parse_day(wrong)


def test_periods_begin_at_one():
    with pytest.raises(InputError):
        period_bounds("2026-09", 0, "UTC")


@pytest.mark.parametrize("wrong", ["", "Mars/Olympus", "../etc/passwd", "/etc/passwd"])
def test_other_zones_are_refused(wrong):
    with pytest.raises(InputError):
        zone(wrong)
