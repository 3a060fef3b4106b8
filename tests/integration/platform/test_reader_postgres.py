"""The asynchronous reader of PostgreSQL: the same answers as SQLite, one moment a request, and no connection lost."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import select, update
from tests.support.asking import SIZE, House, filled, named, payout
from tests.support.postgres import postgres_server

from benches._api.ledger import fill
from usufruct.ledger.database import Database
from usufruct.ledger.models import block, cursor, metadata, transfer
from usufruct.ledger.pool import ReaderPool
from usufruct.ledger.reads.places import CURSOR

pytest.importorskip("asyncpg", reason="the extra `postgres` is not installed")
T = TypeVar("T")
_ROUTES = (
    f"/v1/wallets/{named(1)}/payouts",
    f"/v1/wallets/{named(1)}/payouts?limit=1&status=accrued",
    f"/v1/wallets/{named(3)}/payouts?series=s2&period=2&stream=2",
    f"/v1/wallets/{named(1)}/payouts?starting_after={payout(1, 3, 1)}",
    f"/v1/wallets/{named(1)}/payouts?as_of_block=115",
    f"/v1/wallets/{named(1)}/payouts?limit=0",
    f"/v1/wallets/{named(1)}/holdings",
    f"/v1/wallets/{named(999)}/payouts",
    f"/v1/payouts/{payout(1, 2, 1)}",
    f"/v1/payouts/{payout(1, 9, 1)}",
    "/v1/series/ser_s1/holders",
    "/v1/series/s1/holders?as_of_block=115&limit=1",
    "/v1/series/ser_s1/holders?as_of_date=2026-09-21T12:25:00Z",
    "/v1/series/none/holders",
    "/v1/series",
    "/v1/distributions/dist_s1_2/payouts",
    "/v1/distributions/dist_s1_2/payouts?sort=-amount&as_of_block=115",
    *(f"/v1/wallets/{named(1)}/payouts?sort={sort}&limit=2" for sort in ("period", "-amount")),
    *(
        f"/v1/wallets/{named(1)}/{each}"
        for each in ("positions", "look-through", "holdings?sort=-units")
    ),
    "/v1/participants/1/positions",
    *(
        f"/v1/series/s1/{each}"
        for each in ("positions", "look-through", "dust", "holders?sort=units", "records")
    ),
    *(f"/v1/series?status={status}&sort=-last" for status in ("open", "sealed", "closed")),
    "/v1/series?as_of_block=115&stream=1",
    "/v1/distributions?sort=amount&limit=2&stream=1",
    *(f"/v1/settlements?status={status}&sort=receipts" for status in ("full", "short")),
    *(f"/v1/statements?status={status}&as_of_block=115" for status in ("final", "voided")),
    *(f"/v1/batches?status={status}&sort=-count" for status in ("checked", "missing")),
    "/v1/statements/STREAM1/1?as_of_block=115",
    *(f"/v1/disputes?status={status}" for status in ("open", "dismissed", "lapsed", "upheld")),
    "/v1/verdicts?stream=1",
    "/v1/streams/STREAM1?as_of_block=115",
)


@pytest.fixture
def house(postgres: str) -> Iterator[House]:
    made = House(postgres, public="all")
    fill(made.database, SIZE)
    yield made
    with made.database.write() as connection:
        metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE alembic_version")
    made.close()


def run(database: Database, work: Coroutine[Any, Any, T]) -> T:
    """The result of asynchronous work; connections are closed with its loop."""

    async def main() -> T:
        try:
            return await work
        finally:
            await database.dispose_async()
            database.__dict__.pop("async_reader", None)

    return asyncio.run(main())


def test_answers_are_those_of_sqlite_to_the_byte(house: House, tmp_path: Path) -> None:
    other = filled(tmp_path, public="all")
    for path in _ROUTES:
        ours, theirs = house.ask(path), other.ask(path)
        assert (ours.status_code, ours.content) == (theirs.status_code, theirs.content), path
        assert ours.headers.get("etag") == theirs.headers.get("etag")
    other.close()


def test_a_request_sees_one_moment_and_the_next_a_new_one(house: House) -> None:
    database = house.database

    async def blocks() -> list[int]:
        found = []
        async with database.read_async() as reader:
            found += [row.block for row in await reader.rows(CURSOR, {})]
            with database.write() as connection:
                connection.execute(update(cursor).values(block=cursor.c.block + 1))
            found += [row.block for row in await reader.rows(CURSOR, {})]
        async with database.read_async() as reader:
            found += [row.block for row in await reader.rows(CURSOR, {})]
        return found

    first, same, next_ = run(database, blocks())
    assert (same, next_) == (first, first + 1)


def test_an_idle_connection_holds_up_nothing(house: House) -> None:
    """A snapshot kept between requests would keep the server from cleaning up."""
    database = house.database

    async def held() -> list[Any]:
        async with database.read_async() as reader:
            await reader.rows(CURSOR, {})
        with database.read() as connection:
            return list(
                connection.exec_driver_sql(
                    "SELECT backend_xmin FROM pg_stat_activity WHERE state = 'idle in transaction'"
                    " AND query = 'ROLLBACK AND CHAIN'"
                ).scalars()
            )

    assert run(database, held()) == [None]


def test_readers_cannot_write(house: House) -> None:
    async def tried() -> None:
        async with house.database.async_reader.moment() as connection:
            await connection.execute("DELETE FROM payout")

    with pytest.raises(Exception, match="read-only transaction"):
        run(house.database, tried())


def test_a_request_that_fails_or_is_cancelled_leaves_a_usable_pool(house: House) -> None:
    async def main() -> list[int]:
        pool = ReaderPool(house.database.url, 1)

        async def asked(sql: str) -> int:
            async with pool.moment() as connection:
                return int(await connection.fetchval(sql))

        with pytest.raises(Exception, match="division by zero"):
            await asked("SELECT 1/0")
        found = [await asked("SELECT 1")]
        for pause in (0.0, 0.02):
            slow = asyncio.create_task(asked("SELECT 2 FROM pg_sleep(5)"))
            await asyncio.sleep(pause)
            slow.cancel()
            with pytest.raises(asyncio.CancelledError):
                await slow
            found.append(await asked("SELECT 3"))
        await pool.dispose()
        return found

    assert asyncio.run(main()) == [1, 3, 3]


def test_what_was_read_stands_although_the_connection_is_lost_afterwards(house: House) -> None:
    database = house.database

    async def main() -> list[int]:
        found = []
        for _ in range(2):
            async with database.read_async() as reader:
                found += [row.block for row in await reader.rows(CURSOR, {})]
                if len(found) == 1:
                    with database.write() as other:
                        other.exec_driver_sql(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                        )
        return found

    first, again = run(database, main())
    assert first == again


def test_a_server_that_was_killed_is_asked_again_when_it_is_back(tmp_path: Path) -> None:
    with postgres_server(tmp_path, durable=True) as server:
        database = Database(server.url)
        database.migrate()

        async def main() -> list[int]:
            async def blocks() -> int:
                async with database.read_async() as reader:
                    return len(await reader.rows(select(block), {}))

            found = [await blocks()]
            await asyncio.to_thread(server.kill)
            with pytest.raises(
                Exception, match=r"(?i)connect|closed|refused|such file|does not answer"
            ):
                await blocks()
            await asyncio.to_thread(server.start)
            for _ in range(50):
                try:
                    found.append(await blocks())
                    break
                except Exception:  # noqa: BLE001  # it recovers
                    await asyncio.sleep(0.2)
            return found

        assert run(database, main()) == [0, 0]


def test_plans_go_by_keys_although_the_tables_were_empty_when_they_were_made(
    house: House,
) -> None:
    """A plan of an empty table reads it whole, and a connection keeps its plans."""

    async def plans() -> str:
        async with house.database.async_reader.moment() as connection:
            await connection.execute(
                "PREPARE held AS SELECT * FROM transfer WHERE series = $1 AND sender IS NULL"
            )
            rows = await connection.fetch("EXPLAIN EXECUTE held(1)")
            return "\n".join(row[0] for row in rows)

    with house.database.write() as connection:
        connection.execute(transfer.delete())
    assert "Index" in run(house.database, plans())
