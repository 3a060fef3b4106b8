"""A worker's own tables on a real PostgreSQL: pledges, sightings, outbox, shared database, archive; all at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.postgres import fresh_postgres
from tests.unit.oracles import kit
from tests.unit.oracles_worker.test_equivocation import BATCH, DOMAIN, other, signed
from tests.unit.oracles_worker.test_mailbox import ROUTES, SIGNATURE, Box

from usufruct.chain.outbox import Attempt, ChainAccount, Outbox, Request, State
from usufruct.clock import FixedClock
from usufruct.keys import dev_address
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.equivocation import verify
from usufruct_oracles.journal.compacting import compact, restore
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.journal.lending import Place as LentPlace
from usufruct_oracles.journal.lending import known_records, lend
from usufruct_oracles.journal.retracting import list_records, retract
from usufruct_oracles.mailbox import open_exchange
from usufruct_oracles.peers import Signed
from usufruct_oracles.pledges import Equivocation, Place, Pledges
from usufruct_oracles.sightings import Sightings
from usufruct_oracles.simulate import day_files

DAY = "2026-09-01"
PLACE = Place("batch", 3, 1, "0x00")


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fresh_postgres() as url:
        yield url


@pytest.fixture
def database(postgres: str) -> Iterator[Database]:
    found = Database(postgres)
    yield found
    found.close()


def test_of_many_digests_at_once_one_is_pledged_by_each_signer(
    postgres: str, database: Database
) -> None:
    def pledge(number: int) -> bool:
        own = Database(postgres)
        try:
            Pledges(own, dev_address(number % 2)).pledge(PLACE, bytes([number]) * 32, 1)
        except Equivocation:
            return False
        finally:
            own.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        won = sum(pool.map(pledge, range(16)))
    assert won == 2
    held = [Pledges(database, dev_address(at)).signed(PLACE) for at in (0, 1)]
    assert None not in held
    assert held[0] != held[1]


def test_an_equivocation_is_proven_once(database: Database) -> None:
    sightings = Sightings(database)
    assert sightings.add(signed(BATCH), DOMAIN, "beta", 1) is None
    found = sightings.add(signed(other(BATCH)), DOMAIN, "gamma", 2)
    assert found is not None
    assert verify(found.document).signer.lower() == found.signer
    assert sightings.add(signed(replace(BATCH, root=b"\x77" * 32)), DOMAIN, "x", 3) is None
    assert sightings.barred() == {found.signer}
    assert sightings.release(found.signer, "looked at", 4) == 1
    assert sightings.barred() == set()
    assert len(sightings.page(0, 10).entries) == 2


def test_workers_of_one_account_never_share_a_nonce(postgres: str) -> None:
    account = ChainAccount(1, bytes(32), dev_address(4))

    def send(number: int) -> int:
        with Outbox(postgres.replace("postgresql://", "postgresql+psycopg://")) as outbox:
            entry, new = outbox.store(
                account,
                f"effect {number % 8}",
                Request(None, b"", 0, 21_000),
                lambda: 5,
                lambda nonce: Attempt(nonce, bytes([nonce]) * 32, b"raw", 1, 1),
            )
            return entry.nonce if new else -1

    with ThreadPoolExecutor(6) as pool:
        nonces = [each for each in pool.map(send, range(24)) if each >= 0]
    assert sorted(nonces) == list(range(5, 13))
    with Outbox(postgres.replace("postgresql://", "postgresql+psycopg://")) as outbox:
        first = outbox.pending(account)[0]
        assert outbox.move(first, State.MINED).state is State.MINED
        assert len(outbox.pending(account)) == 7


def test_questions_cross_and_each_gets_its_own_answer(postgres: str) -> None:
    databases = [open_exchange(postgres) for _ in range(2)]
    boxes = [Box(database, account) for database, account in zip(databases, (4, 5), strict=True)]
    for box in boxes:
        box.mailbox._timeout = 20.0
        box.mailbox.announce()
    stop = threading.Event()
    threads = [threading.Thread(target=box.mailbox.serve, args=(ROUTES, stop)) for box in boxes]
    for thread in threads:
        thread.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            asked = [
                (box, number, pool.submit(box.mailbox.peers()[0].fetch, "/echo", {"n": number}))
                for box in boxes
                for number in range(10)
            ]
            for box, number, answer in asked:
                found = answer.result()
                assert isinstance(found, dict)
                assert (found["said"], found["signer"]) == (f'{{"n":{number}}}', box.address)
        signature = bytes.fromhex(SIGNATURE[2:])
        peer = boxes[0].mailbox.peers()[0]
        assert peer.ask("/echo", {}) == Signed("worker-5", boxes[0].address, signature)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for each in databases:
            each.close()


def test_records_are_lent_retracted_archived_and_restored(
    database: Database, tmp_path: Path
) -> None:
    catalog, stream = catalog_of(kit.community()), kit.stream("VPP")
    journal = Journal(database, kit.community(), clock=FixedClock(kit.LATER))
    for file in day_files(kit.community(), DAY, 7, faults=False):
        if file.stream == "VPP":
            journal.ingest(file)
    place = LentPlace.of(catalog, stream.id, DAY)
    known = known_records(database, place)
    lent = lend(database, place, set(), 1 << 30)
    assert {each.sha256 for each in lent} == known
    first = list_records(database, catalog, "VPP", DAY)[0]
    done = retract(database, catalog, first.digest, "swapped phases", 7)
    assert (done.readings, done.is_new) == (first.readings, True)
    assert len(lend(database, place, set(), 1 << 30)) == len(known) - 1
    archive = tmp_path / "archive"
    end = kit.bounds(DAY)[1]
    moved = compact(database, catalog, stream, end, archive, 7)
    assert moved.records == len(known)
    assert lend(database, place, set(), 1 << 30) == []
    assert restore(database, stream, archive) == len(known)
    assert len(lend(database, place, set(), 1 << 30)) == len(known) - 1
