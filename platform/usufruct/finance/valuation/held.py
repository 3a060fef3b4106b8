"""Hold-led values (P3): a yearly figure divided by a cap rate, or times a multiple.

Each method names its numerator; figures of one method do not serve another. A cap rate of c and a multiple of
1/c are the same statement, and both assume that the income never ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from usufruct.finance.measures import annuity
from usufruct.finance.numbers import ONE, exact, refused

__all__ = ["METHODS", "HeldValue", "Method", "finite_right", "held_value"]


@dataclass(frozen=True, slots=True)
class Method:
    """A way to value what is held.

    Attributes:
        name: Its name.
        numerator: The yearly figure it takes.
        by: "cap" if the figure is divided by a rate, "multiple" if it is multiplied.
    """

    name: str
    numerator: str
    by: str


_ALL: Final = (
    Method("NOI/cap", "NOI", "cap"),
    Method("NPI/cap", "NPI", "cap"),
    Method("gross rent/cap", "gross rent", "cap"),
    Method("revenue/cap", "revenue", "cap"),
    Method("EBITDA×multiple", "EBITDA", "multiple"),
    Method("P/E×earnings", "earnings", "multiple"),
)
METHODS: Final[Mapping[str, Method]] = MappingProxyType({each.name: each for each in _ALL})
"""The methods by name."""


@dataclass(frozen=True, slots=True)
class HeldValue:
    """A value and what it stands on.

    Attributes:
        method: How it was found.
        numerator: The yearly figure.
        cap: The cap rate, given or implied.
        value: The value.
    """

    method: Method
    numerator: Decimal
    cap: Decimal
    value: Decimal

    @property
    def multiple(self) -> Decimal:
        """Value over numerator: the multiple that the cap rate implies."""
        with exact():
            return ONE / self.cap


def held_value(name: str, numerator: str, amount: Decimal, rate: Decimal) -> HeldValue:
    """The value by a method.

    Args:
        name: Name of the method.
        numerator: What `amount` is, such as "NOI": it must be what the method takes.
        amount: The yearly figure.
        rate: Cap rate or multiple, as the method has it.

    Raises:
        InputError: Unknown method, another numerator, or a rate or multiple that is not positive.
    """
    method = METHODS.get(name)
    if method is None:
        raise refused("method", name, "one of " + ", ".join(METHODS), "name one of these methods")
    if numerator != method.numerator:
        raise refused(
            "numerator",
            numerator,
            f"{name} takes {method.numerator}",
            f"give {method.numerator}, or use the method that takes {numerator}",
        )
    if rate <= 0:
        what = "cap rate" if method.by == "cap" else "multiple"
        raise refused(
            what,
            rate,
            f"a {what} is positive: at 0 or below the value has no bound",
            f"give the {what} that sales of like assets show",
        )
    with exact():
        cap = rate if method.by == "cap" else ONE / rate
        value = amount / rate if method.by == "cap" else amount * rate
    return HeldValue(method, amount, cap, value)


def finite_right(income: Decimal, rate: Decimal, years: int) -> Decimal:
    """Value of a right to `income` for `years` years: X·(1 − (1 + c)^−n)/c.

    Raises:
        InputError: Years below 1, or the rate is −100% or less.
    """
    if years < 1:
        raise refused("years", years, "a right lasts at least a year", "correct the term")
    with exact():
        return income * annuity(rate, years)
