"""PPP concessions of the kind ROT (P2): income for a term, payouts by priority, hand-back at its end.

What is transferred is one of ownership, equity, operation or fee. After the term nothing is paid out
any more: the asset is handed back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from usufruct.finance.numbers import refused

__all__ = ["RIGHTS", "Concession", "Year"]

RIGHTS: Final = ("ownership", "equity", "operation", "fee")
"""What a concession may transfer."""


@dataclass(frozen=True, slots=True)
class Year:
    """A year of a concession, minor units.

    Attributes:
        number: From 1.
        income: What was earned.
        paid: What was paid to the concessionaire.
        handed_back: What belongs to the grantor, since the term is over.
    """

    number: int
    income: int
    paid: int
    handed_back: int


@dataclass(frozen=True, slots=True)
class Concession:
    """A concession.

    Attributes:
        investment: Invested by the concessionaire, minor units.
        term: Years.
        right: What is transferred; one of `RIGHTS`.
    """

    investment: int
    term: int
    right: str

    def years(self, incomes: Sequence[int]) -> list[Year]:
        """Who gets the income of each year.

        Raises:
            InputError: An unknown right, a term or investment that is not positive, a negative income.
        """
        if self.right not in RIGHTS:
            raise refused("right", self.right, "one of " + ", ".join(RIGHTS), "name one of these")
        if self.term < 1 or self.investment <= 0:
            raise refused("term", self.term, "term and investment are positive", "correct them")
        found = []
        for number, income in enumerate(incomes, 1):
            if income < 0:
                raise refused(f"income of year {number}", income, "not negative", "correct it")
            running = number <= self.term
            found.append(Year(number, income, income if running else 0, 0 if running else income))
        return found
