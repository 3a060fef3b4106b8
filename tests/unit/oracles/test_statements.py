"""Statements from the journal, and what they say when quality is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.oracles.kit import (
    TX,
    anchor_next,
    anchor_period,
    at,
    community,
    open_journal,
    row,
    signed_file,
    start_of,
    stream,
    whole_day,
)

from usufruct.core.statements import coverage_bp, gross, lines_root
from usufruct.core.typed_data import head_of
from usufruct.errors import EvidenceError, InputError
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.simulate import month_days
from usufruct_oracles.statements import build_statement

CISTERN = "cistern-01"


def water(journal: Journal, days: int = 30, value: str = "0.4") -> None:
    for day in month_days("2026-09")[:days]:
        journal.ingest(signed_file("WATER", {CISTERN: whole_day(CISTERN, value, day)}, day=day))


def heads_of(journal: Journal, code: str) -> tuple[bytes, bytes]:
    first, last = anchor_period(journal, code)
    return head_of(first), head_of(last)


def test_a_statement_of_a_whole_month(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    water(journal)
    heads = heads_of(journal, "WATER")
    built = build_statement(journal.database, community(), "WATER", 1, 1, *heads)
    found = built.statement
    quantity = 30 * 24 * 14_000
    assert [line.quantity for line in built.lines] == [quantity]
    assert found.gross == quantity * 1_600_000 // 1000 == gross(built.lines)
    assert found.lines_root == lines_root(built.lines)
    assert (found.coverage_bp, found.estimated_bp, found.version) == (10_000, 0, 1)
    assert (found.first_head, found.last_head) == heads
    assert found.tariff_hash == stream("WATER").tariff.hash()
    assert journal.build_statement("WATER", 1, 1, heads).statement == found


def test_too_little_coverage_says_by_how_much_and_what_it_costs(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    water(journal, days=28)
    heads = heads_of(journal, "WATER")
    with pytest.raises(EvidenceError) as caught:
        build_statement(journal.database, community(), "WATER", 1, 1, *heads)
    text = str(caught.value)
    assert "WATER 2026-09: coverage 93.33% is 1.67 points (12 intervals) below 95.00%" in text
    assert "missing: cistern-01 48 (missing)" in text
    # 48 hours at the month's mean of 22.40 an hour.
    assert "money at stake: 1075.200000 USDX (estimated)" in text
    assert caught.value.field == "coverage"
    built = journal.build_statement("WATER", 1, 1, heads)
    assert built.statement.coverage_bp == 9333


def test_sessions_are_missed_by_the_meter_day(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    for day in month_days("2026-09")[:27]:
        lines = {
            f"charger-{n:02d}": [row(f"charger-{n:02d}", at(9, day=day), "2")] for n in range(1, 7)
        }
        journal.ingest(signed_file("EV", lines, day=day))
    heads = heads_of(journal, "EV")
    with pytest.raises(EvidenceError, match=r"5.00 points \(9 meter-days\) below 95.00%") as caught:
        build_statement(journal.database, community(), "EV", 1, 1, *heads)
    # 18 meter-days of 2 kWh at 0.42.
    assert "money at stake: 15.120000 USDX (estimated)" in str(caught.value)


def test_too_much_estimated_is_refused(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    for number, day in enumerate(month_days("2026-09")):
        quality = 8 if number < 2 else 0
        lines = [row(CISTERN, at(h, day=day), "0.4", quality=quality) for h in range(24)]
        journal.ingest(signed_file("WATER", {CISTERN: lines}, day=day))
    heads = heads_of(journal, "WATER")
    with pytest.raises(
        EvidenceError, match=r"6.67% of the quantity is estimated, 168000 L too many"
    ):
        build_statement(journal.database, community(), "WATER", 1, 1, *heads)


def test_all_batches_must_be_recorded(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    anchor_next(journal, "WATER", start_of("WATER"))
    with pytest.raises(EvidenceError, match="not all batches are recorded"):
        build_statement(journal.database, community(), "WATER", 1, 1, bytes(32), bytes(32))
    with pytest.raises(InputError, match="no such period"):
        build_statement(journal.database, community(), "WATER", 0, 1, bytes(32), bytes(32))


def test_an_attested_statement_is_kept_with_its_evidence(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    water(journal)
    built = journal.build_statement("WATER", 1, 1, heads_of(journal, "WATER"))
    assert not journal.has_statement(3, 1, 1)
    assert journal.statement(3, 1, 1) is None
    for tx in (b"\x01" * 32, TX):  # the second word counts: a reorganisation moved it
        journal.record_statement(built, 5, b"\x02" * 128, tx)
    assert journal.has_statement(3, 1, 1)
    found = journal.statement(3, 1, 1)
    assert found is not None
    assert found.built.statement == built.statement
    assert list(found.built.lines) == list(built.lines)
    assert found.built.tariff == built.tariff
    assert (found.signers, found.signatures, found.tx) == (5, b"\x02" * 128, TX)


def test_a_committed_statement_round_trips_with_its_blindings(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.ingest(
        signed_file("VPP", {"home-01": whole_day("home-01", day="2026-09-01")}, day="2026-09-01")
    )
    built = journal.build_statement("VPP", 1, 1, heads_of(journal, "VPP"))
    journal.record_statement(built, 3, b"", TX)
    found = journal.statement(1, 1, 1)
    assert found is not None
    assert [line.blinding for line in found.built.lines] == [line.blinding for line in built.lines]
    assert all(line.blinding for line in built.lines)
    assert coverage_bp(journal.manifests(1, 0, 1 << 40)) == built.statement.coverage_bp
