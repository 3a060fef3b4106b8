"""What the interface remembers, on PostgreSQL and with several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DatabaseError
from tests.support.asking import SIZE, House, named
from tests.unit.api.test_siwe import WALLET, signed

from benches._api.ledger import fill
from usufruct.api.auth import journal
from usufruct.api.auth.principal import Role
from usufruct.api.events.feed import Feed
from usufruct.contracts import address
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
