"""Raw records move into an archive; what proofs need stays, and everything can be put back."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.unit.oracles import kit
from tests.unit.oracles.test_ingest import dump

from usufruct.chain import crash
from usufruct.core.merkle import tree_root
from usufruct.core.typed_data import Cursor, head_of, next_cursor
from usufruct.errors import EvidenceError
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.journal import compacting
from usufruct_oracles.journal.archive_objects import ArchivedRecord, object_path, records_of
from usufruct_oracles.journal.compacting import compact, objects_of, restore
from usufruct_oracles.journal.erasures import erase_rows
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.journal.schema import records
from usufruct_oracles.simulate import day_files
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.records import Signed, csv_bytes, signatures_bytes

CODE, DAYS = "VPP", ("2026-09-01", "2026-09-02", "2026-09-03")
LAST = DAYS[1]
NOW = 1_900_000_000


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    found = kit.open_journal(tmp_path)
    for day in DAYS:
        for file in day_files(kit.community(), day, 7, faults=True):
            if file.stream == CODE:
                found.ingest(file)
    cursor = kit.start_of(CODE)
    for _ in DAYS:
        cursor = kit.anchor_next(found, CODE, cursor)
    yield found
    found.close()


def until() -> int:
    return kit.bounds(LAST)[1]


def run(journal: Journal, archive: Path, **options: object) -> compacting.Compaction:
    return compact(
        journal.database,
        catalog_of(kit.community()),
        kit.stream(CODE),
        until(),
        archive,
        NOW,
        **options,  # type: ignore[arg-type]
    )


def payloads(journal: Journal) -> dict[str, int]:
    query = (
        select(records.c.day, func.count())
        .where(records.c.payload != b"")
        .group_by(records.c.day)
        .order_by(records.c.day)
    )
    with journal.database.read() as connection:
        return {row.day: row[1] for row in connection.execute(query)}


def evidence(journal: Journal) -> list[object]:
    """What anybody proves with: leaves, manifests, heads, verdicts."""
    number = kit.stream(CODE).id
    found: list[object] = [journal.recorded(number)]
    for seq in range(1, len(DAYS) + 1):
        built = journal.batch(number, seq)
        assert built is not None
        assert tree_root(built.leaves) == built.batch.root
        assert built.manifest.content() == built.batch.content
        found.append((built.batch, built.manifest.canonical(), list(built.leaves)))
    found.append(json.dumps(journal.verdicts(number, 1), sort_keys=True, default=str))
    return found


def test_payloads_go_and_what_proofs_need_stays(journal: Journal, tmp_path: Path) -> None:
    before, meters = evidence(journal), payloads(journal)[LAST]
    done = run(journal, tmp_path / "archive")
    assert done.records == 2 * meters
    assert payloads(journal) == {DAYS[2]: meters}
    assert evidence(journal) == before
    assert run(journal, tmp_path / "archive").records == 0
    assert journal.recorded(kit.stream(CODE).id)[-1] == head_of(_cursor(journal))


def _cursor(journal: Journal) -> Cursor:
    cursor = kit.start_of(CODE)
    for seq in range(1, len(DAYS) + 1):
        built = journal.batch(kit.stream(CODE).id, seq)
        assert built is not None
        cursor = next_cursor(cursor, built.batch, kit.digest_of(built))
    return cursor


def test_a_dry_run_tells_the_same_and_touches_nothing(journal: Journal, tmp_path: Path) -> None:
    archive, before = tmp_path / "archive", dump(journal)
    told = run(journal, archive, dry=True)
    assert dump(journal) == before
    assert not archive.exists()
    assert run(journal, archive) == told


def test_it_can_all_be_put_back(journal: Journal, tmp_path: Path) -> None:
    before = dump(journal)
    done = run(journal, tmp_path / "archive")
    assert dump(journal) != before
    assert restore(journal.database, kit.stream(CODE), tmp_path / "archive") == done.records
    assert dump(journal) == before
    assert restore(journal.database, kit.stream(CODE), tmp_path / "archive") == 0


def test_a_replay_from_the_archive_computes_the_same_batches(
    journal: Journal, tmp_path: Path
) -> None:
    """Files made of nothing but the archive's records, in a journal that saw nothing else."""
    archive = tmp_path / "archive"
    run(journal, archive)
    again = kit.open_journal(tmp_path, "again")
    try:
        for file in files_from(journal, archive):
            again.ingest(file)
        cursor = kit.start_of(CODE)
        for seq in (1, 2):
            cursor = kit.anchor_next(again, CODE, cursor)
            first, second = (each.batch(kit.stream(CODE).id, seq) for each in (journal, again))
            assert first is not None
            assert second is not None
            assert first.batch == second.batch
            assert list(first.leaves) == list(second.leaves)
    finally:
        again.close()


def files_from(journal: Journal, archive: Path) -> Iterator[SourceFile]:
    catalog = catalog_of(kit.community())
    by_day: dict[str, list[ArchivedRecord]] = {}
    for name in objects_of(journal.database, kit.stream(CODE)):
        for record in records_of(archive, name):
            by_day.setdefault(record.day, []).append(record)
    for day, found in sorted(by_day.items()):
        lines = [line for each in found for line in each.payload.decode().split("\n")[4:-1]]
        signed = [
            Signed(catalog.meters_by_id[each.meter].code, each.scheme, each.signature)
            for each in found
            if each.scheme
        ]
        yield SourceFile(
            "archive", CODE, day, csv_bytes(lines), signatures_bytes(CODE, day, signed)
        )


class Killed(BaseException):
    """The process dies here."""


@pytest.mark.parametrize(
    "place", ["compact.object_written", "compact.before_commit", "compact.moved", "compact.indexed"]
)
@pytest.mark.parametrize("turn", [1, 3])
def test_killed_anywhere_the_next_run_ends_the_same(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, turn: int
) -> None:
    monkeypatch.setattr(compacting, "MOST_RECORDS", 5)
    archive, other = tmp_path / "archive", tmp_path / "other"
    whole = dump(journal)
    run(journal, other)
    undisturbed = dump(journal)
    restore(journal.database, kit.stream(CODE), other)
    assert dump(journal) == whole
    passes = [0]

    def die(name: str) -> None:
        passes[0] += name == place
        if passes[0] >= turn and name == place:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(crash, "point", die)
        with suppress(Killed):
            run(journal, archive)
    held = payloads(journal)
    names = set(objects_of(journal.database, kit.stream(CODE)))
    moved = sum(1 for name in names for _ in records_of(archive, name))
    assert moved + sum(held.values()) == len(whole["records"])
    run(journal, archive)
    assert dump(journal) == undisturbed
    assert (archive / f"{CODE}.json").read_bytes() == (other / f"{CODE}.json").read_bytes()


def test_objects_are_named_by_their_content_and_listed(journal: Journal, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    run(journal, archive)
    index = json.loads((archive / f"{CODE}.json").read_bytes())
    names = [bytes.fromhex(each["sha256"][2:]) for each in index["objects"]]
    assert names == objects_of(journal.database, kit.stream(CODE))
    for name, entry in zip(names, index["objects"], strict=True):
        content = gzip.decompress(object_path(archive, name).read_bytes())
        assert sha256(content).digest() == name
        assert (len(content), content.count(b"\n")) == (entry["bytes"], entry["records"])
        assert not any(path.name.endswith(".tmp") for path in archive.rglob("*"))


def test_an_archive_that_was_changed_is_found_out(journal: Journal, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    run(journal, archive)
    (name,) = objects_of(journal.database, kit.stream(CODE))
    path = object_path(archive, name)
    good = path.read_bytes()
    spoiled = gzip.compress(gzip.decompress(good).replace(b'"day"', b'"Day"', 1))
    for content in (spoiled, good[:-20], b"nothing", None):
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(EvidenceError, match="does not hold"):
            restore(journal.database, kit.stream(CODE), archive)
        path.write_bytes(good)
    assert restore(journal.database, kit.stream(CODE), archive) > 0


@pytest.mark.parametrize("place", [None, "compact.rewritten", "compact.purged"])
def test_an_erased_household_leaves_the_archive_too(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str | None
) -> None:
    archive, gone = tmp_path / "archive", kit.meter("home-01")
    run(journal, archive)
    others = inside(journal, archive) - {gone.id}
    erase_rows(journal.database, kit.stream(CODE), gone, b"order", NOW, "asked for it")
    before = evidence(journal)
    if place is not None:
        with monkeypatch.context() as patch:
            patch.setattr(crash, "point", lambda name: die_at(name, place))
            with pytest.raises(Killed):
                run(journal, archive)
    run(journal, archive)
    assert inside(journal, archive) == others
    held = b"".join(gzip.decompress(each.read_bytes()) for each in archive.rglob("*.gz"))
    assert f'"meter":{gone.id},'.encode() not in held
    assert evidence(journal) == before
    assert restore(journal.database, kit.stream(CODE), archive) > 0
    with journal.database.read() as connection:
        left = connection.execute(
            select(func.count()).where(records.c.meter == gone.id, records.c.payload != b"")
        ).scalar_one()
    assert left == 0


def test_an_archive_from_before_an_erasure_gives_nothing_back(
    journal: Journal, tmp_path: Path
) -> None:
    archive, gone = tmp_path / "archive", kit.meter("home-01")
    done = run(journal, archive)
    erase_rows(journal.database, kit.stream(CODE), gone, b"order", NOW, "asked for it")
    assert restore(journal.database, kit.stream(CODE), archive) == done.records - 2


def die_at(name: str, place: str) -> None:
    if name == place:
        raise Killed


def inside(journal: Journal, archive: Path) -> set[int]:
    """Meters whose records the archive holds."""
    names = objects_of(journal.database, kit.stream(CODE))
    return {each.meter for name in names for each in records_of(archive, name)}


def test_messages_go_by_the_last_reading_that_they_say(tmp_path: Path) -> None:
    journal = kit.open_messages(tmp_path)
    day = kit.whole_day("home-01", day=LAST)
    later = kit.whole_day("home-01", day=DAYS[2])
    try:
        journal.ingest_messages(
            [
                kit.message("home-01", day[:3]),
                kit.message("home-01", [day[3], later[0]]),
                kit.heartbeat("home-01", 0, LAST),
                kit.heartbeat("home-01", 1, DAYS[2]),
            ]
        )
        assert run(journal, tmp_path / "archive").records == 2
        (name,) = objects_of(journal.database, kit.stream(CODE))
        assert {each.form for each in records_of(tmp_path / "archive", name)} == {
            "alive/1",
            kit.ROWS,
        }
    finally:
        journal.close()
