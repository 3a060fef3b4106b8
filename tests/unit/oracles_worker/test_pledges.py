"""The guard against signing two things for one place."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from usufruct_oracles.journal.database import Database
from usufruct_oracles.pledges import Equivocation, Place, Pledges

SIGNER = "0x" + "51" * 20
PLACE = Place("batch", 1, 7, "0x" + "ab" * 32)
ONE, OTHER = b"\x01" * 32, b"\x02" * 32


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(tmp_path / "journal.sqlite")
    yield found
    found.close()


def test_the_same_digest_may_be_signed_again(database: Database) -> None:
    pledges = Pledges(database, SIGNER)
    pledges.pledge(PLACE, ONE, 1)
    pledges.pledge(PLACE, ONE, 2)
    assert pledges.signed(PLACE) == "0x" + ONE.hex()


def test_another_digest_is_refused_also_after_a_restart(database: Database) -> None:
    Pledges(database, SIGNER).pledge(PLACE, ONE, 1)
    with pytest.raises(Equivocation) as caught:
        Pledges(database, SIGNER).pledge(PLACE, OTHER, 2)
    assert caught.value.signed == "0x" + ONE.hex()
    assert "release" in caught.value.one_line()


@pytest.mark.parametrize(
    "place",
    [
        Place("batch", 2, 7, PLACE.qualifier),
        Place("batch", 1, 8, PLACE.qualifier),
        Place("batch", 1, 7, "0x" + "cd" * 32),
        Place("statement", 1, 7, "v1"),
    ],
)
def test_another_place_is_free(database: Database, place: Place) -> None:
    pledges = Pledges(database, SIGNER)
    pledges.pledge(PLACE, ONE, 1)
    pledges.pledge(place, OTHER, 1)
    assert len(pledges.all()) == 2


def test_of_many_at_once_one_wins(database: Database) -> None:
    pledges = Pledges(database, SIGNER)

    def attempt(number: int) -> bool:
        try:
            pledges.pledge(PLACE, bytes([number]) * 32, 1)
        except Equivocation:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(attempt, range(16)))
    assert won.count(True) == 1
    assert pledges.signed(PLACE) == "0x" + (bytes([won.index(True)]) * 32).hex()


def test_a_released_place_is_free_and_the_reason_is_kept(database: Database) -> None:
    pledges = Pledges(database, SIGNER)
    assert not pledges.release(PLACE, "nothing there", 1)
    pledges.pledge(PLACE, ONE, 1)
    assert pledges.find("batch", 1, 7) == [PLACE]
    assert pledges.release(PLACE, "late file of 3 September", 5)
    pledges.pledge(PLACE, OTHER, 6)
    with database.read() as connection:
        kept = connection.exec_driver_sql("SELECT digest, released_at, reason FROM released").all()
    assert [tuple(row) for row in kept] == [("0x" + ONE.hex(), 5, "late file of 3 September")]
