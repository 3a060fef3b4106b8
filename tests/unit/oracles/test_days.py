"""Judging whole files: records, rows, stakes."""

from __future__ import annotations

import pytest
from tests.unit.oracles.kit import (
    DAY,
    LATER,
    at,
    community,
    meter,
    row,
    signed_file,
    stream,
    whole_day,
    with_signatures,
)

from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.records import parse_signatures
from usufruct_oracles.sources.writing import sign_day
from usufruct_oracles.validation.days import DayOutcome, Rejection, judge_day
from usufruct_oracles.validation.files import lines_of
from usufruct_oracles.validation.neighbours import Neighbours
from usufruct_oracles.validation.rows import parse_row
from usufruct_oracles.validation.stakes import Basis
from usufruct_oracles.validation.verdicts import Rule


def judged(file: SourceFile, neighbours: Neighbours | None = None) -> DayOutcome:
    signed = parse_signatures(file.signatures, file.stream, file.day) if file.signatures else {}
    rows = [parse_row(number, line) for number, line in enumerate(lines_of(file.csv), 2)]
    return judge_day(
        catalog_of(community()),
        stream(file.stream),
        file.day,
        rows,
        signed,
        neighbours or Neighbours([], 0),
        LATER,
    )


def rejections(outcome: DayOutcome) -> list[Rejection]:
    found = [*outcome.rejections, *(r for each in outcome.records for r in each.rejections)]
    return sorted(found, key=lambda each: each.number)


def only(outcome: DayOutcome) -> Rejection:
    [found] = rejections(outcome)
    return found


def test_a_clean_day_counts_completely() -> None:
    outcome = judged(signed_file("VPP", {"home-01": whole_day("home-01"), "home-02": []}))
    assert rejections(outcome) == []
    assert [len(each.accepted) for each in outcome.records] == [24, 0]
    assert all(each.complete for each in outcome.records)
    first = outcome.records[0].accepted[0]
    assert (first.quantity, first.duration) == (1000, 3600)


def test_rows_of_meters_may_be_interleaved() -> None:
    one, two = whole_day("home-01"), whole_day("home-02")
    mixed = [line for pair in zip(one, two, strict=True) for line in pair]
    signed = [sign_day(meter("home-01"), DAY, one), sign_day(meter("home-02"), DAY, two)]
    outcome = judged(with_signatures("VPP", mixed, signed))
    assert [each.verified for each in outcome.records] == [True, True]


def test_rows_of_unknown_meters_and_other_streams() -> None:
    lines = [row("garage-01", at(12), "5"), row("home-01", at(12), "1"), "stranger" + "," * 5]
    lines.append(row("home-01", at(12), "1").replace("home-01", "home-99"))
    signed = [sign_day(meter("home-01"), DAY, [lines[1]])]
    found = rejections(judged(with_signatures("VPP", lines, signed)))
    assert [(each.number, each.verdict.rule) for each in found] == [
        (2, Rule.WRONG_STREAM),
        (4, Rule.MALFORMED),
        (5, Rule.UNKNOWN_METER),
    ]
    assert all(each.stake.basis is Basis.UNKNOWN for each in found)


def test_signatures_of_strangers_without_rows_are_kept() -> None:
    signed = [sign_day(meter("garage-01"), DAY, [])]
    found = only(judged(with_signatures("VPP", [], signed)))
    assert (found.number, found.verdict.rule) == (0, Rule.WRONG_STREAM)


def test_an_unsigned_day_does_not_count_and_is_valued_by_its_claims() -> None:
    lines = [row("home-01", at(15), "2"), row("home-01", at(16), "9999"), "home-01,broken"]
    outcome = judged(signed_file("VPP", {"home-01": lines}, unsigned=["home-01"]))
    found = rejections(outcome)
    assert {each.verdict.rule for each in found} == {Rule.MISSING_SIGNATURE}
    # 2 kWh at the peak price of 0.54; an impossible claim is not told as money.
    assert [each.stake.amount for each in found] == [1_080_000, 0, 0]
    assert not outcome.records[0].complete


def test_a_forged_day_and_a_forged_empty_day() -> None:
    outcome = judged(
        signed_file(
            "VPP", {"home-01": whole_day("home-01"), "home-02": []}, forged=["home-01", "home-02"]
        )
    )
    assert [each.verified for each in outcome.records] == [False, False]
    assert [len(each.rejections) for each in outcome.records] == [24, 1]
    assert {each.verdict.rule for each in rejections(outcome)} == {Rule.BAD_SIGNATURE}


def one_bad(line: str, others: int = 2) -> Rejection:
    """The verdict on a line beside `others` good readings of 1 kWh at 15:00 and 16:00 (peak)."""
    good = [row("home-01", at(15 + hour), "1") for hour in range(others)]
    return only(judged(signed_file("VPP", {"home-01": [*good, line]})))


@pytest.mark.parametrize(
    ("line", "rule", "amount", "basis"),
    [
        # 0.5 Wh label: 500 Wh at the shoulder price.
        (row("home-01", at(12), "500", unit="Wh"), Rule.UNIT_MISMATCH, 190_000, Basis.CORRECTED),
        (row("home-01", at(12), "500", unit="L"), Rule.UNIT_MISMATCH, 540_000, Basis.DAY_MEAN),
        (row("home-01", at(12), "3982"), Rule.IMPLAUSIBLE, 1_513_160, Basis.CORRECTED),
        (row("home-01", at(12), "99999999"), Rule.IMPLAUSIBLE, 540_000, Basis.DAY_MEAN),
        (row("home-01", at(12), "-1"), Rule.NEGATIVE, 540_000, Basis.DAY_MEAN),
        (row("home-01", at(12), "NaN"), Rule.NOT_A_NUMBER, 540_000, Basis.DAY_MEAN),
        (row("home-01", at(12), "1", quality=10), Rule.QUALITY_REFUSED, 380_000, Basis.CLAIMED),
        (row("home-01", at(12), "1", duration=1800), Rule.WRONG_DURATION, 380_000, Basis.CLAIMED),
        (row("home-01", at(12, 1), "1"), Rule.MISALIGNED, 0, Basis.NOTHING),
        (row("home-01", at(12, day="2090-01-01"), "1"), Rule.FUTURE, 0, Basis.NOTHING),
        (row("home-01", at(15), "1"), Rule.DUPLICATE, 0, Basis.NOTHING),
        (row("home-01", at(15), "3"), Rule.CONFLICT, 1_080_000, Basis.DIFFERENCE),
        ("home-01,whenever,3600,1,kWh,0", Rule.MALFORMED, 0, Basis.NOTHING),
    ],
)
def test_the_money_at_stake(line: str, rule: Rule, amount: int, basis: Basis) -> None:
    found = one_bad(line)
    assert found.verdict.rule is rule
    assert (found.stake.amount, found.stake.basis) == (amount, basis)


def test_nothing_to_estimate_by() -> None:
    found = one_bad(row("home-01", at(12), "-1"), others=0)
    assert (found.stake.amount, found.stake.basis) == (0, Basis.UNKNOWN)


def test_overlapping_sessions_and_sessions_that_touch() -> None:
    lines = [
        row("charger-01", at(9), "2", duration=3600),
        row("charger-01", at(10), "2", duration=3600),
        row("charger-01", at(10, 59), "2", duration=3600),
    ]
    outcome = judged(signed_file("EV", {"charger-01": lines}))
    assert only(outcome).verdict.rule is Rule.OVERLAP
    assert len(outcome.records[0].accepted) == 2
    assert [each.row.line for each in outcome.records[0].contended] == [lines[2]]


def test_a_duplicate_leaves_the_day_complete() -> None:
    line = row("charger-01", at(9), "2", duration=3600)
    outcome = judged(signed_file("EV", {"charger-01": [line, line]}))
    assert only(outcome).verdict.rule is Rule.DUPLICATE
    assert outcome.records[0].complete


def test_what_is_late_is_rejected_but_what_is_known_is_not() -> None:
    known, new = row("home-01", at(12), "1"), row("home-01", at(13), "1")
    end = parse_row(2, known).end
    assert end is not None
    neighbours = Neighbours([(101, end, 3600, 1000, 0)], closed=end + 3600)
    outcome = judged(signed_file("VPP", {"home-01": [known, new]}), neighbours)
    assert len(outcome.records[0].known) == 1
    assert only(outcome).verdict.rule is Rule.LATE
