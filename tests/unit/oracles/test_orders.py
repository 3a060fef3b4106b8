"""Whatever the order in which day files and messages come, the batch is the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.oracles.kit import (
    anchor_next,
    at,
    bounds,
    heartbeat,
    message,
    meter,
    open_messages,
    row,
    signed_file,
    start_of,
)
from tests.unit.oracles.test_messages import (
    CHARGER,
    FIRST,
    SECOND,
    built,
    leaves_of,
    open_rules,
    session,
)

from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.ports import BuiltBatch
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.messages import Message
from usufruct_oracles.sources.records import record_hash, record_payload
from usufruct_oracles.sources.writing import sign_day
from usufruct_oracles.validation.verdicts import Rule

HOME = "home-01"
Delivery = SourceFile | Message


def hour(which: int, value: int) -> str:
    return row(HOME, at(which, day=FIRST), str(value))


def day_of_home(*lines: str) -> SourceFile:
    return signed_file("VPP", {HOME: lines}, day=FIRST)


def day_of_charger(*lines: str) -> SourceFile:
    return signed_file("EV", {CHARGER: lines}, day=FIRST)


def deliver(journal: Journal, order: Sequence[Delivery]) -> None:
    for each in order:
        if isinstance(each, Message):
            journal.ingest_messages([each])
        else:
            journal.ingest(each)


def outcome(code: str, order: Sequence[Delivery]) -> BuiltBatch:
    with TemporaryDirectory() as folder:
        journal = open_messages(Path(folder))
        deliver(journal, order)
        found = built(journal, code)
        journal.close()
    return found


hours = st.lists(st.builds(hour, st.integers(8, 10), st.integers(1, 3)), min_size=1, max_size=4)
sessions = st.lists(
    st.builds(session, st.integers(0, 6).map(lambda each: 20 * each), st.sampled_from([20, 45])),
    max_size=3,
)


@settings(max_examples=40)
@given(st.data())
def test_intervals_of_day_files_and_messages_count_in_any_order(data: st.DataObject) -> None:
    files = data.draw(st.lists(hours.map(lambda each: day_of_home(*each)), max_size=3))
    sent = data.draw(st.lists(hours.map(lambda each: message(HOME, each)), max_size=2))
    order = data.draw(st.permutations([*files, *sent]))
    assert outcome("VPP", order) == outcome("VPP", [*files, *sent])


@settings(max_examples=40)
@given(st.data())
def test_sessions_of_day_files_and_messages_count_in_any_order(data: st.DataObject) -> None:
    files = data.draw(st.lists(sessions.map(lambda each: day_of_charger(*each)), max_size=3))
    some = st.lists(sessions.filter(bool).map(lambda each: message(CHARGER, each)), max_size=2)
    sent = [*data.draw(some), heartbeat(CHARGER, 2, FIRST)]
    order = data.draw(st.permutations([*files, *sent]))
    assert outcome("EV", order) == outcome("EV", [*files, *sent])


def test_of_two_values_the_longer_day_counts_and_the_other_is_told(tmp_path: Path) -> None:
    short, long = day_of_home(hour(8, 9)), day_of_home(hour(8, 1), hour(9, 1))
    for name, order in (("one", [short, long]), ("two", [long, short])):
        journal = open_messages(tmp_path, name, now=bounds(FIRST)[1])
        deliver(journal, order)
        assert built(journal, "VPP").manifest.quantity == 2_000
        assert open_rules(journal, 1, FIRST).count("conflicting-duplicate") == 1
        journal.close()


def test_of_equally_long_days_the_smaller_digest_counts() -> None:
    pair = [day_of_home(hour(8, each)) for each in (1, 2)]
    [leaf], again = (leaves_of(outcome("VPP", order)) for order in (pair, pair[::-1]))
    assert again == [leaf]
    records = [
        record_hash(record_payload("VPP", HOME, FIRST, [hour(8, value)]), signed.signature)
        for value, signed in (
            (value, sign_day(meter(HOME), FIRST, [hour(8, value)])) for value in (1, 2)
        )
    ]
    assert leaf.record == min(records)


def test_a_session_that_the_day_before_shuts_out_leaves_its_day_uncovered(tmp_path: Path) -> None:
    evening = day_of_charger(session(23 * 60, 50))
    night = row(CHARGER, at(23, 30, day=FIRST), "1", duration=3600)
    next_day = signed_file("EV", {CHARGER: [night]}, day=SECOND)
    for name, order in (("one", [evening, next_day]), ("two", [next_day, evening])):
        journal = open_messages(tmp_path, name)
        deliver(journal, order)
        cursor = anchor_next(journal, "EV", start_of("EV"))
        found = built(journal, "EV", cursor).manifest
        assert (found.count, found.covered) == (0, 0)
        journal.close()


@pytest.mark.parametrize("values", [(1, 1), (1, 2), (2, 1, 3), (3, 3, 1)])
@pytest.mark.parametrize("as_message", [True, False])
@pytest.mark.parametrize("before", [None, 1, 7])
def test_a_record_that_says_a_reading_again_and_again_is_taken_in(
    tmp_path: Path, values: tuple[int, ...], as_message: bool, before: int | None
) -> None:
    lines = [hour(8, each) for each in values]
    journal = open_messages(tmp_path)
    deliver(journal, [] if before is None else [day_of_home(hour(8, before))])
    deliver(journal, [message(HOME, lines) if as_message else day_of_home(*lines)])
    assert built(journal, "VPP").manifest.quantity == values[0] * 1_000
    journal.close()


def test_rows_that_repeat_each_other_are_duplicates_and_conflicts(tmp_path: Path) -> None:
    journal = open_messages(tmp_path)
    report = journal.ingest(day_of_home(hour(8, 1), hour(8, 1), hour(8, 2)))
    assert (report.accepted, dict(report.rejected)) == (1, {Rule.DUPLICATE: 1, Rule.CONFLICT: 1})
    assert built(journal, "VPP").manifest.quantity == 1_000


def test_what_was_asked_for_is_read_whatever_the_unsigned_header_says(tmp_path: Path) -> None:
    told = day_of_charger(session(0, 45) + ",9")
    journal = open_messages(tmp_path)
    assert journal.ingest(told).accepted == 1
