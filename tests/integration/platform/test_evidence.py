"""Evidence from workers: what holds is stored once, what does not is refused and asked of the next."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from tests.integration.platform.kit import MEGA, Kit
from tests.integration.platform.worker import worker

from usufruct.index.evidence import EvidenceFetcher
from usufruct.index.indexer import Indexer
from usufruct.index.workers import WorkerClient
from usufruct.ledger.database import Database
from usufruct.ledger.models import batch_evidence, cursor, statement_evidence, verdict_report

Follow = Callable[..., Indexer]


def stored(database: Database, table: Any) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(table)))


def revision(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(cursor.c.evidence)).scalar_one())


def changed(*path: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    """Falsifies one place of a document, where it is there."""

    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for step in path[:-1]:
            if isinstance(place, dict) and step not in place:
                return
            place = place[step]
        if isinstance(place, list) or path[-1] in place:
            place[path[-1]] = to

    return change


LIES = {
    "a leaf": changed("leaves", 0, to="0x" + "00" * 102),
    "a short leaf": changed("leaves", 0, to="0x00"),
    "a missing leaf": changed("leaves", to=[]),
    "no list of leaves": changed("leaves", to=7),
    "the manifest's quantity": changed("manifest", "quantity", to="900000001"),
    "the manifest's count": changed("manifest", "count", to=4),
    "a manifest that is none": changed("manifest", to=[]),
    "a line's amount": changed("lines", 0, "amount", to="450000001"),
    "a line's price": changed("lines", 0, "price", to="4"),
    "a number for text": changed("lines", 0, "price", to=3),
    "the tariff": changed("tariff", "rows", 0, "price", to=4),
    "the digest": changed("digest", to="0x" + "11" * 32),
    "the signers": changed("signers", to="6"),
    "a signature": changed("signatures", to="0x" + "11" * 128),
    "too few signatures": changed("signatures", to="0x" + "11" * 64),
    "an unknown field": lambda document: document.update(extra=1),
    "a missing field": lambda document: document.pop("tx"),
}


@pytest.fixture
def indexed(kit: Kit, ledger: Database, follow: Follow) -> Kit:
    kit.settle(900 * MEGA, 1)
    kit.attest(0, 2)
    follow(ledger).catch_up()
    return kit


def test_evidence_is_stored_once(indexed: Kit, ledger: Database) -> None:
    fetcher = EvidenceFetcher(ledger, [worker(indexed, "one")])
    assert fetcher.round() == 4
    assert fetcher.round() == 0
    assert len(stored(ledger, batch_evidence)) == len(stored(ledger, statement_evidence)) == 2
    assert {row.source for row in stored(ledger, batch_evidence)} == {"http://one"}
    assert revision(ledger) == 4 + len(stored(ledger, verdict_report))


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused_and_the_next_worker_asked(
    indexed: Kit, ledger: Database, lie: str
) -> None:
    liar, honest = worker(indexed, "liar", LIES[lie]), worker(indexed, "honest")
    assert EvidenceFetcher(ledger, [liar]).round() < 4
    EvidenceFetcher(ledger, [liar, honest]).round()
    rows = stored(ledger, batch_evidence) + stored(ledger, statement_evidence)
    assert len(rows) == 4
    assert "http://honest" in {row.source for row in rows}


def test_a_worker_that_is_down_is_asked_once_a_round(indexed: Kit, ledger: Database) -> None:
    asked = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        raise httpx.ConnectError("down")

    down = WorkerClient("http://down", transport=httpx.MockTransport(refuse))
    fetcher = EvidenceFetcher(ledger, [down, worker(indexed, "up")])
    assert fetcher.round() == 4
    assert len(asked) == 1


def test_verdicts_are_kept_by_worker_and_replaced(indexed: Kit, ledger: Database) -> None:
    fetcher = EvidenceFetcher(ledger, [worker(indexed, "one"), worker(indexed, "two")])
    fetcher.round()
    rows = stored(ledger, verdict_report)
    assert {(row.stream, row.period, row.source) for row in rows} == {
        (1, period, f"http://{name}") for period in (1, 2, 3) for name in ("one", "two")
    }
    before = revision(ledger)
    fetcher._round = 0
    fetcher.round()
    assert revision(ledger) == before


def test_what_a_worker_reported_before_stays_beside_what_it_reports_now(
    indexed: Kit, ledger: Database, follow: Follow
) -> None:
    told = [1]
    fetcher = EvidenceFetcher(ledger, [worker(indexed, "one", rejected=lambda: told[0])])

    def reports() -> list[tuple[int, int]]:
        fetcher._round = 0
        fetcher.round()
        rows = [row for row in stored(ledger, verdict_report) if row.period == 1]
        return sorted((row.known_at, json.loads(row.document)["rejected"]) for row in rows)

    first = indexed.now()
    assert reports() == [(first, 1)]
    told[0] = 2  # in the same block: the last word of a moment is what was known then
    assert reports() == [(first, 2)]
    indexed.warp(first + 100)
    follow(ledger).catch_up()
    told[0] = 3
    assert reports() == [(first, 2), (indexed.now(), 3)]
    assert {row.known_at for row in stored(ledger, batch_evidence)} == {first}
    earlier = update(cursor).values(timestamp=first - 50)  # as one that is rebuilt from the chain
    with ledger.write() as connection:
        connection.execute(earlier)
    told[0] = 4
    assert reports() == [(first, 2), (indexed.now(), 4)]
