"""What should be there, also on days of 23 and 25 hours."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.oracles.kit import community, meter, stream

from usufruct_oracles.catalog import Catalog, catalog_of
from usufruct_oracles.intervals import days_ending_in, expected, interval_ends


def catalog_in(timezone: str) -> Catalog:
    return Catalog(replace(community(), project=replace(community().project, timezone=timezone)))


@pytest.mark.parametrize(
    ("timezone", "day", "hours", "quarters"),
    [
        ("Asia/Shanghai", "2026-09-10", 24, 96),
        ("Europe/Berlin", "2026-03-29", 23, 92),
        ("Europe/Berlin", "2026-10-25", 25, 100),
        ("America/Los_Angeles", "2026-11-01", 25, 100),
        ("Asia/Kolkata", "2026-09-10", 24, 96),
        ("Australia/Lord_Howe", "2026-10-04", 23, 94),  # the clock moves by half an hour
    ],
)
def test_a_day_has_as_many_intervals_as_fit(
    timezone: str, day: str, hours: int, quarters: int
) -> None:
    bounds = catalog_in(timezone).day(day)
    assert len(interval_ends(meter("home-01"), bounds, *bounds)) == hours
    ends = interval_ends(meter("garage-01"), bounds, *bounds)
    assert len(ends) == quarters
    assert ends[0] == bounds[0] + 900
    assert ends[-1] == bounds[1]


def test_expected_of_windows_adds_up() -> None:
    catalog = catalog_in("Europe/Berlin")
    from_, middle = catalog.day("2026-10-24")[0], catalog.day("2026-10-25")[0] + 5 * 3600
    to = catalog.day("2026-10-26")[1]
    for code in ("VPP", "PARKING", "EV"):
        parts = [expected(catalog, stream(code), *each) for each in ((from_, middle), (middle, to))]
        assert sum(parts) == expected(catalog, stream(code), from_, to)
    assert expected(catalog, stream("VPP"), from_, to) == 12 * (24 + 25 + 24)
    assert expected(catalog, stream("EV"), from_, to) == 6 * 3


def test_days_are_those_that_end_in_the_window() -> None:
    catalog = catalog_of(community())
    start, end = catalog.day("2026-09-10")
    assert days_ending_in(catalog, start, end) == ["2026-09-10"]
    assert days_ending_in(catalog, start, end - 1) == []
    assert days_ending_in(catalog, start + 1, end) == ["2026-09-10"]
    assert days_ending_in(catalog, start, end + 1) == ["2026-09-10"]
    assert days_ending_in(catalog, start, start) == []
    assert expected(catalog, stream("VPP"), start, start) == 0
