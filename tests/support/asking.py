"""A small synthetic ledger and an application on it, asked without a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import anyio
import httpx
from tests.support.ledgers import migrated

from benches._api.ledger import START, Size, fill, wallet
from usufruct.api.app import create_app
from usufruct.api.auth import store
from usufruct.api.auth.principal import Access, Role
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.api.service import Service
from usufruct.clock import FixedClock
from usufruct.contracts import Address, address
from usufruct.ledger import models as m
from usufruct.ledger.bulk import insert_rows
from usufruct.ledger.database import Database
from usufruct.ledger.offerings import OfferingBook
from usufruct.ledger.types import position
from usufruct.money import Currency

NOW = 1_800_000_000
ORIGIN = "https://rights.example"
CONTRACTS: Mapping[str, Address] = {
    name: address(bytes([number]) * 20)
    for number, name in enumerate(
        (
            *("SettlementCurrency", "SeriesFactory", "Waterfall", "StatementBook"),
            *("StreamRegistry", "TelemetryAnchor", "ParticipantRegistry", "DisclosureRegistry"),
            "Offering",
        ),
        1,
    )
}
OFFERED = 105
"""Block in which the offerings are opened and subscribed to."""
SIZE = Size(holders=8, distributions=3, per_series=2, streams=2)
"""Series s1 and s3 are of stream 1 (holders 1, 2, 5, 6), s2 and s4 of stream 2 (holders 3, 4, 7, 8)."""


class House:
    """The application, and ways to ask it."""

    def __init__(self, url: str, **access: Any) -> None:
        self.database = migrated(url)
        self.clock = FixedClock(NOW)
        guarded = Access(public="aggregates", origin=ORIGIN, secret=b"s" * 32)
        self.service = Service(
            self.database,
            Renderer(Currency("USDX", 6), Labels()),
            31337,
            CONTRACTS,
            access=replace(guarded, **access),
            clock=self.clock,
        )
        self.app = create_app(self.service)

    def key(self, role: Role, **options: Any) -> dict[str, str]:
        """Headers with a new key of a role."""
        with self.database.write() as connection:
            _, key = store.add_key(
                connection,
                name="test",
                role=role,
                wallet=options.get("wallet"),
                streams=options.get("streams", ()),
                now=self.clock.now(),
                expires_at=options.get("expires_at"),
            )
        return {"authorization": f"Bearer {key}"}

    def investor(self, number: int) -> dict[str, str]:
        """Headers of the holder with a number."""
        return self.key(Role.INVESTOR, wallet=wallet(number))

    def ask(self, path: str, method: str = "GET", **options: Any) -> httpx.Response:
        """The answer to one request."""

        async def main() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
                answer = await client.request(method, path, **options)
            await self.database.dispose_async()
            self.database.__dict__.pop("async_reader", None)
            return answer

        return anyio.run(main)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """The answer to a JSON body."""
        return self.ask(path, "POST", json={} if body is None else body, **options)

    def close(self) -> None:
        """Lets the database go."""
        self.database.dispose()


def filled(folder: Path, **access: Any) -> House:
    """A house with a ledger in a folder."""
    house = House(f"sqlite:///{folder}/ledger.db", **access)
    fill(house.database, SIZE)
    offer(house.database)
    return house


def offer(database: Database) -> None:
    """Offering 1 of s1 is open, with lots of holders 1, 2 and 5; offering 2 of s2 waits for holder 3's delivery."""
    with database.write() as connection:
        at = count(500)

        def log() -> int:
            index = next(at)
            pos = position(OFFERED, index)
            insert_rows(connection, m.log, [(pos, OFFERED, index, index, pos.to_bytes(32, "big"))])
            return pos

        for number, lots in ((1, [(1, 600), (2, 300), (5, 300), (1, 100)]), (2, [(3, 50)])):
            closes = (NOW, START + 1)[number - 1]
            terms = (
                START,
                closes,
                NOW + 86_400,
                bytes(19) + b"\7",
                True,
                2_000_000,
                10,
                1_000,
                5,
                0,
            )
            insert_rows(connection, m.offering, [(number, log(), number, *terms)])
            book = OfferingBook(2_000_000)
            for lot, (who, units) in enumerate(lots, 1):
                pos = log()
                if who not in book.standing:
                    insert_rows(connection, m.subscriber, [(number, who, pos)])
                standing = book.subscribe(who, units)
                event = (pos, number, "subscribed", who, lot, units, 0, 0, standing, *book.sums)
                insert_rows(connection, m.offering_event, [event])


def named(number: int) -> str:
    """A holder's address as text."""
    return "0x" + wallet(number).hex()


def payout(series: int, number: int, holder: int) -> str:
    """Id of a payout."""
    return f"po_s{series}_{number}_{wallet(holder).hex()}"
