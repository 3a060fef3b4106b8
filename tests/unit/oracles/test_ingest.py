"""The journal: one transaction a file, idempotent by content, nothing overwritten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.unit.oracles.kit import (
    DAY,
    LATER,
    anchor_next,
    at,
    community,
    open_journal,
    row,
    signed_file,
    start_of,
    whole_day,
)

from usufruct.clock import FixedClock
from usufruct.errors import ConfigError, InputError
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.journal.schema import files, metadata, readings, records, rejections
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.validation.verdicts import Rule

HOMES = {"home-01": whole_day("home-01"), "home-02": whole_day("home-02", "2")}


def dump(journal: Journal) -> dict[str, list[tuple[object, ...]]]:
    """Everything in the journal but when it was received."""
    found = {}
    with journal.database.read() as connection:
        for table in metadata.sorted_tables:
            columns = [column for column in table.c if column.name != "received_at"]
            rows = connection.execute(select(*columns)).all()
            found[table.name] = sorted((tuple(each) for each in rows), key=repr)
    return found


def test_a_file_is_stored_with_its_records_and_readings(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    report = journal.ingest(signed_file("VPP", HOMES))
    assert (report.status, report.accepted, report.known, dict(report.rejected)) == (
        "stored",
        48,
        0,
        {},
    )
    with journal.database.read() as connection:
        stored = connection.execute(select(records)).mappings().all()
        file = connection.execute(select(files)).mappings().one()
    assert file["received_at"] == LATER
    assert [each["meter"] for each in stored] == [101, 102]
    assert all(each["verified"] and each["complete"] for each in stored)
    assert stored[0]["payload"].startswith(b"usufruct/meter-day/1\nVPP\nhome-01\n")
    assert len(stored[0]["signature"]) == 64


def test_the_same_content_changes_nothing(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    file = signed_file("VPP", HOMES)
    journal.ingest(file)
    before = dump(journal)
    assert journal.ingest(file).status == "known"
    assert journal.ingest(replace(file, source="elsewhere")).status == "known"
    assert dump(journal) == before


def test_a_changed_file_adds_only_what_is_new(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    part = {**HOMES, "home-01": HOMES["home-01"][:20]}
    assert journal.ingest(signed_file("VPP", part)).accepted == 44
    report = journal.ingest(signed_file("VPP", HOMES))
    assert (report.accepted, report.known, report.rejected) == (4, 44, {})


def test_an_older_file_that_is_dropped_again_is_the_newest_word(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    whole, part = signed_file("VPP", HOMES), signed_file("VPP", {"home-01": HOMES["home-01"][:20]})
    journal.ingest_all([whole, part])
    report = journal.ingest(whole)
    assert (report.status, report.accepted, report.known) == ("stored", 0, 48)
    assert journal.ingest(whole).status == "known"


def test_a_conflicting_value_is_rejected_and_the_first_one_stays(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.ingest(signed_file("VPP", {"home-01": [row("home-01", at(15), "1")]}))
    report = journal.ingest(signed_file("VPP", {"home-01": [row("home-01", at(15), "3")]}))
    assert dict(report.rejected) == {Rule.CONFLICT: 1}
    assert report.stake == 1_080_000
    assert report.first is not None
    assert "3000" in report.first.detail
    with journal.database.read() as connection:
        assert connection.execute(select(readings.c.quantity)).scalars().all() == [1000]


def test_rejected_rows_are_kept_with_rule_remedy_and_stake(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    lines = [*whole_day("home-01")[:23], row("home-01", at(23), "-1")]
    report = journal.ingest(signed_file("VPP", {"home-01": lines}))
    assert dict(report.rejected) == {Rule.NEGATIVE: 1}
    with journal.database.read() as connection:
        kept = connection.execute(select(rejections)).mappings().one()
    assert kept["line"] == lines[-1]
    assert (kept["rule"], kept["meter"], kept["line_number"]) == ("negative", "home-01", 25)
    assert kept["stake"] > 0
    assert kept["basis"] == "mean of the meter's day"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"csv": b"\x00\x01"}, Rule.FILE_BINARY),
        ({"csv": b""}, Rule.FILE_HEADER),
        ({"signatures": b"{"}, Rule.FILE_SIGNATURES),
        ({"stream": "SOLAR"}, Rule.FILE_STREAM),
        ({"day": "2026-09-31"}, Rule.FILE_DAY),
        ({"day": "../../etc"}, Rule.FILE_DAY),
    ],
)
def test_a_file_that_is_rejected_whole_is_kept_whole(
    tmp_path: Path, change: dict[str, object], rule: Rule
) -> None:
    journal = open_journal(tmp_path)
    file: SourceFile = replace(signed_file("VPP", HOMES), **change)  # type: ignore[arg-type]
    report = journal.ingest(file)
    assert (report.status, dict(report.rejected)) == ("rejected", {rule: 1})
    with journal.database.read() as connection:
        kept = connection.execute(select(files)).mappings().one()
    assert (kept["csv"], kept["signatures"], kept["rule"]) == (file.csv, file.signatures, rule)
    assert kept["remedy"]
    assert not journal.has_file("VPP", DAY)
    assert journal.ingest(file).status == "known"
    # The corrected file is taken in.
    assert journal.ingest(signed_file("VPP", HOMES)).accepted == 48


def test_a_file_without_signatures_is_stored_and_counts_once_they_come(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    file = signed_file("VPP", HOMES)
    report = journal.ingest(replace(file, signatures=None))
    assert dict(report.rejected) == {Rule.MISSING_SIGNATURE: 48}
    assert journal.has_file("VPP", DAY)
    assert journal.ingest(file).accepted == 48


def test_after_a_meter_is_registered_anew_the_same_file_is_judged_anew(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    file = signed_file("VPP", {"home-01": [row("home-01", at(12), "20")]})
    assert dict(journal.ingest(file).rejected) == {Rule.IMPLAUSIBLE: 1}
    larger = replace(
        community(),
        meters=tuple(
            replace(each, nameplate=30_000) if each.code == "home-01" else each
            for each in community().meters
        ),
    )
    again = Journal(journal.database, larger, clock=FixedClock(LATER))
    assert again.ingest(file).accepted == 1
    assert again.ingest(file).status == "known"


def test_what_belongs_into_an_anchored_batch_is_late(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    day = "2026-09-01"
    lines = whole_day("home-01", day=day)
    journal.ingest(signed_file("VPP", {"home-01": lines[:23]}, day=day))
    anchor_next(journal, "VPP", start_of("VPP"))
    report = journal.ingest(signed_file("VPP", {"home-01": lines}, day=day))
    assert (report.known, dict(report.rejected)) == (23, {Rule.LATE: 1})
    before = signed_file(
        "VPP", {"home-01": whole_day("home-01", day="2026-08-31")}, day="2026-08-31"
    )
    assert dict(journal.ingest(before).rejected) == {Rule.LATE: 24}


def test_the_future_is_told_by_the_given_clock(tmp_path: Path) -> None:
    file = signed_file("VPP", {"home-01": whole_day("home-01")})
    early = open_journal(tmp_path, now=journal_noon())
    assert dict(early.ingest(file).rejected) == {Rule.FUTURE: 12}


def journal_noon() -> int:
    return 1789012800  # 2026-09-10T12:00:00+08:00


def test_revision_changes_with_every_file_and_every_batch(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    seen = {journal.revision()}
    file = signed_file("VPP", HOMES)
    journal.ingest(file)
    seen.add(journal.revision())
    journal.ingest(file)
    seen.add(journal.revision())
    anchor_next(journal, "VPP", start_of("VPP"))
    seen.add(journal.revision())
    assert len(seen) == 3
    journal.forget_after(1, 0)
    assert journal.revision() in seen


def test_unknown_streams_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown stream"):
        open_journal(tmp_path).has_file("SOLAR", DAY)


def test_the_journal_survives_being_closed(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.ingest(signed_file("VPP", HOMES))
    before = dump(journal)
    journal.close()
    assert dump(open_journal(tmp_path)) == before


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "nonsense://"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Database(url)
    assert caught.value.field == "worker.journal"
    assert caught.value.remedy


def test_an_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder.sqlite").mkdir()
    with pytest.raises(ConfigError, match="cannot be used"):
        Database(tmp_path / "folder.sqlite")


def test_a_transaction_that_fails_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal(tmp_path)
    before = dump(journal)

    def fail(_: str) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr("usufruct_oracles.journal.ingest.crash.point", fail)
        with pytest.raises(RuntimeError, match="power cut"):
            journal.ingest(signed_file("VPP", HOMES))
    assert dump(journal) == before
    assert journal.ingest(signed_file("VPP", HOMES)).accepted == 48
