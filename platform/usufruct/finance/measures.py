"""Measures of flows and of debt: present value, rates of return, coverage, time.

Flows of years are sequences whose first entry is paid now; dated flows are (day, amount). Sources: Brealey/Myers/
Allen, Principles of Corporate Finance (NPV, IRR, payback); Fabozzi, Bond Markets (duration, WAL); domain formulas
DSCR = CFADS / (interest + principal) and ICR = EBITDA / interest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from usufruct.finance.daycount import DayCount, act_365f
from usufruct.finance.numbers import ONE, ZERO, exact, refused
from usufruct.finance.roots import Timed, rate_of, value_at

__all__ = [
    "Durations",
    "annuity",
    "dscr",
    "durations",
    "growth_for_payback",
    "icr",
    "irr",
    "ltv",
    "npv",
    "payback",
    "wal",
    "xirr",
    "xnpv",
    "years_with_cover",
]

Dated = Sequence[tuple[date, Decimal]]
"""Flows as (day, amount)."""


def npv(rate: Decimal, flows: Sequence[Decimal]) -> Decimal:
    """Σ flows[t] / (1 + rate)^t; the first flow is paid now.

    Raises:
        InputError: No flows, or a rate of −100% or less.
    """
    return value_at(rate, _timed(flows))


def irr(flows: Sequence[Decimal]) -> Decimal:
    """The one yearly rate at which yearly flows are worth nothing.

    Raises:
        InputError: There is none, or more than one.
    """
    return rate_of(_timed(flows))


def xnpv(rate: Decimal, flows: Dated, day_count: DayCount = act_365f) -> Decimal:
    """Value on the first day of dated flows at a yearly rate.

    Raises:
        InputError: As for `npv`.
    """
    return value_at(rate, _dated(flows, day_count))


def xirr(flows: Dated, day_count: DayCount = act_365f) -> Decimal:
    """The one yearly rate at which dated flows are worth nothing (ACT/365F unless said otherwise).

    Raises:
        InputError: There is none, or more than one.
    """
    return rate_of(_dated(flows, day_count), "XIRR")


def payback(investment: Decimal, incomes: Sequence[Decimal]) -> Decimal:
    """Years until the incomes have returned the investment; within a year in proportion.

    Args:
        investment: Paid now, positive.
        incomes: Of year 1, 2, …

    Raises:
        InputError: The investment is not positive, or the incomes never return it.
    """
    if investment <= 0:
        raise refused("investment", investment, "an investment is positive", "give what is paid")
    left = investment
    with exact():
        for year, income in enumerate(incomes):
            if income >= left:
                return Decimal(year) + left / income
            left -= income
    raise refused(
        "payback",
        f"{left} of {investment} left after {len(incomes)} years",
        "the incomes return the investment",
        "give more years, or accept that it is not paid back",
    )


def growth_for_payback(investment: Decimal, first: Decimal, years: int) -> Decimal:
    """Yearly growth at which incomes from `first` on return the investment in exactly `years`.

    Raises:
        InputError: No growth above −100% does.
    """
    if investment <= 0 or first <= 0 or years < 1:
        raise refused(
            "years", years, "investment and income are positive, years ≥ 1", "correct them"
        )
    # Σ first·(1+g)^(t−1) = investment is the equation of a rate whose flows lie in the past.
    with exact():
        grown = [(Decimal(-year), ONE) for year in range(years)]
        return rate_of([(ZERO, -investment / first), *grown], "growth")


def annuity(rate: Decimal, years: int) -> Decimal:
    """Value now of 1 paid at the end of each of `years` years: (1 − (1 + rate)^−years) / rate.

    Raises:
        InputError: Years are negative, or the rate is −100% or less.
    """
    if years < 0 or rate <= -1:
        raise refused("years", years, "years ≥ 0 at a rate above −100%", "correct the term or rate")
    if rate == 0:
        return Decimal(years)
    with exact():
        return (ONE - (ONE + rate) ** -years) / rate


def dscr(available: Decimal, interest: Decimal, principal: Decimal) -> Decimal:
    """Cash flow available for debt service over interest and principal due.

    Raises:
        InputError: Nothing is due, or an amount due is negative.
    """
    return _cover("debt service", available, interest, principal)


def icr(ebitda: Decimal, interest: Decimal) -> Decimal:
    """EBITDA over interest due.

    Raises:
        InputError: No interest is due, or it is negative.
    """
    return _cover("interest", ebitda, interest)


def years_with_cover(covers: Sequence[Decimal], least: Decimal) -> int:
    """How many years have a cover of at least `least`."""
    return sum(each >= least for each in covers)


def ltv(debt: Decimal, value: Decimal) -> Decimal:
    """Loan to value.

    Raises:
        InputError: The value is not positive, or the debt is negative.
    """
    if value <= 0 or debt < 0:
        raise refused("value", value, "value > 0 and debt ≥ 0", "correct value or debt")
    with exact():
        return debt / value


def wal(principals: Timed) -> Decimal:
    """Weighted average life: Σ t·principal / Σ principal, in years.

    Raises:
        InputError: Principals are negative, or there are none.
    """
    total = sum((amount for _, amount in principals), ZERO)
    if total <= 0 or any(amount < 0 for _, amount in principals):
        raise refused(
            "principal", total, "repayments are not negative and not all 0", "correct them"
        )
    with exact():
        return sum((time * amount for time, amount in principals), ZERO) / total


@dataclass(frozen=True, slots=True)
class Durations:
    """How far away, and how sensitive, flows are; in years.

    Attributes:
        macaulay: Σ t·PV / Σ PV.
        modified: macaulay / (1 + rate): the fall in value, in parts of itself, for each unit of rate.
    """

    macaulay: Decimal
    modified: Decimal


def durations(rate: Decimal, flows: Timed) -> Durations:
    """Durations at a rate compounded yearly.

    Raises:
        InputError: The flows are worth nothing or less.
    """
    value = value_at(rate, flows)
    if value <= 0:
        raise refused("flows", value, "their present value is positive", "check signs and rate")
    with exact():
        weighted = value_at(rate, [(time, time * amount) for time, amount in flows])
        return Durations(weighted / value, weighted / value / (ONE + rate))


def _cover(name: str, available: Decimal, *due: Decimal) -> Decimal:
    total = sum(due, ZERO)
    if total <= 0 or any(each < 0 for each in due):
        raise refused(
            name, total, f"{name} due is positive", "give what is due, or no cover at all"
        )
    with exact():
        return available / total


def _timed(flows: Sequence[Decimal]) -> Timed:
    if not flows:
        raise refused("flows", "none", "at least one flow", "give the flows, the first paid now")
    return [(Decimal(time), amount) for time, amount in enumerate(flows)]


def _dated(flows: Dated, day_count: DayCount) -> Timed:
    if not flows:
        raise refused("flows", "none", "at least one flow", "give the flows with their days")
    first = min(day for day, _ in flows)
    with exact():
        return [
            (Decimal(part.numerator) / Decimal(part.denominator), amount)
            for day, amount in flows
            for part in (day_count(first, day),)
        ]
