"""What counts and is doubted: shown with rule, remedy and money, and anchored all the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.oracles.kit import (
    anchor_next,
    at,
    bounds,
    community,
    message,
    open_messages,
    row,
    signed_file,
    start_of,
    stream,
    whole_day,
    with_signatures,
)
from tests.unit.oracles.kit import meter as meter_of
from tests.unit.oracles.test_explain import verdicts_of

from usufruct_oracles.explain import explain
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.records import HEADERS
from usufruct_oracles.sources.writing import sign_day
from usufruct_oracles.summary import published
from usufruct_oracles.validation.patterns import Counting, Day, Pattern, patterns
from usufruct_oracles.validation.verdicts import Rule

DAY = "2026-09-10"
SUN = [0] * 6 + [500, 1500, 2500, 3500, 4500, 5000, 5200, 5000, 4300, 3200, 2000, 800] + [0] * 6
FIRST = date(2026, 9, 1)


def day_of(number: int, values: Sequence[int]) -> Day:
    """A day with one value for each hour, in base units."""
    name = (FIRST + timedelta(days=number)).isoformat()
    start = bounds(name)[0]
    readings = [
        Counting(start + 3600 * hour, start + 3600 * (hour + 1), value, hour)
        for hour, value in enumerate(values)
    ]
    return Day(name, readings)


def found(days: Sequence[Day], code: str = "home-01", since: int | None = None) -> list[Pattern]:
    meter = meter_of(code)
    return list(patterns(stream(meter.stream), meter, days, since or days[-2].readings[-1].end))


def rules(days: Sequence[Day], code: str = "home-01") -> list[Rule]:
    return [each.verdict.rule for each in found(days, code)]


def month(last: Sequence[int]) -> list[Day]:
    """Ten ordinary days of a roof, then one with those values."""
    usual = [[value * (90 + number) // 100 for value in SUN] for number in range(10)]
    return [day_of(number, values) for number, values in enumerate([*usual, last])]


def test_ordinary_days_raise_no_doubt() -> None:
    assert rules(month(SUN)) == []


@pytest.mark.parametrize(
    ("change", "rule", "count"),
    [
        (lambda sun: [*sun[:12], 26_000, *sun[13:]], Rule.SPIKE, 1),
        (lambda sun: [1500, *sun[1:]], Rule.NIGHT_OUTPUT, 1),
        (lambda sun: [*sun[:23], 300], Rule.NIGHT_OUTPUT, 1),
        (lambda sun: [value // 1000 for value in sun], Rule.UNIT_SUSPECT, 24),
        (lambda sun: [value * 1000 for value in sun], Rule.UNIT_SUSPECT, 24),
        (lambda sun: [0] * 3 + [7900] * 9 + [7901] * 9 + [0] * 3, Rule.TOTAL_IMPLAUSIBLE, 24),
        (lambda sun: [0] * 6 + [3000] * 12 + [0] * 6, Rule.STUCK, 12),
    ],
)
def test_a_doubtful_day_is_told(
    change: Callable[[Sequence[int]], list[int]], rule: Rule, count: int
) -> None:
    those = [each for each in found(month(change(SUN))) if each.verdict.rule is rule]
    assert [each.count for each in those] == [count]
    assert those[0].stake.amount > 0
    assert those[0].verdict.remedy


def test_the_money_of_a_wrong_unit_is_the_difference_it_makes() -> None:
    [one] = [
        each
        for each in found(month([value * 1000 for value in SUN]))
        if each.verdict.rule is Rule.UNIT_SUSPECT
    ]
    assert "Wh labelled kWh" in one.verdict.detail
    [right] = [
        each
        for each in found(month([value // 1000 for value in SUN]))
        if each.verdict.rule is Rule.UNIT_SUSPECT
    ]
    assert one.stake.amount > 900 * right.stake.amount


def test_a_new_roof_in_the_wrong_unit_is_told_by_its_nameplate() -> None:
    days = [day_of(number, [value // 1000 for value in SUN]) for number in range(4)]
    those = found(days, since=days[0].readings[0].start)
    assert [each.verdict.rule for each in those] == [Rule.UNIT_SUSPECT]
    assert "nameplate" in those[0].verdict.detail


def test_rain_in_metres_labelled_millimetres_is_told() -> None:
    millimetres = [0.4, 1.2, 3.0, 0.2]
    litres = [int(each / 1000 * 35_000) for each in millimetres]
    day = day_of(0, [*litres, *[0] * 20])
    [one] = found([day], "cistern-01", since=1)
    assert (one.verdict.rule, one.count) == (Rule.UNIT_SUSPECT, 4)
    assert "m labelled mm" in one.verdict.detail
    right = day_of(0, [*(each * 1000 for each in litres), *[0] * 20])
    assert found([right], "cistern-01", since=1) == []


def test_garages_may_stay_full_over_night() -> None:
    quarter = [
        Counting(900 * number, 900 * (number + 1), 90_000, number // 4 % 24) for number in range(90)
    ]
    garage = meter_of("garage-01")
    own = stream("PARKING")
    assert list(patterns(own, garage, [Day("d", quarter)], 0)) == []
    whole = [
        *quarter,
        *(replace(quarter[0], start=900 * n, end=900 * (n + 1)) for n in range(90, 96)),
    ]
    assert [p.verdict.rule for p in patterns(own, garage, [Day("d", whole)], 0)] == [Rule.STUCK]


def test_a_pattern_needs_no_later_day() -> None:
    days = month([*SUN[:12], 26_000, *SUN[13:]])
    after = [*days, day_of(11, SUN)]
    since = days[-2].readings[-1].end
    kinds = {Rule.SPIKE, Rule.UNIT_SUSPECT, Rule.NIGHT_OUTPUT}
    assert [p for p in found(days, since=since) if p.verdict.rule in kinds] == [
        p for p in found(after, since=since) if p.verdict.rule in kinds
    ]


# --- In the journal ---


def requested_file(lines: Sequence[str]) -> SourceFile:
    """A file of charging sessions that tells what was asked for."""
    signed = sign_day(meter_of("charger-01"), DAY, lines)
    file = with_signatures("EV", lines, [signed])
    old, new = (each.encode() for each in HEADERS)
    return replace(file, csv=file.csv.replace(old, new, 1))


def flags_of(journal: Journal, number: int) -> list[Mapping[str, Any]]:
    report: Any = verdicts_of(journal, number)
    return list(report["flags"])


def test_more_than_was_requested_counts_and_is_shown(tmp_path: Path) -> None:
    journal = open_messages(tmp_path, now=bounds()[1])
    lines = [
        row("charger-01", at(9), "6", duration=3600) + ",5",
        row("charger-01", at(11), "5", duration=3600) + ",5",
        row("charger-01", at(13), "5", duration=3600) + ",",
    ]
    report = journal.ingest(requested_file(lines))
    assert (report.accepted, report.rejected) == (3, {})
    [flag] = flags_of(journal, 4)
    assert (flag["rule"], flag["day"], flag["meter"]) == ("over-request", DAY, "charger-01")


def test_flags_of_committed_streams_tell_others_no_reading(tmp_path: Path) -> None:
    journal = open_messages(tmp_path, now=bounds()[1])
    journal.ingest(signed_file("VPP", {"home-01": whole_day("home-01", "1")}))
    report: Any = verdicts_of(journal, 1)
    assert {flag["rule"] for flag in report["flags"]} == {"night-output", "stuck"}
    shown: Any = published(report)
    assert [flag["rule"] for flag in shown["flags"]] == [flag["rule"] for flag in report["flags"]]
    told = {"rule", "day", "count"}
    assert all(value is None for f in shown["flags"] for key, value in f.items() if key not in told)
    assert all(each["stake"] is None for each in shown["flagsByRule"])


def test_a_clock_that_is_ahead_is_doubted_and_its_reading_counts(tmp_path: Path) -> None:
    journal = open_messages(tmp_path, now=bounds()[0])
    [report] = journal.ingest_messages([message("home-01", [row("home-01", at(3), "1")])])
    assert report.accepted == 1
    journal.close()
    later = open_messages(tmp_path, now=bounds()[1])
    assert [flag["rule"] for flag in flags_of(later, 1)] == ["clock-ahead"]


def test_explain_shows_what_is_doubted_beside_what_is_missing(tmp_path: Path) -> None:
    journal = open_messages(tmp_path, now=bounds()[1])
    night = [row("home-01", at(hour), "1") for hour in range(24)]
    journal.ingest(signed_file("VPP", {"home-01": night}))
    state = explain(journal.database, community(), 1, bounds()[1], "VPP")
    [vpp] = state.streams
    assert {each.rule for each in vpp.doubts} == {Rule.NIGHT_OUTPUT, Rule.STUCK}
    assert all(each.gain == 0 and each.stake > 0 for each in vpp.doubts)
    text = str(state)
    assert "? night-output ×4, home-01, 2026-09-10" in text
    assert "in doubt; counts as it is" in text


def test_doubts_change_no_batch(tmp_path: Path) -> None:
    journal = open_messages(tmp_path, now=bounds()[1])
    day = "2026-09-01"
    journal.ingest(signed_file("VPP", {"home-01": whole_day("home-01", "1", day)}, day=day))
    cursor = anchor_next(journal, "VPP", start_of("VPP"))
    assert cursor.next == 24
    assert {flag["rule"] for flag in flags_of(journal, 1)} == {"night-output", "stuck"}
