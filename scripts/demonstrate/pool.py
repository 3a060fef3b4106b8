"""A pool fund: two holders put units of two series into it, and its units pass their income on."""

from __future__ import annotations

from typing import Any

from demonstrate.hands import FUND_MANAGER, ISSUER, OPERATOR, REGISTRAR, Hands
from demonstrate.market import account_of
from usufruct.config import Community
from usufruct.contracts import ZERO_ADDRESS, Address, address
from usufruct.contracts import fund_factory as ff
from usufruct.contracts import participant_registry as pr
from usufruct.contracts import pool_fund as pf
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_factory as sf
from usufruct.contracts.shared import FundTerms, Terms
from usufruct.core.keccak import keccak256
from usufruct.deploy.record import Deployment

HELD = ("VPP-JR", "PARK-A")
SYMBOL = "LPOOL"
UNITS = 500_000
"""Fund units for each contribution."""
_PART = 4
"""A contributor gives this part of its units: one in four."""
_PARTICIPANT = 1_000
_FAR_DAY = 30_000
_HONG_KONG = 344


class Pool:
    """The fund, its units, and those who hold them."""

    def __init__(self, hands: Hands, community: Community, deployment: Deployment) -> None:
        self._hands, self._community, self._deployment = hands, community, deployment
        self._terms = _terms()
        self._salt = keccak256(f"{community.project.code}/{SYMBOL}".encode())
        series = {each.code: each for each in community.series}
        self.contributors = [series[code].holders[0].wallet for code in HELD]
        self._given = [series[code].holders[0].units // _PART for code in HELD]
        self.units = hands.client.call(
            deployment.address("FundUnitFactory"), sf.address_of(self._terms, self._salt)
        )
        self.facts: dict[str, Any] = {}

    @property
    def fund(self) -> Address:
        """Address of the fund, zero before it is opened."""
        where = self._deployment.address("FundFactory")
        return self._hands.client.call(where, ff.fund_of(self.units))

    def open(self) -> None:
        """Create the units, open the fund, admit it as a holder, and take the contributions; once."""
        act, factory = self._hands.act, self._deployment.address("FundUnitFactory")
        funds = self._deployment.address("FundFactory")
        act(ISSUER, "pool/units", factory, sf.create(self._terms, self._salt))
        if self.fund == ZERO_ADDRESS:
            opening = ff.open(FundTerms(self.units, 1, 9_000, 1, 1, 8 * 3_600))
            act(ISSUER, "pool/open", funds, opening)
        fund = self.fund
        register = pr.register(
            pr.Registration(
                fund, _PARTICIPANT, _FAR_DAY, _HONG_KONG, pr.Class.INSTITUTION, 0, self._salt
            )
        )
        act(REGISTRAR, "pool/register", self._deployment.address("ParticipantRegistry"), register)
        for code, giver, units in zip(HELD, self.contributors, self._given, strict=True):
            series = address(self._deployment.series[code])
            act(FUND_MANAGER, f"pool/admit/{code}", funds, ff.admit(fund, series))
            move = rr.transfer(fund, units)
            act(account_of(giver), f"pool/contribute/{code}", series, move)
        issue = rr.issue(self.contributors, [UNITS] * len(HELD))
        act(ISSUER, "pool/issue", self.units, issue)
        act(ISSUER, "pool/seal", self.units, rr.seal())

    def pass_through(self, period: int) -> None:
        """Claim the month's income of all holdings and distribute it to the fund's units; anyone may."""
        before = self._hands.client.call(self.units, rr.state()).acc
        try:
            self._hands.act(OPERATOR, f"pool/pass/{period}", self.fund, pf.pass_through())
        except pf.YearOver:
            self._hands.act(OPERATOR, f"pool/year/{period}", self.fund, pf.close_year())
        books = self._hands.client.call(self.fund, pf.books())
        after = self._hands.client.call(self.units, rr.state()).acc
        self.facts = {
            "fund": self.fund,
            "units": SYMBOL,
            "held": {
                code: self._hands.client.call(
                    address(self._deployment.series[code]), rr.balance_of(self.fund)
                )
                for code in HELD
            },
            "income": str(books.income),
            "passed_on": str(after - before),
            "payout_bp": books.payout_bp,
        }


def _terms() -> Terms:
    name = b"Linden Income Pool".ljust(32, b"\0")
    return Terms(
        name=name,
        symbol=SYMBOL.encode().ljust(32, b"\0"),
        stream=1,  # of no meaning for units of a fund, whose income is that of the series it holds
        term_from=1,
        term_to=600,
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
