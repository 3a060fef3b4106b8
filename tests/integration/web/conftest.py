"""The pages of a settled village, served by a real server."""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest
import uvicorn
from playwright.sync_api import Browser
from sqlalchemy import insert, update
from tests.support.anvil import Anvil
from tests.support.browser import running_browser
from tests.support.settled import Settled, settle_periods

from usufruct.api.app import create_app
from usufruct.api.auth.principal import Access
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.api.service import Service
from usufruct.chain.client import ChainClient
from usufruct.index.runner import Progress
from usufruct.ledger import models as m
from usufruct.ledger.database import Database
from usufruct.money import Currency

EVIL = """"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}</table>"""
"""What somebody would write where a name is asked for."""


@dataclass(frozen=True, slots=True)
class Site:
    """A running server and what it shows."""

    url: str
    settled: Settled

    @property
    def payouts(self) -> list[str]:
        """Addresses of a payout of each distribution, the newest first."""
        holder = self.settled.holders[1][2:].lower()
        return [f"/payouts/po_vil_{number}_{holder}" for number in (2, 1)]

    @property
    def pages(self) -> list[str]:
        """Every kind of page."""
        one, two = self.settled.holders[:2]
        ask = f"/issuer/series/ser_vil?sender={one}&recipient={two}&units="
        return [
            *(
                "/",
                f"/wallets/{one}",
                "/wallets/0x" + "12" * 20,
                *self.payouts,
                "/operator",
                "/workbench",
            ),
            *("/offerings/off_1", "/offerings/off_1?as_of_date=", "/offerings/off_9"),
            *("/issuer", "/issuer/series/ser_vil", ask + "1", ask + "999999999"),
            *(
                "/audit",
                "/audit?reconciled=true",
                "/audit/samples",
                "/audit/samples?seed=dice&count=2",
            ),
            *("/audit/replay", "/audit/replay?what=S1/1", "/audit/replay?what=S1/2&price=peak=1"),
            *("/audit/replay?what=S1/2&price=dear=1", "/audit/access", "/sign-in"),
            *("/nothing/here", "/wallets/0x12", ask + "x"),
        ]


@contextmanager
def served(
    settled: Settled,
    database: Database,
    url: str | None,
    *,
    guarded: bool = False,
    per_second: int = 0,
) -> Iterator[Site]:
    """The site on a ledger; `url` is the node that browsers may ask. `guarded` shows what is a wallet's to it alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = f"http://127.0.0.1:{port}"
    service = Service(
        database=database,
        render=Renderer(Currency("USDV", 6), Labels(project=EVIL, first_period="2026-09")),
        chain_id=settled.village.client.chain_id,
        contracts=settled.village.at,
        progress=Progress(at=1, head=1, caught_up=True),
        chain=ChainClient(settled.village.client.url),
        reader_rpc=url,
        access=Access(
            public="aggregates" if guarded else "all",
            origin=here,
            secret=b"pages" * 7,
            requests_per_second=per_second,
        ),
    )
    config = uvicorn.Config(create_app(service), host="127.0.0.1", port=port, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    try:
        yield Site(here, settled)
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def village(anvil: Anvil, tmp_path_factory: pytest.TempPathFactory) -> Settled:
    """Two settled periods with commitments and corrections."""
    folder = tmp_path_factory.mktemp("pages")
    return settle_periods(anvil, folder, committed=True, corrected=True, offered=True)


@pytest.fixture(scope="module")
def site(village: Settled, anvil: Anvil) -> Iterator[Site]:
    """The pages of the village."""
    with served(village, village.database, anvil.url) as found:
        yield found


@pytest.fixture(scope="module")
def hostile(village: Settled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The same pages, where every name that comes from elsewhere is an attack."""
    path = tmp_path_factory.mktemp("hostile") / "ledger.db"
    own = str(village.database.url.database)
    with closing(sqlite3.connect(own)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
    database = Database(f"sqlite:///{path}")
    report = '{"streams": [{"code": %s, "byRule": [{"rule": %s, "count": 1, "stake": "1"}]}]}'
    text = '"' + EVIL.replace('"', '\\"') + '"'
    with database.write() as connection:
        connection.execute(update(m.series).values(symbol=EVIL, name=EVIL))
        connection.execute(update(m.stream).values(code=EVIL))
        connection.execute(
            insert(m.verdict_report).values(
                stream=1, period=1, source=EVIL, document=report % (text, text)
            )
        )
    with served(village, database, None) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with running_browser() as found:
        yield found
