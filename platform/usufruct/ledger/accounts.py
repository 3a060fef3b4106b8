"""What transfers, claims and distributions do to holders' accounts, in the lifetime form of protocol §9.

The lifetime debt D of a wallet leaves claims out, so that `⌊(acc·units − D)/supply⌋` is all it ever earned, and
what it may claim is that less what it was paid. Transfers move `acc·units` of debt with the units; claims change
`paid` alone; distributions change nobody's account, only the series' accumulator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from usufruct.core.accrual import payout_between

__all__ = ["Holding", "Payout", "SeriesBook", "claimable", "earned"]


class Holding(NamedTuple):
    """One wallet's account in one series at some moment."""

    units: int = 0
    debt: int = 0
    """Lifetime debt in units of currency times supply."""
    paid: int = 0
    """Sum of all claims, minor units."""


class Payout(NamedTuple):
    """One holder's share of one distribution."""

    wallet: int
    units: int
    debt: int
    amount: int


EMPTY = Holding()


def earned(holding: Holding, acc: int, supply: int) -> int:
    """All that the wallet ever earned, in minor units; 0 before issuance."""
    return (acc * holding.units - holding.debt) // supply if supply else 0


def claimable(holding: Holding, acc: int, supply: int) -> int:
    """What the wallet may claim, in minor units; equal to the contract's `claimable`."""
    return earned(holding, acc, supply) - holding.paid


@dataclass(slots=True)
class SeriesBook:
    """All accounts of one series at one moment, by wallet number."""

    acc: int = 0
    supply: int = 0
    distributions: int = 0
    holdings: dict[int, Holding] = field(default_factory=dict)

    def move(
        self, sender: int | None, recipient: int | None, units: int
    ) -> Iterator[tuple[int, Holding]]:
        """Applies a transfer (None: issued or redeemed); yields the accounts that changed."""
        if sender == recipient:
            return
        weight = self.acc * units
        if sender is None:
            self.supply += units
        else:
            yield self._set(sender, -units, -weight)
        if recipient is None:
            self.supply -= units
        else:
            yield self._set(recipient, units, weight)

    def pay(self, wallet: int, amount: int) -> tuple[int, Holding]:
        """Applies a claim; returns the account that changed."""
        old = self.holdings.get(wallet, EMPTY)
        new = old._replace(paid=old.paid + amount)
        self.holdings[wallet] = new
        return wallet, new

    def distribute(self, acc_after: int, supply: int) -> list[Payout]:
        """Applies a distribution; returns every present holder's payout, by wallet number.

        Σ payouts of a wallet over all distributions = paid + claimable, to the unit.
        """
        before, self.acc, self.supply = self.acc, acc_after, supply
        self.distributions += 1
        return [
            Payout(
                wallet,
                held.units,
                held.debt,
                payout_between(before, acc_after, held.units, held.debt, supply),
            )
            for wallet, held in sorted(self.holdings.items())
            if held.units
        ]

    def _set(self, wallet: int, units: int, debt: int) -> tuple[int, Holding]:
        old = self.holdings.get(wallet, EMPTY)
        new = Holding(old.units + units, old.debt + debt, old.paid)
        self.holdings[wallet] = new
        return wallet, new
