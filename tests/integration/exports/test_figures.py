"""One finished community told in seven ways, which agree to the unit: chain, ledger, lists, statements, tax and bank.

A statement was superseded, a wallet lost twice, a fund passed its income on, a holder is frozen, and tax is withheld.
"""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from tests.integration.exports.conftest import (
    ADAM,
    BARB,
    CARL,
    DAVE,
    EVE,
    Office,
    early_in_a_month,
    office_of,
)
from tests.integration.platform.kit import DAY, HOLDERS, MEGA, OPERATOR, STREAM, Kit, deployed
from tests.integration.platform.test_funds import open_fund
from tests.support.anvil import Anvil

from usufruct.api.app import create_app
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.api.service import Service
from usufruct.contracts import (
    Address,
    address,
    participant_registry,
    pool_fund,
    revenue_right,
    settlement_currency,
    waterfall,
)
from usufruct.exports.account import Account, read_account
from usufruct.exports.calendar import Calendar
from usufruct.exports.document import Amount, Document
from usufruct.exports.project import Project
from usufruct.exports.statement import statement_document
from usufruct.exports.tax import tax_document
from usufruct.money import Currency

NEW = [address(bytes([0xB0 + n]) * 20) for n in range(2)]
BARBS = (BARB, *NEW)
USDX = Currency("USDX", 6)
SLUGS = {"SR": "lvpps", "JR": "lvppj", "POOL": "pool"}
BOOK = """
[debtor]
name = "Agent"
iban = "DE89370400440532013000"
currency = "USD"
"""
TAX = {ADAM: "0%", NEW[1]: "10%", CARL: "12.5%", DAVE: "20%"}


def story(kit: Kit) -> Address:
    """What happened; returns the fund's address."""
    fund = open_fund(kit, "POOL", {DAVE: 700, EVE: 300})
    kit.transfer("SR", ADAM, fund, 333_333)
    evidence = kit.attest(900 * MEGA + 1, 1)
    kit.restate(evidence, 2)
    kit.finish()
    required = sum(line.amount for line in evidence.lines)
    kit.act("Waterfall", waterfall.fund(STREAM, required), OPERATOR)
    kit.act("Waterfall", waterfall.settle(STREAM, 1))
    for code, holder in (("SR", ADAM), ("SR", CARL), ("JR", CARL)):
        kit.claim(code, holder)
    for lost, replacement in pairwise(BARBS):
        kit.lose(lost, replacement, 2, "SR")
    kit.transfer("JR", EVE, DAVE, 77)
    kit.settle(2_000 * MEGA + 7, 2)
    kit.claim("SR", NEW[1])
    frozen = participant_registry.set_frozen(CARL, True, bytes(32), [kit.series["SR"]])
    kit.act("ParticipantRegistry", frozen)
    kit.send(fund, pool_fund.collect().data)
    kit.warp(kit.now() + 45 * DAY)
    try:
        kit.send(fund, pool_fund.pass_through().data)
    except pool_fund.YearOver:
        kit.send(fund, pool_fund.close_year().data)
    kit.claim("POOL", DAVE)
    return fund


class Figures:
    """Everything that is told of the community, in minor units, by series and wallet."""

    def __init__(self, office: Office, fund: Address) -> None:
        self.office, self.kit = office, office.kit
        self.wallets = [*HOLDERS, *NEW, fund]
        self.calendar = Calendar(office.month, "UTC")
        last = self.kit.now()
        self.months = [self.calendar.period(str(n)) for n in range(1, 25)]
        self.months = [each for each in self.months if each.start <= last]
        self.years = [self.calendar.year(str(y)) for y in sorted({m.name[:4] for m in self.months})]

    def asked(self, path: str) -> Any:
        """The body of an answer of the API."""
        labels = Labels(project="Test", first_period=self.office.month)
        render = Renderer(USDX, labels)
        app = create_app(Service(self.office.database, render, 31337, self.kit.contracts))

        async def main() -> Any:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                answer = await client.get(path)
            assert answer.status_code == 200, answer.text
            return answer.json()

        return anyio.run(main)

    def payouts(self, wallet: Address) -> list[Any]:
        """The list of a wallet's payouts."""
        found: list[Any] = self.asked(f"/v1/wallets/{wallet}/payouts?limit=100")["data"]
        return found

    def summed(self, wallets: list[Address], code: str, status: str | None = None) -> int:
        """The payouts of wallets in a series, of a status."""
        return sum(
            int(each["amount"]["amount"])
            for wallet in wallets
            for each in self.payouts(wallet)
            if each["series"]["id"] == f"ser_{SLUGS[code]}" and status in (None, each["status"])
        )

    def positions(self, wallet: Address) -> dict[str, Any]:
        """What a wallet stands at, by series."""
        found = self.asked(f"/v1/wallets/{wallet}/positions")["data"]
        return {each["series"]["id"].removeprefix("ser_"): each for each in found}

    def accounts(self, wallet: Address, windows: Any) -> list[Account]:
        """Its accounts of stretches that follow each other."""
        raw = bytes.fromhex(wallet[2:])
        with self.office.database.read() as connection:
            return [read_account(connection, raw, each) for each in windows]


@pytest.fixture
def figures(anvil_fresh: Anvil, tmp_path: Path) -> Figures:
    early_in_a_month(anvil_fresh)
    kit = deployed(anvil_fresh)
    fund = story(kit)
    return Figures(office_of(kit, tmp_path), fund)


def money(found: Any, name: str) -> int:
    return int(found[name]["amount"])


def total(document: Document, table: int) -> int:
    """What a table of a document adds up to, in the first column of money that it adds up."""
    row = document.tables[table].total
    assert row is not None
    return next(each.minor for each in row if isinstance(each, Amount))


def test_every_figure_is_the_same_wherever_it_is_told(figures: Figures, tmp_path: Path) -> None:
    _chain_and_positions(figures)
    _lists_and_distributions(figures)
    _statements_and_tax(figures)
    _bank(figures, tmp_path)
    first = figures.asked("/v1/statements/VPP/1")
    assert (first["version"], len(first["versions"]), first["status"]) == (2, 2, "settled")


def _chain_and_positions(figures: Figures) -> None:
    """Units, what can be claimed and what was paid are the contracts' own; Carl's is withheld."""
    kit = figures.kit
    for wallet in figures.wallets:
        told = figures.positions(wallet)
        for code, slug in SLUGS.items():
            units = kit.ask(code, revenue_right.balance_of(wallet))
            due = kit.ask(code, revenue_right.claimable(wallet))
            found = told.get(slug)
            if found is None:
                assert units == due == 0
                continue
            assert (int(found["units"]), money(found, "claimable")) == (units, due)
            assert money(found, "accrued") == money(found, "paid") + due
            assert money(found, "withheld") == (due if wallet == CARL else 0)
        if wallet != figures.wallets[-1]:  # the fund has passed on what it was paid
            received = kit.ask("SettlementCurrency", settlement_currency.balance_of(wallet))
            assert received == sum(money(each, "paid") for each in told.values())
    assert money(figures.positions(CARL)["lvpps"], "withheld") > 0


def _lists_and_distributions(figures: Figures) -> None:
    """Payouts are accrual, those paid are payments; a series keeps what it was paid and has not paid out."""
    kit = figures.kit
    groups = [[each] for each in figures.wallets if each not in BARBS] + [list(BARBS)]
    distributed = figures.asked("/v1/distributions?limit=100")["data"]
    for code, slug in SLUGS.items():
        paid = defaultdict(int)
        for number, group in enumerate(groups):
            told = [figures.positions(each).get(slug) for each in group]
            known = [each for each in told if each is not None]
            paid[number] = sum(money(each, "paid") for each in known)
            claimable = sum(money(each, "claimable") for each in known)
            assert figures.summed(group, code, "paid") == paid[number], (code, group)
            assert figures.summed(group, code, "accrued") == claimable, (code, group)
        own = [each for each in distributed if each["series"]["id"] == f"ser_{slug}"]
        whole = sum(money(each, "amount") for each in own)
        shares = figures.summed(figures.wallets, code)
        assert 0 <= whole - shares < len(figures.wallets)  # fractions stay with their accounts
        kept = kit.ask("SettlementCurrency", settlement_currency.balance_of(kit.series[code]))
        assert kept == whole - sum(paid.values())
        assert own


def _statements_and_tax(figures: Figures) -> None:
    """Months follow each other to the unit, years are their sums, documents say what accounts do."""
    project = Project("TEST", "Test", figures.calendar)
    for wallet in figures.wallets:
        told, listed = figures.positions(wallet), figures.payouts(wallet)
        months = figures.accounts(wallet, figures.months)
        closing: dict[str, int] = {}
        paid: defaultdict[str, int] = defaultdict(int)
        for month in months:
            for each in month.balances:
                assert each.opening == closing.get(each.symbol, 0)
                assert each.opening + each.income + each.moved - each.paid == each.closing
                closing[each.symbol] = each.closing
                paid[each.symbol] += each.paid
            document = statement_document(project, USDX, month)
            assert total(document, 0) == sum(each.amount for each in month.earned)
        symbols = {slug: found["series"]["symbol"] for slug, found in told.items()}
        for slug, found in told.items():
            assert closing[symbols[slug]] == money(found, "claimable")
            assert paid[symbols[slug]] == money(found, "paid")
        stated = {each.id: each.amount for month in months for each in month.earned}
        assert stated == {each["id"]: int(each["amount"]["amount"]) for each in listed}
        years = [
            tax_document(project, USDX, each) for each in figures.accounts(wallet, figures.years)
        ]
        assert sum(total(each, 0) for each in years) == sum(stated.values())
        assert sum(total(each, 1) for each in years) == sum(paid.values())


def _bank(figures: Figures, tmp_path: Path) -> None:
    """Every payout that was paid to a payee is transferred once, and tax is what the tax summaries say."""
    office, book = figures.office, tmp_path / "payees.toml"
    book.write_text(
        BOOK
        + "\n".join(
            f'[[payee]]\nwallet = "{each}"\nname = "P {n}"\naccount = "{n}"\nwithholding = "{tax}"\n'
            for n, (each, tax) in enumerate(TAX.items(), 1)
        )
    )
    made: list[Any] = []
    for month in figures.months:
        arguments = ["--period", month.name, "--payees", str(book), "--execution", "2027-03-10"]
        told = json.loads(office.ok("bank", "pay", *arguments, "--depth", "0", "--json"))
        made += told["transfers"]
    payees = {ADAM, CARL, DAVE, *BARBS}
    wanted = {
        each["id"]: int(each["amount"]["amount"])
        for wallet in payees
        for each in figures.payouts(wallet)
        if each["status"] == "paid"
    }
    assert {each["payout"]: int(each["gross"]) for each in made} == wanted
    assert len(made) == len(wanted)
    left = 0
    for each in made:
        cents, carried = divmod(int(each["gross"]) + int(each["carry_in"]), 10_000)
        withheld = cents * int(each["tax_bp"]) // 10_000
        assert (int(each["net"]), int(each["withheld"])) == (cents - withheld, withheld)
        assert int(each["carry_out"]) == carried
        left += carried - int(each["carry_in"])
    cash = json.loads(office.ok("bank", "status", "--json"))
    assert cash["differences"] == []
    assert int(cash["gross"]) == sum(wanted.values())
    moved = sum(int(cash[name]) for name in ("net", "withheld")) * 10_000
    assert moved + left == sum(wanted.values())
    assert {each["wallet"] for each in made} >= {str(BARB), str(NEW[1]), str(DAVE)}
    assert any(each["payout"].startswith("po_pool_") and int(each["withheld"]) for each in made)
