"""A household is erased: nothing that it said is left anywhere, and everything that was anchored stands."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.unit.oracles.kit import (
    SECRET,
    TX,
    at,
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

from usufruct.chain import crash
from usufruct.clock import FixedClock
from usufruct.core.commitments import add_commitments, commit
from usufruct.core.encoding import ReadingLeaf
from usufruct.core.merkle import tree_root
from usufruct.core.privacy_keys import PrivacyKey
from usufruct.core.signing import address_of
from usufruct.core.typed_data import Cursor, next_cursor
from usufruct.errors import ConfigError, EvidenceError, InputError
from usufruct_oracles.auth import Realm
from usufruct_oracles.batches import find_batch
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.erase import Places, erase, meter_named, not_cleared, require_caught_up
from usufruct_oracles.erasure_orders import ErasureOrder, give_order
from usufruct_oracles.households import Household, Registers
from usufruct_oracles.journal import erasures
from usufruct_oracles.journal.compacting import compact, restore
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.journal.schema import metadata, readings
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.csv_folder import CsvSource

FIRST = "2026-09-01"
KEY = bytes([7]) * 32
REALM = Realm(31337, "0x" + "11" * 20)
POINTS = (
    "erasure.before_commit",
    "erasure.rows_gone",
    "erasure.secret_gone",
    "erasure.inbox_clear",
)
TELLING = "3.14159"
"""What the erased household's meter says."""


def the_file(**values: str) -> SourceFile:
    lines = {
        code.replace("_", "-"): whole_day(code.replace("_", "-"), value, FIRST)
        for code, value in values.items()
    }
    lines["home-02"][3] = row("home-02", at(3, 0, FIRST), "999999.27182")
    return signed_file("VPP", lines, day=FIRST)


def order_for(code: str = "home-02", reason: str = "GDPR Art. 17") -> ErasureOrder:
    return give_order(KEY, REALM, meter_named(community(), code)[0].id, reason, 1_790_000_000)


def everything(folder: Path) -> bytes:
    return b"\n".join(each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file())


class Site:
    """A worker's folder with journal, secret and drop folder, and its first batch recorded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secret = folder / "secret"
        self.secret.write_bytes(SECRET + b"\n")
        self.secret.chmod(0o600)
        self.inbox = folder / "inbox"
        (self.inbox / "VPP").mkdir(parents=True)
        file = the_file(home_01="1", home_02=TELLING)
        (self.inbox / "VPP" / f"{FIRST}.csv").write_bytes(file.csv)
        assert file.signatures is not None
        (self.inbox / "VPP" / f"{FIRST}.sig.json").write_bytes(file.signatures)
        journal = self.journal()
        journal.ingest(file)
        journal.ingest(SourceFile("bad", "VPP", "2026-09-02", b"\xff" + file.csv, None))
        self.built = journal.build_batch(
            "VPP", start_of("VPP"), calendar().window_after(start_of("VPP").to)
        )
        journal.record(self.built, digest_of(self.built), TX)
        journal.close()
        self.places = Places(
            self.secret, f"sqlite:///{folder / 'journal.sqlite'}", [CsvSource(self.inbox)]
        )

    def journal(self) -> Journal:
        return Journal(
            self.folder / "journal.sqlite",
            community(),
            clock=FixedClock(1_800_000_000),
            privacy_secret=self.secret.read_bytes().strip(),
        )

    def erase(self, order: ErasureOrder | None = None) -> int:
        outcome = erase(
            community(), self.places, order or order_for(), *meter_named(community(), "home-02")
        )
        return outcome.erased.readings


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_nothing_the_household_said_is_left_in_any_file(site: Site) -> None:
    before = everything(site.folder)
    secret = PrivacyKey.parse(SECRET).meter_secret(102)
    assert TELLING.encode() in before
    assert b"27182" in before
    assert site.erase() == 23
    after = everything(site.folder)
    for gone in (TELLING.encode(), b"27182", SECRET, secret.hex().encode(), secret, b"home-02,"):
        assert gone not in after
    assert b"home-01," in after
    assert site.secret.stat().st_mode & 0o777 == 0o600


def test_what_was_anchored_stands(site: Site) -> None:
    manifests = [site.built.manifest]
    site.erase()
    journal = site.journal()
    recorded = journal.batch(1, 1)
    assert recorded == site.built
    assert tree_root(recorded.leaves) == recorded.batch.root
    for line in journal.manifests(1, *calendar().bounds(1))[0].lines:
        assert line in manifests[0].lines
    # The sums still open: an auditor sees no difference.
    tariff = community().stream("VPP").tariff
    leaves = [ReadingLeaf.decode(each) for each in recorded.leaves]
    for line in recorded.manifest.lines:
        own = [
            x.quantity
            for x in leaves
            if tariff.rows[tariff.row_index_at(x.end - x.duration)].id == line.row
        ]
        assert add_commitments(own) == commit(line.quantity, line.blinding or 0)
    journal.close()


def test_building_the_period_again_says_that_the_household_was_erased(site: Site) -> None:
    site.erase()
    journal = site.journal()
    window = calendar().window_after(start_of("VPP").to)
    for build in (
        lambda: journal.build_batch("VPP", start_of("VPP"), window),
        lambda: find_batch(
            journal.database,
            community(),
            "VPP",
            start_of("VPP"),
            window.to,
            bytes(32),
            privacy_secret=SECRET,
        ),
    ):
        with pytest.raises(EvidenceError, match="home-02 was erased on") as caught:
            build()
        assert "GDPR Art. 17" in caught.value.one_line()
    # The days after are built without it.
    cursor = anchored(site)
    assert journal.build_batch("VPP", cursor, calendar().window_after(cursor.to)).batch.count == 0
    journal.close()


def anchored(site: Site) -> Cursor:
    return next_cursor(start_of("VPP"), site.built.batch, digest_of(site.built))


def test_what_the_meter_sends_later_is_not_even_stored(site: Site) -> None:
    site.erase()
    journal = site.journal()
    day = "2026-09-02"
    lines = {
        code: whole_day(code, value, day)
        for code, value in (("home-01", "1"), ("home-02", "2.71828"))
    }
    report = journal.ingest(signed_file("VPP", lines, day=day))
    assert (report.accepted, dict(report.rejected)) == (24, {})
    journal.close()
    assert b"2.71828" not in everything(site.folder)


def test_two_workers_come_to_the_same_batches_and_keys(tmp_path: Path) -> None:
    sites = [Site(tmp_path / name) for name in ("alpha", "beta") if not (tmp_path / name).mkdir()]
    order = order_for()
    sites[0].erase(order)
    sites[1].erase(ErasureOrder.read(order.written(), REALM))
    assert sites[0].secret.read_bytes() == sites[1].secret.read_bytes()
    built = []
    for each in sites:
        journal = each.journal()
        day = "2026-09-02"
        lines = {code: whole_day(code, "2", day) for code in ("home-01", "home-02", "home-03")}
        journal.ingest(signed_file("VPP", lines, day=day))
        cursor = anchored(each)
        built.append(journal.build_batch("VPP", cursor, calendar().window_after(cursor.to)))
        journal.close()
    assert built[0] == built[1]
    assert built[0].batch.count == 48


@pytest.mark.parametrize("point", POINTS)
def test_an_interrupted_erasure_is_finished_by_the_next_run(
    site: Site, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(name: str) -> None:
        if name == point:
            raise KeyboardInterrupt

    monkeypatch.setattr(crash, "point", die)
    with pytest.raises(KeyboardInterrupt):
        site.erase()
    monkeypatch.undo()
    journal = site.journal()
    with journal.database.read() as connection:
        found = erasures.find_erased(connection, 102)
    assert found is None or not found.finished
    journal.close()
    assert site.erase() == 23
    assert TELLING.encode() not in everything(site.folder)
    journal = site.journal()
    with journal.database.read() as connection:
        found = erasures.find_erased(connection, 102)
    assert found is not None
    assert found.finished
    assert ErasureOrder.read(found.order, REALM).signer == address_of(KEY)
    journal.close()


def test_archived_copies_are_erased_too(site: Site, tmp_path: Path) -> None:
    copy, folder = tmp_path / "archive.sqlite", tmp_path / "old-inbox"
    shutil.copy(site.folder / "journal.sqlite", copy)
    shutil.copytree(site.inbox, folder)
    places = Places(
        site.secret,
        site.places.journal,
        [CsvSource(site.inbox), CsvSource(folder)],
        [f"sqlite:///{copy}"],
    )
    erase(community(), places, order_for(), *meter_named(community(), "home-02"))
    assert TELLING.encode() not in everything(tmp_path)
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT count(*) FROM readings WHERE meter = 102").fetchone() == (
            0,
        )
        assert connection.execute("SELECT count(*) FROM readings").fetchone() == (24,)


def archive_all(site: Site, archive: Path) -> None:
    """Moves the first period's records into the archive."""
    journal = site.journal()
    until = calendar().bounds(1)[1]
    done = compact(
        journal.database,
        catalog_of(community()),
        community().stream("VPP"),
        until,
        archive,
        1_800_000_000,
    )
    assert (done.records, done.objects) == (2, 1)
    journal.close()


def test_records_in_the_archive_are_erased(site: Site) -> None:
    archive = site.folder / "archive"
    archive_all(site, archive)
    with pytest.raises(InputError, match="archive"):
        site.erase()
    places = Places(site.secret, site.places.journal, site.places.sources, archive=archive)
    for _ in range(2):
        erase(community(), places, order_for(), *meter_named(community(), "home-02"))
    objects = list(archive.rglob("*.gz"))
    assert len(objects) == 1
    content = gzip.decompress(objects[0].read_bytes())
    assert TELLING.encode().hex().encode() not in content
    assert b'"meter":101' in content
    journal = site.journal()
    assert restore(journal.database, community().stream("VPP"), archive) == 1
    assert journal.batch(1, 1) == site.built
    journal.close()


def test_the_household_can_be_shown_nothing_any_more_and_its_neighbour_can(site: Site) -> None:
    def shown(code: str) -> int:
        journal = site.journal()
        try:
            secret = site.secret.read_bytes().strip()
            household = Household(
                journal.database, community(), Registers(1, "a", "b"), code, secret
            )
            return len(household.range_evidence(0, 10**6, 32).anchored.leaves)
        finally:
            journal.close()

    assert (shown("home-01"), shown("home-02")) == (24, 23)
    site.erase()
    assert shown("home-01") == 24
    with pytest.raises(EvidenceError, match="destroyed"):
        shown("home-02")


def test_a_worker_behind_the_chain_does_not_erase(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    require_caught_up(journal.database, 1, 0)
    with pytest.raises(EvidenceError, match="behind"):
        require_caught_up(journal.database, 1, 1)
    journal.close()


def test_a_journal_in_use_is_not_rewritten(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usufruct_oracles.journal.database._BUSY_MS", 300)
    with sqlite3.connect(site.folder / "journal.sqlite") as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM readings").fetchone()
        with pytest.raises(ConfigError, match="in use"):
            site.erase()
        other.rollback()
    other.close()
    assert site.erase() == 23


@pytest.mark.parametrize("name", ["nobody", "cistern-01", ""])
def test_only_households_can_be_erased(name: str) -> None:
    with pytest.raises(InputError):
        meter_named(community(), name)


def test_every_table_of_the_journal_is_accounted_for() -> None:
    assert set(metadata.tables) == erasures.CLEARED | erasures.KEPT
    assert readings.name in erasures.CLEARED


def test_an_order_is_a_signer_s_and_cannot_be_changed() -> None:
    order = order_for()
    again = ErasureOrder.read(order.written(), REALM)
    assert again == order
    order.require_member([address_of(KEY)])
    for changed in (
        order.written().replace(b'"meter":102', b'"meter":101'),
        order.written().replace(b"Art. 17", b"Art. 18"),
        order.written().replace(b"1790000000", b"1790000001"),
    ):
        with pytest.raises(EvidenceError):
            ErasureOrder.read(changed, REALM).require_member([address_of(KEY)])
    with pytest.raises(EvidenceError, match="not the oracle's"):
        order.require_member([address_of(bytes([8]) * 32)])


@pytest.mark.parametrize("realm", [Realm(1, REALM.anchor), Realm(31337, "0x" + "22" * 20)])
def test_an_order_is_for_its_deployment(realm: Realm) -> None:
    with pytest.raises(InputError):
        ErasureOrder.read(order_for().written(), realm)


@pytest.mark.parametrize("reason", ["", "  ", "a\nb", "x" * 201, "\x1b[2J"])
def test_a_reason_is_one_line(reason: str) -> None:
    with pytest.raises(InputError):
        order_for(reason=reason)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]"])
def test_other_files_are_no_orders(data: bytes) -> None:
    with pytest.raises(InputError):
        ErasureOrder.read(data, REALM)


def test_sources_that_cannot_be_cleared_are_named(tmp_path: Path) -> None:
    @dataclass
    class Other:
        inbox: Path
        key: str

        def open(self, _: object) -> object: ...

    config = SimpleNamespace(sources=(CsvSource(tmp_path), Other(tmp_path / "tables", "k")))
    found = not_cleared(config, community(), meter("home-01"))  # type: ignore[arg-type]
    assert found == [tmp_path / "tables"]
