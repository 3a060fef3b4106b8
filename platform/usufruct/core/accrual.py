"""Accrual of income to the holders of a series, as in RevenueRight: exact, O(1) in holders.

claimable = ⌊(acc·balance − debt)/supply⌋, where acc counts all currency units ever received. A
transfer of v units moves acc·v of debt, a claim of p adds p·supply (protocol §9).
"""

from dataclasses import dataclass

from usufruct.errors import InputError


@dataclass(frozen=True, slots=True)
class Account:
    """A holder's account.

    Attributes:
        balance: Units held.
        debt: What is not, or no longer, due to the holder, in currency units × supply.
    """

    balance: int = 0
    debt: int = 0


@dataclass(frozen=True, slots=True)
class Series:
    """What all holders share.

    Attributes:
        acc: Currency units ever received.
        supply: Units outstanding, 1 or more once money arrives.
    """

    acc: int
    supply: int


def distribute(series: Series, amount: int) -> Series:
    """The series after `amount` arrived."""
    return Series(series.acc + amount, series.supply)


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
    moved = series.acc * units
    return (
        Account(sender.balance - units, sender.debt - moved),
        Account(recipient.balance + units, recipient.debt + moved),
    )


def claimable(series: Series, account: Account) -> int:
    """What the holder may claim now, rounded down; the fraction stays with the account."""
    return (series.acc * account.balance - account.debt) // series.supply if series.supply else 0


def claim(series: Series, account: Account) -> tuple[int, Account]:
    """The amount paid now, and the account after it."""
    amount = claimable(series, account)
    return amount, Account(account.balance, account.debt + amount * series.supply)


def payout_between(
    acc_before: int, acc_after: int, units: int, lifetime_debt: int, supply: int
) -> int:
    """A holder's part of what came in while the accumulator went from one value to the other.

    Args:
        acc_before: Accumulator before the distribution.
        acc_after: Accumulator after it.
        units: Units held at the time.
        lifetime_debt: Debt at the time with all claims added back: debt − paid·supply.
        supply: Units outstanding.

    Returns:
        Currency units. Summed over all distributions it is all paid plus what is claimable.
    """
    after = (acc_after * units - lifetime_debt) // supply
    return after - (acc_before * units - lifetime_debt) // supply
