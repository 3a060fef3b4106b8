"""Under requests from all sides the database is restarted and the chain reorganised: no wrong and no half answer."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from fastapi.concurrency import run_in_threadpool
from tests.integration.platform.kit import HOLDERS, MEGA, Kit
from tests.integration.platform.test_index import compared, fresh, tables
from tests.integration.platform.test_serve import serving
from tests.integration.platform.worker import worker
from tests.support.postgres import Server, postgres_server

from usufruct.api.app import create_app
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.api.service import Service
from usufruct.api.turns import Turns
from usufruct.index.evidence import EvidenceFetcher
from usufruct.index.indexer import Indexer
from usufruct.ledger.database import Database
from usufruct.money import Currency

Follow = Callable[..., Indexer]
PATHS = (
    "/v1/series/LVPPJ/holders",
    f"/v1/wallets/{HOLDERS[0]}/payouts",
    f"/v1/wallets/{HOLDERS[2]}/holdings",
    "/v1/series",
)
UNITS = 1_000_000
"""Issued of LVPPJ: what its holders hold together at any block of any fork."""
_PATIENCE = 90.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    with postgres_server(tmp_path, durable=True) as running:
        yield running


@dataclass(frozen=True)
class Answer:
    path: str
    status: int
    kind: str
    etag: str
    retry_after: str | None
    content: bytes


class Load:
    """Clients that ask without a pause and keep every answer."""

    def __init__(self, url: str, paths: Sequence[str]) -> None:
        self.answers: list[Answer] = []
        self.failures: list[str] = []
        self._url = url
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(each,)) for each in paths]

    def _ask(self, path: str) -> None:
        alone = {"connection": "close"}  # a server may close an idle connection at any time
        with httpx.Client(base_url=self._url, timeout=40, headers=alone) as client:
            while not self._over.is_set():
                try:
                    found = client.get(path)
                except httpx.HTTPError as error:
                    self.failures.append(f"{path}: {error!r}")
                    continue
                head = found.headers
                self.answers.append(
                    Answer(
                        path,
                        found.status_code,
                        head.get("content-type", ""),
                        head.get("etag", ""),
                        head.get("retry-after"),
                        found.content,
                    )
                )
                self._over.wait(0.02)

    def statuses(self) -> set[int]:
        return {each.status for each in list(self.answers)}

    def await_status(self, status: int) -> None:
        """Until every path was answered so once more."""
        seen, deadline = len(self.answers), time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if {each.path for each in self.answers[seen:] if each.status == status} == set(PATHS):
                return
            time.sleep(0.02)
        pytest.fail(f"no answers with status {status}")

    @contextmanager
    def running(self) -> Iterator[Load]:
        for each in self._threads:
            each.start()
        try:
            yield self
        finally:
            self._over.set()
            for each in self._threads:
                each.join(_PATIENCE)


def await_ready(url: str, status: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if httpx.get(f"{url}/ready").status_code == status:
            return
        time.sleep(0.02)
    pytest.fail(f"/ready never answered {status}")


def test_a_database_that_restarts_under_load_costs_waiting_and_nothing_else(
    kit: Kit, server: Server, tmp_path: Path, record: Path, follow: Follow
) -> None:
    kit.settle(900 * MEGA, 1)
    with serving(kit, tmp_path, record, "--database", server.url) as service:
        service.await_block(kit.client.block_number())
        load = Load(service.url, PATHS)
        with load.running():
            for units in (1, 2):
                load.await_status(200)
                server.quit()
                kit.transfer("JR", HOLDERS[2], HOLDERS[0], units)
                load.await_status(503)
                await_ready(service.url, 503)
                server.start()
                await_ready(service.url, 200)
                service.await_block(kit.client.block_number())
            load.await_status(200)
    assert load.failures == []
    assert load.statuses() == {200, 503}
    refused = [each for each in load.answers if each.status == 503]
    assert {(each.kind, each.retry_after) for each in refused} == {
        ("application/problem+json", "5")
    }
    assert all(b"database-unavailable" in each.content for each in refused)
    indexed, again = Database(server.url), fresh(tmp_path, "again")
    follow(again).catch_up()
    assert tables(indexed) == tables(again)
    assert compared(kit, indexed).differences == []
    indexed.dispose()
    again.dispose()


def test_no_answer_mixes_forks_of_a_chain_that_is_reorganised_under_load(
    kit: Kit, tmp_path: Path, record: Path, follow: Follow
) -> None:
    kit.settle(900 * MEGA, 1)
    kit.mine(6)
    forks: dict[bytes, int] = {}
    with serving(kit, tmp_path, record) as service:
        service.await_block(kit.client.block_number())
        load = Load(service.url, PATHS)
        with load.running():
            load.await_status(200)
            for at in range(5):
                kit.client.rpc("anvil_reorg", 3, [])
                kit.transfer("JR", HOLDERS[2], HOLDERS[0], 1_000 + at)
                head = kit.client.block()
                forks[head.hash] = head.number
                _await_fork(service.url, head.number, head.hash)
                load.await_status(200)
    assert load.failures == []
    assert load.statuses() == {200}
    by_tag: defaultdict[tuple[str, str], set[bytes]] = defaultdict(set)
    for each in load.answers:
        by_tag[each.path, each.etag].add(each.content)
        number = int(each.etag.removeprefix('W/"').split("-")[0])
        assert httpx.Response(200, content=each.content).json()["as_of_block"] == number
    assert all(len(contents) == 1 for contents in by_tag.values()), "one ETag, two answers"
    tags = {tag for _, tag in by_tag}
    assert all(any(head.hex()[:16] in tag for tag in tags) for head in forks)
    for path, tag in by_tag:
        if path == PATHS[0]:
            [content] = by_tag[path, tag]
            held = httpx.Response(200, content=content).json()["data"]
            assert sum(int(each["units"]) for each in held) == UNITS
    ledger, again = Database(f"sqlite:///{tmp_path}/state/ledger.db"), fresh(tmp_path, "again")
    follow(again).catch_up()
    assert tables(ledger) == tables(again)
    ledger.dispose()
    again.dispose()


def _await_fork(url: str, number: int, block_hash: bytes) -> None:
    """Until answers are as of this block."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if f"{number}-{block_hash.hex()[:16]}" in httpx.get(f"{url}/v1/series").headers["etag"]:
            return
        time.sleep(0.02)
    pytest.fail(f"block {number} was never in the ledger")


@pytest.mark.parametrize(("between", "status"), [("a reorganisation", 503), ("a block", 200)])
def test_a_proof_of_a_payout_that_a_reorganisation_took_meanwhile_is_not_given(
    kit: Kit,
    ledger: Database,
    follow: Follow,
    monkeypatch: pytest.MonkeyPatch,
    between: str,
    status: int,
) -> None:
    kit.settle(900 * MEGA, 1)
    kit.mine(3)
    indexer = follow(ledger)
    indexer.catch_up()
    assert EvidenceFetcher(ledger, [worker(kit, "one")]).round() == 2
    unchanged = Turns.of

    async def meanwhile(turns: Turns, build: Callable[[], bytes]) -> Any:
        if between == "a reorganisation":
            kit.client.rpc("anvil_reorg", 2, [])
        kit.mine()
        await run_in_threadpool(_ended, indexer)
        return await unchanged(turns, build)

    monkeypatch.setattr(Turns, "of", meanwhile)
    render = Renderer(Currency("USDX", 6), Labels())
    app = create_app(Service(ledger, render, 31337, kit.contracts))

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(f"/v1/payouts/po_lvpps_1_{HOLDERS[0][2:].lower()}/proof")

    answer = anyio.run(ask)
    assert answer.status_code == status
    if status == 503:
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["type"].endswith("/reorganised")


def _ended(indexer: Indexer) -> None:
    while (step := indexer.step()).undone or step.at < step.head:
        pass
