"""What holders do in the month: units sold after the record date, and a sale that the series refuses."""

from __future__ import annotations

import datetime as dt
from typing import Any

from demonstrate.hands import Hands, wallet
from demonstrate.stack import Places, command
from usufruct.chain.explain import explain
from usufruct.config import Community, Series
from usufruct.contracts import Address, address
from usufruct.contracts import revenue_right as rr
from usufruct.core.periods import period_bounds
from usufruct.deploy.record import Deployment
from usufruct.errors import ConfigError

SOLD = "VPP-SR"
BUYERS = "VPP-JR"
LOCKED = "EV-A"
_ACCOUNTS = 20


class Market:
    """The month's record date and trades."""

    def __init__(
        self, hands: Hands, places: Places, community: Community, deployment: Deployment, rpc: str
    ) -> None:
        self._hands, self._places, self._rpc = hands, places, rpc
        self._community, self._deployment = community, deployment
        self.facts: dict[str, Any] = {}

    def announce_records(self) -> None:
        """The issuer announces the month's end as record date of every series."""
        common = ("--rpc", self._rpc, "--deployment", str(self._places.deployment))
        outbox = str(self._places.state / "issuer.db")
        arguments = ("records", "schedule", str(self._community.file), "--key", "dev:0")
        command("usufruct", *arguments, *common, "--outbox", outbox)

    def sell_after_record(self, period: int) -> tuple[Address, Address]:
        """A holder of the senior series sells half of its units; returns the series and the buyer."""
        series = self._series(SOLD)
        contract = self._at(SOLD)
        seller, buyer = series.holders[-1].wallet, self._series(BUYERS).holders[-1].wallet
        held = self._hands.client.call(contract, rr.balance_of(seller))
        units = held // 2
        if units:
            call = rr.transfer(buyer, units)
            self._hands.act(account_of(seller), f"sale/{period}", contract, call)
        project = self._community.project
        _, end = period_bounds(project.first_period, period, project.timezone)
        self.facts["sale"] = {
            "series": series.symbol,
            "record_date": end,
            "sold_at": self._hands.client.block("latest").timestamp,
            "seller": seller,
            "buyer": buyer,
            "units_sold": units,
            "units_left": self._hands.client.call(contract, rr.balance_of(seller)),
        }
        return contract, buyer

    def try_locked(self) -> None:
        """A holder of the locked series tries to sell one unit; the series says why not, and until when."""
        series = self._series(LOCKED)
        sender, recipient = series.holders[-1].wallet, series.holders[0].wallet
        call = rr.transfer(recipient, 1)
        try:
            self._hands.client.call(self._at(LOCKED), call, sender=sender)
        except rr.TransferRefused as error:
            self.facts["refused"] = {
                "series": series.symbol,
                "from": sender,
                "to": recipient,
                "units": 1,
                "reason": rr.Refusal(error.reason).name.lower().replace("_", "-"),
                "sentence": explain(error),
                "lifts": dt.datetime.fromtimestamp(error.until, dt.UTC).date().isoformat()
                if error.until
                else None,
            }

    def _series(self, code: str) -> Series:
        return next(each for each in self._community.series if each.code == code)

    def _at(self, code: str) -> Address:
        return address(self._deployment.series[code])


def account_of(owner: str) -> int:
    """The number of a well-known account of Anvil; ConfigError if it is none."""
    for number in range(_ACCOUNTS):
        if wallet(number) == owner:
            return number
    raise ConfigError(
        "the demo has no key of this wallet",
        field="holders",
        value=owner,
        rule="wallets of the demo are Anvil's accounts (dev:N)",
        remedy="write dev:N in the community file",
    )
