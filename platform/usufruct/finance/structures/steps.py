"""What the steps, triggers and holders of a structure must be, as the contract demands it of a waterfall's rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from usufruct.finance.numbers import refused, shown
from usufruct.finance.structures.tables import StepTable, TrancheTable, TriggerTable

__all__ = ["check_holders", "check_steps", "check_triggers"]

_DUES: Final = frozenset({"fixed", "due", "interest", "principal"})
"""Kinds of which something stays due: they may hold arrears, draw on a reserve and be counted by a trigger."""
_TO_TRANCHES: Final = frozenset(
    {"due", "interest", "principal", "residual", "percent_of_available"}
)
"""Kinds that may pay a tranche: no other step ends with it."""
_SERIES: Final = "series:"
_NOT: Final = "not "
_MOST_STEPS: Final = 32
_MOST_TRIGGERS: Final = 8


def check_holders(tranches: Sequence[TrancheTable]) -> None:
    """Every holder stands once in a tranche.

    Raises:
        InputError: One stands twice.
    """
    for each in tranches:
        _require_once(f"{each.code}.holders", (holder.name for holder in each.holders))


def check_steps(steps: Sequence[StepTable]) -> None:
    """Labels are unique, accounts mean one thing, and what is drawn on is a reserve.

    Raises:
        InputError: A step is against one of these rules.
    """
    _require_at_most("step", len(steps), _MOST_STEPS)
    _require_once("step.label", (step.label for step in steps))
    meaning: dict[int, tuple[str | None, bool]] = {}
    reserves = {step.account for step in steps if step.kind == "reserve"}
    for step in steps:
        _check_account(step, meaning)
        if step.tranche is not None and step.kind not in _TO_TRANCHES:
            rule = f"a step of kind {step.kind} pays a payee"
            raise refused(f"{step.label}.tranche", step.tranche, rule, "use due or residual")
        if (step.payee or "").startswith(_SERIES):
            raise refused(
                f"{step.label}.payee", step.payee, "a payee is no tranche", "write tranche = …"
            )
        if step.draws is not None and (step.kind not in _DUES or step.draws not in reserves):
            raise refused(
                f"{step.label}.draws",
                step.draws,
                "a fixed, due, interest or principal step draws on the account of a reserve",
                "name the account of a step of kind reserve",
            )


def check_triggers(triggers: Sequence[TriggerTable], steps: Sequence[StepTable]) -> None:
    """Names are unique, levels in order, dues from the trigger's place on, and no step asks before it is judged.

    Raises:
        InputError: A trigger is against one of these rules, or names no step.
    """
    _require_at_most("trigger", len(triggers), _MOST_TRIGGERS)
    _require_once("trigger.name", (each.name for each in triggers))
    places = {step.label: place for place, step in enumerate(steps)}
    for each in triggers:
        for label in (each.before, *each.dues):
            if label not in places:
                raise refused("trigger", label, "the label of a step", "correct the label")
        cure = each.threshold if each.cure is None else each.cure
        if not 0 < each.threshold <= cure:
            raise refused(
                f"{each.name}.cure",
                f"{shown(cure * 100)}%",
                f"threshold, {shown(each.threshold * 100)}%, is above 0% and cure not below it",
                "correct them",
            )
        _check_dues(each, steps, places)
        _check_asked_after(each, steps[: places[each.before]])


def _check_dues(
    trigger: TriggerTable, steps: Sequence[StepTable], places: Mapping[str, int]
) -> None:
    for label in trigger.dues:
        step, place = steps[places[label]], places[label]
        if step.kind not in _DUES or step.when is not None or place < places[trigger.before]:
            raise refused(
                f"{trigger.name}.dues",
                label,
                "fixed, due, interest and principal steps that always take part, from its place on",
                "name such a step",
            )


def _check_asked_after(trigger: TriggerTable, earlier: Sequence[StepTable]) -> None:
    for step in earlier:
        if step.when is not None and step.when.removeprefix(_NOT) == trigger.name:
            raise refused(
                f"{step.label}.when",
                step.when,
                f"a trigger that is judged before this step, not before {trigger.before}",
                "move the step or the trigger",
            )


def _check_account(step: StepTable, meaning: dict[int, tuple[str | None, bool]]) -> None:
    reserve = step.kind == "reserve"
    if step.account is None:
        if reserve:
            raise refused(
                f"{step.label}.account", None, "a reserve lies in an account", "add account = …"
            )
        return
    if not reserve and step.kind not in _DUES:
        rule = f"a step of kind {step.kind} holds no account"
        raise refused(f"{step.label}.account", step.account, rule, "remove the key")
    mine = (step.tranche or step.payee, reserve)
    if meaning.setdefault(step.account, mine) != mine:
        raise refused(
            f"{step.label}.account",
            step.account,
            "an account is a reserve, or arrears to one payee",
            "take another number",
        )


def _require_once(field: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise refused(field, name, "a name stands for one only", "rename one")
        seen.add(name)


def _require_at_most(field: str, number: int, most: int) -> None:
    if number > most:
        raise refused(field, number, f"at most {most}, as in the contract", "merge some")
