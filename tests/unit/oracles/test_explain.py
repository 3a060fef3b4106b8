"""Findings, verdicts and the explanation of what blocks a month."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.unit.oracles.kit import (
    LATER,
    anchor_period,
    at,
    community,
    open_journal,
    row,
    signed_file,
    whole_day,
)

from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.explain import StreamState, explain
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.simulate import month_days
from usufruct_oracles.summary import published
from usufruct_oracles.validation.verdicts import Rule

DAYS = month_days("2026-09")
CISTERN = "cistern-01"


def month_of_water(journal: Journal, *, without: int = 0, bad: int | None = None) -> None:
    for number, day in enumerate(DAYS[: len(DAYS) - without]):
        lines = whole_day(CISTERN, "0.4", day)
        if number == bad:
            lines[5] = row(CISTERN, at(5, day=day), "-1")
            del lines[10:12]
        journal.ingest(signed_file("WATER", {CISTERN: lines}, day=day))


def state_of(journal: Journal, code: str = "WATER", now: int = LATER) -> StreamState:
    [found] = explain(journal.database, community(), 1, now, code).streams
    return found


def verdicts_of(journal: Journal, stream: int) -> dict[str, Any]:
    return streams_of(journal.verdicts(stream, 1))[0]


def streams_of(verdicts: dict[str, object]) -> list[dict[str, Any]]:
    found = verdicts["streams"]
    assert isinstance(found, list)
    return found


def test_a_complete_month_can_be_closed(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    month_of_water(journal)
    state = state_of(journal)
    assert (state.blocked, state.reasons, state.causes, state.without_file) == (False, (), (), ())
    assert (state.whole.covered, state.whole.bp) == (720, 10_000)


def test_causes_say_what_a_fix_is_worth(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    month_of_water(journal, bad=3)
    state = state_of(journal)
    assert not state.blocked
    missing, negative = state.causes
    assert (missing.rule, missing.count, missing.gain, missing.gain_bp) == (Rule.MISSING, 2, 2, 27)
    assert missing.stake == 2 * 22_400_000  # 0.4 mm · 35 000 L · 1.60 a cubic metre
    assert missing.estimated
    assert (negative.rule, negative.gain, negative.stake) == (Rule.NEGATIVE, 1, 22_400_000)
    assert missing.days == (DAYS[3], DAYS[3])


def test_days_without_a_file_and_the_shortfall_are_named(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    month_of_water(journal, without=5)
    state = state_of(journal)
    assert state.without_file == tuple(DAYS[25:])
    assert "no usable file of 5 days from 2026-09-26 to 2026-09-30" in state.reasons
    assert "coverage 83.33% is 11.67 points (84 intervals) below 95.00%" in state.reasons
    [cause] = state.causes
    assert (cause.count, cause.gain_bp) == (120, 1666)
    assert cause.stake == 120 * 22_400_000


def test_the_future_is_taken_to_become_complete(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    month_of_water(journal, without=20)
    now = catalog_of(community()).day(DAYS[9])[1]
    state = state_of(journal, now=now)
    assert state.reasons == ("the period is not over",)
    assert (state.due.expected, state.due.covered, state.whole.bp) == (240, 240, 10_000)


def test_what_is_anchored_is_too_late(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    month_of_water(journal, bad=3)
    anchor_period(journal, "WATER")
    state = state_of(journal)
    assert all(cause.too_late and cause.gain == 0 for cause in state.causes)
    assert "too late for the batch" in str(explain(journal.database, community(), 1, LATER))


def test_the_text_names_rule_meter_money_and_remedy(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    month_of_water(journal, bad=3)
    text = str(explain(journal.database, community(), 1, LATER, "WATER"))
    assert text.startswith("Period 1 (2026-09)")
    assert "WATER: can be closed; 717 of 720 intervals so far" in text
    assert "missing ×2, cistern-01, 2026-09-04: about 44.800000 USDX at stake" in text
    assert "→ check sign, flow direction" in text


def test_estimated_shares_block(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    for number, day in enumerate(DAYS):
        lines = [row(CISTERN, at(h, day=day), "1", quality=9 * (number < 3)) for h in range(24)]
        journal.ingest(signed_file("WATER", {CISTERN: lines}, day=day))
    state = state_of(journal)
    assert state.estimated_bp == 1000
    assert state.reasons == ("10.00% of the quantity is estimated, at most 5.00% may be",)


def test_meter_days_are_gained_once_however_many_rows(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    day = DAYS[0]
    sessions = [row("charger-01", at(9 + 2 * n, day=day), "2") for n in range(3)]
    lines: dict[str, list[str]] = {f"charger-{n:02d}": [] for n in range(2, 7)}
    file = signed_file("EV", {"charger-01": sessions, **lines}, day=day, unsigned=["charger-01"])
    journal.ingest(file)
    now = catalog_of(community()).day(day)[1]
    state = state_of(journal, "EV", now)
    [cause] = state.causes
    assert (cause.rule, cause.count, cause.gain) == (Rule.MISSING_SIGNATURE, 3, 1)
    assert (state.due.covered, state.due.expected) == (5, 6)


# --- Verdicts ------------------------------------------------------------------------------------


def test_verdicts_count_by_rule_with_the_money(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    month_of_water(journal, bad=3)
    found = verdicts_of(journal, 3)
    assert (found["code"], found["month"], found["expected"], found["covered"]) == (
        "WATER",
        "2026-09",
        720,
        717,
    )
    assert found["byRule"] == [
        {"rule": "missing", "count": 2, "stake": "44800000", "estimated": "44800000"},
        {"rule": "negative", "count": 1, "stake": "22400000", "estimated": "22400000"},
    ]
    [missing, negative] = found["open"]
    assert (missing["day"], missing["meter"], missing["count"]) == (DAYS[3], CISTERN, 2)
    assert negative["line"].endswith(",-1,mm,0")
    assert negative["remedy"]


def test_of_a_household_only_rule_day_and_count_are_published(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    lines = [row("home-01", at(hour, day=DAYS[0]), f"-{hour}") for hour in range(12, 18)]
    journal.ingest(
        signed_file(
            "VPP", {"home-01": [*lines, row("home-01", at(20, day=DAYS[0]), "999999")]}, day=DAYS[0]
        )
    )
    whole = verdicts_of(journal, 1)
    shown = published(whole)
    assert any(each["line"] == lines[0] for each in whole["open"])
    for each in shown["open"]:
        told = {key for key, value in each.items() if value is not None}
        assert told <= {"rule", "day", "count"}
    few = {each["rule"] for each in whole["byRule"] if each["count"] < 5}
    assert few
    assert {each["rule"] for each in shown["byRule"] if each["stake"] is None} == few
    assert shown["stake"] == whole["stake"]


def test_open_streams_are_published_whole(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    month_of_water(journal, bad=3)
    whole = verdicts_of(journal, 3)
    assert published(whole) == whole


def test_a_corrected_record_closes_its_rejections(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    day = DAYS[0]
    good = whole_day(CISTERN, "0.4", day)
    bad = [*good[:5], row(CISTERN, at(5, day=day), "-1"), *good[6:]]
    journal.ingest(signed_file("WATER", {CISTERN: bad}, day=day))
    rules = {each["rule"] for each in verdicts_of(journal, 3)["open"] if each["day"] == day}
    assert rules == {"negative"}
    journal.ingest(signed_file("WATER", {CISTERN: good}, day=day))
    assert [each for each in verdicts_of(journal, 3)["open"] if each["day"] == day] == []


def test_a_file_rejected_whole_is_open_until_a_good_one_comes(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    day = DAYS[0]
    good = signed_file("WATER", {CISTERN: whole_day(CISTERN, "0.4", day)}, day=day)
    journal.ingest(replace(good, csv=b"\xef\xbb\xbf" + good.csv))
    rules = [each["rule"] for each in verdicts_of(journal, 3)["open"] if each["day"] == day]
    assert rules == ["file-byte-order-mark", "missing"]
    assert state_of(journal).without_file[0] == day
    journal.ingest(good)
    assert [each for each in verdicts_of(journal, 3)["open"] if each["day"] == day] == []


def test_all_streams_of_the_present_period_by_default(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, now=catalog_of(community()).period_bounds(2)[0] + 5)
    found = journal.verdicts(None, None)
    assert found["period"] == 2
    assert [each["code"] for each in streams_of(found)] == ["VPP", "PARKING", "WATER", "EV"]
    assert [each["coverageBp"] for each in streams_of(found)] == [10_000] * 4
