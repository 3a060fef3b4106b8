"""An answer as of a block is, to the byte, the one that was given when that block was the last."""

from __future__ import annotations

import random
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import anyio
import httpx
import pytest
from tests.integration.platform.kit import (
    DAY,
    HOLDERS,
    MEGA,
    OPERATOR,
    STREAM,
    WINDOW,
    Kit,
    deployed,
)
from tests.integration.platform.test_index import churn
from tests.integration.platform.worker import worker
from tests.support.anvil import running_anvil

from usufruct.api.app import create_app
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.api.service import Service
from usufruct.contracts import participant_registry, revenue_right, statement_book, waterfall
from usufruct.index.chain import NodeChain
from usufruct.index.evidence import EvidenceFetcher
from usufruct.index.indexer import Indexer
from usufruct.ledger.database import Database
from usufruct.money import Currency

_WALLETS = [f"/v1/wallets/{each}" for each in HOLDERS]
_ID = HOLDERS[2][2:].lower()
PATHS = [
    *(
        f"{_WALLETS[2]}/{name}&format=csv"
        for name in ("statement?period=1", "statement?period=2", "tax-summary?year=2026")
    ),
    *(
        f"{each}/{name}"
        for each in _WALLETS
        for name in ("holdings", "payouts", "claimable", "positions")
    ),
    *(f"{_WALLETS[2]}/payouts?status={status}" for status in ("paid", "accrued")),
    *(f"{_WALLETS[2]}/payouts?sort={sort}" for sort in ("-amount", "period", "units", "-time")),
    f"{_WALLETS[2]}/payouts?series=LVPPJ&stream=VPP&period=2",
    *(f"{_WALLETS[2]}/holdings?sort={sort}" for sort in ("units", "-paid")),
    *(f"/v1/participants/{number}/positions" for number in (1, 3, 99)),
    "/v1/series",
    *(f"/v1/series?status={status}&sort=-rank" for status in ("open", "sealed", "closed")),
    *(f"/v1/series/{name}" for name in ("LVPPS", "ser_lvppj", "none")),
    *(
        f"/v1/series/LVPPS/{name}"
        for name in (
            "holders",
            "holders?sort=-units",
            "positions",
            "records",
            "records?sort=record_date",
        )
    ),
    *(f"/v1/distributions{query}" for query in ("", "?series=LVPPS", "?period=1", "?sort=amount")),
    *(f"/v1/distributions/dist_lvpps_{number}" for number in (1, 2, 3)),
    *(
        f"/v1/distributions/dist_lvpps_{number}/payouts{query}"
        for number in (1, 2)
        for query in ("", "?sort=-amount")
    ),
    *(
        f"/v1/payouts/po_{slug}_{number}_{_ID}"
        for slug in ("lvpps", "lvppj")
        for number in (1, 2, 3)
    ),
    *(f"/v1/settlements{query}" for query in ("", "?status=short", "?sort=-receipts")),
    *(
        f"/v1/{kind}/VPP/{number}"
        for kind in ("settlements", "statements", "batches")
        for number in (1, 2, 3, 4)
    ),
    *(
        f"/v1/statements?status={status}"
        for status in ("attested", "final", "disputed", "voided", "settled")
    ),
    "/v1/statements?sort=-distributable",
    *(f"/v1/disputes{query}" for query in ("", "?stream=VPP&period=2", "?sort=period")),
    *(f"/v1/disputes?status={status}" for status in ("open", "dismissed", "lapsed", "upheld")),
    "/v1/batches?sort=count",
    *(f"/v1/batches?status={status}" for status in ("checked", "missing")),
    *(
        f"/v1/payouts/po_{slug}_{number}_{_ID}/proof?readings=all"
        for slug in ("lvpps", "lvppj")
        for number in (1, 2)
    ),
    "/v1/verdicts",
    "/v1/verdicts?stream=VPP&period=2",
    *(f"{_WALLETS[2]}/positions?sort={sort}" for sort in ("units", "-paid")),
    "/v1/streams",
    "/v1/streams/VPP",
]


class Witness:
    """A chain, a ledger that follows it block by block, and what was answered at each."""

    def __init__(self, kit: Kit, database: Database) -> None:
        self.kit, self.database = kit, database
        self.answers: dict[int, list[tuple[int, bytes]]] = {}
        one = worker(kit, "one", rejected=lambda: len(self.answers) // 4)
        self._fetcher = EvidenceFetcher(database, [one])
        render = Renderer(Currency("USDX", 6), Labels(project="Test", first_period="2026-09"))
        self._service = Service(database, render, 31337, kit.contracts, chain=kit.client)
        self._app = create_app(self._service)
        chain = NodeChain(kit.client, kit.contracts["Waterfall"])
        self.indexer = Indexer(
            chain,
            database,
            kit.contracts,
            kit.first_block,
            {"chain_id": "31337", "currency": "USDX:6"},
        )

    def without_a_node(self) -> None:
        """From now on nothing but the ledger is asked."""
        self._app = create_app(replace(self._service, chain=None))

    def look(self) -> None:
        """Takes in what is new, at every third time also the evidence for it, and notes every answer."""
        self.indexer.catch_up()
        if len(self.answers) % 3 == 0:
            self._fetcher._round = 0  # reports are asked for in every twelfth round
            self._fetcher.round()
        self.answers[self.kit.client.block_number()] = self.ask("")
        # What no log brought counts by time: a block in the same second would be as of the same moment.
        self.kit.client.rpc("evm_increaseTime", 1)

    def ask(self, suffix: str) -> list[tuple[int, bytes]]:
        """Status and body for every path."""

        async def main() -> list[tuple[int, bytes]]:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                found = []
                for path in PATHS:
                    mark = ("&" if "?" in path else "?") if suffix else ""
                    answer = await client.get(path + mark + suffix)
                    found.append((answer.status_code, answer.content))
            await self.database.dispose_async()
            self.database.__dict__.pop("async_reader", None)
            return found

        return anyio.run(main)

    def history(self, seed: int) -> None:
        """Sales, claims and settlements by chance, and one of everything that changes what was said before."""
        kit, rng = self.kit, random.Random(seed)
        self.look()
        self._disputed_period()
        for _ in range(4):
            churn(kit, rng.randrange(1 << 30), 2)
            self.look()
        frozen = participant_registry.set_frozen(HOLDERS[2], True, bytes(32), [kit.series["SR"]])
        kit.act("ParticipantRegistry", frozen)
        self.look()
        kit.act("SR", revenue_right.push([HOLDERS[0], HOLDERS[2]]))
        self.look()
        self._quiet_days()
        thawed = participant_registry.set_frozen(HOLDERS[2], False, bytes(32), [kit.series["SR"]])
        kit.act("ParticipantRegistry", thawed)
        self.look()
        churn(kit, rng.randrange(1 << 30), 3)
        self.look()
        kit.mine(70)

    def _quiet_days(self) -> None:
        """Days without a log of ours, beyond the headers that the ledger keeps: only the clock changes what is said."""
        kit = self.kit
        kit.attest(300 * MEGA, kit.evidence[-1].statement.period + 1)
        final = kit.now() + WINDOW
        until = kit.now() // DAY + 1
        checked = participant_registry.Registration(
            wallet=HOLDERS[3],
            participant=4,
            kyc_until=until,
            country=344,
            class_=participant_registry.Class.INSTITUTION,
            locked_until=0,
            identity_hash=bytes([4]) * 32,
        )
        kit.act("ParticipantRegistry", participant_registry.register_batch([checked]))
        self.look()
        over = (until + 1) * DAY
        for time in (final - 1, final, over - 1, over, over + 3 * DAY):
            if time > kit.now():
                kit.warp(time)
            self.look()
            kit.mine(15)
        kit.mine(70)

    def _disputed_period(self) -> None:
        """A first period that is disputed and stands, then voided, stated again, and settled in two steps."""
        kit = self.kit
        evidence = kit.attest(400 * MEGA + 1, 1)
        self.look()
        for call in (
            statement_book.dispute(STREAM, 1, b"\1" * 32),
            statement_book.dismiss(STREAM, 1, b"\2" * 32),
            statement_book.dispute(STREAM, 1, b"\3" * 32),
            statement_book.void_statement(STREAM, 1, b"\4" * 32),
        ):
            kit.act("StatementBook", call)
            self.look()
        kit.restate(evidence, 2)
        self.look()
        kit.finish()
        self.look()
        required = sum(line.amount for line in evidence.lines)
        kit.act("Waterfall", waterfall.fund(STREAM, required), OPERATOR)
        self.look()
        kit.act("Waterfall", waterfall.settle(STREAM, 1))
        self.look()
        kit.claim("SR", HOLDERS[2])
        self.look()


def _untold(answer: tuple[int, bytes]) -> bool:
    """Whether an answer says that the time of the block is not known."""
    status, body = answer
    return status == HTTPStatus.UNPROCESSABLE_ENTITY and b"time of this block" in body


@pytest.mark.parametrize(
    ("seed", "books", "alone"),
    [
        (3, "sqlite", True),
        (11, "postgresql", False),
        pytest.param(3, "postgresql", True, marks=pytest.mark.deep),
        pytest.param(11, "sqlite", True, marks=pytest.mark.deep),
    ],
    indirect=["books"],
)
def test_an_answer_as_of_a_block_is_the_one_that_was_given_then(
    seed: int, books: Database, tmp_path: Path, *, alone: bool
) -> None:
    """With `alone` also without a node."""
    with running_anvil(tmp_path) as anvil:
        witness = Witness(deployed(anvil), books)
        witness.history(seed)
        witness.indexer.catch_up()
        assert len(witness.answers) > 15
        last = max(witness.answers)
        for number, given in witness.answers.items():
            again = witness.ask(f"as_of_block={number}")
            for path, then, now in zip(PATHS, given, again, strict=True):
                assert now == then, (number, path)
        if alone:
            ask_the_ledger_alone(witness)
        good = [status for status, _ in witness.answers[last]]
        assert good.count(200) > 70  # what is compared is not nothing
        changed = [
            path
            for place, path in enumerate(PATHS)
            if len({answers[place] for answers in witness.answers.values()}) > 1
        ]
        assert len(changed) > 70
        assert {"/v1/verdicts", "/v1/batches?status=missing"} < set(changed)
        assert any(path.partition("?")[0].endswith("/proof") for path in changed)


def ask_the_ledger_alone(witness: Witness) -> None:
    """Without a node its answers are the same, but for blocks whose time it does not know."""
    witness.without_a_node()
    unknown = 0
    for number, given in witness.answers.items():
        again = witness.ask(f"as_of_block={number}")
        unknown += any(now[0] == HTTPStatus.UNPROCESSABLE_ENTITY for now in again)
        for path, then, now in zip(PATHS, given, again, strict=True):
            assert now == then or _untold(now), (number, path)
    assert 0 < unknown < len(witness.answers) // 2
