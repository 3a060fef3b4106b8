"""A structure compiled: receipts by period, and the very rules that the waterfall on the chain runs.

Interest and principal of a tranche are one schedule, worked out here once and fixed in the rules: the contract holds no
calendar. What a period is short of is carried as arrears without interest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from usufruct.core.waterfall import (
    MAX_U64,
    Entry,
    Rules,
    Step,
    StepKind,
    Trigger,
    TriggerKind,
    When,
)
from usufruct.finance.numbers import ONE, exact, refused, shown
from usufruct.finance.structures.debt import Payment, schedule
from usufruct.finance.structures.steps import check_holders, check_steps, check_triggers
from usufruct.finance.structures.tables import StepTable, StructureTable, TrancheTable
from usufruct.money import BASIS, Currency

__all__ = ["Deal", "compile_deal", "minor", "receipts_of"]

_KINDS: Final[Mapping[str, StepKind]] = MappingProxyType(
    {
        "fixed": StepKind.FIXED,
        "percent_of_receipts": StepKind.PERCENT_OF_RECEIPTS,
        "percent_of_available": StepKind.PERCENT_OF_AVAILABLE,
        "reserve": StepKind.RESERVE,
        "interest": StepKind.DUE,
        "principal": StepKind.DUE,
        "due": StepKind.DUE,
        "residual": StepKind.RESIDUAL,
    }
)
_SCHEDULED: Final = ("interest", "principal")
_TRIGGERS: Final = {"coverage": TriggerKind.COVERAGE, "dscr": TriggerKind.DSCR}
_MOST_ENTRIES: Final = 255
_NOT: Final = "not "


@dataclass(frozen=True, slots=True)
class Deal:
    """A structure ready to run.

    Attributes:
        table: The file it comes from.
        currency: Its currency.
        receipts: Money of each period, minor units.
        schedules: Payments of each tranche that has a notional, by code.
        rules: The waterfall.
    """

    table: StructureTable
    currency: Currency
    receipts: tuple[int, ...]
    schedules: Mapping[str, tuple[Payment, ...]]
    rules: Rules


def minor(amount: Decimal, currency: Currency, field: str) -> int:
    """An amount in whole minor units.

    Raises:
        InputError: It has more places than the currency, is negative, or more than an account on the chain holds.
    """
    with exact():
        scaled = amount * currency.unit
    if scaled > MAX_U64:
        raise refused(
            field,
            f"{amount:.3e}",
            f"at most what an account on the chain holds, {MAX_U64} minor units of {currency.code}",
            "check the unit, or give the currency fewer decimals",
        )
    if scaled != scaled.to_integral_value() or scaled < 0:
        raise refused(
            field,
            amount,
            f"not negative, with at most {currency.decimals} decimal places of {currency.code}",
            "round it at the source",
        )
    return int(scaled)


def receipts_of(table: StructureTable, currency: Currency) -> tuple[int, ...]:
    """The pool's receipts by period, minor units; growth is yearly and rounded half up.

    Raises:
        InputError: No pool, or not exactly one of a list for all periods and a receipt.
    """
    pool = table.pool
    if pool is None:
        raise refused("pool", "(missing)", "a waterfall needs receipts", "add [pool]")
    if pool.receipts and pool.receipt is None and pool.growth is None:
        if len(pool.receipts) != table.periods:
            raise refused(
                "pool.receipts",
                f"{len(pool.receipts)} periods",
                f"one for each of the {table.periods} periods: none is missing",
                "add the missing ones",
            )
        return tuple(minor(each, currency, "pool.receipts") for each in pool.receipts)
    if pool.receipts or pool.receipt is None:
        raise refused(
            "pool", "receipts, receipt", "either receipts, or a receipt", "give one of them"
        )
    growth = pool.growth or Decimal(0)
    if not -ONE < growth <= ONE:
        raise refused(
            "pool.growth", shown(growth), "yearly growth above -100% and at most 100%", "correct it"
        )
    first = minor(pool.receipt, currency, "pool.receipt")
    with exact():
        grown = [first * (ONE + growth) ** (at // table.per_year) for at in range(table.periods)]
        if max(grown) > MAX_U64:
            raise refused(
                "pool.growth",
                shown(growth),
                f"receipts stay within what an account on the chain holds, {MAX_U64} minor units",
                "lower the growth, or list the receipts",
            )
        return tuple(int(each.quantize(ONE, ROUND_HALF_UP)) for each in grown)


def compile_deal(table: StructureTable) -> Deal:
    """Compile a structure.

    Raises:
        InputError: A reference, a key or an amount is wrong; or the schedule is too long for the contract.
    """
    currency = Currency(table.currency.code, table.currency.decimals)
    tranches = {each.code: each for each in table.tranche}
    if len(tranches) != len(table.tranche):
        raise refused("tranche", len(table.tranche), "every tranche has its own code", "rename one")
    check_holders(table.tranche)
    schedules = {
        code: schedule(
            each.amortisation,
            minor(each.notional, currency, f"{code}.notional"),
            each.rate,
            table.periods,
            table.per_year,
        )
        for code, each in tranches.items()
        if each.notional is not None and each.rate is not None
    }
    rules = _rules(table, tranches, schedules, currency)
    return Deal(table, currency, receipts_of(table, currency), schedules, rules)


def _rules(
    table: StructureTable,
    tranches: Mapping[str, TrancheTable],
    schedules: Mapping[str, Sequence[Payment]],
    currency: Currency,
) -> Rules:
    if not table.step or table.step[-1].kind != "residual" or table.step[-1].tranche is not None:
        raise refused(
            "step",
            "the last one",
            "the last step is a residual to a payee",
            "add who gets what is left",
        )
    _check_splits(table.step)
    check_steps(table.step)
    check_triggers(table.trigger, table.step)
    labels = [each.label for each in table.step]
    names = [each.name for each in table.trigger]
    steps, entries = [], []
    for place, step in enumerate(table.step):
        _check(step, tranches, schedules)
        amounts = _amounts(step, schedules)
        entries += [Entry(place, period, amount) for period, amount in _changes(amounts)]
        steps.append(_step(step, names, currency, amounts))
    if len(entries) > _MOST_ENTRIES:
        raise refused(
            "schedule",
            len(entries),
            f"at most {_MOST_ENTRIES} changes of amounts",
            "use fewer or longer periods",
        )
    triggers = tuple(
        Trigger(
            _TRIGGERS[each.kind],
            _place(labels, each.before),
            sum(1 << _place(labels, due) for due in each.dues),
            _points(each.threshold, each.name),
            _points(each.threshold if each.cure is None else each.cure, each.name),
        )
        for each in table.trigger
    )
    return Rules(steps=tuple(steps), triggers=triggers, schedule=tuple(entries))


def _step(
    step: StepTable, triggers: Sequence[str], currency: Currency, amounts: Sequence[int]
) -> Step:
    when, trigger = When.ALWAYS, 0
    if step.when is not None:
        name = step.when.removeprefix(_NOT)
        if name not in triggers:
            raise refused(
                f"{step.label}.when", step.when, '"NAME" or "not NAME" of a trigger', "correct it"
            )
        when = When.SOUND if name != step.when else When.BREACHED
        trigger = triggers.index(name)
    amount = 0 if step.amount is None else minor(step.amount, currency, f"{step.label}.amount")
    return Step(
        kind=_KINDS[step.kind],
        to_series=step.tranche is not None,
        payee=f"series:{step.tranche}" if step.tranche is not None else step.payee or "",
        amount=amounts[0] if amounts else amount,
        bp=0 if step.share is None else _points(step.share, step.label),
        account=step.account or 0,
        draw_from=step.draws or 0,
        when=when,
        trigger=trigger,
    )


def _check(
    step: StepTable, tranches: Mapping[str, TrancheTable], schedules: Mapping[str, object]
) -> None:
    if step.tranche is not None and step.tranche not in tranches:
        raise refused(
            f"{step.label}.tranche", step.tranche, "a tranche of the file", "correct the code"
        )
    if (step.payee is None) == (step.tranche is None) and step.kind != "reserve":
        raise refused(f"{step.label}.payee", step.payee, "a payee or a tranche", "name one of them")
    if step.kind in _SCHEDULED and step.tranche not in schedules:
        raise refused(
            f"{step.label}.tranche", step.tranche, "a tranche with notional and rate", "give both"
        )
    needs = {"fixed": "amount", "reserve": "amount", "due": "amount"}.get(step.kind)
    needs = needs or ("share" if step.kind.startswith("percent") else None)
    for key in ("amount", "share"):
        if (getattr(step, key) is None) == (key == needs):
            rule = f"a step of kind {step.kind} {'needs' if key == needs else 'takes no'} {key}"
            raise refused(f"{step.label}.{key}", getattr(step, key), rule, "correct the step")


def _check_splits(steps: Sequence[StepTable]) -> None:
    """No receipts are given away twice."""
    given = Decimal(0)
    for step in steps:
        share = step.share or Decimal(0)
        if not 0 <= share <= 1:
            raise refused(f"{step.label}.share", share, "a share from 0% to 100%", "correct it")
        given += share if step.kind == "percent_of_receipts" else 0
    if given > 1:
        raise refused(
            "shares of receipts",
            f"{shown(given * 100)}%",
            "what steps take of the receipts is at most 100% together",
            "lower one of the shares",
        )


def _amounts(step: StepTable, schedules: Mapping[str, Sequence[Payment]]) -> list[int]:
    if step.kind not in _SCHEDULED or step.tranche is None:
        return []
    return [getattr(each, step.kind) for each in schedules[step.tranche]]


def _changes(amounts: Sequence[int]) -> list[tuple[int, int]]:
    """Each period whose amount is not that of the period before, with the amount."""
    return [
        (period, amount)
        for period, (before, amount) in enumerate(pairwise(amounts), 2)
        if amount != before
    ]


def _place(labels: Sequence[str], label: str) -> int:
    if label not in labels:
        raise refused("trigger", label, "the label of a step", "correct the label")
    return labels.index(label)


def _points(rate: Decimal, field: str) -> int:
    with exact():
        points = rate * BASIS
    if points != points.to_integral_value() or not 0 <= points < 2**16:
        raise refused(field, rate, "a share in steps of 0.01%", "round it")
    return int(points)
