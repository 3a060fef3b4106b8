"""Corrections in the journal: judged like readings, counted once they follow one, stated by document."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.unit.oracles.corrected import corrected, correction, record_of
from tests.unit.oracles.kit import (
    LATER,
    SECRET,
    anchor_next,
    anchor_period,
    at,
    bounds,
    calendar,
    community,
    message,
    meter,
    open_journal,
    signed_file,
    start_of,
    stream,
    whole_day,
)

from usufruct.clock import FixedClock
from usufruct.core.correction_sums import Base, check_corrections
from usufruct.core.corrections import Corrections
from usufruct.core.encoding import ReadingLeaf
from usufruct.core.typed_data import head_of
from usufruct.errors import ConfigError
from usufruct_oracles.cuts import Cut, leaves_of
from usufruct_oracles.journal.correction_tables import (
    correction_records,
    correction_rejections,
    corrections,
)
from usufruct_oracles.journal.erasures import erase_rows
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.journal.revisions import Correction, chain_of, claims, said_first
from usufruct_oracles.journal.schema import readings
from usufruct_oracles.known import known, render
from usufruct_oracles.ports import BuiltStatement
from usufruct_oracles.simulate import month_days
from usufruct_oracles.sources.corrections import correction_payload
from usufruct_oracles.sources.messages import Message
from usufruct_oracles.validation.verdicts import Rule

CISTERN, DAY = "cistern-01", "2026-09-10"
ALL = Cut({})


def fill(journal: Journal, code: str = "WATER", meters: tuple[str, ...] = (CISTERN,)) -> None:
    for day in month_days("2026-09"):
        lines = {each: whole_day(each, "0.4", day) for each in meters}
        journal.ingest(signed_file(code, lines, day=day))


def anchored(folder: Path, code: str = "WATER", meters: tuple[str, ...] = (CISTERN,)) -> Journal:
    journal = open_journal(folder)
    fill(journal, code, meters)
    anchor_period(journal, code)
    return journal


def heads(journal: Journal, code: str = "WATER") -> tuple[bytes, bytes]:
    return head_of(start_of(code)), journal.recorded(stream(code).id)[-1]


def stated(
    journal: Journal, cut: Cut | None = ALL, version: int = 1, code: str = "WATER"
) -> BuiltStatement:
    return journal.build_statement(code, 1, version, heads(journal, code), cut)


def correct(journal: Journal, value: str, hour: int = 9, rev: int = 1) -> None:
    """Ingests one correction of the cistern."""
    known = record_of(journal, CISTERN, DAY)
    if rev > 1:
        known = chain(journal, hour)[rev - 2]
    report = journal.ingest(
        corrected(CISTERN, DAY, [correction(CISTERN, at(hour), value, known, rev)])
    )
    assert (report.status, report.accepted, report.first) == ("stored", 1, None)


def chain(journal: Journal, hour: int) -> list[bytes]:
    with journal.database.read() as connection:
        found = claims(connection, stream("WATER"), bounds(DAY))
        said = said_first(connection, stream("WATER"), bounds(DAY))
    return [
        each.record
        for key, claimed in found.items()
        if key.end == bounds(DAY)[0] + (hour + 1) * 3600
        for each in chain_of(claimed, said[key])
    ]


def rejected(journal: Journal) -> list[str]:
    with journal.database.read() as connection:
        query = select(correction_rejections.c.rule).order_by(correction_rejections.c.id)
        return [rule for (rule,) in connection.execute(query)]


def test_before_anchoring_the_highest_revision_counts_and_all_are_kept(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    fill(journal)
    correct(journal, "0.7")
    correct(journal, "0.9", rev=2)
    cursor = start_of("WATER")
    while cursor.to < bounds(DAY)[0]:
        cursor = anchor_next(journal, "WATER", cursor)
    after = anchor_next(journal, "WATER", cursor)
    built = journal.batch(stream("WATER").id, after.seq)
    assert built is not None
    leaf = ReadingLeaf.decode(built.leaves[9])
    assert (leaf.rev, int.from_bytes(leaf.quantity)) == (2, 900 * meter(CISTERN).multiplier // 1000)
    assert leaf.record == chain(journal, 9)[1]
    assert (built.manifest.covered, built.manifest.count) == (24, 24)
    with journal.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(corrections)).scalar_one() == 2
        numbered = select(func.count()).where(readings.c.seq.is_not(None))
        assert connection.execute(numbered).scalar_one() == after.next


def test_a_batch_anchored_before_the_correction_came_is_found_again(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    fill(journal)
    cursor = start_of("WATER")
    while cursor.to < bounds(DAY)[0]:
        cursor = anchor_next(journal, "WATER", cursor)
    window = calendar().window_after(cursor.to)
    before = journal.build_batch("WATER", cursor, window)
    correct(journal, "0.7")
    assert journal.build_batch("WATER", cursor, window) != before
    assert journal.find_batch("WATER", cursor, window, before.batch.content) == before


def test_after_anchoring_the_statement_adjusts_and_the_lines_stay(tmp_path: Path) -> None:
    journal = anchored(tmp_path)
    plain = stated(journal)
    assert plain.corrections is None
    correct(journal, "0.1")
    found = stated(journal, version=2)
    document = found.corrections
    assert document is not None
    assert (found.lines, found.statement.gross) == (plain.lines, plain.statement.gross)
    assert found.statement.documents == document.hash()
    assert found.statement.adjustments == document.total == -(300 * 35_000 // 1000 * 1_600)
    check(found)


def check(found: BuiltStatement, *, committed: bool = False) -> None:
    assert found.corrections is not None
    base = Base(1, found.tariff, found.lines)
    check_corrections(found.corrections, found.statement.gross, {1: base}, committed=committed)


def test_a_correction_of_a_correction_states_both_steps(tmp_path: Path) -> None:
    journal = anchored(tmp_path)
    correct(journal, "0.1")
    first = stated(journal).corrections
    correct(journal, "0.2", rev=2)
    both = stated(journal).corrections
    assert first is not None
    assert both is not None
    assert leaves_of(first) < leaves_of(both)
    assert [ReadingLeaf.decode(each.new).rev for each in both.revisions()] == [1, 2]
    assert both.total == first.total * 2 // 3
    check(stated(journal))


def test_the_cut_leaves_out_what_is_not_proposed_and_what_follows_it(tmp_path: Path) -> None:
    journal = anchored(tmp_path)
    correct(journal, "0.1")
    small = stated(journal).corrections
    correct(journal, "0.2", rev=2)
    correct(journal, "0.3", hour=10)
    everything = leaves_of(stated(journal).corrections)
    assert stated(journal, Cut({}, leaves_of(small))).corrections == small
    assert stated(journal, Cut({}, frozenset())).corrections is None
    without_first = everything - leaves_of(small)
    found = stated(journal, Cut({}, without_first)).corrections
    assert [ReadingLeaf.decode(leaf).rev for leaf in leaves_of(found)] == [1]


def test_what_another_statement_states_is_not_stated_again(tmp_path: Path) -> None:
    journal = anchored(tmp_path)
    correct(journal, "0.1")
    document = stated(journal).corrections
    assert document is not None
    assert stated(journal, Cut({2: document})).corrections is None


def test_files_in_any_order_make_the_same_document(tmp_path: Path) -> None:
    journal = anchored(tmp_path)
    files = []
    for rev, value in enumerate(("0.1", "0.2", "0.05"), 1):
        known = record_of(journal, CISTERN, DAY) if rev == 1 else chain(journal, 9)[rev - 2]
        file = corrected(CISTERN, DAY, [correction(CISTERN, at(9), value, known, rev)])
        journal.ingest(file)
        files.append(file)
    expected = stated(journal).corrections
    for seed in range(4):
        (tmp_path / str(seed)).mkdir()
        other = anchored(tmp_path / str(seed))
        other.ingest_all(random.Random(seed).sample(files, 3))
        assert stated(other).corrections == expected


def test_committed_streams_show_no_reading(tmp_path: Path) -> None:
    homes = tuple(each.code for each in community().meters if each.stream == "VPP")
    journal = anchored(tmp_path, "VPP", homes)
    known = record_of(journal, homes[0], DAY)
    lines = [correction(homes[0], at(hour), "0.1", known) for hour in (3, 4)]
    assert journal.ingest(corrected(homes[0], DAY, lines)).accepted == 2
    found = stated(journal, code="VPP")
    check(found, committed=True)
    assert found.corrections is not None
    for each in found.corrections.revisions():
        for leaf in (ReadingLeaf.decode(each.old), ReadingLeaf.decode(each.new)):
            assert leaf.quantity[0] in {2, 3}
    secretless = Journal(journal.database, community())
    with pytest.raises(ConfigError, match="privacy secret"):
        secretless.build_statement("VPP", 1, 1, heads(journal, "VPP"), ALL)
    assert Corrections.from_json(found.corrections.canonical()) == found.corrections
    assert SECRET.hex().encode() not in found.corrections.canonical()


def test_a_changed_value_without_a_revision_stays_a_conflict(tmp_path: Path) -> None:
    journal = anchored(tmp_path)
    lines = whole_day(CISTERN, "0.5", DAY)
    report = journal.ingest(signed_file("WATER", {CISTERN: lines}, day=DAY))
    assert report.rejected[Rule.CONFLICT] == 24
    assert stated(journal).corrections is None


def test_of_two_values_for_one_revision_none_counts_until_the_next_names_one(
    tmp_path: Path,
) -> None:
    journal = anchored(tmp_path)
    correct(journal, "0.1")
    known, first = record_of(journal, CISTERN, DAY), chain(journal, 9)[0]
    again = corrected(CISTERN, DAY, [correction(CISTERN, at(9), "0.2", known)], label="again")
    report = journal.ingest(again)
    assert (report.accepted, dict(report.rejected)) == (1, {Rule.CONFLICT: 1})
    assert stated(journal).corrections is None
    third = corrected(CISTERN, DAY, [correction(CISTERN, at(9), "0.3", first, 2)], label="third")
    assert journal.ingest(third).accepted == 1
    assert [each.quantity for each in quantities(journal)] == [3_500, 10_500]


def quantities(journal: Journal) -> tuple[Correction, ...]:
    with journal.database.read() as connection:
        ((key, claimed),) = claims(connection, stream("WATER"), bounds(DAY)).items()
        return chain_of(claimed, said_first(connection, stream("WATER"), bounds(DAY))[key])


def test_the_same_correction_in_another_file_is_known(tmp_path: Path) -> None:
    journal = anchored(tmp_path)
    correct(journal, "0.1")
    before = stated(journal).corrections
    known = record_of(journal, CISTERN, DAY)
    lines = [correction(CISTERN, at(hour), "0.1", known) for hour in (9, 10)]
    same = corrected(CISTERN, DAY, lines, label="more")
    report = journal.ingest(same)
    assert (report.known, report.accepted) == (1, 1)
    assert journal.ingest(same).status == "known"
    assert leaves_of(before) < leaves_of(stated(journal).corrections)


def test_what_names_another_record_waits(tmp_path: Path) -> None:
    journal = anchored(tmp_path)
    stranger = corrected(CISTERN, DAY, [correction(CISTERN, at(9), "0.1", b"\x01" * 32)])
    assert journal.ingest(stranger).accepted == 1
    assert stated(journal).corrections is None


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (lambda known: correction(CISTERN, at(9), "0.1", known)[:-12] + ",", Rule.MALFORMED),
        (lambda known: correction(CISTERN, at(9), "0.1", known, rev=0), Rule.MALFORMED),
        (lambda known: correction(CISTERN, at(9), "0.1", known, rev=256), Rule.MALFORMED),
        (lambda known: correction(CISTERN, at(9), "0.1", known[:31]), Rule.MALFORMED),
        (lambda known: correction(CISTERN, at(9), "0.1", known) + " x", Rule.MALFORMED),
        (lambda known: correction(CISTERN, at(9), "0.1", known) + ",x", Rule.MALFORMED),
        (lambda known: correction(CISTERN, at(9), "-0.1", known), Rule.NEGATIVE),
        (lambda known: correction(CISTERN, at(9), "9999", known), Rule.IMPLAUSIBLE),
        (lambda known: correction(CISTERN, at(9), "1e3", known), Rule.NOT_A_NUMBER),
        (lambda known: correction(CISTERN, at(9), "1", known, quality=15), Rule.QUALITY_REFUSED),
        (lambda known: correction(CISTERN, at(9, day="2026-09-11"), "1", known), Rule.OUTSIDE_DAY),
    ],
)
def test_corrections_are_judged_like_readings(tmp_path: Path, line, rule: Rule) -> None:  # type: ignore[no-untyped-def]
    journal = anchored(tmp_path)
    known = record_of(journal, CISTERN, DAY)
    report = journal.ingest(corrected(CISTERN, DAY, [line(known)]))
    assert dict(report.rejected) == {rule: 1}
    assert report.first is not None
    assert rejected(journal) == [rule]
    assert stated(journal).corrections is None


def test_a_correction_that_its_meter_did_not_sign_does_not_count(tmp_path: Path) -> None:
    journal = anchored(tmp_path)
    line = correction(CISTERN, at(9), "0.1", record_of(journal, CISTERN, DAY))
    report = journal.ingest(corrected(CISTERN, DAY, [line], forged=True))
    assert report.rejected == {Rule.BAD_SIGNATURE: 1}
    unsigned = corrected(CISTERN, DAY, [line])
    moved = type(unsigned)(
        "test", "WATER", "2026-09-11.corrections", unsigned.csv, unsigned.signatures
    )
    assert journal.ingest(moved).rejected == {Rule.FILE_SIGNATURES: 1}
    assert stated(journal).corrections is None


def test_a_readings_file_is_no_corrections_file(tmp_path: Path) -> None:
    journal = anchored(tmp_path)
    file = signed_file("WATER", {CISTERN: whole_day(CISTERN, "0.4", DAY)}, day=DAY)
    named = type(file)("test", "WATER", f"{DAY}.corrections", file.csv, None)
    assert journal.ingest(named).rejected == {Rule.FILE_HEADER: 1}
    assert not journal.has_file("WATER", f"{DAY}-x")


def test_the_journal_answers_as_known_at_an_earlier_time(tmp_path: Path) -> None:
    journal = anchored(tmp_path)
    correct(journal, "0.1")
    later = Journal(
        journal.database, community(), clock=FixedClock(LATER + 86_400), privacy_secret=SECRET
    )
    correct(later, "0.2", rev=2)
    never, then, now = (
        known(journal.database, community(), 1, moment, "WATER")
        for moment in (LATER - 1, LATER, None)
    )
    assert (never[0].readings, never[0].amount) == (0, 0)
    assert [each[0].corrections for each in (then, now)] == [1, 2]
    assert now[0].amount - then[0].amount == 3_500 * 1_600
    text = "\n".join(render(then, now, "2027-01-15", community().currency))
    assert "720 readings, 1 corrections" in text
    assert "since then: revision 2 of meter" in text


def correcting(lines: list[str], code: str = CISTERN) -> Message:
    """A message with corrections of the cistern, signed by it."""
    raw = correction_payload("WATER", code, DAY, lines)
    return message(CISTERN, raw, form="corrections/1")


def test_a_message_brings_corrections_like_a_file(tmp_path: Path) -> None:
    journal = anchored(tmp_path)
    line = correction(CISTERN, at(9), "0.1", record_of(journal, CISTERN, DAY))
    (report,) = journal.ingest_messages([correcting([line])])
    assert (report.status, report.accepted, report.first) == ("stored", 1, None)
    check(stated(journal))
    (again,) = journal.ingest_messages([correcting([line])])
    assert again.status == "known"
    same = journal.ingest(corrected(CISTERN, DAY, [line]))
    assert (same.accepted, same.known) == (0, 1)


def test_a_message_with_corrections_is_judged_like_a_file(tmp_path: Path) -> None:
    journal = anchored(tmp_path)
    known = record_of(journal, CISTERN, DAY)
    wrong = correction(CISTERN, at(9), "-0.1", known)
    other = correction("home-01", at(9), "0.1", known)
    (report,) = journal.ingest_messages([correcting([wrong, other])])
    assert (report.accepted, dict(report.rejected)) == (
        0,
        {Rule.NEGATIVE: 1, Rule.UNKNOWN_METER: 1},
    )
    (stranger,) = journal.ingest_messages([correcting([wrong], code="cistern-02")])
    assert dict(stranger.rejected) == {Rule.MALFORMED: 1}
    assert stated(journal).corrections is None


def test_erasing_a_household_takes_out_its_corrections(tmp_path: Path) -> None:
    homes = tuple(each.code for each in community().meters if each.stream == "VPP")
    journal = anchored(tmp_path, "VPP", homes)
    for home in homes[:2]:
        line = correction(home, at(3), "0.1", record_of(journal, home, DAY))
        wrong = correction(home, at(4), "-1", record_of(journal, home, DAY))
        journal.ingest(corrected(home, DAY, [line, wrong], label=home))
    stated_before = stated(journal, code="VPP").corrections
    erase_rows(journal.database, stream("VPP"), meter(homes[0]), b"order", LATER, "moved out")
    with journal.database.read() as connection:
        left = [meter_ for (meter_,) in connection.execute(select(corrections.c.meter))]
        own = correction_records.c
        payload = select(own.payload).where(own.meter == meter(homes[0]).id)
        kept = bytes(connection.execute(payload).scalar_one())
    assert left == [meter(homes[1]).id]
    assert kept == b""
    assert rejected(journal) == [Rule.NEGATIVE]
    assert leaves_of(stated(journal, code="VPP").corrections) < leaves_of(stated_before)
