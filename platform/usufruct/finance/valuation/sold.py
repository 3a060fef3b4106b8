"""Sale-led price (P3): price = C + (R − D − π)·θ.

C is the invoiced cost, R the developed revenue, D the development cost, π the reasonable profit ρ·base (base cost
unless said otherwise, or revenue), θ the progress ratio. A premium below zero is allowed, and flagged.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from usufruct.finance.numbers import exact, factor, refused, shown

__all__ = ["SalePrice", "sale_price"]

Base = Literal["cost", "revenue"]
Kind = Literal["renewal", "other"]

_BANDS: Final[dict[str, tuple[Decimal, Decimal | None]]] = {
    "renewal": (Decimal("0.20"), None),
    "other": (Decimal("0.10"), Decimal("0.15")),
}
_WORDS: Final = {"renewal": "20–25% and more", "other": "10–15%"}


@dataclass(frozen=True, slots=True)
class SalePrice:
    """A price and its five lines.

    Attributes:
        cost: C.
        revenue: R.
        development: D.
        profit: π.
        progress: θ.
        flags: What a reader should doubt.
    """

    cost: Decimal
    revenue: Decimal
    development: Decimal
    profit: Decimal
    progress: Decimal
    flags: tuple[str, ...]

    @property
    def premium(self) -> Decimal:
        """(R − D − π)·θ."""
        with exact():
            return (self.revenue - self.development - self.profit) * self.progress

    @property
    def price(self) -> Decimal:
        """C plus the premium."""
        return self.cost + self.premium

    @property
    def lines(self) -> tuple[tuple[str, Decimal], ...]:
        """The five lines of the expansion: C, +θR, −θD, −θπ, and the price they add up to."""
        with exact():
            theta = self.progress
            return (
                ("invoiced cost C", self.cost),
                ("+ θ·R developed revenue", theta * self.revenue),
                ("− θ·D development cost", -theta * self.development),
                ("− θ·π reasonable profit", -theta * self.profit),
                ("price", self.price),
            )


def sale_price(
    cost: Decimal,
    revenue: Decimal,
    development: Decimal,
    rate: Decimal,
    progress: Decimal,
    *,
    base: Base = "cost",
    kind: Kind = "renewal",
) -> SalePrice:
    """The price of a project that is sold before it is finished.

    Args:
        cost: C, invoiced.
        revenue: R, once developed.
        development: D.
        rate: ρ, reasonable profit in parts of its base.
        progress: θ, in [0, 1].
        base: Whether ρ is of the development cost or of the revenue.
        kind: Renewal or another project: which band of ρ is normal.

    Raises:
        InputError: A negative amount, θ outside [0, 1], ρ below 0.
    """
    for name, amount in (("C", cost), ("R", revenue), ("D", development), ("ρ", rate)):
        if amount < 0:
            raise refused(name, amount, f"{name} is not negative", "correct the amount")
    factor(progress, "θ", "P3: θ is the progress ratio")
    with exact():
        profit = rate * (development if base == "cost" else revenue)
        found = SalePrice(cost, revenue, development, profit, progress, ())
        flags = []
        least, most = _BANDS[kind]
        if rate < least or (most is not None and rate > most):
            flags.append(
                f"ρ = {shown(rate * 100)}% is outside {_WORDS[kind]}, the normal band of {kind}"
            )
        if found.premium < 0:
            flags.append("the premium is negative: the price is below the invoiced cost")
    return SalePrice(cost, revenue, development, profit, progress, tuple(flags))
