"""Funds looked through: shares equal to the contract's own, income by the payments that made it, fractions kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import anyio
import httpx
import pytest
from tests.integration.platform.kit import DAY, HOLDERS, MEGA, Kit, deployed, word
from tests.integration.platform.test_api import World
from tests.support.anvil import running_anvil
from typer.testing import CliRunner

from usufruct.api import schemas
from usufruct.api.app import create_app
from usufruct.api.auth import store
from usufruct.api.auth.principal import Access
from usufruct.cli import build
from usufruct.clock import SystemClock
from usufruct.contracts import (
    Address,
    fund_factory,
    participant_registry,
    pool_fund,
    revenue_right,
    series_extension,
    series_factory,
)
from usufruct.contracts.shared import FundTerms, Terms

ADAM, BARB, CARL, DAVE, EVE = HOLDERS
ONE = 10**18


class Pool(World):
    """The project with a pool fund that holds senior units; Dave and Eve hold the fund's."""

    def _history(self) -> None:
        kit = self.kit
        self.fund = open_fund(kit, "POOL", {DAVE: 700, EVE: 300})
        kit.transfer("SR", ADAM, self.fund, 333_333)
        self.before = kit.client.block_number()
        kit.settle(900 * MEGA + 1, 1)
        kit.send(self.fund, pool_fund.collect().data)
        kit.warp(kit.now() + 45 * DAY)
        try:
            kit.send(self.fund, pool_fund.pass_through().data)
        except pool_fund.YearOver:
            kit.send(self.fund, pool_fund.close_year().data)
        kit.claim("POOL", DAVE)


def open_fund(kit: Kit, symbol: str, holders: dict[Address, int]) -> Address:
    """A fund of the first level with units of its own, admitted to the registry and to senior units."""
    authority = kit.contracts["AccessManager"]
    registry, currency = kit.contracts["ParticipantRegistry"], kit.contracts["SettlementCurrency"]
    factory = kit.deploy(
        "FundFactory",
        fund_factory.deploy_data(authority, currency, kit.contracts["SeriesFactory"]),
    )
    places = (authority, registry, currency, factory)
    extension = kit.deploy("UnitExtension", series_extension.deploy_data(*places))
    code = kit.deploy("UnitImpl", revenue_right.deploy_data(*places, extension))
    makes = kit.deploy("FundUnitFactory", series_factory.deploy_data(authority, code))
    kit.act("FundFactory", fund_factory.set_units(makes))
    terms = Terms(
        *(
            word(f"Units of {symbol}"),
            word(symbol),
            1,
            1,
            600,
            0,
            0,
            0b1100,
            0,
            1,
            0,
            0,
            0,
            0,
            0,
            0,
        ),
        False,
    )
    kit.act("FundUnitFactory", series_factory.create(terms, word(symbol)))
    units = kit.ask("FundUnitFactory", series_factory.address_of(terms, word(symbol)))
    kit.series[symbol] = units
    kit.act("FundFactory", fund_factory.open(FundTerms(units, 1, 9_000, 1, 1, 0)))
    fund = kit.ask("FundFactory", fund_factory.fund_of(units))
    kit.act(
        "ParticipantRegistry",
        participant_registry.register(
            participant_registry.Registration(
                fund, 77, 60_000, 344, participant_registry.Class.INSTITUTION, 0, b"\7" * 32
            )
        ),
    )
    kit.act("FundFactory", fund_factory.admit(fund, kit.series["SR"]))
    kit.act(symbol, revenue_right.issue(list(holders), list(holders.values())))
    kit.act(symbol, revenue_right.seal())
    return Address(fund)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    folder = tmp_path_factory.mktemp("funds")
    with running_anvil(folder) as anvil:
        made = Pool(deployed(anvil), folder)
        yield made
        made.database.dispose()


def seen(pool: Pool, path: str) -> dict[str, Any]:
    answer = pool.answer(path)
    assert answer.status_code == 200, answer.text
    schemas.LookThrough.model_validate_json(answer.content, strict=True)
    body: dict[str, Any] = answer.json()
    return body


def test_a_fund_s_shares_are_those_that_the_contract_tells(pool: Pool) -> None:
    told = seen(pool, "/v1/series/POOL/look-through")
    chain = pool.kit.client.call(pool.fund, pool_fund.look_through())
    assert told["streams"] == [f"str_{stream}" for stream in chain.streams]
    assert [int(each["share"]) for each in told["lines"]] == list(
        chain.shares
    )  # one series of each
    assert told["holder"] == pool.fund
    (line,) = told["lines"]
    assert (line["through"], line["units"], line["share"]) == ([], "333333", str(333_333 * 10**12))


def test_a_holder_sees_through_the_fund_and_beside_it(pool: Pool) -> None:
    told = seen(pool, f"/v1/wallets/{DAVE}/look-through")
    lines = {(each["series"]["symbol"], *each["through"]): each for each in told["lines"]}
    assert set(lines) == {("LVPPJ",), ("LVPPS", "ser_pool")}
    assert int(lines["LVPPS", "ser_pool"]["share"]) == 7 * 10**17 * (333_333 * 10**12) // ONE
    assert int(lines["LVPPJ",]["share"]) == 333_333 * ONE // 1_000_000
    assert told["streams"] == ["str_1"]  # both series are of it; their shares have no sum
    early = pool.answer(f"/v1/wallets/{DAVE}/look-through?as_of_block={pool.kit.first_block}")
    assert early.json()["lines"] == []
    none = seen(pool, f"/v1/wallets/0x{'12' * 20}/look-through")
    assert none["lines"] == none["streams"] == []


def test_the_command_sees_the_same(pool: Pool) -> None:
    url = pool.database.url.render_as_string()
    told = CliRunner().invoke(build("look-through"), ["look-through", DAVE, "--db", url, "--json"])
    assert told.exit_code == 0, told.output
    mine = seen(pool, f"/v1/wallets/{DAVE}/look-through")["lines"]
    assert json.loads(told.stdout) == mine
    shown = CliRunner().invoke(build("look-through"), ["look-through", pool.fund, "--db", url])
    assert "33.3333" in shown.stdout


def test_a_fund_s_payout_names_the_payments_it_comes_from(pool: Pool) -> None:
    payout = pool.get(f"/v1/payouts/{pool.payout(DAVE, 1, 'pool')}")
    schemas.PayoutDetail.model_validate(payout)
    (income,) = payout["fund_income"]
    assert income["series"]["symbol"] == "LVPPS"
    assert income["amount"]["amount"] == payout["arithmetic"]["distributed"]
    assert income["paid"]["block"] < payout["accrued"]["block"]
    own = pool.get(f"/v1/payouts/{pool.payout(pool.fund)}")
    assert own["fund_income"] is None
    assert own["amount"] == income["amount"]
    assert own["paid"]["transaction"] == income["paid"]["transaction"]


@pytest.mark.parametrize(("language", "month"), [("en", "for Dec 2026"), ("zh-CN", "2026年12月")])
def test_a_fund_s_payout_leads_to_the_fund_s_own_and_so_to_the_meters(
    pool: Pool, language: str, month: str
) -> None:
    """The fund passed on in January what it was paid until the end of December."""
    asked = {"accept": "text/html", "accept-language": language}
    own = pool.payout(pool.fund)
    shown = pool.answer(f"/payouts/{pool.payout(DAVE, 1, 'pool')}", headers=asked)
    assert f'<a href="/payouts/{own}">' in shown.text
    assert month in shown.text
    assert "step-waterfall" not in shown.text, "what a fund has not is not told as missing"
    listed = pool.answer(f"/wallets/{DAVE}", headers=asked)
    assert month.removeprefix("for ") in listed.text
    assert "step-waterfall" in pool.answer(f"/payouts/{own}", headers=asked).text


def test_holders_of_a_fund_follow_its_payouts_where_only_sums_are_public_and_others_do_not(
    pool: Pool,
) -> None:
    access = Access(public="aggregates", origin="http://test", secret=b"funds" * 7)
    app = create_app(replace(pool.service(), access=access))

    def status(wallet: str, path: str) -> int:
        with pool.database.write() as connection:
            session = store.open_session(
                connection, bytes.fromhex(wallet[2:]), SystemClock().now(), 3_600
            )

        async def ask() -> int:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                headers = {"cookie": f"__Host-usufruct={session.token}"}
                answer = await client.get(path, headers=headers)
            await pool.database.dispose_async()
            pool.database.__dict__.pop("async_reader", None)
            return answer.status_code

        return anyio.run(ask)

    fund_s = f"/v1/payouts/{pool.payout(pool.fund)}"
    for wallet, expected in ((DAVE, 200), (EVE, 200), (ADAM, 404)):
        for path in (fund_s, f"{fund_s}/proof", fund_s.removeprefix("/v1")):
            assert status(wallet, path) == expected, (wallet, path)
    assert status(DAVE, f"/v1/payouts/{pool.payout(EVE, 1, 'pool')}") == 404
    assert status(DAVE, f"/v1/wallets/{pool.fund}/payouts") == 404


def test_what_is_no_fund_is_refused(pool: Pool) -> None:
    for query, status in (("LVPPS", 422), ("none", 404)):
        assert pool.answer(f"/v1/series/{query}/look-through").status_code == status
    early = pool.answer(f"/v1/series/POOL/look-through?as_of_block={pool.kit.first_block}")
    assert early.status_code == 404


@pytest.mark.parametrize("series", ["LVPPS", "LVPPJ", "POOL"])
def test_fractions_of_a_unit_stay_with_the_series_and_are_fewer_than_its_accounts(
    pool: Pool, series: str
) -> None:
    told = pool.answer(f"/v1/series/{series}/dust")
    body = schemas.Dust.model_validate_json(told.content, strict=True)
    positions = pool.get(f"/v1/series/{series}/positions")["data"]
    accrued = sum(int(each["accrued"]["amount"]) for each in positions)
    assert body.accrued.amount == str(accrued)
    assert int(body.dust.amount) == int(body.distributed.amount) - accrued
    assert 0 <= int(body.dust.amount) < max(body.accounts, 1)
    before = pool.get(f"/v1/series/{series}/dust?as_of_block={pool.before}")
    assert before["distributed"]["amount"] == before["dust"]["amount"] == "0"
