"""Days on which the clock changes: 92 or 100 quarter-hours, written in local time, all of them count."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.oracles.kit import community

from usufruct.core.periods import zone
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.intervals import interval_ends
from usufruct_oracles.sources.writing import sign_day
from usufruct_oracles.validation.days import judge_day
from usufruct_oracles.validation.neighbours import Neighbours
from usufruct_oracles.validation.rows import parse_row
from usufruct_oracles.validation.verdicts import Rule

CHANGES = {
    "Europe/Berlin": {"2027-03-28": 92, "2027-10-31": 100, "2027-06-01": 96},
    "America/New_York": {"2027-03-14": 92, "2027-11-07": 100},
    "Australia/Sydney": {"2026-10-04": 92, "2027-04-04": 100},
    "Asia/Shanghai": {"2027-03-28": 96},
}
DAYS = [(place, day, count) for place, days in CHANGES.items() for day, count in days.items()]
GARAGE = "garage-01"


def catalog_in(place: str) -> Catalog:
    project = replace(community().project, timezone=place)
    return Catalog(replace(community(), project=project))


def lines_of(catalog: Catalog, day: str, step: int = 900) -> list[str]:
    """The quarter-hours of a day as a meter with a local clock writes them."""
    bounds = catalog.day(day)
    ends = interval_ends(catalog.meters[GARAGE], bounds, *bounds)
    starts = (datetime.fromtimestamp(end - 900, zone(catalog.timezone)) for end in ends)
    return [f"{GARAGE},{start.isoformat()},{step},1,spaces,0" for start in starts]


def judged(catalog: Catalog, day: str, lines: list[str]) -> tuple[int, list[Rule]]:
    meter = catalog.meters[GARAGE]
    own = catalog.streams[meter.stream]
    rows = [parse_row(number, line) for number, line in enumerate(lines, 2)]
    signed = {GARAGE: sign_day(meter, day, lines)}
    outcome = judge_day(catalog, own, day, rows, signed, Neighbours([], 0), 2_000_000_000)
    [record] = outcome.records
    return len(record.accepted), [each.verdict.rule for each in record.rejections]


@pytest.mark.parametrize(("place", "day", "count"), DAYS)
def test_all_quarter_hours_of_the_day_count(place: str, day: str, count: int) -> None:
    catalog = catalog_in(place)
    assert judged(catalog, day, lines_of(catalog, day)) == (count, [])


@given(st.sampled_from(DAYS), st.randoms(use_true_random=False))
def test_rows_out_of_order_count_all_the_same(where: tuple[str, str, int], chance: object) -> None:
    place, day, count = where
    catalog = catalog_in(place)
    lines = lines_of(catalog, day)
    chance.shuffle(lines)  # type: ignore[attr-defined]
    assert judged(catalog, day, lines) == (count, [])


def test_a_meter_whose_clock_was_not_changed_is_told() -> None:
    catalog = catalog_in("Europe/Berlin")
    lines = lines_of(catalog, "2027-10-31")
    # The same naive times twice, both with the summer's offset: an hour is there twice, another is missing.
    wrong = [line.replace("+01:00", "+02:00") for line in lines]
    accepted, rules = judged(catalog, "2027-10-31", wrong)
    assert accepted == 96
    assert rules == [Rule.DUPLICATE] * 4
