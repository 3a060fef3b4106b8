"""Batches are a pure function of the journal: same files, same bytes, whatever the history."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.oracles.kit import (
    DOMAIN,
    SECRET,
    TX,
    anchor_next,
    at,
    bounds,
    calendar,
    community,
    digest_of,
    meter,
    open_journal,
    row,
    signed_file,
    start_of,
    whole_day,
)
from tests.unit.oracles.test_explain import verdicts_of

from usufruct.core.commitments import N, add_commitments, blinding, commit, meter_secret
from usufruct.core.encoding import ReadingLeaf
from usufruct.core.merkle import EMPTY_ROOT, tree_root
from usufruct.core.typed_data import Cursor, batch_digest, head_of, next_cursor
from usufruct.errors import ConfigError, EvidenceError
from usufruct_oracles.batches import build_batch
from usufruct_oracles.journal.anchored import head_after
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.ports import BuiltBatch
from usufruct_oracles.sources.base import SourceFile

FIRST = "2026-09-01"


def built(journal: Journal, code: str, cursor: Cursor | None = None) -> BuiltBatch:
    start = cursor or start_of(code)
    return journal.build_batch(code, start, calendar().window_after(start.to))


def homes(**values: str) -> SourceFile:
    lines = {
        code.replace("_", "-"): whole_day(code.replace("_", "-"), value, FIRST)
        for code, value in values.items()
    }
    return signed_file("VPP", lines, day=FIRST)


def test_a_committed_batch_opens_to_its_manifest(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.ingest(homes(home_01="1.5", home_02="2"))
    found = built(journal, "VPP")
    assert (found.manifest.expected, found.manifest.covered) == (12 * 24, 48)
    assert found.batch.root == tree_root(found.leaves)
    assert found.batch.content == found.manifest.content()
    leaves = [ReadingLeaf.decode(each) for each in found.leaves]
    assert all(leaf.quantity[0] in {2, 3} for leaf in leaves)
    assert [leaf.seq for leaf in leaves] == list(range(48))
    # Σ C = (Σ v)·G + (Σ r)·H, by price row: an auditor needs no reading.
    tariff = community().stream("VPP").tariff
    for line in found.manifest.lines:
        own = [
            leaf.quantity
            for leaf in leaves
            if tariff.row_index_at(leaf.end - leaf.duration) == tariff.row_index(line.row)
        ]
        assert line.blinding is not None
        assert len(own) == line.count
        assert add_commitments(own) == commit(line.quantity, line.blinding)
    one = leaves[0]
    r = blinding(meter_secret(SECRET, 101), 1, one.meter, one.end, one.duration, one.rev)
    assert one.quantity == commit(1500, r)
    assert 0 < r < N


def test_readings_are_numbered_by_end_meter_duration(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.ingest(homes(home_02="2", home_01="1"))
    leaves = [ReadingLeaf.decode(each) for each in built(journal, "VPP").leaves]
    order = [(leaf.end, leaf.meter, leaf.duration, leaf.rev) for leaf in leaves]
    assert order == sorted(order)


def test_an_open_batch_shows_its_quantities(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    lines = {"cistern-01": whole_day("cistern-01", "0.4", FIRST)}
    journal.ingest(signed_file("WATER", lines, day=FIRST))
    found = built(journal, "WATER")
    leaf = ReadingLeaf.decode(found.leaves[0])
    assert int.from_bytes(leaf.quantity) == 14_000
    assert (leaf.stream, leaf.kind, leaf.flow) == (3, 0, 19)
    assert found.manifest.quantity == 24 * 14_000
    assert found.manifest.lines[0].blinding is None


def test_a_day_without_any_file_expects_and_has_nothing(tmp_path: Path) -> None:
    found = built(open_journal(tmp_path), "VPP")
    assert found.batch.root == EMPTY_ROOT
    assert (found.manifest.count, found.manifest.covered, found.manifest.expected) == (0, 0, 288)
    assert found.manifest.lines == ()


def test_two_workers_agree_whatever_their_history(tmp_path: Path) -> None:
    part = homes(home_01="1")
    whole = homes(home_01="1", home_02="2")
    one, two = open_journal(tmp_path, "one"), open_journal(tmp_path, "two")
    one.ingest_all([part, whole, part])
    two.ingest(whole)
    assert built(one, "VPP") == built(two, "VPP")


def test_a_worker_that_only_saw_the_corrected_day_computes_the_same(tmp_path: Path) -> None:
    lines = whole_day("home-01", "1", FIRST)
    gap = signed_file("VPP", {"home-01": lines[:10] + lines[12:]}, day=FIRST)
    whole = signed_file("VPP", {"home-01": lines}, day=FIRST)
    one, two = open_journal(tmp_path, "one"), open_journal(tmp_path, "two")
    one.ingest_all([gap, whole])
    two.ingest(whole)
    assert built(one, "VPP") == built(two, "VPP")
    assert len({ReadingLeaf.decode(each).record for each in built(one, "VPP").leaves}) == 1


@settings(max_examples=15)
@given(st.lists(st.lists(st.integers(0, 23), unique=True), max_size=4), st.booleans())
def test_any_history_of_parts_ends_in_the_same_batch(parts: list[list[int]], again: bool) -> None:
    lines = {each: whole_day(each, "1", FIRST) for each in ("home-01", "home-02")}
    whole = signed_file("VPP", lines, day=FIRST)
    with TemporaryDirectory() as folder:
        one, two = open_journal(Path(folder), "one"), open_journal(Path(folder), "two")
        for part in parts:
            some = {**lines, "home-01": [lines["home-01"][at_] for at_ in sorted(part)]}
            one.ingest(signed_file("VPP", some, day=FIRST))
        one.ingest_all([whole, whole] if again else [whole])
        two.ingest(whole)
        assert built(one, "VPP") == built(two, "VPP")
        one.close()
        two.close()


def test_session_streams_cover_meter_days(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    session = row("charger-01", at(9, day=FIRST), "2", duration=3600)
    lines = {"charger-01": [session], "charger-02": [], "charger-03": ["charger-03,broken"]}
    journal.ingest(signed_file("EV", lines, day=FIRST, unsigned=["charger-04"]))
    found = built(journal, "EV")
    assert (found.manifest.expected, found.manifest.covered, found.manifest.count) == (6, 2, 1)
    assert ReadingLeaf.decode(found.leaves[0]).kind == 1
    # The corrected day counts.
    lines["charger-03"] = []
    journal.ingest(signed_file("EV", lines, day=FIRST))
    assert built(journal, "EV").manifest.covered == 3


def test_a_session_over_midnight_is_priced_by_its_start(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    second = "2026-09-02"
    line = row("charger-01", at(21, day=FIRST), "5", duration=4 * 3600)
    journal.ingest(signed_file("EV", {"charger-01": [line]}, day=second))
    cursor = anchor_next(journal, "EV", start_of("EV"))
    found = built(journal, "EV", cursor)
    assert [(each.row, each.quantity) for each in found.manifest.lines] == [("day", 5000)]


def test_estimated_readings_count_as_such(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    lines = [row("home-01", at(h, day=FIRST), "1", quality=8 if h else 0) for h in range(3)]
    journal.ingest(signed_file("VPP", {"home-01": lines}, day=FIRST))
    manifest = built(journal, "VPP").manifest
    assert (manifest.quantity, manifest.estimated) == (3000, 2000)


def test_a_committed_stream_needs_the_secret(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    with pytest.raises(ConfigError, match="privacy secret"):
        build_batch(journal.database, community(), "VPP", start_of("VPP"), bounds(FIRST)[1])
    build_batch(journal.database, community(), "WATER", start_of("WATER"), bounds(FIRST)[1])


def test_another_secret_gives_another_batch(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.ingest(homes(home_01="1"))
    other = build_batch(
        journal.database,
        community(),
        "VPP",
        start_of("VPP"),
        bounds(FIRST)[1],
        privacy_secret=b"y" * 32,
    )
    assert other.batch.root != built(journal, "VPP").batch.root


def test_only_the_last_day_of_the_month_closes(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    cursor = start_of("WATER")
    closes = []
    for _ in range(30):
        closes.append(
            build_batch(
                journal.database,
                community(),
                "WATER",
                cursor,
                calendar().window_after(cursor.to).to,
            ).batch.closes
        )
        cursor = anchor_next(journal, "WATER", cursor)
    assert closes == [False] * 29 + [True]


# --- What was anchored ---------------------------------------------------------------------------


def test_recording_numbers_the_readings_and_is_idempotent(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.ingest(homes(home_01="1"))
    found = built(journal, "VPP")
    head = head_after(found.batch, digest_of(found))
    assert head == head_of(next_cursor(start_of("VPP"), found.batch, digest_of(found)))
    for _ in range(2):
        journal.record(found, digest_of(found), TX)
    assert journal.recorded(1) == [head]
    kept = journal.batch(1, 1)
    assert kept is not None
    assert (kept.batch, kept.manifest, list(kept.leaves)) == (
        found.batch,
        found.manifest,
        list(found.leaves),
    )
    assert journal.batch(1, 2) is None
    assert journal.manifests(1, *bounds(FIRST)) == [found.manifest]


def test_batches_are_recorded_in_order(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    first = built(journal, "VPP")
    cursor = next_cursor(start_of("VPP"), first.batch, digest_of(first))
    second = built(journal, "VPP", cursor)
    with pytest.raises(EvidenceError, match="does not continue"):
        journal.record(second, digest_of(second), TX)
    journal.record(first, digest_of(first), TX)
    journal.record(second, digest_of(second), TX)
    with pytest.raises(EvidenceError, match="another batch 1"):
        journal.record(first, b"\x01" * 32, TX)


def test_a_reorganisation_is_taken_back(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.ingest(homes(home_01="1"))
    cursor = anchor_next(journal, "VPP", start_of("VPP"))
    anchor_next(journal, "VPP", cursor)
    journal.forget_after(1, 1)
    assert len(journal.recorded(1)) == 1
    journal.forget_after(1, 0)
    journal.forget_after(1, 0)
    assert journal.recorded(1) == []
    # What was late is in time again.
    assert journal.ingest(homes(home_01="1", home_02="1")).accepted == 24
    assert anchor_next(journal, "VPP", start_of("VPP")).next == 48


def test_a_batch_is_found_as_the_journal_stood_when_it_was_signed(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    window = calendar().window_after(start_of("VPP").to)
    empty = built(journal, "VPP")
    journal.ingest(homes(home_01="1"))
    signed = built(journal, "VPP")
    # A further file for the day comes in while the batch is being anchored.
    lines = {each: whole_day(each, "1", FIRST) for each in ("home-01", "home-02")}
    lines["home-01"] = lines["home-01"][:12]
    journal.ingest(signed_file("VPP", lines, day=FIRST))
    assert built(journal, "VPP").batch.content != signed.batch.content
    for wanted in (signed, empty, built(journal, "VPP")):
        found = journal.find_batch("VPP", start_of("VPP"), window, wanted.batch.content)
        assert found is not None
        assert batch_digest(DOMAIN, found.batch) == digest_of(wanted)
    assert journal.find_batch("VPP", start_of("VPP"), window, bytes(32)) is None
    # The readings that came too late are told as such.
    journal.record(signed, digest_of(signed), TX)
    late = [each for each in verdicts_of(journal, 1)["open"] if each["rule"] == "late"]
    assert {each["meter"] for each in late} == {"home-02"}
    assert len(late) == 24


def test_the_meters_of_the_kit_exist() -> None:
    assert meter("home-01").id == 101
