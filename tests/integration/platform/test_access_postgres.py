"""What the interface remembers, on PostgreSQL and with several at once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace
from threading import Event
from typing import Any

import anyio
import httpx
import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DatabaseError
from structlog.testing import capture_logs
from tests.support.asking import ORIGIN, SIZE, House, named
from tests.unit.api.test_events import Receiver, subscribe
from tests.unit.api.test_siwe import WALLET, signed

from benches._api.ledger import fill
from usufruct.api.auth import journal
from usufruct.api.auth.principal import Role
from usufruct.api.events.deliver import Deliverer
from usufruct.api.events.feed import Feed
from usufruct.contracts import address
from usufruct.errors import ChainError
from usufruct.ledger.database import Database
from usufruct.ledger.models import access_log, feed_event, metadata, session, webhook

pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
_AT_ONCE = 4


@pytest.fixture
def house(postgres: str) -> Iterator[House]:
    made = House(postgres)
    fill(made.database, SIZE)
    yield made
    with made.database.write() as connection:
        metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE alembic_version")
    made.close()


def at_once(house: House, work: Callable[[House], Any]) -> list[Any]:
    """What several processes get that do the same at the same time."""
    url = house.database.url.render_as_string()
    houses = [House(url) for _ in range(_AT_ONCE)]
    for each in houses:
        each.ask(
            "/health"
        )  # the first request builds the routes, under filters of warnings that threads share
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(work, houses))
    for each in houses:
        each.close()
    return found


def count(house: House, table: Any) -> int:
    with house.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_nonce_signs_in_once_among_many_at_once(house: House) -> None:
    text = house.post("/v1/auth/challenge", {"address": address(WALLET)}).json()["message"]
    body = {"message": text, "signature": signed(text)}
    statuses = at_once(house, lambda h: h.post("/v1/auth/sign-in", body).status_code)
    assert sorted(statuses) == [200] + [401] * (_AT_ONCE - 1)
    assert count(house, session) == 1


def test_a_write_happens_once_among_many_at_once(house: House) -> None:
    headers = house.key(Role.AUDITOR) | {"idempotency-key": "k"}
    body = {"url": "https://books.example/x"}
    answers = at_once(house, lambda h: h.post("/v1/webhooks", body, headers=headers).json())
    assert all(each == answers[0] for each in answers), answers
    assert count(house, webhook) == 1


def test_the_log_is_one_chain_whoever_writes_and_is_only_added_to(house: House) -> None:
    headers = house.key(Role.AUDITOR)
    path = f"/v1/wallets/{named(1)}/holdings"
    assert at_once(house, lambda h: h.ask(path, headers=headers).status_code) == [200] * _AT_ONCE
    with house.database.read() as connection:
        assert journal.check(connection) == _AT_ONCE
    shown = house.ask("/audit/access?role=auditor&resource=/v1/&since=2001-01-01", headers=headers)
    assert shown.text.count(f"GET {path}") == _AT_ONCE
    assert f"GET {path}" not in house.ask("/audit/access?resource=%25", headers=headers).text
    for change in (update(access_log).values(actor="x"), delete(access_log)):
        with pytest.raises(DatabaseError, match="only added to"), house.database.write() as tried:
            tried.execute(change)


def test_events_are_written_once_by_several_feeds_at_once(house: House) -> None:
    def feed(other: House) -> None:
        database: Database = other.database
        while Feed(database, other.service.render, 0).round():
            pass

    at_once(house, feed)
    assert count(house, feed_event) == 34
    events = house.ask("/v1/events?limit=200", headers=house.key(Role.AUDITOR)).json()["data"]
    assert [int(each["id"]) for each in events] == list(range(1, 35))


def test_webhooks_are_delivered_once_by_several_servers_at_once(house: House) -> None:
    headers = house.key(Role.AUDITOR)
    receiver = Receiver()
    try:
        access = replace(house.service.access, loopback_webhooks=True)
        object.__setattr__(house.service, "access", access)
        subscribe(house, receiver.url, headers, "settlement.created")
        while Feed(house.database, house.service.render, 0).round():
            pass

        def deliver(other: House) -> None:
            deliverer = Deliverer(other.database, access, other.clock)
            for _ in range(4):
                deliverer.round()

        at_once(house, deliver)
        assert len(receiver.ids()) == 6
        assert len(set(receiver.ids())) == 6
    finally:
        receiver.close()


def test_a_slow_node_stops_nothing_that_does_not_ask_it(house: House) -> None:
    """There are eight connections: ten that wait for the node have none of them."""
    go = Event()

    class Slow:
        def call(self, *_: object) -> None:
            go.wait(20)
            raise ChainError("away")

    object.__setattr__(house.service, "chain", Slow())
    headers = house.key(Role.AUDITOR)

    async def main() -> None:
        transport = httpx.ASGITransport(app=house.app, raise_app_exceptions=False)
        async with (
            httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client,
            anyio.create_task_group() as tasks,
        ):
            for _ in range(5):
                tasks.start_soon(client.get, "/v1/disclosures")
                body = functools.partial(client.post, json={"receipts": "1"})
                tasks.start_soon(body, "/v1/streams/1/preview")
            await anyio.sleep(1)
            with anyio.fail_after(5):
                assert (await client.get("/v1/series")).status_code == 200
            go.set()
        await house.database.dispose_async()
        house.database.__dict__.pop("async_reader", None)

    try:
        anyio.run(main)
    finally:
        go.set()


def test_whoever_finds_no_connection_is_told_so_after_a_while(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usufruct.ledger.pool.TURN_S", 0.2)

    async def main() -> int:
        transport = httpx.ASGITransport(app=house.app, raise_app_exceptions=False)
        async with AsyncExitStack() as stack:
            client = httpx.AsyncClient(transport=transport, base_url=ORIGIN)
            await stack.enter_async_context(client)
            for _ in range(8):
                await stack.enter_async_context(house.database.read_async())
            with anyio.fail_after(5):
                refused = await client.get("/v1/series")
        await house.database.dispose_async()
        house.database.__dict__.pop("async_reader", None)
        assert refused.headers["retry-after"] == "5"
        return refused.status_code

    assert anyio.run(main) == 503
    assert house.ask("/v1/series").status_code == 200


def test_a_zero_in_a_name_is_no_defect(house: House) -> None:
    """PostgreSQL has no text with one, so that asking it fails where SQLite finds nothing."""
    agent = house.key(Role.TRANSFER_AGENT)
    freeze = {"wallet": named(1), "frozen": True, "reason_hash": "0x" + "22" * 32, "series": ["\0"]}
    once = agent | {"idempotency-key": "1"}
    assert house.post("/v1/compliance/freezes", freeze, headers=once).status_code == 404
    holdings = f"/v1/wallets/{named(1)}/holdings"
    for path, status in (
        ("/v1/series/s1%00", 404),
        ("/v1/distributions?series=%00", 404),
        ("/v1/streams/%00", 404),
        ("/issuer/series/%00", 404),
        (f"{holdings}?starting_after=%00", 422),
        ("/v1/series/s1/holders?starting_after=%00", 422),
        ("/v1/events?type=%00", 422),
    ):
        assert house.ask(path, headers=agent).status_code == status, path


def test_a_lock_that_others_hold_is_told_as_such_and_waited_for_no_longer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More privileged requests than the pool has connections: some wait for the lock, some for a connection."""
    monkeypatch.setattr("usufruct.ledger.database._BUSY_MS", 500)
    monkeypatch.setattr("usufruct.ledger.database.TURN_S", 0.2)
    house.database.dispose()
    for name in ("writer", "reader"):
        house.database.__dict__.pop(name, None)
    headers, other = house.key(Role.AUDITOR), Database(house.database.url.render_as_string())
    path = f"/v1/wallets/{named(1)}/holdings"
    answers: list[httpx.Response] = []

    async def main() -> None:
        transport = httpx.ASGITransport(app=house.app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)

        async def ask() -> None:
            answers.append(await client.get(path))

        try:
            async with client, anyio.create_task_group() as tasks:
                for _ in range(25):
                    tasks.start_soon(ask)
        finally:
            await house.database.dispose_async()
            house.database.__dict__.pop("async_reader", None)

    with capture_logs() as logged, other.write() as holder:
        holder.exec_driver_sql("LOCK TABLE access_head IN ACCESS EXCLUSIVE MODE")
        anyio.run(main)
    other.dispose()
    assert {(each.status_code, each.headers.get("retry-after")) for each in answers} == {(503, "5")}
    assert {each.json()["type"].rpartition("/")[2] for each in answers} == {"database-unavailable"}
    assert {each["event"] for each in logged} == {"database unavailable"}
    assert house.ask(path, headers=headers).status_code == 200


def test_nobody_has_more_webhooks_than_allowed_by_asking_at_once(house: House) -> None:
    headers = house.key(Role.AUDITOR)
    body = {"url": "https://books.example/x"}
    for number in range(18):
        assert (
            house.post(
                "/v1/webhooks", body, headers=headers | {"idempotency-key": f"{number}"}
            ).status_code
            == 201
        )
    keys = iter("abcd")

    def add(other: House) -> int:
        return other.post(
            "/v1/webhooks", body, headers=headers | {"idempotency-key": next(keys)}
        ).status_code

    assert sorted(at_once(house, add)) == [201, 201, 409, 409]
    assert count(house, webhook) == 20
