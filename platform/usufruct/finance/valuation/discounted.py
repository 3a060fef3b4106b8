"""Discounted cash flow with a terminal value, and the ramp to full income.

V = Σ_{t=1}^{n} NOI_t/(1+r)^t + TV/(1+r)^n. The terminal value is the following year's income over a terminal cap rate,
less selling costs. With constant income and terminal cap = r it is NOI/r for every n: capitalisation is the limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from usufruct.finance.numbers import ONE, ZERO, exact, factor, refused
from usufruct.finance.roots import value_at

__all__ = ["Discounted", "discounted", "ramp"]


@dataclass(frozen=True, slots=True)
class Discounted:
    """A value by discounted cash flow.

    Attributes:
        flows: Present value of the years' flows.
        terminal: Present value of the terminal value.
        exit_value: The terminal value in the last year's money, after selling costs.
    """

    flows: Decimal
    terminal: Decimal
    exit_value: Decimal

    @property
    def value(self) -> Decimal:
        """Both together."""
        return self.flows + self.terminal

    @property
    def terminal_share(self) -> Decimal:
        """What part of the value lies behind the last year."""
        if self.value == 0:
            return ZERO
        with exact():
            return self.terminal / self.value


def discounted(
    incomes: Sequence[Decimal],
    rate: Decimal,
    *,
    terminal_cap: Decimal | None = None,
    following: Decimal | None = None,
    selling_cost: Decimal = ZERO,
) -> Discounted:
    """Value of yearly incomes and what remains after them.

    Args:
        incomes: Of year 1, 2, …
        rate: Discount rate.
        terminal_cap: Cap rate at the end; None for a right that ends with nothing.
        following: Income of the year after the last; by default the last year's.
        selling_cost: Part of the terminal value that a sale costs.

    Raises:
        InputError: No years, a terminal cap that is not positive, a selling cost outside [0, 1].
    """
    if not incomes:
        raise refused("incomes", "none", "at least one year", "give the incomes, year by year")
    factor(selling_cost, "selling_cost")
    with exact():
        years = [(Decimal(year), income) for year, income in enumerate(incomes, 1)]
        flows = value_at(rate, years)
        if terminal_cap is None:
            return Discounted(flows, ZERO, ZERO)
        if terminal_cap <= 0:
            raise refused(
                "terminal_cap",
                terminal_cap,
                "a cap rate is positive",
                "give the rate of a later sale",
            )
        base = incomes[-1] if following is None else following
        at_end = base / terminal_cap * (ONE - selling_cost)
        return Discounted(flows, value_at(rate, [(Decimal(len(incomes)), at_end)]), at_end)


def ramp(
    stable: Decimal, start: Decimal, years: int, horizon: int, growth: Decimal = ZERO
) -> list[Decimal]:
    """Incomes of an incubation: a straight line from a part of the stable income to all of it.

    Args:
        stable: Income of a stable year, in the money of year 1.
        start: Part of it earned in year 1, in [0, 1].
        years: Years until all of it is earned: 3 to 5 are usual (P3).
        horizon: Years in all.
        growth: Yearly growth of the stable income.

    Raises:
        InputError: A part outside [0, 1], a ramp shorter than a year or longer than the horizon.
    """
    factor(start, "start")
    if not 1 <= years <= horizon:
        raise refused("years", years, f"from 1 to the horizon, {horizon}", "shorten the ramp")
    with exact():
        steps = max(1, years - 1)
        parts = [min(ONE, start + (ONE - start) * year / steps) for year in range(horizon)]
        if years == 1:
            parts[0] = ONE
        return [stable * part * (ONE + growth) ** year for year, part in enumerate(parts)]
