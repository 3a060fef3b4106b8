"""The waterfall over many paths at once: `usufruct.core.waterfall.run`, elementwise in 64-bit integers.

Exact like the mirror it follows, for amounts up to 2⁵⁰ minor units; a test compares both on random deals. Rules
with KPIs are run with the multiplier that a missing KPI gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from usufruct.core.waterfall import (
    UNBOUNDED,
    Rules,
    Step,
    StepKind,
    Term,
    Trigger,
    TriggerKind,
    When,
)
from usufruct.finance.numbers import refused
from usufruct.money import BASIS

__all__ = ["Ints", "Outcome", "run_paths"]

Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]

_MOST: Final = 2**50
"""With arrears of hundreds of periods, ten times as much still fits 64 bits."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What each step came to, minor units, by step, path and period.

    Attributes:
        due: Due with arrears.
        paid: Paid.
    """

    due: Ints
    paid: Ints


def run_paths(rules: Rules, receipts: Ints, terms: Sequence[Term | None]) -> Outcome:
    """Run all periods of all paths.

    Args:
        rules: The rules.
        receipts: Receipts by path and period, minor units.
        terms: Term of the series each step pays, None for others.

    Raises:
        InputError: Receipts are negative or beyond what 64 bits hold, or steps depend on KPIs.
    """
    if receipts.size and (receipts.min() < 0 or receipts.max() > _MOST):
        raise refused("receipts", int(receipts.max()), f"from 0 to {_MOST}", "scale the amounts")
    largest = max((step.amount for step in rules.steps), default=0)
    largest = max((largest, *(entry.amount for entry in rules.schedule)))
    if largest > _MOST:
        raise refused("amount", largest, f"at most {_MOST}", "scale the amounts")
    if rules.kpis:
        raise refused("kpis", len(rules.kpis), "rules without KPIs", "replace the fee by its mean")
    shape = (len(rules.steps), *receipts.shape)
    outcome = Outcome(np.zeros(shape, np.int64), np.zeros(shape, np.int64))
    state = _State(rules, receipts.shape[0])
    for period in range(receipts.shape[1]):
        passing = _Passing(rules, terms, state, period + 1, receipts[:, period])
        for place in range(len(rules.steps)):
            due, paid = passing.step(place)
            outcome.due[place, :, period] = due
            outcome.paid[place, :, period] = paid
    return outcome


class _State:
    """Balances by account and breached triggers, by path."""

    def __init__(self, rules: Rules, paths: int) -> None:
        accounts = {step.account for step in rules.steps if step.account}
        self.balances: dict[int, Ints] = {each: np.zeros(paths, np.int64) for each in accounts}
        self.breached: list[_Bools] = [np.zeros(paths, bool) for _ in rules.triggers]


class _Passing:
    """One period of all paths."""

    def __init__(
        self,
        rules: Rules,
        terms: Sequence[Term | None],
        state: _State,
        period: int,
        receipts: Ints,
    ) -> None:
        self.rules, self.terms, self.state, self.period = rules, terms, state, period
        self.receipts = receipts
        self.available = receipts.copy()

    def step(self, place: int) -> tuple[Ints, Ints]:
        """Due and paid of a step."""
        for number, trigger in enumerate(self.rules.triggers):
            if trigger.step == place:
                self._judge(number, trigger)
        step = self.rules.steps[place]
        active = self._takes_part(place, step)
        if step.kind is StepKind.RESERVE:
            return self._reserve(step, active)
        due = np.zeros_like(self.available) if self._in_tail(place) else self._due(place, step)
        return self._pay(step, due, active)

    def _judge(self, number: int, trigger: Trigger) -> None:
        breached = self.state.breached[number]
        if trigger.kind is TriggerKind.OPEN_DISPUTE:
            self.state.breached[number] = np.zeros_like(breached)
            return
        dues = self._dues(trigger)
        ratio = np.full_like(self.available, UNBOUNDED)
        some = dues > 0
        whole, part = np.divmod(self.available[some], dues[some])
        # ⌊a·10⁴/d⌋ without a product that overflows.
        scaled = np.minimum(whole, UNBOUNDED) * BASIS + _mul_div(part, BASIS, dues[some])
        ratio[some] = np.minimum(scaled, UNBOUNDED)
        level = np.where(breached, trigger.cure_bp, trigger.threshold_bp)
        self.state.breached[number] = ratio < level

    def _dues(self, trigger: Trigger) -> Ints:
        total = np.zeros_like(self.available)
        accounts: dict[int, _Bools] = {}
        for place, step in enumerate(self.rules.steps):
            if not trigger.dues >> place & 1:
                continue
            active = self._takes_part(place, step)
            if not self._in_tail(place):
                total += np.where(active, self._amount(place, step), 0)
            if trigger.kind is TriggerKind.COVERAGE and step.account:
                accounts[step.account] = accounts.get(step.account, False) | active
        for account, active in accounts.items():
            total += np.where(active, self.state.balances[account], 0)
        return total

    def _takes_part(self, place: int, step: Step) -> _Bools:
        active = np.ones(self.available.shape, bool)
        if step.when is not When.ALWAYS:
            active = self.state.breached[step.trigger] == (step.when is When.BREACHED)
        term = self.terms[place]
        if term is not None and not term.first <= self.period <= term.to:
            return active & (self._in_tail(place) and step.account != 0)
        return active

    def _in_tail(self, place: int) -> bool:
        term = self.terms[place]
        return term is not None and term.to < self.period <= term.last

    def _reserve(self, step: Step, active: _Bools) -> tuple[Ints, Ints]:
        balance = self.state.balances[step.account]
        released = np.where(active, np.maximum(balance - step.amount, 0), 0)
        due = np.where(active, np.maximum(step.amount - balance, 0), 0)
        paid = np.minimum(self.available, due)
        self.available = self.available + released - paid
        self.state.balances[step.account] = balance + paid - released
        return due, paid

    def _pay(self, step: Step, asked: Ints, active: _Bools) -> tuple[Ints, Ints]:
        carried = self.state.balances.get(step.account)
        due = np.where(active, asked if carried is None else asked + carried, 0)
        paid = np.minimum(self.available, due)
        self.available = self.available - paid
        if step.draw_from:
            reserve = self.state.balances[step.draw_from]
            drawn = np.minimum(due - paid, reserve)
            self.state.balances[step.draw_from] = reserve - drawn
            paid = paid + drawn
        if carried is not None:
            self.state.balances[step.account] = np.where(active, due - paid, carried)
        return due, paid

    def _amount(self, place: int, step: Step) -> int:
        amount = step.amount
        for entry in self.rules.schedule:
            if entry.step == place and entry.from_period <= self.period:
                amount = entry.amount
        return amount

    def _due(self, place: int, step: Step) -> Ints:
        match step.kind:
            case StepKind.PERCENT_OF_RECEIPTS:
                return _share(self.receipts, step.bp)
            case StepKind.PERCENT_OF_AVAILABLE:
                return _share(self.available, step.bp)
            case StepKind.RESIDUAL:
                return self.available.copy()
            case _:
                return np.full_like(self.available, self._amount(place, step))


def _share(amount: Ints, points: int) -> Ints:
    """⌊amount·points/10⁴⌋ without a product that overflows."""
    whole, part = np.divmod(amount, BASIS)
    return np.asarray(whole * points + part * points // BASIS, np.int64)


def _mul_div(part: Ints, factor: int, divisor: Ints) -> Ints:
    """⌊part·factor/divisor⌋ for part < divisor, in steps of ten so that no product overflows."""
    found = np.zeros_like(part)
    while factor > 1:
        part = part * 10
        digit, part = np.divmod(part, divisor)
        found = found * 10 + digit
        factor //= 10
    return found
