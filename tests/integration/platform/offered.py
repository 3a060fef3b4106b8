"""Offerings of the small project: a series that is not sealed, its contract, and holders with money."""

from __future__ import annotations

import random
from typing import Any, Final

from tests.integration.platform.kit import ADMIN, DAY, HOLDERS, MEGA, OWNERS, Kit

from usufruct.contracts import (
    ContractError,
    address,
    participant_registry,
    revenue_right,
    settlement_currency,
    usufruct_access_manager,
)
from usufruct.contracts import offering as of
from usufruct.contracts.roles import Roles

CODE: Final = "NEW"
PRICE: Final = 3 * MEGA
WEALTH: Final = 10**12


def with_offerings(kit: Kit) -> Kit:
    """The project with a contract for offerings and a series that may still be placed."""
    places = (kit.contracts["SettlementCurrency"], [kit.contracts["SeriesFactory"]])
    kit.deploy("Offering", of.deploy_data(kit.contracts["AccessManager"], *places))
    where, placement = kit.contracts["Offering"], Roles.PLACEMENT
    kit.act("AccessManager", usufruct_access_manager.grant_role(placement, where, 0))
    selectors = [revenue_right.place(ADMIN, 1).data[:4]]
    allowed = usufruct_access_manager.set_target_function_role(
        kit.contracts["SeriesFactory"], selectors, placement
    )
    kit.act("AccessManager", allowed)
    kit._series(CODE, "LNEW", [0, 0, 0, 0, 0], rank=3, sealed=False)
    for holder in HOLDERS:
        kit.act("SettlementCurrency", settlement_currency.mint(holder, WEALTH))
        kit.act("SettlementCurrency", settlement_currency.approve(where, 2**256 - 1), holder)
    return kit


def offer(kit: Kit, days: int = 1, **terms: Any) -> int:
    """Opens an offering whose window begins now; returns its number."""
    now = kit.now()
    given = {
        "series": kit.series[CODE],
        "from_": now,
        "to": now + days * DAY,
        "beneficiary": OWNERS,
        "deliver_until": now + (days + 2) * DAY,
        "withdrawable": True,
        "price": PRICE,
        "min_units": 100,
        "max_units": 1_000,
        "min_each": 0,
        "max_each": 0,
    }
    kit.act("Offering", of.open(of.Terms(**given | terms)))
    number = 1
    while kit.ask("Offering", of.state_of(number + 1)).status is not of.Status.NONE:
        number += 1
    return number


def subscribe(kit: Kit, number: int, holder: str, units: int) -> None:
    """Subscribes for a holder."""
    kit.act("Offering", of.subscribe(number, units), holder)


def close(kit: Kit, number: int) -> None:
    """Lets the window pass."""
    kit.warp(max(kit.ask("Offering", of.terms_of(number)).to, kit.now() + 1))


def stir(kit: Kit, seed: int, steps: int) -> None:
    """A random sequence of all that can happen to offerings; what the contract refuses is passed over."""
    rng, number = random.Random(seed), offer(kit)
    for _ in range(steps):
        which, who = max(number - (rng.random() < 0.3), 1), address(rng.choice(HOLDERS))
        sender, chance = rng.choice([who, ADMIN]), rng.random()
        contract, call, by = rng.choice(
            [
                *[("Offering", of.subscribe(which, rng.choice([1, 7, 333, 500])), who)] * 5,
                *[("Offering", of.withdraw(which), who)] * 2,
                *[("Offering", of.deliver(which, who), sender)] * 2,
                *[("Offering", of.refund(which, who), sender)] * 2,
                ("Offering", of.lapse(which, who), who),
                ("Offering", of.withdraw_owed(who), sender),
                ("SettlementCurrency", settlement_currency.set_blocked(who, chance < 0.3), ADMIN),
                (
                    "ParticipantRegistry",
                    participant_registry.set_frozen(who, chance < 0.1, bytes(32), []),
                    ADMIN,
                ),
            ]
        )
        try:
            match rng.randrange(20):
                case 0 | 1:
                    number = offer(kit, withdrawable=chance < 0.8, min_units=rng.choice([0, 700]))
                case 2:
                    close(kit, which)
                case 3 if chance < 0.3:
                    kit.act("Offering", of.cancel(which))
                case _:
                    kit.act(contract, call, by)
        except ContractError:
            continue


def seal(kit: Kit) -> None:
    """Seals the series: nothing more is placed."""
    kit.act(CODE, revenue_right.seal())
