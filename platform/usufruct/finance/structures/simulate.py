"""What a structure pays: every step, every tranche and every holder, period by period, to the unit.

The steps are run by the mirror of the contract, and holders get what the series' accrual gives them, so that what
is simulated is what would be paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from usufruct.core.accrual import payout
from usufruct.core.waterfall import Result, Start, StepKind, Term, run
from usufruct.finance.structures.deal import Deal

__all__ = ["Projection", "simulate"]


@dataclass(frozen=True, slots=True)
class Projection:
    """A simulation, minor units.

    Attributes:
        deal: The structure.
        receipts: Money of each period.
        results: What the waterfall made of each period.
        tranches: What each tranche got in each period, by code.
        holders: What each holder of a tranche got in each period, by (tranche, holder).
        payees: What each other payee got in each period, by name.
    """

    deal: Deal
    receipts: tuple[int, ...]
    results: tuple[Result, ...]
    tranches: dict[str, list[int]]
    holders: dict[tuple[str, str], list[int]]
    payees: dict[str, list[int]]

    def coverage(self, tranche: str) -> list[int | None]:
        """Paid over due of a tranche's scheduled steps in each period, in basis points; None if nothing was due."""
        steps = [
            place
            for place, step in enumerate(self.deal.table.step)
            if step.tranche == tranche and step.kind in {"interest", "principal", "due"}
        ]
        found: list[int | None] = []
        for result in self.results:
            due = sum(result.lines[place].due for place in steps)
            paid = sum(result.lines[place].paid for place in steps)
            found.append(10_000 * paid // due if due else None)
        return found

    def arrears(self, period: int) -> int:
        """What all steps are still short of after a period."""
        reserves = {s.account for s in self.deal.rules.steps if s.kind is StepKind.RESERVE}
        balances = self.results[period - 1].balances
        return sum(amount for account, amount in balances.items() if account not in reserves)


def simulate(deal: Deal, receipts: Sequence[int] | None = None) -> Projection:
    """Run all periods; `receipts` stand in for the file's own, as in a stress."""
    money = deal.receipts if receipts is None else tuple(receipts)
    last = len(money)
    terms = [Term(1, last, last) if step.to_series else None for step in deal.rules.steps]
    results: list[Result] = []
    balances: dict[int, int] = {}
    breached = 0
    for period, amount in enumerate(money, 1):
        start = Start(period, amount, b"\xff" * 32, terms, balances, None, breached)
        result = run(deal.rules, start)
        balances, breached = dict(result.balances), result.breached
        results.append(result)
    tranches = {
        each.code: [_paid(deal, result, f"series:{each.code}") for result in results]
        for each in deal.table.tranche
    }
    payees = {
        step.payee: [_paid(deal, result, step.payee) for result in results]
        for step in deal.rules.steps
        if not step.to_series and step.kind is not StepKind.RESERVE
    }
    return Projection(deal, money, tuple(results), tranches, _holders(deal, tranches), payees)


def _paid(deal: Deal, result: Result, payee: str) -> int:
    return sum(
        line.paid
        for step, line in zip(deal.rules.steps, result.lines, strict=True)
        if step.payee == payee and step.kind is not StepKind.RESERVE
    )


def _holders(deal: Deal, tranches: dict[str, list[int]]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for each in deal.table.tranche:
        supply = sum(holder.units for holder in each.holders)
        for holder in each.holders:
            numerator, got = 0, []
            for amount in tranches[each.code]:
                got.append(payout(numerator, holder.units, amount, supply))
                numerator += amount * holder.units
            found[each.code, holder.name] = got
    return found
