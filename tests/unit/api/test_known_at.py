"""What no log brought counts from the moment this service knew it, and answers say since when that is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from tests.support.asking import House, filled, payout

from usufruct.api.auth.principal import Role
from usufruct.api.render import rfc3339
from usufruct.ledger.models import batch, batch_evidence, block, cursor, verdict_report


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = filled(tmp_path, public="all")
    yield made
    made.close()


def times(house: House) -> list[tuple[int, int]]:
    """Number and time of all blocks in the ledger."""
    with house.database.read() as connection:
        query = select(block.c.number, block.c.timestamp).order_by(block.c.number)
        return [tuple(row) for row in connection.execute(query)]


def evidence(house: House, known_at: int) -> None:
    """Evidence of the first batch of stream 1."""
    with house.database.write() as connection:
        query = select(batch.c.head).where(batch.c.stream == 1).order_by(batch.c.seq).limit(1)
        manifest = json.dumps({"expected": "1", "covered": "1", "estimated": "0"})
        row = {"manifest": manifest, "leaves": b"", "source": "test", "known_at": known_at}
        head = connection.execute(query).scalar_one()
        connection.execute(insert(batch_evidence).values(row | {"head": head}))
        connection.execute(cursor.update().values(evidence=cursor.c.evidence + 1))


def test_evidence_is_missing_as_of_the_blocks_before_it_came(house: House) -> None:
    *_, (before, _), (came, time), (last, _) = times(house)
    evidence(house, time)
    path = "/v1/batches/1/1"

    def told(query: str) -> tuple[Any, Any]:
        found = house.ask(path + query).json()
        return found["evidence"], found["evidence_known_at"]

    here = ("checked", rfc3339(time))
    assert told("") == told(f"?as_of_block={last}") == told(f"?as_of_block={came}") == here
    assert told(f"?as_of_block={before}") == ("missing", None)
    assert told(f"?as_of_date={rfc3339(time - 1)}") == ("missing", None)
    assert told(f"?as_of_date={rfc3339(time)}") == here
    missing = house.ask(f"/v1/batches?stream=1&status=missing&as_of_block={before}").json()
    assert "bat_1_1" in [each["id"] for each in missing["data"]]
    one = house.ask(f"/v1/payouts/{payout(1, 1, 1)}?as_of_block={before}").json()["batches"]
    now = house.ask(f"/v1/payouts/{payout(1, 1, 1)}").json()["batches"]
    assert one["evidence_missing"] == now["evidence_missing"] + 1
    assert (one["evidence_known_at"], now["evidence_known_at"]) == (None, rfc3339(time))


def test_evidence_from_before_the_time_was_noted_counts_always_and_says_so(house: House) -> None:
    first = times(house)[-2][0]
    evidence(house, 0)
    found = house.ask(f"/v1/batches/1/1?as_of_block={first}").json()
    assert (found["evidence"], found["evidence_known_at"]) == ("checked", None)


def test_a_report_is_shown_as_it_was_told_last_by_then(house: House) -> None:
    *_, (before, _), (first, then), (last, now) = times(house)
    with house.database.write() as connection:
        for known_at, rejected in ((then, 1), (now, 2)):
            row = {"stream": 1, "period": 1, "source": "https://a.example", "known_at": known_at}
            document = json.dumps({"rejected": rejected})
            connection.execute(insert(verdict_report).values(row | {"document": document}))
    auditor = house.key(Role.AUDITOR)

    def told(query: str) -> list[tuple[int, str]]:
        found = house.ask(f"/v1/verdicts{query}", headers=auditor).json()["data"]
        return [(each["report"]["rejected"], each["known_at"]) for each in found]

    assert told("") == told(f"?as_of_block={last}") == [(2, rfc3339(now))]
    assert told(f"?as_of_block={first}") == [(1, rfc3339(then))]
    assert told(f"?as_of_block={before}") == []
    after = {"starting_after": "str_1/1/https://a.example", "as_of_block": str(before)}
    answer = house.ask("/v1/verdicts", params=after, headers=auditor)
    assert (answer.status_code, answer.json()["field"]) == (404, "starting_after")


def test_a_proof_of_what_was_not_paid_yet_is_not_found_as_of_then(house: House) -> None:
    first = house.ask(f"/v1/payouts/{payout(1, 3, 1)}").json()["accrued"]["block"]
    path = f"/v1/payouts/{payout(1, 3, 1)}/proof"
    assert house.ask(f"{path}?as_of_block={first - 1}").status_code == 404
    there = house.ask(f"{path}?as_of_block={first}")
    assert there.json()["field"] == "proof"  # the payout is there, its evidence is not
