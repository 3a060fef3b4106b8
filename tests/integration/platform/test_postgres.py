"""The same ledger on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import anyio
import httpx
import pytest
from sqlalchemy import select
from tests.integration.platform.kit import HOLDERS, MEGA, Kit
from tests.integration.platform.test_index import churn, compared, tables
from tests.integration.platform.worker import worker

from usufruct.api.app import create_app
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.api.service import Service
from usufruct.chain.records import Block
from usufruct.errors import ConfigError
from usufruct.index.cursor import advance, begin, common_ancestor
from usufruct.index.evidence import EvidenceFetcher
from usufruct.index.indexer import Indexer
from usufruct.ledger.database import Database
from usufruct.ledger.models import batch_evidence, metadata
from usufruct.money import Currency

pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")


@pytest.fixture
def server(postgres: str) -> Iterator[Database]:
    database = Database(postgres)
    database.migrate()
    yield database
    with database.write() as connection:
        metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE alembic_version")
    database.dispose()


def test_postgresql_and_sqlite_hold_the_same(
    kit: Kit, ledger: Database, server: Database, follow: Callable[..., Indexer]
) -> None:
    churn(kit, 7, 30)
    on_server = follow(server)
    on_server.catch_up()
    kit.client.rpc("anvil_reorg", 8, [])
    kit.transfer("JR", HOLDERS[2], HOLDERS[0], 5)
    while (step := on_server.step()).undone or step.at < step.head:
        pass
    follow(ledger).catch_up()
    assert tables(server) == tables(ledger)
    assert compared(kit, server).differences == []
    server.migrate()


def test_an_undo_waits_for_the_blocks_that_another_process_is_taking_in(server: Database) -> None:
    """Else some of their rows would come after those of their tables were removed."""
    first, second = (
        Block(each, bytes([each]) * 32, bytes([each - 1]) * 32, each) for each in (1, 2)
    )
    hashes = {each.number: each.hash for each in (first, second)}
    with server.write() as connection:
        place = begin(connection, first, {"chain_id": "1"})

    def undo() -> int:
        with server.write() as connection:
            return common_ancestor(connection, hashes.get).number

    with ThreadPoolExecutor(1) as pool:
        with server.write() as connection:
            advance(connection, place, [second], set(), 64)
            undoing = pool.submit(undo)
            assert not wait([undoing], 0.5).done
        assert undoing.result(10) == 2


def test_the_api_answers_the_same_from_both(
    kit: Kit, ledger: Database, server: Database, follow: Callable[..., Indexer]
) -> None:
    kit.settle(900 * MEGA, 1)
    kit.claim("SR", HOLDERS[0])
    for database in (ledger, server):
        follow(database).catch_up()
        assert EvidenceFetcher(database, [worker(kit, "one")]).round() == 2
    assert _answers(kit, server) == _answers(kit, ledger)
    with server.read() as connection:
        assert connection.execute(select(batch_evidence.c.source)).scalar() == "http://one"


def _answers(kit: Kit, database: Database) -> list[bytes]:
    paths = [
        f"/v1/wallets/{HOLDERS[0]}/payouts?status=paid",
        f"/v1/wallets/{HOLDERS[0]}/holdings",
        f"/v1/wallets/{HOLDERS[2]}/claimable",
        f"/v1/payouts/po_lvpps_1_{HOLDERS[0][2:].lower()}",
        f"/v1/payouts/po_lvpps_1_{HOLDERS[0][2:].lower()}/proof?readings=all",
        "/v1/series",
        "/v1/series/LVPPS/holders?as_of_block=30",
        "/v1/distributions/dist_lvpps_1",
        "/v1/statements?status=settled",
        "/v1/streams/VPP",
        *(
            "/",
            "/operator",
            "/issuer",
            "/issuer/series/ser_lvpps",
            "/workbench/attested?stream=VPP",
        ),
        *(f"/wallets/{HOLDERS[0]}", "/audit", "/audit/samples?seed=any"),
    ]
    render = Renderer(Currency("USDX", 6), Labels())
    app = create_app(Service(database, render, 31337, kit.contracts))

    async def main() -> list[bytes]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answers = [await client.get(path) for path in paths]
        await database.dispose_async()
        for each in answers:
            assert each.status_code == 200, each.text
        return [each.content for each in answers]

    return anyio.run(main)


def test_a_server_that_is_not_there_is_one_line() -> None:
    with pytest.raises(ConfigError) as caught:
        Database("postgresql://usufruct:secret@127.0.0.1:9/none").migrate()
    line = caught.value.one_line()
    assert "secret" not in line
    assert "must be reachable and writable" in line
