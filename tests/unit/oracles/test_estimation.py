"""Estimates: exact, from measured readings alone, within the bound, and the same at every worker."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.oracles.kit import (
    LATER,
    ROWS,
    SECRET,
    TX,
    anchor_next,
    at,
    bounds,
    calendar,
    community,
    decode_rows,
    digest_of,
    message,
    meter,
    row,
    signed_file,
    start_of,
    whole_day,
)

from usufruct.clock import FixedClock
from usufruct.config import Community, Estimation
from usufruct.core.commitments import blinding, commit, meter_secret
from usufruct.core.encoding import ReadingLeaf, load_json
from usufruct.core.keccak import keccak256
from usufruct.core.typed_data import Cursor
from usufruct_oracles.estimation import HEADING, Estimate, estimates
from usufruct_oracles.explain import explain
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.ports import BuiltBatch
from usufruct_oracles.sources.forms import DECODERS

FIRST = date(2026, 9, 1)
HOME = "home-01"
RULE = Estimation(longest_gap=3, weeks=2, last_year=False)
HOUR = 3600


def day(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


def estimating(rule: Estimation | None = RULE, most_bp: int = 10_000) -> Community:
    """The example community with one home, whose stream is estimated."""
    streams = tuple(
        replace(each, estimation=rule, max_estimated_bp=most_bp) if each.code == "VPP" else each
        for each in community().streams
    )
    meters = tuple(each for each in community().meters if each.stream != "VPP" or each.code == HOME)
    return replace(community(), streams=streams, meters=meters)


def open_(folder: Path, found: Community, name: str = "journal") -> Journal:
    return Journal(
        folder / f"{name}.sqlite",
        found,
        clock=FixedClock(LATER),
        decoders={**DECODERS, ROWS: decode_rows},
        privacy_secret=SECRET,
    )


def hours(number: int, value: str = "1", without: frozenset[int] = frozenset()) -> list[str]:
    lines = whole_day(HOME, value, day(number))
    return [line for hour, line in enumerate(lines) if hour not in without]


def fill(journal: Journal, days: int, value: str = "1") -> Cursor:
    """Measured and anchored days from the first on."""
    cursor = start_of("VPP")
    for number in range(days):
        journal.ingest(signed_file("VPP", {HOME: hours(number, value)}, day=day(number)))
        cursor = anchor_next(journal, "VPP", cursor)
    return cursor


def build(journal: Journal, cursor: Cursor) -> BuiltBatch:
    return journal.build_batch("VPP", cursor, calendar().window_after(cursor.to))


def leaves(found: BuiltBatch) -> dict[int, ReadingLeaf]:
    return {leaf.end: leaf for leaf in map(ReadingLeaf.decode, found.leaves)}


# --- The formulas ---


def made(
    there: dict[int, int | None], earlier: dict[int, int] | None = None, rule: Estimation = RULE
) -> list[Estimate]:
    start = bounds(day(20))[0]
    wanted = [start + HOUR * number for number in range(1, 25)]
    known = {start + HOUR * number: quantity for number, quantity in there.items()}
    before = earlier or {}

    def anchored(ends: object) -> dict[int, int]:
        return {end: before[end] for end in ends if end in before}  # type: ignore[attr-defined]

    found = estimates(rule, meter(HOME), "Asia/Shanghai", 1, wanted, known, anchored)
    return list(found)


def test_a_short_gap_lies_on_the_line_between_its_neighbours() -> None:
    there: dict[int, int | None] = dict.fromkeys(range(1, 25), 0)
    there |= {8: 100, 12: 201}
    for gone in (9, 10, 11):
        del there[gone]
    found = made(there)
    assert [each.quantity for each in found] == [125, 150, 175]
    assert {(each.quality, each.method) for each in found} == {(9, "interpolation")}


def test_a_longer_gap_is_the_mean_of_the_same_hours_of_the_weeks_before() -> None:
    there: dict[int, int | None] = dict.fromkeys(range(1, 20), 5)
    start = bounds(day(20))[0]
    week = 7 * 86_400
    ends = [start + HOUR * number for number in range(20, 25)]
    earlier = {end - week * back: value for end in ends for back, value in ((1, 10), (3, 15))}
    found = made(there, earlier)
    assert [(each.quantity, each.quality) for each in found] == [(12, 8)] * 5
    assert found[0].inputs == (ends[0] - 3 * week, ends[0] - week)


def test_without_enough_weeks_nothing_is_made_up() -> None:
    there: dict[int, int | None] = dict.fromkeys(range(1, 20), 5)
    end = bounds(day(20))[0] + 20 * HOUR
    assert made(there, {end - 7 * 86_400: 10}) == []


def test_last_year_counts_if_the_weeks_do_not() -> None:
    there: dict[int, int | None] = dict.fromkeys(range(1, 24), 5)
    end = bounds(day(20))[0] + 24 * HOUR
    [found] = made(there, {end - 364 * 86_400: 7}, Estimation(0, 2, last_year=True))
    assert (found.quantity, found.method, found.inputs) == (7, "last-year", (end - 364 * 86_400,))


def test_nothing_is_interpolated_from_what_the_source_estimated() -> None:
    there: dict[int, int | None] = dict.fromkeys(range(1, 25), 5)
    del there[10]
    there[11] = None
    assert made(there) == []


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 20))
def test_what_is_interpolated_lies_between_its_neighbours(one: int, other: int, gap: int) -> None:
    there: dict[int, int | None] = {1: one, gap + 2: other}
    found = made(there, rule=Estimation(gap, 0, last_year=False))
    inside = [each.quantity for each in found]
    assert len(inside) == gap
    assert all(min(one, other) <= each <= max(one, other) for each in inside)
    assert inside == sorted(inside, reverse=one > other)


# --- In the batch ---


def test_gaps_are_estimated_when_the_batch_is_built(tmp_path: Path) -> None:
    journal = open_(tmp_path, estimating())
    journal.ingest(signed_file("VPP", {HOME: hours(0, "2", frozenset({10, 11}))}, day=day(0)))
    found = build(journal, start_of("VPP"))
    assert (found.manifest.count, found.manifest.covered, found.manifest.expected) == (24, 24, 24)
    assert (found.manifest.quantity, found.manifest.estimated) == (48_000, 4_000)
    assert [each.quantity for each in found.estimates] == [2000, 2000]
    one = found.estimates[0]
    leaf = leaves(found)[one.end]
    key = blinding(meter_secret(SECRET, 101), 1, leaf.meter, leaf.end, leaf.duration, leaf.rev)
    assert leaf.quantity == commit(2000, key)
    assert (leaf.quality, leaf.kind) == (9, 0)
    assert [each.seq for each in map(ReadingLeaf.decode, found.leaves)] == list(range(24))


def test_the_record_is_a_hash_of_how_it_was_made_and_no_sha256(tmp_path: Path) -> None:
    journal = open_(tmp_path, estimating())
    journal.ingest(signed_file("VPP", {HOME: hours(0, "2", frozenset({10}))}, day=day(0)))
    [one] = build(journal, start_of("VPP")).estimates
    assert one.record == keccak256(HEADING + one.description) != sha256(one.description).digest()
    start = bounds(day(0))[0]
    assert load_json(one.description) == {
        "v": 1,
        "stream": 1,
        "meter": 101,
        "end": start + 11 * HOUR,
        "duration": HOUR,
        "quality": 9,
        "method": "interpolation",
        "inputs": [start + 10 * HOUR, start + 12 * HOUR],
    }


def test_without_a_rule_nothing_is_estimated(tmp_path: Path) -> None:
    journal = open_(tmp_path, estimating(None))
    journal.ingest(signed_file("VPP", {HOME: hours(0, "2", frozenset({10}))}, day=day(0)))
    found = build(journal, start_of("VPP"))
    assert (found.manifest.count, found.estimates) == (23, [])
    assert community().stream("VPP").estimation is None


def test_a_day_without_any_file_is_estimated_from_the_weeks_before(tmp_path: Path) -> None:
    journal = open_(tmp_path, estimating())
    cursor = fill(journal, 14, "3")
    found = build(journal, cursor)
    assert [each.quantity for each in found.estimates] == [3000] * 24
    assert {each.method for each in found.estimates} == {"weeks"}


def test_estimates_are_not_made_from_estimates(tmp_path: Path) -> None:
    journal = open_(tmp_path, estimating())
    cursor = fill(journal, 14)
    for _ in range(7):
        cursor = anchor_next(journal, "VPP", cursor)
    # Two weeks back are measured days, one week back is an estimated one: weeks 2 and 3 count.
    found = build(journal, cursor)
    week = 7 * 86_400
    assert {each.inputs for each in found.estimates} == {
        (each.end - 3 * week, each.end - 2 * week) for each in found.estimates
    }


def test_no_more_is_estimated_than_the_stream_allows(tmp_path: Path) -> None:
    journal = open_(tmp_path, estimating(most_bp=500))
    cursor = fill(journal, 14)
    found = build(journal, cursor)
    # 14 days of 24 kWh: 17 of 353 kWh are 4.8%, 18 of 354 would be 5.1%.
    assert len(found.estimates) == 17
    assert found.manifest.estimated * 10_000 <= 500 * (14 * 24_000 + found.manifest.quantity)
    ends = [each.end for each in found.estimates]
    assert ends == [bounds(day(14))[0] + HOUR * number for number in range(1, 18)]


def test_nothing_is_estimated_after_the_calibration(tmp_path: Path) -> None:
    found = estimating()
    until = bounds(day(0))[0] + 10 * HOUR
    meters = tuple(
        replace(each, calibrated_until=until) if each.code == HOME else each
        for each in found.meters
    )
    journal = open_(tmp_path, replace(found, meters=meters))
    lines = hours(0, "2", frozenset({5, *range(10, 24)}))
    journal.ingest(signed_file("VPP", {HOME: lines}, day=day(0)))
    assert [each.end for each in build(journal, start_of("VPP")).estimates] == [until - 4 * HOUR]


def test_anchored_estimates_are_shown_and_no_longer_missing(tmp_path: Path) -> None:
    shared = estimating()
    journal = open_(tmp_path, shared)
    journal.ingest(signed_file("VPP", {HOME: hours(0, "2", frozenset({10, 11}))}, day=day(0)))
    anchor_next(journal, "VPP", start_of("VPP"))
    now = bounds(day(0))[1]
    [state] = explain(journal.database, shared, 1, now, "VPP").streams
    assert (state.due.covered, state.due.expected) == (24, 24)
    assert state.causes == ()
    assert state.estimated_bp == 834
    [shown] = [each for each in state.doubts if each.rule == "estimated"]
    assert (shown.count, shown.meter) == (2, HOME)
    assert shown.stake > 0
    assert "interpolation" in shown.detail


def test_a_reorganisation_takes_estimates_back(tmp_path: Path) -> None:
    journal = open_(tmp_path, estimating())
    file = signed_file("VPP", {HOME: hours(0, "2", frozenset({10}))}, day=day(0))
    journal.ingest(file)
    anchor_next(journal, "VPP", start_of("VPP"))
    journal.forget_after(1, 0)
    journal.ingest(signed_file("VPP", {HOME: hours(0, "2")}, day=day(0)))
    found = build(journal, start_of("VPP"))
    assert (found.estimates, found.manifest.estimated) == ([], 0)
    anchor_next(journal, "VPP", start_of("VPP"))


def test_a_measured_value_that_comes_too_late_is_told_and_the_estimate_stands(
    tmp_path: Path,
) -> None:
    shared = estimating()
    journal = open_(tmp_path, shared)
    journal.ingest_messages([message(HOME, hours(0, "2", frozenset({10})))])
    cursor = start_of("VPP")
    anchored = build(journal, cursor)
    late = message(HOME, [row(HOME, at(10, day=day(0)), "5")])
    other = open_(tmp_path, shared, "other")
    other.ingest_messages([message(HOME, hours(0, "2", frozenset({10})))])
    other.ingest_messages([late])
    # The other worker has the measured value already when it learns of the batch.
    window = calendar().window_after(cursor.to)
    same = other.find_batch("VPP", cursor, window, anchored.batch.content)
    assert same == anchored
    other.record(same, digest_of(same), TX)
    journal.record(anchored, digest_of(anchored), TX)
    journal.ingest_messages([late])
    for each in (journal, other):
        [state] = explain(each.database, shared, 1, bounds(day(0))[1], "VPP").streams
        assert (state.due.covered, state.due.expected) == (24, 24)
        assert [cause.rule for cause in state.causes] == ["late"]


@settings(max_examples=15, deadline=None)
@given(st.sets(st.integers(0, 23), min_size=1, max_size=23), st.randoms(use_true_random=False))
def test_workers_estimate_the_same_whatever_the_order(gone: set[int], chance: object) -> None:
    sent = [message(HOME, [line]) for line in hours(0, "1.5", frozenset(gone))]
    shuffled = list(sent)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    with TemporaryDirectory() as folder:
        one = open_(Path(folder), estimating(), "one")
        two = open_(Path(folder), estimating(), "two")
        one.ingest_messages(sent)
        for each in shuffled:
            two.ingest_messages([each])
        assert build(one, start_of("VPP")) == build(two, start_of("VPP"))
        one.close()
        two.close()


@pytest.mark.parametrize("gap", [3, 4])
def test_only_gaps_up_to_the_longest_are_interpolated(tmp_path: Path, gap: int) -> None:
    journal = open_(tmp_path, estimating())
    lines = hours(0, "1", frozenset(range(8, 8 + gap)))
    journal.ingest(signed_file("VPP", {HOME: lines}, day=day(0)))
    assert len(build(journal, start_of("VPP")).estimates) == (gap if gap <= 3 else 0)
