"""A primary offering: three holders subscribe more than there is and get their share; another stays open."""

from __future__ import annotations

from typing import Any, Final

from demonstrate.hands import ISSUER, OPERATOR, TREASURER, Hands, wallet
from demonstrate.market import account_of
from usufruct.config import Community
from usufruct.contracts import Address
from usufruct.contracts import offering as of
from usufruct.contracts import series_factory as sf
from usufruct.contracts import settlement_currency as sc
from usufruct.contracts.shared import Terms
from usufruct.core.keccak import keccak256
from usufruct.core.periods import period_bounds
from usufruct.deploy.record import Deployment

SYMBOL: Final = "LNEXT"
FIRST: Final = 1
"""Number of the first offering."""
_UNITS: Final = (700, 500, 300)
"""What the subscribers want; 1 000 are offered."""
_MOST: Final = 1_000
_LEAST: Final = 400
_PRICE: Final = 20
"""Whole units of the currency."""
_DAY: Final = 86_400
_SUBSCRIBERS: Final = ("VPP-SR", "VPP-JR", "PARK-A")
"""Series whose last holder subscribes."""


class Subscription:
    """A further tranche on the virtual power plant, offered in the first month."""

    def __init__(self, hands: Hands, community: Community, deployment: Deployment) -> None:
        self._hands, self._community, self._deployment = hands, community, deployment
        self._terms = _terms(community)
        self._salt = keccak256(f"{community.project.code}/{SYMBOL}".encode())
        self._where = deployment.address("Offering")
        self.series: Address = hands.client.call(
            deployment.address("SeriesFactory"), sf.address_of(self._terms, self._salt)
        )
        series = {each.code: each for each in community.series}
        self.subscribers = [series[code].holders[-1].wallet for code in _SUBSCRIBERS]
        project = community.project
        _, self._closes = period_bounds(project.first_period, 1, project.timezone)
        self.facts: dict[str, Any] = {}

    def open(self) -> None:
        """Create the series, open its offering until the month's end, and subscribe; once."""
        act = self._hands.act
        create = sf.create(self._terms, self._salt)
        act(ISSUER, "offering/series", self._deployment.address("SeriesFactory"), create)
        act(ISSUER, "offering/open", self._where, of.open(self._offer(self._closes)))
        currency, price = self._deployment.address("SettlementCurrency"), self._price
        for owner, units in zip(self.subscribers, _UNITS, strict=True):
            who, cost = account_of(owner), units * price
            act(TREASURER, f"offering/mint/{owner}", currency, sc.mint(owner, cost))
            act(who, "offering/approve", currency, sc.approve(self._where, cost))
            act(who, "offering/subscribe", self._where, of.subscribe(FIRST, units))

    def deliver(self) -> None:
        """Deliver everybody's allotment, anyone may; then open what is offered next, which stays open."""
        for owner in self.subscribers:
            key = f"offering/deliver/{owner}"
            self._hands.act(OPERATOR, key, self._where, of.deliver(FIRST, owner))
        later = self._offer(self._closes + 360 * _DAY)
        self._hands.act(ISSUER, "offering/next", self._where, of.open(later))
        state = self._hands.client.call(self._where, of.state_of(FIRST))
        self.facts = {
            "series": SYMBOL,
            "status": state.status.name.lower(),
            "subscribers": list(self.subscribers),
            "subscribed": state.totals.subscribed,
            "placed": state.totals.placed,
            "raised": str(state.totals.placed * self._price),
        }

    @property
    def _price(self) -> int:
        return int(_PRICE * 10**self._community.currency.decimals)

    def _offer(self, closes: int) -> of.Terms:
        """An offering that is open already, of a price that comes to the treasurer."""
        return of.Terms(
            series=self.series,
            from_=self._closes - 365 * _DAY,
            to=closes,
            beneficiary=wallet(TREASURER),
            deliver_until=closes + 30 * _DAY,
            withdrawable=True,
            price=self._price,
            min_units=_LEAST,
            max_units=_MOST,
            min_each=1,
            max_each=0,
        )


def _terms(community: Community) -> Terms:
    stream = next(each for each in community.series if each.code == _SUBSCRIBERS[0])
    return Terms(
        name=b"Linden VPP next tranche".ljust(32, b"\0"),
        symbol=SYMBOL.encode().ljust(32, b"\0"),
        stream=stream.stream_id,
        term_from=13,
        term_to=60,
        rank=3,
        decimals=0,
        classes=0b1110,
        countries=0,
        min_ticket=1,
        locked_until=0,
        tail=0,
        holder_cap=0,
        country_cap=0,
        window_every=0,
        window_length=0,
        consent=False,
    )
