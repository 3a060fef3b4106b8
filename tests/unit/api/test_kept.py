"""What requests find alike is found once for each state of the ledger, and for no other."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import update
from tests.support.asking import filled, payout

from usufruct.api.kept import Kept, State
from usufruct.ledger.models import batch_evidence, cursor

A: State = (7, b"a", 0)


class Finder:
    """Finds the next number each time."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self) -> int:
        self.times += 1
        return self.times


@pytest.mark.parametrize(
    "other", [(8, b"b", 0), (7, b"reorganised", 0), (7, b"a", 1)], ids=["block", "fork", "evidence"]
)
def test_it_is_made_once_until_the_ledger_changes(other: State) -> None:
    kept, find = Kept(), Finder()

    async def main() -> list[int]:
        return [await kept.of(state, "key", find) for state in (A, A, other, other, A)]

    assert asyncio.run(main()) == [1, 1, 2, 2, 3]


def test_keys_are_apart_and_the_ones_used_last_stay() -> None:
    kept, find = Kept(most=2), Finder()

    async def main() -> list[int]:
        return [await kept.of(A, key, find) for key in ("a", "b", "a", "c", "a", "b")]

    assert asyncio.run(main()) == [1, 2, 1, 3, 1, 4]


def test_what_a_late_request_finds_in_an_old_state_is_not_taken_for_the_new_one() -> None:
    kept, find = Kept(), Finder()
    newer: State = (8, b"b", 0)

    async def main() -> list[int]:
        go = asyncio.Event()

        async def slow() -> int:
            await go.wait()
            return -1

        late = asyncio.create_task(kept.of(A, "key", slow))
        await asyncio.sleep(0)
        found = [await kept.of(newer, "key", find)]
        go.set()
        return [*found, await late, await kept.of(newer, "key", find)]

    assert asyncio.run(main()) == [1, -1, 1]


def test_a_failure_is_not_kept() -> None:
    kept, find = Kept(), Finder()

    async def failing() -> int:
        raise OSError("the database is away")

    async def main() -> int:
        with pytest.raises(OSError, match="away"):
            await kept.of(A, "key", failing)
        return await kept.of(A, "key", find)

    assert asyncio.run(main()) == 1


def test_an_explanation_shows_new_evidence_at_once(tmp_path: Path) -> None:
    house = filled(tmp_path, public="all")
    path = f"/v1/payouts/{payout(1, 2, 1)}"
    before = house.ask(path)
    assert house.ask(path).content == before.content
    assert before.json()["batches"]["evidence_missing"] == 1
    with house.database.write() as connection:
        last = before.json()["batches"]["last_head"]
        head = bytes.fromhex(last[2:])
        manifest = json.dumps({"expected": "1", "covered": "1", "estimated": "0"})
        values = {"head": head, "manifest": manifest, "leaves": b"", "source": "test"}
        connection.execute(batch_evidence.insert().values(values))
        connection.execute(update(cursor).values(evidence=cursor.c.evidence + 1))
    after = house.ask(path)
    assert after.headers["etag"] != before.headers["etag"]
    assert after.json()["batches"]["evidence_missing"] == 0
    house.close()
