"""What transfers, claims, record dates and distributions do to holders' accounts (protocol §9).

A holder's *numerator* N counts income in units of currency times supply: distribution k of A_k adds A_k·u_k, with u_k
the units held at the record moment of k, and ⌊N/supply⌋ is all the holder ever earned, where the supply is what was
issued, also after redemptions. Transfers leave the numerators alone; claims change `paid` alone. A record date
closes its period, and earlier ones, by the clock: whoever moves units at or after it, while that period's money is
still to come, keeps the units of before for that period. When a wallet is lost, what it was not paid yet becomes its
replacement's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple

__all__ = [
    "Changes",
    "Distribution",
    "Holding",
    "Kept",
    "Payout",
    "Record",
    "SeriesBook",
    "claimable",
    "earned",
    "payout_amount",
]


class Holding(NamedTuple):
    """One wallet's account in one series at some moment."""

    units: int = 0
    numerator: int = 0
    """Income in units of currency times supply, up to the accumulator `acc`."""
    acc: int = 0
    paid: int = 0
    """Sum of all claims, minor units."""

    def numerator_at(self, acc: int) -> int:
        """The numerator once the accumulator is `acc`, with nothing else having happened to the account."""
        return self.numerator + (acc - self.acc) * self.units


class Payout(NamedTuple):
    """One holder's share of one distribution."""

    wallet: int
    units: int
    """Held at the record moment."""
    numerator: int
    """The holder's numerator after the distribution."""
    amount: int


class Kept(NamedTuple):
    """Units that count for a period, because they were held at its record date and moved since."""

    period: int
    wallet: int
    units: int


class Changes(NamedTuple):
    """What an event did to accounts."""

    holdings: list[tuple[int, Holding]]
    kept: list[Kept]


class Distribution(NamedTuple):
    """What a distribution did."""

    record_at: int | None
    """The record date that counted; None where the distribution itself was the record moment."""
    payouts: list[Payout]
    holdings: list[tuple[int, Holding]]
    """Accounts whose units at the record moment were not those of now."""


@dataclass(slots=True)
class Record:
    """A record date whose money has not come yet."""

    at: int
    units: dict[int, int] = field(default_factory=dict)
    """Units at the record date of the wallets that moved some since."""


EMPTY = Holding()
# The busiest lines of the index make these two without the named tuple's own constructor, which takes twice as long.
_holding: Final[Callable[[tuple[int, int, int, int]], Holding]] = partial(tuple.__new__, Holding)
_changes: Final[Callable[[tuple[list[tuple[int, Holding]], list[Kept]]], Changes]] = partial(
    tuple.__new__, Changes
)


def earned(holding: Holding, acc: int, supply: int) -> int:
    """All that the wallet ever earned, in minor units; 0 before issuance."""
    return holding.numerator_at(acc) // supply if supply else 0


def claimable(holding: Holding, acc: int, supply: int) -> int:
    """What the wallet may claim, in minor units; equal to the contract's `claimable`."""
    return earned(holding, acc, supply) - holding.paid


def payout_amount(numerator: int, units: int, amount: int, supply: int) -> int:
    """A holder's share of a distribution of `amount`, in minor units.

    Args:
        numerator: The holder's numerator after the distribution.
        units: Units at its record moment.
        amount: What was distributed.
        supply: Units outstanding.

    Returns:
        Minor units. Summed over all distributions it is all paid plus what is claimable.
    """
    return numerator // supply - (numerator - amount * units) // supply


@dataclass(slots=True)
class SeriesBook:
    """All accounts of one series at one moment, by wallet number."""

    acc: int = 0
    supply: int = 0
    """Units issued."""
    distributions: int = 0
    holdings: dict[int, Holding] = field(default_factory=dict)
    records: dict[int, Record] = field(default_factory=dict)
    """Record dates by period whose money has not come yet."""

    def schedule(self, period: int, at: int) -> None:
        """Sets, moves or (`at` 0) withdraws the record date of a period that has not passed."""
        if at:
            self.records[period] = Record(at)
        else:
            self.records.pop(period, None)

    def move(self, sender: int | None, recipient: int | None, units: int, time: int) -> Changes:
        """Applies a transfer in a block of `time` (None: issued or redeemed)."""
        if sender == recipient:
            return Changes([], [])
        kept: list[Kept] = []
        if self.records:
            wallets = [each for each in (sender, recipient) if each is not None]
            kept = [each for wallet in wallets for each in self._keep(wallet, time)]
        if sender is not None and recipient is not None:
            return _changes(([self._set(sender, -units), self._set(recipient, units)], kept))
        holdings = []
        if sender is None:
            self.supply += units
        else:
            holdings.append(self._set(sender, -units))
        if recipient is not None:
            holdings.append(self._set(recipient, units))
        return _changes((holdings, kept))

    def pay(self, wallet: int, amount: int) -> tuple[int, Holding]:
        """Applies a claim; returns the account that changed."""
        return self._set(wallet, 0, amount)

    def recover(self, lost: int, replacement: int) -> Changes:
        """Moves all income not paid yet, and the units of record dates; a transfer before has moved the units."""
        old = self.holdings.get(lost, EMPTY)
        unpaid = old.numerator_at(self.acc) - old.paid * self.supply
        kept = []
        for period, record in sorted(self.records.items()):
            if lost in record.units and replacement in record.units:
                moved, record.units[lost] = record.units[lost], 0
                record.units[replacement] += moved
                kept += [Kept(period, each, record.units[each]) for each in (lost, replacement)]
        holdings = [
            self._set(lost, 0, numerator=-unpaid),
            self._set(replacement, 0, numerator=unpaid),
        ]
        return Changes(holdings, kept)

    def distribute(self, period: int, acc_after: int, supply: int, time: int) -> Distribution:
        """Applies the distribution of a period in a block of `time`.

        Σ payouts of a wallet over all distributions = paid + claimable, to the unit.
        """
        before, self.acc, self.supply = self.acc, acc_after, supply
        self.distributions += 1
        record = self._close(period, time)
        amount = acc_after - before
        done = Distribution(record.at if record else None, [], [])
        for wallet, held in sorted(self.holdings.items()):
            units = record.units.get(wallet, held.units) if record else held.units
            numerator = held.numerator_at(before) + amount * units
            if units != held.units:
                self.holdings[wallet] = held._replace(numerator=numerator, acc=acc_after)
                done.holdings.append((wallet, self.holdings[wallet]))
            if units:
                share = payout_amount(numerator, units, amount, supply)
                done.payouts.append(Payout(wallet, units, numerator, share))
        return done

    def _close(self, period: int, time: int) -> Record | None:
        """Ends the record dates up to `period`; returns the first that closed it, its own or a later period's."""
        passed = [each for each in sorted(self.records) if self.records[each].at <= time]
        record = next((self.records[each] for each in passed if each >= period), None)
        self.records = {each: kept for each, kept in self.records.items() if each > period}
        return record

    def _keep(self, wallet: int, time: int) -> list[Kept]:
        """Notes what the wallet holds for every record date that has passed, before that changes."""
        units = self.holdings.get(wallet, EMPTY).units
        kept = []
        for period, record in sorted(self.records.items()):
            if record.at <= time and wallet not in record.units:
                record.units[wallet] = units
                kept.append(Kept(period, wallet, units))
        return kept

    def _set(
        self, wallet: int, units: int, paid: int = 0, numerator: int = 0
    ) -> tuple[int, Holding]:
        # The same as `numerator_at`, without a call for it.
        holdings, acc = self.holdings, self.acc
        held, total, since, before = holdings.get(wallet, EMPTY)
        total += (acc - since) * held + numerator
        holdings[wallet] = new = _holding((held + units, total, acc, before + paid))
        return wallet, new
