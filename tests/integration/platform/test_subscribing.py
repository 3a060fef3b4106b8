"""A subscription through the interface: from the prepared transaction to units and money, and every refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
from sqlalchemy import select
from tests.integration.platform.kit import ADMIN, DAY, HOLDERS, Kit
from tests.integration.platform.offered import PRICE, close, offer, subscribe, with_offerings
from tests.integration.platform.test_index import compared
from tests.support.postgres import fresh_postgres

from usufruct.api.app import create_app
from usufruct.api.events.feed import Feed
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.api.service import Service
from usufruct.contracts import address, participant_registry, revenue_right, settlement_currency
from usufruct.contracts import offering as of
from usufruct.index.indexer import Indexer
from usufruct.ledger import ids
from usufruct.ledger.database import Database
from usufruct.ledger.models import feed_event
from usufruct.money import Currency

Follow = Callable[..., Indexer]
ADAM, BARB, CARL, DAVE, EVE = HOLDERS


class Desk:
    """The interface of the project with offerings, and hands that sign what it prepares."""

    def __init__(self, kit: Kit, database: Database, indexer: Indexer) -> None:
        self.kit, self.database, self._indexer = kit, database, indexer
        render = Renderer(Currency("USDX", 6), Labels())
        self._service = Service(
            database, render, kit.client.chain_id, kit.contracts, chain=kit.client
        )

    def ask(self, path: str, body: Any = None) -> httpx.Response:
        """The answer as of the chain's head, to a GET or to a body."""
        self._indexer.catch_up()
        app = create_app(self._service)

        async def main() -> httpx.Response:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                answer = await (client.get(path) if body is None else client.post(path, json=body))
            await self.database.dispose_async()
            self.database.__dict__.pop("async_reader", None)
            return answer

        return anyio.run(main)

    def data(self, path: str) -> list[Any]:
        """The objects of a list."""
        answer = self.ask(path)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["data"])

    def order(self, holder: str, units: int, offering: str = "off_1") -> httpx.Response:
        """What prepares a subscription."""
        body = {"offering": offering, "units": str(units)}
        return self.ask(f"/v1/wallets/{holder}/subscriptions", body)

    def sign(self, transaction: Any, sender: str) -> None:
        """Sends a prepared transaction for somebody."""
        self.kit.send(transaction["to"], bytes.fromhex(transaction["data"][2:]), sender)


@pytest.fixture
def desk(kit: Kit, ledger: Database, follow: Follow) -> Desk:
    with_offerings(kit)
    return Desk(kit, ledger, follow(ledger))


def problem(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, kind and field of a problem that also says rule and remedy."""
    body = answer.json()
    assert body["rule"], body
    assert body["remedy"], body
    return answer.status_code, body["type"].rpartition("/")[2], body["field"]


def test_what_is_prepared_subscribes_takes_back_and_delivers(desk: Desk) -> None:
    kit, number = desk.kit, offer(desk.kit)
    kit.act("SettlementCurrency", settlement_currency.approve(kit.contracts["Offering"], 0), ADAM)
    order = desk.order(ADAM, 900).json()
    assert order["cost"]["amount"] == str(900 * PRICE)
    assert [each["function"] for each in order["transactions"]] == [
        "SettlementCurrency.approve",
        "Offering.subscribe",
    ]
    for each in order["transactions"]:
        desk.sign(each, ADAM)
    (again,) = desk.order(BARB, 600).json()["transactions"]  # her allowance is enough
    desk.sign(again, BARB)
    subscribe(kit, number, CARL, 10)
    back = desk.ask(f"/v1/wallets/{CARL}/withdrawals", {"offering": "off_1"}).json()
    assert back["returned"]["amount"] == str(10 * PRICE)
    desk.sign(back["transaction"], CARL)
    found = desk.data("/v1/offerings/off_1/subscriptions")
    assert [each["status"] for each in found] == ["subscribed", "subscribed", "withdrawn"]
    assert [each["allotted_units"] for each in found] == ["600", "400", "0"]
    none = desk.ask(f"/v1/wallets/{ADAM}/deliveries", {}).json()
    assert (none["deliveries"], none["has_more"]) == ([], False)
    close(kit, number)
    for holder, units in ((ADAM, 600), (BARB, 400)):
        due = desk.ask(f"/v1/wallets/{holder}/deliveries", {"offerings": ["off_1"]}).json()
        (part,) = due["deliveries"]
        assert (part["act"], part["units"]) == ("deliver", str(units))
        desk.sign(part["transaction"], ADMIN)  # whoever sends it
        assert kit.ask("NEW", revenue_right.balance_of(address(holder))) == units
    done = desk.ask("/v1/offerings/off_1").json()
    assert (done["status"], done["raised"], done["held"]["amount"]) == (
        "complete",
        done["target"],
        "0",
    )
    (own,) = desk.data(f"/v1/wallets/{ADAM}/subscriptions?status=delivered")
    assert own["returned"]["amount"] == str(300 * PRICE)
    assert own["possible"] == []


def test_refunds_and_what_could_not_be_paid_are_prepared(desk: Desk) -> None:
    kit, number = desk.kit, offer(desk.kit)
    subscribe(kit, number, ADAM, 9)
    close(kit, number)
    kit.act("SettlementCurrency", settlement_currency.set_blocked(ADAM, True))
    (part,) = desk.ask(f"/v1/wallets/{ADAM}/deliveries", {}).json()["deliveries"]
    assert (part["act"], part["returned"]["amount"]) == ("refund", str(9 * PRICE))
    desk.sign(part["transaction"], ADAM)
    (own,) = desk.data(f"/v1/wallets/{ADAM}/subscriptions")
    assert (own["status"], own["refund_failed"]) == ("refunded", True)
    kit.act("SettlementCurrency", settlement_currency.set_blocked(ADAM, False))
    due = desk.ask(f"/v1/wallets/{ADAM}/deliveries", {}).json()
    assert due["deliveries"] == []
    assert due["owed"]["amount"]["amount"] == str(9 * PRICE)
    desk.sign(due["owed"]["transaction"], BARB)
    assert desk.ask(f"/v1/wallets/{ADAM}/deliveries", {}).json()["owed"] is None


def test_a_subscription_that_is_late_lapses_for_whoever_asks_for_the_money(desk: Desk) -> None:
    kit, number = desk.kit, offer(desk.kit)
    subscribe(kit, number, ADAM, 500)
    close(kit, number)
    path = f"/v1/wallets/{ADAM}/deliveries"
    assert desk.ask(path, {"lapse": True}).json()["deliveries"][0]["act"] == "deliver"
    kit.warp(kit.now() + 3 * DAY)
    assert desk.ask(path, {}).json()["deliveries"][0]["act"] == "deliver"
    (part,) = desk.ask(path, {"lapse": True}).json()["deliveries"]
    assert (part["act"], part["units"]) == ("lapse", "0")
    desk.sign(part["transaction"], ADAM)
    assert desk.data(f"/v1/wallets/{ADAM}/subscriptions")[0]["status"] == "lapsed"


def test_every_refusal_says_which_rule_stands_in_the_way(desk: Desk) -> None:
    kit = desk.kit
    offer(kit, min_each=10, max_each=50, withdrawable=False)
    later = kit.ask("Offering", of.terms_of(1)).to
    offer(kit, from_=later, to=later + DAY, deliver_until=later + 8 * DAY)
    assert problem(desk.order(ADAM, 5)) == (422, "invalid-parameter", "units")
    assert problem(desk.order(ADAM, 51)) == (422, "invalid-parameter", "units")
    assert problem(desk.order(ADAM, 10**15 - 1)) == (422, "invalid-parameter", "units")
    assert problem(desk.order(ADAM, 10, "off_2")) == (409, "offering-not-open", "offering")
    assert problem(desk.order(ADAM, 10, "off_3")) == (404, "not-found", "offering")
    subscribe(kit, 1, BARB, 40)
    assert "at most 50 units in all" in desk.order(BARB, 11).json()["rule"]
    subscribe(kit, 1, BARB, 10)
    assert desk.order(BARB, 1).json()["remedy"] == "this wallet has as many as it may"
    withdrawal = desk.ask(f"/v1/wallets/{BARB}/withdrawals", {"offering": "off_1"})
    assert problem(withdrawal) == (409, "binding", "offering")
    freeze = participant_registry.set_frozen(ADAM, True, bytes(32), [])
    kit.act("ParticipantRegistry", freeze)
    refused = desk.order(ADAM, 10)
    assert problem(refused) == (409, "not-admitted", "address")
    assert refused.json()["rule"] == "recipient-frozen"
    money = kit.ask("SettlementCurrency", settlement_currency.balance_of(CARL))
    kit.act("SettlementCurrency", settlement_currency.transfer(BARB, money), CARL)
    assert problem(desk.order(CARL, 10)) == (409, "insufficient-funds", "units")
    close(kit, 1)
    assert problem(desk.order(EVE, 10)) == (409, "offering-not-open", "offering")
    none = desk.ask(f"/v1/wallets/{EVE}/withdrawals", {"offering": "off_2"})
    assert problem(none) == (409, "nothing-subscribed", "offering")


def test_units_that_no_series_can_count_are_refused_where_the_offering_names_no_most(
    desk: Desk,
) -> None:
    offer(desk.kit, price=1)
    assert problem(desk.order(ADAM, 1 << 48)) == (422, "invalid-parameter", "units")
    assert desk.order(ADAM, 1 << 48).json()["rule"] == f"at most {(1 << 48) - 1} units in all"


def test_prices_and_refunds_that_need_all_64_bits_are_sorted_paged_and_owed(desk: Desk) -> None:
    kit, large = desk.kit, (1 << 63) + 7
    for price in (large, 5, 1):
        offer(kit, price=price, min_units=0)
    for order, prices in (("price", [1, 5, large]), ("-price", [large, 5, 1])):
        found, after = [], ""
        for _ in prices:
            page = desk.ask(f"/v1/offerings?limit=1&sort={order}{after}").json()
            found.append(int(page["data"][0]["price"]["amount"]))
            after = f"&starting_after={page['next']}"
        assert found == prices
    for _ in range(2):
        kit.act("SettlementCurrency", settlement_currency.mint(ADAM, (1 << 62) + 4))
    subscribe(kit, 1, ADAM, 1)
    assert compared(kit, desk.database).differences == []
    kit.act("SettlementCurrency", settlement_currency.set_blocked(ADAM, True))
    kit.act("Offering", of.cancel(1))
    kit.act("Offering", of.refund(1, ADAM))
    due = desk.ask(f"/v1/wallets/{ADAM}/deliveries", {}).json()
    assert due["owed"]["amount"]["amount"] == str(large)
    assert compared(kit, desk.database).differences == []


def test_lists_are_filtered_sorted_paged_and_as_of_any_block(desk: Desk) -> None:
    kit = desk.kit
    offer(kit, price=5)
    offer(kit, days=3, price=2)
    for holder, units in ((ADAM, 60), (BARB, 90), (CARL, 30)):
        subscribe(kit, 2, holder, units)
    before = kit.client.block_number()
    kit.act("Offering", of.cancel(1))
    subscribe(kit, 2, DAVE, 70)

    def ids_of(query: str) -> list[str]:
        return [each["id"] for each in desk.data(f"/v1/offerings{query}")]

    assert ids_of("") == ids_of("?sort=-opened") == ids_of("?sort=price") == ["off_2", "off_1"]
    assert ids_of("?sort=subscribed") == ids_of("?sort=closes") == ["off_1", "off_2"]
    assert ids_of("?status=failed") == ["off_1"]
    assert ids_of("?status=open&series=LNEW") == ["off_2"]
    assert ids_of("?series=LVPPS") == []
    assert ids_of(f"?status=open&as_of_block={before}") == ["off_2", "off_1"]
    first = desk.ask("/v1/offerings?limit=1&sort=price").json()
    assert ids_of(f"?limit=1&sort=price&starting_after={first['next']}") == ["off_1"]
    assert ids_of("?starting_after=off_2") == ["off_1"]
    path = "/v1/offerings/off_2/subscriptions"

    def units(query: str) -> list[str]:
        return [each["units"] for each in desk.data(path + query)]

    assert units("") == ["60", "90", "30", "70"]
    assert units("?sort=-units") == ["90", "70", "60", "30"]
    assert units(f"?as_of_block={before}") == ["60", "90", "30"]
    page = desk.ask(f"{path}?limit=2").json()
    assert units(f"?limit=2&starting_after={page['next']}") == ["30", "70"]
    page = desk.ask(f"{path}?limit=3&sort=units").json()
    assert units(f"?limit=3&sort=units&starting_after={page['next']}") == ["90"]
    then = desk.ask(f"/v1/offerings/off_1?as_of_block={before}").json()
    assert (then["status"], then["cancelled"]) == ("open", None)
    assert desk.ask("/v1/offerings/off_1").json()["cancelled"]["block"] == before + 1


def test_what_happens_to_offerings_and_subscriptions_is_told_as_events(desk: Desk) -> None:
    kit, database = desk.kit, desk.database
    number = offer(kit, max_units=120)
    for holder, units in ((ADAM, 100), (BARB, 100), (CARL, 7)):
        subscribe(kit, number, holder, units)
    kit.act("Offering", of.withdraw(number), CARL)
    close(kit, number)
    kit.act("Offering", of.deliver(number, ADAM))
    kit.warp(kit.ask("Offering", of.terms_of(number)).deliver_until)
    kit.act("Offering", of.lapse(number, BARB), BARB)
    failing = offer(kit)
    subscribe(kit, failing, DAVE, 2)
    kit.act("Offering", of.cancel(failing))
    kit.act("SettlementCurrency", settlement_currency.set_blocked(DAVE, True))
    kit.act("Offering", of.refund(failing, DAVE))
    kit.act("SettlementCurrency", settlement_currency.set_blocked(DAVE, False))
    kit.act("Offering", of.withdraw_owed(address(DAVE)))
    desk.ask("/v1/offerings")
    while Feed(database, Renderer(Currency("USDX", 6), Labels()), 0).round():
        pass
    with database.read() as connection:
        rows = connection.execute(select(feed_event).order_by(feed_event.c.number)).all()
    told = [row for row in rows if row.kind.startswith(("offering", "subscription", "refund"))]
    assert [row.kind for row in told] == [
        "offering.opened",
        *["subscription.made"] * 3,
        "subscription.withdrawn",
        "subscription.delivered",
        "subscription.lapsed",
        "offering.opened",
        "subscription.made",
        "offering.cancelled",
        "refund.failed",
        "subscription.refunded",
        "refund.paid",
    ]
    wallets = [None, ADAM, BARB, CARL, CARL, ADAM, BARB, None, DAVE, None, DAVE, DAVE, DAVE]
    assert [row.wallet for row in told] == [one and bytes.fromhex(one[2:]) for one in wallets]
    delivered = json.loads(told[5].document)
    assert delivered["subscription"] == ids.subscription_id(1, bytes.fromhex(ADAM[2:]))
    assert (delivered["units"], delivered["price"]["amount"]) == ("60", str(60 * PRICE))
    assert delivered["returned"]["amount"] == str(40 * PRICE)
    assert json.loads(told[-1].document)["amount"]["amount"] == str(2 * PRICE)


def test_deliveries_say_when_there_are_more_than_one_answer_holds(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        subscribe(desk.kit, offer(desk.kit, min_units=0), ADAM, 10)
    close(desk.kit, 3)
    monkeypatch.setattr("usufruct.api.routes.subscribing._MOST", 2)
    due = desk.ask(f"/v1/wallets/{ADAM}/deliveries", {}).json()
    assert ([each["offering"] for each in due["deliveries"]], due["has_more"]) == (
        ["off_1", "off_2"],
        True,
    )
    for each in due["deliveries"]:
        desk.sign(each["transaction"], ADAM)
    rest = desk.ask(f"/v1/wallets/{ADAM}/deliveries", {}).json()
    assert ([each["offering"] for each in rest["deliveries"]], rest["has_more"]) == (
        ["off_3"],
        False,
    )


def test_postgresql_answers_the_same(desk: Desk, follow: Follow, tmp_path: Any) -> None:
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    number = offer(desk.kit, max_units=100)
    for holder in HOLDERS:
        subscribe(desk.kit, number, holder, 33)
    desk.kit.act("Offering", of.withdraw(number), BARB)
    offer(desk.kit, price=(1 << 63) + 7)
    with fresh_postgres() as url:
        server = Database(url)
        server.migrate()
        other = Desk(desk.kit, server, follow(server))
        for path in (
            "/v1/offerings?status=open&sort=-subscribed",
            "/v1/offerings?sort=-price",
            "/v1/offerings/off_1",
            "/v1/offerings/off_1/subscriptions?sort=-units",
            f"/v1/wallets/{ADAM}/subscriptions?status=subscribed",
        ):
            assert other.ask(path).content == desk.ask(path).content
        due = f"/v1/wallets/{ADAM}/deliveries"
        assert other.ask(due, {}).json() == desk.ask(due, {}).json()
        server.dispose()
