"""P4's sizing of a city's programme, exactly and as the paper prints it with chained rounding; P0's jobs.

Area × cost = investment; the self-held part of it; rent of that part at full occupancy, capitalised. What the
programme means for each state-owned enterprise is printed from rounded intermediate figures, which are kept
apart from the exact ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from usufruct.finance.numbers import ONE, exact, factor, refused

__all__ = ["Averages", "Sizing", "averages", "jobs", "sizing"]

Mode = Literal["exact", "as_printed"]

_MONTHS: Final = 12
_JOBS_AREA: Final = Decimal(100_000)
_JOBS: Final = (200, 300)


@dataclass(frozen=True, slots=True)
class Sizing:
    """A programme in whole currency.

    Attributes:
        investment: Area times cost.
        held_cost: Cost of the self-held part.
        rent: Yearly rent of the self-held part.
        value: Rent over the cap rate.
    """

    investment: Decimal
    held_cost: Decimal
    rent: Decimal
    value: Decimal

    @property
    def break_even_margin(self) -> Decimal:
        """NOI margin below which the value falls under the cost of what is held."""
        with exact():
            return self.held_cost / self.value


@dataclass(frozen=True, slots=True)
class Averages:
    """What falls on one enterprise.

    Attributes:
        area_year: Area for each year, in 万㎡.
        cost_year: Investment for each year, in 亿.
        area: Area over all years, in 万㎡.
        cost: Investment over all years, in 亿.
        held: Self-held part of that investment, in 亿.
    """

    area_year: Decimal
    cost_year: Decimal
    area: Decimal
    cost: Decimal
    held: Decimal


def sizing(area_m2: Decimal, cost: Decimal, held: Decimal, rent: Decimal, cap: Decimal) -> Sizing:
    """Size a programme.

    Args:
        area_m2: Area in ㎡.
        cost: Cost of a ㎡.
        held: Part that is held and not sold.
        rent: Monthly rent of a ㎡.
        cap: Cap rate of the rent.

    Raises:
        InputError: An amount that is not positive, nothing held, or a part outside [0, 1].
    """
    amounts = (("area_m2", area_m2), ("cost", cost), ("held", held), ("rent", rent), ("cap", cap))
    for name, value in amounts:
        if value <= 0:
            raise refused(name, value, f"{name} is positive", "correct the value")
    factor(held, "held", "P4: part that is held")
    with exact():
        yearly = area_m2 * held * rent * _MONTHS
        return Sizing(area_m2 * cost, area_m2 * cost * held, yearly, yearly / cap)


def averages(
    area: Decimal, cost: Decimal, held: Decimal, enterprises: int, years: int, mode: Mode = "exact"
) -> Averages:
    """What falls on one enterprise in a year, over all years, and what of it is held.

    Args:
        area: Area of the programme in 万㎡.
        cost: Its investment in 亿.
        held: Part that is held.
        enterprises: How many share it.
        years: Years it takes.
        mode: `as_printed` rounds every intermediate figure to a whole one, as the paper does.

    Raises:
        InputError: No enterprises or years, or a part outside [0, 1].
    """
    if enterprises < 1 or years < 1:
        raise refused("enterprises", enterprises, "enterprises and years ≥ 1", "correct the number")
    factor(held, "held", "P4: part that is held")
    with exact():
        area_year = _kept(area / enterprises / years, mode)
        cost_year = _kept(cost / enterprises / years, mode)
        total = _kept(cost_year * years, mode)
        return Averages(
            area_year, cost_year, _kept(area_year * years, mode), total, _kept(total * held, mode)
        )


def jobs(area_m2: Decimal) -> tuple[Decimal, Decimal]:
    """Least and most jobs of a community (P0): 200 to 300 for each 10万㎡, linear.

    Raises:
        InputError: A negative area.
    """
    if area_m2 < 0:
        raise refused("area_m2", area_m2, "an area is not negative", "correct the area")
    with exact():
        return area_m2 * _JOBS[0] / _JOBS_AREA, area_m2 * _JOBS[1] / _JOBS_AREA


def _kept(value: Decimal, mode: Mode) -> Decimal:
    return value.quantize(ONE, rounding=ROUND_HALF_UP) if mode == "as_printed" else value
