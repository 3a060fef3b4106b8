"""Costly questions wait for each other, in bounded number, and nobody else waits for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from threading import Event
from types import SimpleNamespace
from typing import Any

import anyio
import httpx
import pytest
from anyio import to_thread
from sqlalchemy import QueuePool
from tests.support.asking import ORIGIN, House, filled, named, payout

from usufruct import proof
from usufruct.api.auth.principal import Role
from usufruct.api.problems import Problem
from usufruct.api.routes import accounts
from usufruct.api.turns import Turns
from usufruct.web.routes import audit


@pytest.fixture
def open_house(tmp_path: Any) -> Iterator[House]:
    made = filled(tmp_path, public="all")
    yield made
    made.close()


def crowd(house: House, work: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    """Lets `work` ask several things at once in one event loop."""

    async def main() -> None:
        transport = httpx.ASGITransport(app=house.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            with anyio.fail_after(30):
                await work(client)

    anyio.run(main)


def test_a_few_work_a_few_wait_and_the_rest_are_sent_away_at_once() -> None:
    turns, go, told = Turns(2, 3), Event(), list[str]()

    async def ask() -> None:
        try:
            told.append(await turns.of(lambda: "done" if go.wait(10) else "late"))
        except Problem as problem:
            told.append(problem.kind)

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(7):
                tasks.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            assert told == ["busy"] * 2
            go.set()
        assert told == ["busy"] * 2 + ["done"] * 5
        assert await turns.of(lambda: "again") == "again"

    anyio.run(main)


def test_a_reconciliation_holds_up_nobody_who_signs_in(
    open_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else forty that wait for one slow comparison have all threads, and signing in needs one."""
    go = Event()
    monkeypatch.setattr(audit, "reconcile", lambda *_: go.wait(20) and None)
    object.__setattr__(open_house.service, "chain", object())
    statuses: list[int] = []

    async def work(client: httpx.AsyncClient) -> None:
        async def compare() -> None:
            statuses.append((await client.get("/audit?reconciled=1")).status_code)

        async with anyio.create_task_group() as tasks:
            for _ in range(45):
                tasks.start_soon(compare)
            await anyio.sleep(1)
            with anyio.fail_after(5):
                assert await to_thread.run_sync(lambda: True)
            go.set()

    crowd(open_house, work)
    assert sorted(set(statuses)) == [200, 503]
    assert statuses.count(200) == 5


DOCUMENTS = (
    f"/v1/wallets/{named(1)}/statement?period=1",
    f"/v1/wallets/{named(1)}/tax-summary?year=2026",
    f"/v1/payouts/{payout(1, 1, 1)}/proof?readings=all",
)


def test_documents_wait_for_each_other_and_not_without_bound(
    open_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, at_work = Event(), list[str]()

    def slow(*_: Any, **__: Any) -> bytes:
        at_work.append("one more")
        go.wait(20)
        return b"{}"

    monkeypatch.setattr(accounts, "_made", slow)
    monkeypatch.setattr(proof, "build", slow)
    answers: list[httpx.Response] = []

    async def work(client: httpx.AsyncClient) -> None:
        async def ask(path: str) -> None:
            answers.append(await client.get(path))

        async with anyio.create_task_group() as tasks:
            for number in range(21):
                tasks.start_soon(ask, DOCUMENTS[number % 3])
            await anyio.sleep(1)
            assert len(at_work) == 2
            pool = open_house.database.reader.pool
            assert isinstance(pool, QueuePool)
            assert pool.checkedout() <= 2  # whoever waits has no connection
            go.set()

    crowd(open_house, work)
    refused = [each for each in answers if each.status_code == 503]
    assert len(answers) == 21
    assert len(refused) == 3
    assert {each.json()["type"].rpartition("/")[2] for each in refused} == {"busy"}
    assert {each.headers["retry-after"] for each in refused} == {"2"}


class Node:
    """A node that is being asked for as long as the test wants."""

    def __init__(self, house: House) -> None:
        pool = house.database.reader.pool
        assert isinstance(pool, QueuePool)
        self.held: list[int] = []
        self._pool = pool

    def call(self, _: str, call: Any) -> Any:
        self.held.append(self._pool.checkedout())
        if call.name.startswith("subject"):
            return bytes(32)
        if call.name == "allAttachedAt":
            return SimpleNamespace(names=[])
        if call.name == "preview":
            return SimpleNamespace(lines=[], multiplier_bp=10_000, breached=0)
        return SimpleNamespace(rules=SimpleNamespace(steps=[]))

    def call_many(self, calls: list[Any]) -> list[Any]:
        return [self.call(*each) for each in calls]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/disclosures", None),
        ("GET", "/v1/disclosures?series=s1", None),
        ("POST", "/v1/streams/1/preview", {"receipts": "1"}),
    ],
)
def test_while_the_node_is_asked_no_connection_is_held(
    open_house: House, method: str, path: str, body: Any
) -> None:
    """On PostgreSQL there are eight: a node that is slow would stop all that it has nothing to do with."""
    node = Node(open_house)
    object.__setattr__(open_house.service, "chain", node)
    answer = open_house.ask(path, method, json=body)
    assert answer.status_code == 200, answer.text
    assert node.held
    assert set(node.held) == {0}


def test_while_the_ledger_is_compared_no_connection_waits(
    open_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Node(open_house)
    object.__setattr__(open_house.service, "chain", node)

    def compared(*_: Any) -> None:
        node.held.append(node._pool.checkedout())

    monkeypatch.setattr(audit, "reconcile", compared)
    headers = open_house.key(Role.AUDITOR)
    assert open_house.ask("/audit?reconciled=1", headers=headers).status_code == 200
    assert node.held == [1]  # its own


def test_questions_to_the_node_are_bounded_too(open_house: House) -> None:
    go = Event()

    class Slow(Node):
        def call(self, where: str, call: Any) -> Any:
            go.wait(20)
            return super().call(where, call)

    object.__setattr__(open_house.service, "chain", Slow(open_house))
    statuses: list[int] = []

    async def work(client: httpx.AsyncClient) -> None:
        async def ask() -> None:
            statuses.append((await client.get("/v1/disclosures")).status_code)

        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(ask)
            await anyio.sleep(1)
            with anyio.fail_after(5):
                assert await to_thread.run_sync(lambda: True)
            go.set()

    crowd(open_house, work)
    assert statuses.count(200) == 40
    assert statuses.count(503) == 10
