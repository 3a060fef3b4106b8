"""What events tell of a subscription's money: what moved, and nothing as 0 that did not."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from tests.support.asking import House

from usufruct.api.auth.principal import Role
from usufruct.api.events.feed import Feed
from usufruct.ledger.models import offering_event


def told(house: House, kind: str) -> list[Any]:
    """The data of all events of a kind."""
    while Feed(house.database, house.service.render, 0).round():
        pass
    role = house.key(Role.AUDITOR)
    return [
        each["data"]
        for each in house.ask(f"/v1/events?type={kind}&limit=100", headers=role).json()["data"]
    ]


def test_a_subscription_tells_what_was_paid_for_its_units(house: House) -> None:
    made = told(house, "subscription.made")
    assert [(each["units"], each["paid"]["amount"]) for each in made] == [
        (str(units), str(units * 2_000_000)) for units in (600, 300, 300, 100, 50)
    ]
    assert not any({"price", "returned"} & set(each) for each in made)


def test_money_that_came_back_is_told_without_a_price(house: House) -> None:
    with house.database.write() as connection:
        connection.execute(
            update(offering_event)
            .where(offering_event.c.offering == 2)
            .values(kind="withdrawn", returned=100_000_000)
        )
    (back,) = told(house, "subscription.withdrawn")
    assert back["returned"]["amount"] == "100000000"
    assert not {"price", "paid"} & set(back)
