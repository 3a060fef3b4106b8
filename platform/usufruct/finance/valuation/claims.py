"""Stated figures, derived again: what they would take, or that they do not follow from the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from usufruct.errors import InputError
from usufruct.finance.measures import growth_for_payback, payback
from usufruct.finance.numbers import ZERO, exact, refused, shown

__all__ = ["Claim", "Finding", "judge_claim"]

_NEAR: Final = Decimal("0.005")
"""How near a figure must be to count as derived: half a percent."""
_PLACES: Final = 3
_MOST_YEARS: Final = 200


@dataclass(frozen=True, slots=True)
class Claim:
    """A stated figure.

    Attributes:
        what: "payback" (years), "total_income" or "value".
        amount: The figure.
        label: What it is called.
    """

    what: str
    amount: Decimal
    label: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a claim.

    Attributes:
        claim: The claim.
        holds: Whether it follows from the inputs.
        words: How, or what it would take.
    """

    claim: Claim
    holds: bool
    words: str


def judge_claim(
    claim: Claim,
    investment: Decimal,
    incomes: Sequence[Decimal],
    values: Mapping[str, Decimal],
) -> Finding:
    """Derives a claim again.

    Args:
        claim: The claim.
        investment: Paid now.
        incomes: Of year 1, 2, …
        values: Values that were computed, by name.

    Raises:
        InputError: An unknown kind of claim, or a payback that is not positive.
    """
    if claim.what == "payback":
        return _payback(claim, investment, incomes)
    if claim.what == "total_income":
        return _total(claim, incomes)
    return _value(claim, values)


def _payback(claim: Claim, investment: Decimal, incomes: Sequence[Decimal]) -> Finding:
    if not 0 < claim.amount <= _MOST_YEARS:
        raise refused(
            "claim.amount",
            f"{claim.amount:.9g}",
            f"a payback is positive and at most {_MOST_YEARS} years",
            "correct the claim",
        )
    try:
        found = payback(investment, incomes)
    except InputError as error:
        return Finding(claim, holds=False, words=error.one_line())
    if _is_near(found, claim.amount):
        return Finding(claim, holds=True, words=f"payback {shown(found, 2)} years")
    with exact():
        flat = investment / claim.amount
    words = f"the incomes give {shown(found, 2)} years; {shown(claim.amount, 1)} needs {_money(flat)} a year"
    if claim.amount == claim.amount.to_integral_value():
        growth = growth_for_payback(investment, incomes[0], int(claim.amount))
        words += (
            f" flat, or growth of {shown(growth * 100, _PLACES)}% a year from {_money(incomes[0])}"
        )
    return Finding(claim, holds=False, words=words)


def _total(claim: Claim, incomes: Sequence[Decimal]) -> Finding:
    total = ZERO
    for year, income in enumerate(incomes, 1):
        total += income
        if _is_near(total, claim.amount):
            return Finding(claim, holds=True, words=f"the income of {year} years, not discounted")
    return Finding(claim, holds=False, words=f"{len(incomes)} years of income are {_money(total)}")


def _value(claim: Claim, values: Mapping[str, Decimal]) -> Finding:
    for name, value in values.items():
        if _is_near(value, claim.amount):
            return Finding(claim, holds=True, words=f"is the {name}")
    return Finding(claim, holds=False, words="not derivable: no method gives it from these inputs")


def _is_near(found: Decimal, stated: Decimal) -> bool:
    with exact():
        return abs(found - stated) <= _NEAR * abs(stated)


def _money(amount: Decimal) -> str:
    """An amount with 亿 or 万 where that is shorter."""
    for scale, word in ((Decimal(10**8), "亿"), (Decimal(10**4), "万")):
        if abs(amount) >= scale:
            with exact():
                return f"{shown(amount / scale, 4)}{word}"
    return shown(amount, 2)
