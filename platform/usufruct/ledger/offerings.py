"""What events do to an offering's sums, and what each lot is allotted (protocol, "Allotment of an offering").

Lots stand on a line of units in the order of arrival, withdrawn ones left out. With T units on the line and at most M
to give, the lot from a to b gets ⌊b·M/T⌋ − ⌊a·M/T⌋ if T > M, else b − a: Σ = min(T, M), and no lot needs another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Row

__all__ = [
    "STATUSES",
    "Lot",
    "OfferingBook",
    "Status",
    "Sums",
    "allotted",
    "lots_of",
    "owed",
    "status_of",
]

Status = Literal["upcoming", "open", "failed", "delivering", "complete"]
STATUSES: Final[tuple[Status, ...]] = ("upcoming", "open", "failed", "delivering", "complete")
"""Where an offering can stand, in the contract's order after `none`."""


class Sums(NamedTuple):
    """Sums of an offering after an event, as the ledger keeps them with it."""

    subscribed: int
    """Units, without withdrawn ones."""
    placed: int
    """Units delivered."""
    waiting: int
    """Subscribers who are neither delivered, refunded nor lapsed."""
    held: int
    """What they paid, minor units."""


@dataclass(slots=True)
class OfferingBook:
    """The subscriptions of one offering at one moment.

    Attributes:
        price: Minor units for one unit.
        subscribed: Units subscribed, without withdrawn ones.
        placed: Units delivered.
        standing: Units by wallet of those who are not dealt with.
    """

    price: int
    subscribed: int = 0
    placed: int = 0
    standing: dict[int, int] = field(default_factory=dict)
    _units: int = 0

    @property
    def sums(self) -> Sums:
        """The sums as of now."""
        return Sums(self.subscribed, self.placed, len(self.standing), self._units * self.price)

    def restore(self, wallet: int, units: int) -> None:
        """Sets a subscription that stands, as the ledger has it."""
        self._units += units - self.standing.get(wallet, 0)
        self.standing[wallet] = units

    def subscribe(self, wallet: int, units: int) -> int:
        """Adds a lot; returns the units of the subscription after it."""
        self.restore(wallet, self.standing.get(wallet, 0) + units)
        self.subscribed += units
        return self.standing[wallet]

    def withdraw(self, wallet: int) -> int:
        """Takes a subscription off the line; returns its units."""
        units = self.settle(wallet)
        self.subscribed -= units
        return units

    def settle(self, wallet: int, placed: int = 0) -> int:
        """Ends a subscription, which keeps its place on the line, with units delivered; returns its units."""
        units = self.standing.pop(wallet)
        self._units -= units
        self.placed += placed
        return units


@dataclass(frozen=True, slots=True)
class Lot:
    """A stretch of the line.

    Attributes:
        number: Place in the order of arrival, from 1.
        units: Its length.
        allotted: What it gets, if nothing more is subscribed or withdrawn.
        row: The row it was read from.
    """

    number: int
    units: int
    allotted: int
    row: Row[Any]


def allotted(end: int, units: int, total: int, most: int) -> int:
    """What the lot of `units` that ends at `end` gets of at most `most`, with `total` on the line."""
    if total <= most:
        return units
    return end * most // total - (end - units) * most // total


def lots_of(rows: Iterable[Row[Any]], most: int) -> Mapping[int, list[Lot]]:
    """The lots on a line by wallet, each wallet's in order.

    Args:
        rows: All lots that were not withdrawn, by `lot`, with `wallet_id` and `units`.
        most: Units that are given at most.
    """
    line = list(rows)
    total = sum(row.units for row in line)
    found: defaultdict[int, list[Lot]] = defaultdict(list)
    end = 0
    for row in line:
        end += row.units
        gets = allotted(end, row.units, total, most)
        found[row.wallet_id].append(Lot(row.lot, row.units, gets, row))
    return found


def owed(refunds: Iterable[Row[Any]]) -> int:
    """What a wallet is owed after its refunds that failed and the payments of them, minor units.

    Added here: of amounts that need all 64 bits SQL knows no sum.
    """
    return sum(row.amount if row.kind == "failed" else -row.amount for row in refunds)


def status_of(row: Row[Any], now: int) -> Status:
    """Where an offering stands at a time, by its dates and sums; equal to the contract's `stateOf`."""
    if row.cancelled is not None:
        return "failed"
    if now < row.opens:
        return "upcoming"
    if now < row.closes:
        return "open"
    if row.subscribed < row.min_units:
        return "failed"
    return "delivering" if row.waiting else "complete"
