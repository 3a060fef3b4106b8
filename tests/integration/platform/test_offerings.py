"""Offerings in the ledger against their contract: after anything that can happen, now and after any reorganisation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.integration.platform.kit import DAY, HOLDERS, Kit
from tests.integration.platform.offered import (
    PRICE,
    close,
    offer,
    stir,
    subscribe,
    with_offerings,
)
from tests.integration.platform.test_index import compared, fresh, tables

from usufruct.contracts import address, settlement_currency
from usufruct.contracts import offering as of
from usufruct.index.indexer import Indexer
from usufruct.ledger.database import Database
from usufruct.ledger.models import offering_event, refund_event

Follow = Callable[..., Indexer]
ADAM, BARB, CARL = HOLDERS[:3]


@pytest.fixture
def kit(kit: Kit) -> Kit:
    """The project with offerings."""
    return with_offerings(kit)


def ended(indexer: Indexer) -> None:
    """Steps until the head is reached and nothing is left to undo."""
    while (step := indexer.step()).undone or step.at < step.head:
        pass


def kinds(database: Database) -> dict[str, int]:
    """How often each kind of event is in the ledger."""
    query = select(offering_event.c.kind, func.count()).group_by(offering_event.c.kind)
    with database.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


@pytest.mark.parametrize("seed", range(3))
def test_sums_subscriptions_and_money_are_the_contracts_after_any_sequence(
    kit: Kit, ledger: Database, follow: Follow, seed: int
) -> None:
    indexer = follow(ledger)
    for part in range(4):
        stir(kit, seed * 10 + part, 40)
        indexer.catch_up()
        assert compared(kit, ledger).differences == []
    assert compared(kit, ledger).offerings >= 4
    assert {"subscribed", "withdrawn", "delivered", "cancelled"} <= kinds(ledger).keys()


def test_an_oversubscribed_offering_is_allotted_and_delivered_to_the_unit(
    kit: Kit, ledger: Database, follow: Follow
) -> None:
    number = offer(kit)
    for holder, units in ((ADAM, 700), (BARB, 500), (CARL, 1), (ADAM, 33), (BARB, 7)):
        subscribe(kit, number, holder, units)
    kit.act("Offering", of.withdraw(number), CARL)
    subscribe(kit, number, CARL, 77)
    follow(ledger).catch_up()
    assert compared(kit, ledger).differences == []
    close(kit, number)
    for holder in (CARL, ADAM, BARB):
        kit.act("Offering", of.deliver(number, address(holder)))
        follow(ledger).catch_up()
        assert compared(kit, ledger).differences == []
    with ledger.read() as connection:
        last = connection.execute(
            select(offering_event).order_by(offering_event.c.pos.desc()).limit(1)
        ).one()
    assert (last.subscribed, last.placed, last.waiting, last.held) == (1_317, 1_000, 0, 0)


def test_refunds_that_fail_stay_owed_until_they_are_paid(
    kit: Kit, ledger: Database, follow: Follow
) -> None:
    number = offer(kit)
    subscribe(kit, number, ADAM, 9)
    kit.act("SettlementCurrency", settlement_currency.set_blocked(ADAM, True))
    close(kit, number)
    kit.act("Offering", of.refund(number, ADAM))
    follow(ledger).catch_up()
    report = compared(kit, ledger)
    assert report.differences == report.notes == []
    kit.act("SettlementCurrency", settlement_currency.set_blocked(ADAM, False))
    kit.act("Offering", of.withdraw_owed(ADAM))
    follow(ledger).catch_up()
    assert compared(kit, ledger).differences == []
    with ledger.read() as connection:
        rows = connection.execute(select(refund_event).order_by(refund_event.c.pos)).all()
    assert [(row.kind, row.amount) for row in rows] == [("failed", 9 * PRICE), ("paid", 9 * PRICE)]


def test_what_nobody_can_deliver_lapses(kit: Kit, ledger: Database, follow: Follow) -> None:
    number = offer(kit)
    subscribe(kit, number, ADAM, 100)
    subscribe(kit, number, BARB, 100)
    close(kit, number)
    kit.act("Offering", of.deliver(number, BARB))
    kit.warp(kit.now() + 3 * DAY)
    kit.act("Offering", of.lapse(number, ADAM), ADAM)
    follow(ledger).catch_up()
    assert compared(kit, ledger).differences == []
    assert kinds(ledger) == {"subscribed": 2, "delivered": 1, "lapsed": 1}


def test_reconcile_names_an_offering_a_subscription_and_a_vault_that_differ(
    kit: Kit, ledger: Database, follow: Follow
) -> None:
    number = offer(kit)
    subscribe(kit, number, ADAM, 100)
    subscribe(kit, number, BARB, 200)
    follow(ledger).catch_up()
    changed = offering_event.update().where(offering_event.c.standing == 200)
    with ledger.write() as connection:
        connection.execute(changed.values(units=201, subscribed=301, held=301 * PRICE))
    found = [str(each) for each in compared(kit, ledger).differences]
    assert found == [
        "offering 1 subscribed: the ledger has 301, the chain 300",
        f"offering 1 {BARB} units: the ledger has 201, the chain 200",
        f"offering 1 {BARB} allotted: the ledger has 201, the chain 200",
        f"offerings vault: the ledger has {301 * PRICE}, the chain {300 * PRICE}",
    ]
    kit.act("SettlementCurrency", settlement_currency.mint(kit.contracts["Offering"], 9 * PRICE))
    follow(ledger).catch_up()
    assert compared(kit, ledger).notes == [
        f"offerings vault holds {8 * PRICE} that nobody subscribed with"
    ]


def test_reorganisations_of_any_depth_give_the_tables_of_a_full_run(
    kit: Kit, tmp_path: Path, ledger: Database, follow: Follow
) -> None:
    indexer = follow(ledger, window=16, largest=5)
    stir(kit, 21, 60)
    for depth in (1, 2, 3, 5, 8, 13):
        ended(indexer)
        kit.client.rpc("anvil_reorg", depth, [])
        # The node may have taken an offering back with the blocks: what is done next is done to what there is.
        stir(kit, 100 + depth, 6)
    ended(indexer)
    again = fresh(tmp_path, "again")
    ended(follow(again, window=16))
    assert tables(ledger) == tables(again)
    assert compared(kit, ledger).differences == []
    again.dispose()


def test_postgresql_and_sqlite_hold_the_same_offerings(
    kit: Kit, ledger: Database, books: Database, follow: Follow
) -> None:
    stir(kit, 7, 60)
    on_server = follow(books)
    ended(on_server)
    kit.client.rpc("anvil_reorg", 6, [])
    stir(kit, 8, 10)
    ended(on_server)
    if books is not ledger:
        ended(follow(ledger))
    assert tables(books) == tables(ledger)
    assert compared(kit, books).differences == []
