"""Each rule for a single reading, on both sides of its bound."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.oracles.kit import LATER, at, bounds, community, meter, row, stream

from usufruct_oracles.validation import rules
from usufruct_oracles.validation.rows import parse_row
from usufruct_oracles.validation.rules import Place, Reading, judge
from usufruct_oracles.validation.verdicts import Rule

HOME, GARAGE, CISTERN, CHARGER = "home-01", "garage-01", "cistern-01", "charger-01"


def place_of(code: str, now: int = LATER) -> Place:
    found = meter(code)
    return Place(stream(found.stream), found, *bounds(), now, community().project.timezone)


def reading_of(line: str) -> Reading:
    parsed = parse_row(2, line)
    assert parsed.fault is None, parsed.fault
    assert parsed.start is not None
    assert parsed.duration is not None
    assert parsed.value is not None
    quantity = parsed.value.quantity(meter(parsed.meter).multiplier)
    return Reading(parsed, parsed.start, parsed.start + parsed.duration, parsed.duration, quantity)


def verdict_on(line: str, now: int = LATER) -> Rule | None:
    verdict = judge(reading_of(line), place_of(line.split(",", maxsplit=1)[0], now))
    return None if verdict is None else verdict.rule


@pytest.mark.parametrize(
    "line",
    [
        row(HOME, at(12), "1.234"),
        row(HOME, at(0), "0"),
        row(HOME, at(23), "0.001"),
        row(HOME, at(12), "9.6"),
        row(GARAGE, at(0, 15), "400.0"),
        row(CISTERN, at(5), "0.1"),
        row(CHARGER, at(5, 7), "10.5", duration=3661),
    ],
)
def test_good_readings_keep_all_rules(line: str) -> None:
    assert verdict_on(line) is None


@pytest.mark.parametrize(
    ("quality", "counts"),
    [(c, True) for c in (0, 7, 8, 9, 17, 19)] + [(c, False) for c in (1, 10, 12, 13, 14, 18, 255)],
)
def test_quality(quality: int, counts: bool) -> None:
    found = verdict_on(row(HOME, at(12), "1", quality=quality))
    assert found is (None if counts else Rule.QUALITY_REFUSED)


def test_the_unit_is_the_meters_and_a_factor_is_named() -> None:
    verdict = rules.unit(reading_of(row(HOME, at(12), "500", unit="Wh")), place_of(HOME))
    assert verdict is not None
    assert verdict.rule is Rule.UNIT_MISMATCH
    assert "1 Wh = 1/1000 kWh" in verdict.detail
    metres = rules.unit(reading_of(row(CISTERN, at(12), "0.004", unit="m")), place_of(CISTERN))
    assert metres is not None
    assert "1 m = 1000 mm" in metres.detail
    other = rules.unit(reading_of(row(HOME, at(12), "5", unit="L")), place_of(HOME))
    assert other is not None
    assert "=" not in other.detail


def test_negative() -> None:
    assert verdict_on(row(HOME, at(12), "-0.001")) is Rule.NEGATIVE
    assert verdict_on(row(HOME, at(12), "-0.0001")) is Rule.NEGATIVE
    assert verdict_on(row(HOME, at(12), "-0")) is None


def test_more_than_the_nameplate_allows() -> None:
    assert verdict_on(row(HOME, at(12), "9.601")) is Rule.IMPLAUSIBLE
    assert verdict_on(row(CHARGER, at(5), "26.5", duration=3600)) is Rule.IMPLAUSIBLE
    assert verdict_on(row(CHARGER, at(5), "26.5", duration=3615)) is None


def test_watt_hours_under_a_kilowatt_hour_label_are_recognised() -> None:
    verdict = rules.plausible(reading_of(row(HOME, at(12), "3982")), place_of(HOME))
    assert verdict is not None
    assert "looks like Wh labelled kWh" in verdict.detail
    assert "divide by 1000" in verdict.remedy
    huge = rules.plausible(reading_of(row(HOME, at(12), "99999999")), place_of(HOME))
    assert huge is not None
    assert "looks like" not in huge.detail


def test_the_future_is_what_ends_after_now() -> None:
    end = bounds()[0] + 13 * 3600
    assert verdict_on(row(HOME, at(12), "1"), now=end) is None
    assert verdict_on(row(HOME, at(12), "1"), now=end - 1) is Rule.FUTURE


def test_a_reading_ends_in_its_files_day() -> None:
    assert verdict_on(row(HOME, at(23, day="2026-09-09"), "1")) is Rule.OUTSIDE_DAY
    assert verdict_on(row(HOME, at(0, day="2026-09-11"), "1")) is Rule.OUTSIDE_DAY
    over_midnight = row(CHARGER, at(22, day="2026-09-09"), "5", duration=3 * 3600)
    assert verdict_on(over_midnight) is None


def test_intervals_have_the_meters_length_and_grid() -> None:
    assert verdict_on(row(HOME, at(12), "1", duration=1800)) is Rule.WRONG_DURATION
    assert verdict_on(row(HOME, at(12, 30), "1")) is Rule.MISALIGNED
    assert verdict_on(row(GARAGE, at(12, 15), "1")) is None
    assert verdict_on(row(GARAGE, at(12, 14), "1")) is Rule.MISALIGNED


def test_an_expired_calibration() -> None:
    expired = replace(meter(HOME), calibrated_until=bounds()[0] + 12 * 3600)
    place = replace(place_of(HOME), meter=expired)
    assert judge(reading_of(row(HOME, at(11), "1")), place) is None
    verdict = judge(reading_of(row(HOME, at(12), "1")), place)
    assert verdict is not None
    assert verdict.rule is Rule.CALIBRATION_EXPIRED


def test_every_verdict_names_what_was_found_and_what_to_do() -> None:
    for line in (
        row(HOME, at(12), "1", quality=10),
        row(HOME, at(12), "1", unit="MWh"),
        row(HOME, at(12), "-1"),
        row(HOME, at(12), "99"),
        row(HOME, at(12, 1), "1"),
        row(HOME, at(12), "1", duration=60),
        row(HOME, at(12, day="2026-09-12"), "1"),
        row(HOME, at(12, day="2050-09-12"), "1"),
    ):
        verdict = judge(reading_of(line), place_of(HOME))
        assert verdict is not None
        assert len(verdict.detail) > 10
        assert len(verdict.remedy) > 10
