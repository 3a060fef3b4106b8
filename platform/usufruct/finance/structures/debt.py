"""Debt in whole minor units: repayment schedules, put dates, shelves and their draw-downs (P2).

Interest of a period is outstanding · rate / periods a year, rounded half up to whole minor units;
principal always sums to the notional, the last payment taking what rounding left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from itertools import accumulate
from typing import Final, Literal

from usufruct.finance.measures import annuity
from usufruct.finance.numbers import ONE, ZERO, exact, refused

__all__ = ["Amortisation", "Payment", "Shelf", "level_payment", "put_dates", "schedule"]

Amortisation = Literal["bullet", "level", "equal"]
_KINDS: Final = ("bullet", "level", "equal")


@dataclass(frozen=True, slots=True)
class Payment:
    """What is due at the end of a period, minor units.

    Attributes:
        period: Its number, from 1.
        interest: Interest.
        principal: Principal.
        outstanding: What is owed after it.
    """

    period: int
    interest: int
    principal: int
    outstanding: int

    @property
    def total(self) -> int:
        """Interest and principal."""
        return self.interest + self.principal


def level_payment(notional: int, rate: Decimal, periods: int, per_year: int = 1) -> int:
    """The payment that repays a notional in equal parts, minor units, rounded half up.

    Raises:
        InputError: As for `schedule`.
    """
    _check(notional, rate, periods, per_year)
    with exact():
        return _whole(Decimal(notional) / annuity(rate / per_year, periods))


def schedule(
    kind: Amortisation, notional: int, rate: Decimal, periods: int, per_year: int = 1
) -> tuple[Payment, ...]:
    """The payments of a loan.

    Args:
        kind: `bullet` repays all at the end, `level` in equal payments, `equal` in equal parts of principal.
        notional: Borrowed, minor units.
        rate: Yearly rate.
        periods: Number of payments.
        per_year: Payments a year.

    Raises:
        InputError: An unknown kind, a notional that is not positive, a negative rate, or no periods.
    """
    _check(notional, rate, periods, per_year)
    if kind not in _KINDS:
        raise refused("amortisation", kind, "one of " + ", ".join(_KINDS), "name one of these")
    level = level_payment(notional, rate, periods, per_year) if kind == "level" else 0
    payments, owed = [], notional
    for period in range(1, periods + 1):
        with exact():
            interest = _whole(owed * rate / per_year)
        principal = {
            "bullet": 0,
            "level": min(owed, max(level - interest, 0)),
            "equal": notional * period // periods - notional * (period - 1) // periods,
        }[kind]
        if period == periods:
            principal = owed
        owed -= principal
        payments.append(Payment(period, interest, principal, owed))
    return tuple(payments)


def put_dates(years: Sequence[int], term: int) -> tuple[int, ...]:
    """Years after issue at which holders may put, and the last at which all is due (3+3+3+3+3+3+2).

    Raises:
        InputError: A stretch below a year, or stretches that do not add up to the term.
    """
    if any(each < 1 for each in years) or sum(years) != term:
        raise refused(
            "puts",
            "+".join(map(str, years)),
            f"whole years that add up to the term of {term}",
            "correct the stretches or the term",
        )
    return tuple(accumulate(years))


@dataclass(frozen=True, slots=True)
class Shelf:
    """A registered amount that is drawn in parts (储架发行).

    Attributes:
        amount: Registered, minor units.
        draws: Drawn so far.
    """

    amount: int
    draws: tuple[int, ...] = field(default=())

    @property
    def left(self) -> int:
        """What may still be drawn."""
        return self.amount - sum(self.draws)

    def draw(self, amount: int) -> Shelf:
        """The shelf after a further draw.

        Raises:
            InputError: Nothing is drawn, or more than is left.
        """
        if amount <= 0 or amount > self.left:
            raise refused(
                f"draw {len(self.draws) + 1}",
                amount,
                f"more than 0 and at most what is left of the shelf, {self.left} of {self.amount}",
                "draw less, or register a further shelf",
            )
        return Shelf(self.amount, (*self.draws, amount))


def _check(notional: int, rate: Decimal, periods: int, per_year: int) -> None:
    if notional <= 0:
        raise refused("notional", notional, "a notional is positive", "give what is borrowed")
    if not ZERO <= rate < ONE:
        raise refused("rate", rate, "a rate from 0% to below 100%", "write it like 3.99%")
    if periods < 1 or per_year < 1:
        raise refused("periods", periods, "at least one period, at least one a year", "correct it")


def _whole(amount: Decimal) -> int:
    return int(amount.quantize(ONE, rounding=ROUND_HALF_UP))
