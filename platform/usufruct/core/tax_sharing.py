"""Stepped tax sharing, as in TaxSharingMath.sol.

Growth is what a year's tax is above the base. Each part of it has an age: with the fixed clock the
number of years since the first, with the vintage clock since the year in which that part first
appeared. The project is rebated a share that steps down with age, the town gets a share of what is
not rebated, the treasury all the rest with the base: the three always sum to the tax.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from usufruct.money import BASIS, mul_div_down

__all__ = ["Plan", "Shares", "of_year", "share", "years"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What was agreed.

    Attributes:
        base: Tax of a year before the project, minor units.
        town_bp: Town's share of the growth that is not rebated.
        vintage: Whether ages count from the year in which a part of the growth first appeared.
        rebates_bp: Share rebated to the project at age 0, 1, …; none after the last.
    """

    base: int
    town_bp: int
    vintage: bool
    rebates_bp: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shares:
    """A year's tax, shared; minor units.

    Attributes:
        rebate: To the project.
        town: To the town.
        treasury: To the treasury.
        appeared: Growth that is new in this year: its vintage.
    """

    rebate: int
    town: int
    treasury: int
    appeared: int


def of_year(waiting: int, base: int, later: int) -> int:
    """What of the tax that waits is the oldest open year's, if each of `later` years keeps its base."""
    bases = base * (later + 1)
    return waiting - bases + base if waiting > bases else min(waiting, base)


def share(plan: Plan, tax: int, vintages: Sequence[int]) -> Shares:
    """Share the tax of the year after those of `vintages`."""
    growth = appeared = max(tax - plan.base, 0)
    year = len(vintages)
    parts = []
    # A fall takes from the youngest part first, and what comes back has the age of its part.
    for first, vintage in enumerate(vintages):
        part = min(appeared, vintage)
        appeared -= part
        parts.append((part, year - first))
    parts.append((appeared, 0))
    if not plan.vintage:
        parts = [(growth, year)]
    rebate = town = 0
    for part, age in parts:
        rate = plan.rebates_bp[age] if age < len(plan.rebates_bp) else 0
        back = mul_div_down(part, rate, BASIS)
        rebate += back
        town += mul_div_down(part - back, plan.town_bp, BASIS)
    return Shares(rebate, town, tax - rebate - town, appeared)


def years(plan: Plan, taxes: Iterable[int]) -> list[Shares]:
    """Share the taxes of years in a row, from the first on."""
    found: list[Shares] = []
    for tax in taxes:
        found.append(share(plan, tax, [each.appeared for each in found]))
    return found
