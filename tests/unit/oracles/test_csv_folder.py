"""The drop folder: order, waiting, changes, hostile names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.unit.oracles.kit import DAY, bounds, community, signed_file, whole_day

from usufruct.clock import FixedClock
from usufruct.errors import ConfigError
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.csv_folder import SETTLE, CsvFolder
from usufruct_oracles.sources.writing import drop
from usufruct_oracles.validation import files

ZONE = community().project.timezone
NEXT = "2026-09-11"


def home_day(day: str = DAY, value: str = "1") -> SourceFile:
    return signed_file("VPP", {"home-01": whole_day("home-01", value, day)}, day=day)


def folder_of(inbox: Path, now: int | None = None, wall: FixedClock | None = None) -> CsvFolder:
    return CsvFolder(inbox, ZONE, FixedClock(bounds(NEXT)[1] if now is None else now), wall)


def places(folder: CsvFolder) -> list[tuple[str, str]]:
    return [(each.day, each.stream) for each in folder.poll()]


def test_files_come_whole_by_day_then_by_stream(tmp_path: Path) -> None:
    drop(home_day(NEXT), tmp_path)
    drop(home_day(), tmp_path)
    drop(signed_file("EV", {"charger-01": []}), tmp_path)
    folder = folder_of(tmp_path)
    found = list(folder.poll())
    assert [(each.day, each.stream) for each in found] == [(DAY, "EV"), (DAY, "VPP"), (NEXT, "VPP")]
    assert (found[1].csv, found[1].signatures) == (home_day().csv, home_day().signatures)
    assert found[1].source == str(tmp_path / "VPP" / f"{DAY}.csv")
    assert list(folder.poll()) == []


def test_a_missing_or_empty_inbox_is_no_error(tmp_path: Path) -> None:
    assert places(folder_of(tmp_path / "later")) == []
    (tmp_path / "VPP").mkdir()
    assert places(folder_of(tmp_path)) == []


def test_temporary_hidden_and_other_files_are_not_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "VPP"
    folder.mkdir()
    for name in (f".{DAY}.csv.tmp", f".{DAY}.csv", f"~{DAY}.csv", f"{DAY}.csv.part", "notes.txt"):
        (folder / name).write_text("x")
    (folder / f"{NEXT}.csv").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / f"{DAY}.csv").write_text("x")
    (tmp_path / f"{DAY}.csv").write_text("x")
    assert places(folder_of(tmp_path)) == []


def test_a_day_that_is_not_over_waits(tmp_path: Path) -> None:
    path = drop(home_day(), tmp_path)
    folder = folder_of(tmp_path, now=bounds()[1] - 1)
    assert places(folder) == []
    assert folder.pending() == [path]
    assert places(folder_of(tmp_path, now=bounds()[1])) == [(DAY, "VPP")]


def test_a_file_without_signatures_is_delivered_without(tmp_path: Path) -> None:
    path = drop(home_day(), tmp_path)
    path.with_suffix(".sig.json").unlink()
    [found] = folder_of(tmp_path).poll()
    assert found.signatures is None


def test_a_changed_file_and_changed_signatures_are_delivered_again(tmp_path: Path) -> None:
    path = drop(home_day(), tmp_path)
    folder = folder_of(tmp_path)
    assert places(folder) == [(DAY, "VPP")]
    drop(home_day(value="2"), tmp_path)
    assert places(folder) == [(DAY, "VPP")]
    beside = path.with_suffix(".sig.json")
    beside.write_bytes(beside.read_bytes() + b" ")
    old = path.stat().st_mtime - 10 * SETTLE
    os.utime(beside, (old, old))
    assert places(folder) == [(DAY, "VPP")]
    assert places(folder) == []


def test_newer_signatures_wait_for_their_csv(tmp_path: Path) -> None:
    path = drop(home_day(), tmp_path)
    now = 1_790_000_000
    os.utime(path, (now - 60, now - 60))
    os.utime(path.with_suffix(".sig.json"), (now, now))
    wall = FixedClock(now + 1)
    folder = folder_of(tmp_path, wall=wall)
    assert places(folder) == []
    wall.advance(SETTLE)
    assert places(folder) == [(DAY, "VPP")]


def test_what_could_not_be_ingested_comes_again(tmp_path: Path) -> None:
    drop(home_day(), tmp_path)
    drop(home_day(NEXT), tmp_path)
    folder = folder_of(tmp_path)
    iterator = folder.poll()
    next(iterator)
    second = next(iterator)
    iterator.close()
    assert second.day == NEXT
    assert places(folder) == [(NEXT, "VPP")]


def test_names_that_are_no_days_are_delivered_to_be_rejected(tmp_path: Path) -> None:
    (tmp_path / "VPP").mkdir()
    (tmp_path / "VPP" / f"{'x' * 100}.csv").write_text("x")
    (tmp_path / "SOLAR").mkdir()
    (tmp_path / "SOLAR" / f"{DAY}.csv").write_text("x")
    found = {each.stream: each.day for each in folder_of(tmp_path).poll()}
    assert found == {"VPP": "x" * 64, "SOLAR": DAY}


def test_a_huge_file_costs_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usufruct_oracles.sources.csv_folder.MAX_BYTES", 1000)
    monkeypatch.setattr(files, "MAX_BYTES", 1000)
    (tmp_path / "VPP").mkdir()
    (tmp_path / "VPP" / f"{DAY}.csv").write_bytes(b"x" * 5000)
    [found] = folder_of(tmp_path).poll()
    assert len(found.csv) == 1001
    assert files.check_file(found.csv) is not None


def test_an_inbox_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inbox").write_text("x")
    with pytest.raises(ConfigError, match="drop folder"):
        places(folder_of(tmp_path / "inbox"))
