"""A wrong record is taken out by a person, with a reason, and for good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.oracles import kit
from tests.unit.oracles.test_ingest import dump

from usufruct.errors import ConfigError, InputError
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.journal.retracting import Retraction, list_records, retract
from usufruct_oracles.ports import BuiltBatch
from usufruct_oracles.sources.base import SourceFile

CODE, HOME, DAY = "VPP", "home-01", "2026-09-01"
REASON = "the installer had swapped two phases; replaced on 2 September"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    found = kit.open_journal(tmp_path)
    yield found
    found.close()


def file(value: str, rest: str = "1") -> SourceFile:
    """A day of two homes; the first interval of home-01 has its own value."""
    lines = kit.whole_day(HOME, rest, DAY)
    first = lines[0].split(",")
    first[3] = value
    return kit.signed_file(
        CODE,
        {HOME: [",".join(first), *lines[1:]], "home-02": kit.whole_day("home-02", "1", DAY)},
        day=DAY,
    )


def record(journal: Journal, meter: str = HOME, at: int = 0) -> bytes:
    listed = list_records(journal.database, catalog_of(kit.community()), CODE, DAY)
    return [each.digest for each in listed if each.meter == meter][at]


def take(journal: Journal, digest: bytes, reason: str = REASON) -> Retraction:
    return retract(journal.database, catalog_of(kit.community()), digest, reason, 7)


def built(journal: Journal) -> BuiltBatch:
    cursor = kit.start_of(CODE)
    return journal.build_batch(CODE, cursor, kit.calendar().window_after(cursor.to))


def alone(tmp_path: Path, *files: SourceFile) -> BuiltBatch:
    """What a worker computes that received only these."""
    other = kit.open_journal(tmp_path, "other")
    try:
        for each in files:
            other.ingest(each)
        return built(other)
    finally:
        other.close()


def test_what_stood_against_the_wrong_record_counts_in_its_place(
    journal: Journal, tmp_path: Path
) -> None:
    journal.ingest(file("9"))
    report = journal.ingest(file("2"))
    assert sum(report.rejected.values()) == 1
    revision = journal.revision()
    done = take(journal, record(journal))
    assert (done.meter, done.readings, done.again, done.is_new) == (HOME, 1, 1, True)
    assert journal.revision() != revision
    assert built(journal).batch == alone(tmp_path, file("2")).batch


def test_without_another_record_its_readings_are_missing(journal: Journal) -> None:
    journal.ingest(file("9"))
    whole = built(journal).batch.count
    done = take(journal, record(journal))
    assert (done.readings, done.again) == (len(kit.whole_day(HOME)), 0)
    assert built(journal).batch.count == whole - done.readings
    rules = {
        each["rule"]: each["detail"]
        for each in journal.verdicts(kit.stream(CODE).id, 1)["streams"][0]["open"]  # type: ignore[index]
        if each["meter"] == HOME
    }
    assert rules.get("retracted") == REASON


def test_the_same_bytes_never_count_again(journal: Journal, tmp_path: Path) -> None:
    """Also if the folder is read anew, the file comes with others, or a peer lends it."""
    journal.ingest(file("9"))
    take(journal, record(journal))
    for again in (file("9"), kit.signed_file(CODE, {HOME: _lines(file("9"), HOME)}, day=DAY)):
        report = journal.ingest(again)
        assert set(report.rejected) == {"retracted"}
    journal.ingest(file("2"))
    assert built(journal).batch == alone(tmp_path, file("2")).batch


def _lines(source: SourceFile, meter: str) -> list[str]:
    return [each for each in source.csv.decode().splitlines() if each.startswith(f"{meter},")]


def test_readings_that_others_say_too_stay(journal: Journal, tmp_path: Path) -> None:
    journal.ingest(file("1"))
    longer = kit.signed_file(CODE, {HOME: kit.whole_day(HOME, "1", DAY)[:-1]}, day=DAY)
    journal.ingest(longer)
    count = built(journal).batch.count
    done = take(journal, record(journal))
    assert done.readings == 1
    assert built(journal).batch.count == count - 1


def test_it_is_recorded_and_shown(journal: Journal) -> None:
    journal.ingest(file("9"))
    digest = record(journal)
    take(journal, digest)
    listed = list_records(journal.database, catalog_of(kit.community()), CODE, DAY)
    assert [(each.reason, each.verified) for each in listed if each.digest == digest] == [
        (REASON, False)
    ]
    again = dump(journal)
    assert take(journal, digest, "another reason") == Retraction(
        HOME, DAY, len(kit.whole_day(HOME)), 0, False
    )
    assert dump(journal) == again


def test_what_is_anchored_is_not_retracted(journal: Journal) -> None:
    journal.ingest(file("9"))
    kit.anchor_next(journal, CODE, kit.start_of(CODE))
    before = dump(journal)
    with pytest.raises(ConfigError, match="anchored") as caught:
        take(journal, record(journal))
    assert "correction" in caught.value.one_line()
    assert dump(journal) == before


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1_001])
def test_a_reason_is_needed(journal: Journal, reason: str) -> None:
    journal.ingest(file("9"))
    with pytest.raises(InputError, match="reason"):
        take(journal, record(journal), reason)


def test_an_unknown_record_is_named(journal: Journal) -> None:
    with pytest.raises(InputError, match="no such record"):
        take(journal, bytes(32))


def test_a_message_is_taken_out_and_its_rival_counts(tmp_path: Path) -> None:
    journal = kit.open_messages(tmp_path)
    lines = kit.whole_day(HOME, "1", DAY)
    rivals = [kit.message(HOME, [lines[0].replace(",1,", f",{value},")]) for value in (2, 3)]
    try:
        journal.ingest_messages(rivals)
        first = min(rivals, key=lambda each: each.digest)
        other = next(each for each in rivals if each is not first)
        before = built(journal)
        done = take(journal, first.digest)
        assert done.day == ""
        after = built(journal)
        assert (before.batch.count, after.batch.count) == (1, 1)
        assert first.digest in before.leaves[0]
        assert journal.ingest_messages([first])[0].status == "known"
        assert other.digest in after.leaves[0]
        listed = list_records(journal.database, catalog_of(kit.community()), CODE, DAY)
        assert sorted(each.reason or "" for each in listed) == ["", REASON]
    finally:
        journal.close()
