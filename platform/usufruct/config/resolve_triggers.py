"""Waterfalls: what switches steps, what they share, and who comes first."""

from __future__ import annotations

from typing import Final

from usufruct.config.locate import Path
from usufruct.config.model_streams import Stream
from usufruct.config.model_waterfalls import Trigger
from usufruct.config.problems import Problems
from usufruct.config.references import require_unique
from usufruct.config.schema import StepTable, TriggerTable, WaterfallTable
from usufruct.core.waterfall import Trigger as Rule
from usufruct.core.waterfall import TriggerKind, When

__all__ = ["check_accounts", "check_owners_first", "gate", "triggers"]

_NOT: Final = "not "
_WHOLE: Final = 10_000


def gate(
    path: Path, step: StepTable, known: list[TriggerTable], problems: Problems
) -> tuple[When, int]:
    """When the step takes part, and the number of its trigger: `when = "NAME"` or `"not NAME"`."""
    if step.when is None:
        return When.ALWAYS, 0
    name = step.when.removeprefix(_NOT)
    names = [trigger.name for trigger in known]
    if name not in names:
        rule = f"there is no trigger {name}"
        problems.add((*path, "when"), step.when, rule, f"triggers: {', '.join(names) or 'none'}")
        return When.ALWAYS, 0
    return (When.SOUND if step.when != name else When.BREACHED), names.index(name)


def triggers(path: Path, table: WaterfallTable, problems: Problems) -> tuple[Trigger, ...]:
    """The triggers of a waterfall."""
    rows = [((*path, "triggers", index), each) for index, each in enumerate(table.triggers)]
    require_unique((((*here, "name"), each.name) for here, each in rows), "trigger", problems)
    found = tuple(_trigger(here, each, table, problems) for here, each in rows)
    for index, step in enumerate(table.steps):
        name = (step.when or "").removeprefix(_NOT)
        judged = next((each for each in found if each.name == name), None)
        if judged is not None and judged.rule.step > index:
            rule = f"{name} is judged only before {table.steps[judged.rule.step].label}"
            place = (*path, "steps", index, "when")
            problems.add(place, str(step.when), rule, "move the step down or the trigger up")
    return found


def _trigger(path: Path, table: TriggerTable, whole: WaterfallTable, problems: Problems) -> Trigger:
    kind = TriggerKind[table.kind.upper()]
    if kind is TriggerKind.OPEN_DISPUTE:
        if table.before is not None or table.dues or table.threshold or table.cure is not None:
            rule = "a trigger of kind open_dispute takes a name only"
            problems.add((*path, "kind"), table.kind, rule, "remove the other keys")
        return Trigger(table.name, Rule(kind))
    labels = [step.label for step in whole.steps]
    at = _place((*path, "before"), table.before, labels, problems)
    dues = 0
    for index, label in enumerate(table.dues):
        here = (*path, "dues", index)
        place = _place(here, label, labels, problems)
        step = whole.steps[place]
        if step.kind not in {"fixed", "due"} or step.when is not None or place < at:
            rule = "a trigger counts fixed and due steps that always take part, from its place on"
            problems.add(here, label, rule, "name such a step")
        dues |= 1 << place
    if not dues:
        problems.add((*path, "dues"), "(missing)", "a ratio needs dues", 'add dues = ["…"]')
    cure = table.threshold if table.cure is None else table.cure
    if not 0 < table.threshold <= cure:
        rule = "threshold is above 0% and cure not below it"
        problems.add((*path, "threshold"), f"{table.threshold / 100}%", rule, "correct them")
    return Trigger(table.name, Rule(kind, at, dues, table.threshold, cure))


def _place(path: Path, label: str | None, labels: list[str], problems: Problems) -> int:
    if label in labels:
        return labels.index(label)
    problems.add(path, label or "(missing)", "name a step by its label", f"one of {labels}")
    return 0


def check_accounts(path: Path, table: WaterfallTable, problems: Problems) -> None:
    """Steps that share an account mean the same by it, and what is drawn on is a reserve."""
    meaning: dict[int, tuple[str | None, bool]] = {}
    for index, step in enumerate(table.steps):
        mine = (step.payee, step.kind == "reserve")
        if step.account is not None and meaning.setdefault(step.account, mine) != mine:
            rule = "an account is a reserve, or arrears to one payee"
            problems.add(
                (*path, "steps", index, "account"), str(step.account), rule, "take another number"
            )
    reserves = {step.account for step in table.steps if step.kind == "reserve"}
    for index, step in enumerate(table.steps):
        if step.draws is not None and step.draws not in reserves:
            rule = "a step draws on the account of a reserve"
            place = (*path, "steps", index, "draws")
            problems.add(place, str(step.draws), rule, f"reserves: {sorted(map(str, reserves))}")


def check_owners_first(
    path: Path, table: WaterfallTable, stream: Stream, problems: Problems
) -> None:
    """Where a stream uses common parts, the owners come before everything but public charges."""
    for index, step in enumerate(table.steps):
        here = (*path, "steps", index)
        _check_purpose(here, step, problems)
    if not stream.common_parts:
        return
    rest = [
        (index, step) for index, step in enumerate(table.steps) if step.purpose != "public_charge"
    ]
    index, first = rest[0] if rest else (len(table.steps) - 1, table.steps[-1])
    share = stream.owners_share_bp
    of_receipts = "percent_of_receipts"
    owners = (
        first.purpose == "owners_share"
        and first.kind == of_receipts
        and (first.share or 0) >= share
    )
    if not owners:
        rule = (
            f"stream {stream.code} uses common parts: an owners_share of at least {share / 100}% of"
            " receipts comes before everything but public charges"
        )
        problems.add(
            (*path, "steps", index),
            first.label,
            rule,
            'put a step with purpose = "owners_share" first',
        )
    taken = 0
    for place, charge in enumerate(table.steps[:index]):
        taken += charge.share or 0
        if charge.kind == of_receipts and taken + share <= _WHOLE:
            continue
        rule = (
            f"public charges before the owners are shares of receipts and leave them {share / 100}%"
        )
        problems.add((*path, "steps", place), charge.label, rule, "put it after the owners' share")


def _check_purpose(path: Path, step: StepTable, problems: Problems) -> None:
    if step.purpose is None:
        return
    share = step.kind in {"percent_of_receipts", "percent_of_available"} and step.when is None
    charge = step.kind in {"fixed", "percent_of_receipts"}
    to_series = (step.payee or "").startswith("series:")
    if to_series or not (charge if step.purpose == "public_charge" else share):
        rule = (
            "a public charge is a sum or a share of receipts, an owners' share a percentage that always"
            " takes part; both go to an account"
        )
        problems.add((*path, "purpose"), step.purpose, rule, "remove the key or change the step")
