"""Accrual of income to the holders of a series, as in RevenueRight: exact, O(1) in holders.

acc counts all currency units ever received. An account's debt says what of it is not the holder's:
claimable = ⌊(acc·units − debt)/supply⌋, where units are those that count for the money to come next.
While no record date is outstanding these are the balance, and a transfer of v units moves acc·v of
debt. The first change of a balance after a record date leaves a *mark* with the units held before;
they count up to and including the marked period, and transfers leave the debt alone. Once the money
of that period has come, or can come no more, the mark is settled with the accumulator as it was right
after it. A claim of p adds p·supply. (protocol §9)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from usufruct.errors import InputError

MOST_OUTSTANDING = 5
"""Record dates that may wait for their money at once."""


class Mark(NamedTuple):
    """What was held at a record date."""

    period: int
    units: int


@dataclass(frozen=True, slots=True)
class Account:
    """A holder's account.

    Attributes:
        balance: Units held.
        debt: What is not, or no longer, due to the holder, in currency units × supply.
        marks: Units at record dates after which the balance changed, oldest first.
    """

    balance: int = 0
    debt: int = 0
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """What all holders share.

    Attributes:
        acc: Currency units ever received.
        supply: Units issued, 1 or more once money arrives.
        last_period: Last period paid, or whose money can come no more.
        passed: Periods whose record date has passed while their money is to come, oldest first.
        closing: Accumulator right after the money of a period that had a record date.
    """

    acc: int
    supply: int
    last_period: int = 0
    passed: tuple[int, ...] = ()
    closing: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))


def pass_record(series: Series, period: int) -> Series:
    """The series once the record date of `period` has passed.

    Raises:
        InputError: A period up to this one is paid or has passed, or five wait for their money.
    """
    newest = max((series.last_period, *series.passed))
    if period <= newest or len(series.passed) == MOST_OUTSTANDING:
        raise InputError(
            "no record date can pass now",
            field="period",
            value=period,
            rule=f"after {newest}, and at most {MOST_OUTSTANDING} wait for their money",
            remedy="distribute the money of an earlier period first",
        )
    return replace(series, passed=(*series.passed, period))


def distribute(series: Series, amount: int, period: int | None = None) -> Series:
    """The series after `amount` arrived for `period`, by default the next one."""
    period = series.last_period + 1 if period is None else period
    after = series.acc + amount
    settled = {p: after if p == period else series.acc for p in series.passed if p <= period}
    return Series(
        after,
        series.supply,
        period,
        tuple(p for p in series.passed if p > period),
        MappingProxyType({**series.closing, **settled}) if settled else series.closing,
    )


def settle(series: Series, account: Account) -> Account:
    """The account without the marks whose money has come."""
    debt, marks = account.debt, account.marks
    while marks and marks[0].period <= series.last_period:
        later = marks[1].units if len(marks) > 1 else account.balance
        debt += series.closing[marks[0].period] * (later - marks[0].units)
        marks = marks[1:]
    return Account(account.balance, debt, marks)


def units_at(series: Series, account: Account, period: int) -> int:
    """Units that count for a period whose record date, or a later one, has passed and whose money is to come."""
    marks = settle(series, account).marks
    return next((mark.units for mark in marks if mark.period >= period), account.balance)


def transfer(
    series: Series, sender: Account, recipient: Account, units: int
) -> tuple[Account, Account]:
    """Both accounts after `units` moved; what accrued before stays with the sender.

    Raises:
        InputError: The sender has fewer units.
    """
    if not 0 <= units <= sender.balance:
        raise InputError(
            "not that many units",
            field="units",
            value=units,
            rule=f"0 to the balance of {sender.balance}",
            remedy="transfer what is held",
        )
    return _changed(series, sender, -units), _changed(series, recipient, units)


def _changed(series: Series, account: Account, units: int) -> Account:
    """The account after its balance changed by `units`."""
    account = settle(series, account)
    if not series.passed:
        return Account(account.balance + units, account.debt + series.acc * units)
    open_period, marks = series.passed[-1], account.marks
    if not marks or marks[-1].period != open_period:
        if marks and marks[-1].units == account.balance:
            marks = marks[:-1]
        marks = (*marks, Mark(open_period, account.balance))
    return Account(account.balance + units, account.debt, marks)


def merged(series: Series, lost: Account, other: Account) -> Account:
    """The account of a wallet that takes over all that another one owned."""
    lost, other = settle(series, lost), settle(series, other)
    periods = sorted({mark.period for mark in (*lost.marks, *other.marks)})
    marks = tuple(
        Mark(period, units_at(series, lost, period) + units_at(series, other, period))
        for period in periods
    )
    return Account(lost.balance + other.balance, lost.debt + other.debt, marks)


def claimable(series: Series, account: Account) -> int:
    """What the holder may claim now, rounded down; the fraction stays with the account."""
    account = settle(series, account)
    units = account.marks[0].units if account.marks else account.balance
    return (series.acc * units - account.debt) // series.supply if series.supply else 0


def claim(series: Series, account: Account) -> tuple[int, Account]:
    """The amount paid now, and the account after it."""
    account = settle(series, account)
    amount = claimable(series, account)
    return amount, replace(account, debt=account.debt + amount * series.supply)


def redeem(series: Series, account: Account) -> tuple[int, Account]:
    """The last payment once no more money can come, and the account without its units.

    The divisor of income stays what was issued, so nobody else gains or loses.
    """
    amount, account = claim(series, account)
    return amount, _changed(series, account, -account.balance)


def payout(numerator: int, units: int, amount: int, supply: int) -> int:
    """A holder's part of one distribution.

    Args:
        numerator: Sum of amount × units over the holder's distributions before this one.
        units: Units at the record moment of this one.
        amount: What was distributed.
        supply: Units issued.

    Returns:
        Currency units. Summed over all distributions it is all paid plus what is claimable.
    """
    return (numerator + amount * units) // supply - numerator // supply
