"""A structure as the `[[series]]` and `[[waterfall]]` tables of a community file.

What depends on the community is named by the caller: the stream, who stands behind each payee and holder. Everything
else, amounts, schedules, triggers and accounts, is what was simulated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from usufruct.core.periods import month_distance, period_name
from usufruct.core.waterfall import StepKind, TriggerKind, When
from usufruct.finance.numbers import refused
from usufruct.finance.structures.deal import Deal
from usufruct.finance.structures.tables import StepTable, TrancheTable
from usufruct.money import BASIS, format_amount

__all__ = ["export"]

_DECIMALS = 0


def export(
    deal: Deal, stream: str, accounts: Mapping[str, str], project_first: str | None = None
) -> str:
    """The tables as TOML.

    Args:
        deal: The structure.
        stream: Code of the stream in the community.
        accounts: Account of each payee and holder by name, as the community file writes accounts.
        project_first: The project's first period, from which the chain numbers periods; by default the structure's.

    Raises:
        InputError: A payee or holder has no account, a period of the structure is no month, or the structure begins
            before the project.
    """
    if deal.table.per_year != 12:  # noqa: PLR2004  # months
        raise refused(
            "per_year",
            deal.table.per_year,
            "12: the periods of a stream are calendar months",
            "state the structure in months",
        )
    shift = _shift(deal, project_first)
    parts = [_series(deal, each, stream, accounts) for each in deal.table.tranche]
    return "\n".join([*parts, _waterfall(deal, stream, accounts, shift)])


def _shift(deal: Deal, project_first: str | None) -> int:
    """By how many periods the project is ahead of the structure."""
    first = deal.table.first_period
    shift = month_distance(project_first or first, first)
    if shift < 0:
        raise refused(
            "first_period",
            first,
            f"not before the project's first period, {project_first}",
            "let the structure begin with the project, or later",
        )
    return shift


def _account(name: str, accounts: Mapping[str, str]) -> str:
    found = accounts.get(name)
    if found is None:
        raise refused(
            "accounts", name, "an account for every payee and holder", f"add --account '{name}=0x…'"
        )
    return found


def _series(deal: Deal, tranche: TrancheTable, stream: str, accounts: Mapping[str, str]) -> str:
    first = deal.table.first_period
    last = period_name(first, deal.table.periods)
    holders = ",\n".join(
        f"  {{ wallet = {_text(_account(each.name, accounts))}, units = {each.units} }}"
        for each in tranche.holders
    )
    return "\n".join(
        (
            "[[series]]",
            f"code = {_text(tranche.code)}",
            f"name = {_text(f'{deal.table.title[:20]} {tranche.code}'.strip()[:32])}",
            f"symbol = {_text(tranche.code)}",
            f"stream = {_text(stream)}",
            f"rank = {_text(tranche.rank)}",
            f"term = [{_text(first)}, {_text(last)}]",
            f"decimals = {_DECIMALS}",
            'classes = ["professional", "institution"]',
            "min_ticket = 1",
            f"holders = [\n{holders},\n]",
            "",
        )
    )


def _waterfall(deal: Deal, stream: str, accounts: Mapping[str, str], shift: int) -> str:
    lines = ["[[waterfall]]", f"stream = {_text(stream)}"]
    if deal.rules.triggers:
        lines += ["triggers = [", *(f"  {each}," for each in _triggers(deal)), "]"]
    lines += ["steps = ["]
    for place, table in enumerate(deal.table.step):
        lines.append(f"  {_step(deal, place, table, accounts, shift)},")
    return "\n".join([*lines, "]", ""])


def _triggers(deal: Deal) -> Iterator[str]:
    labels = [each.label for each in deal.table.step]
    for table, rule in zip(deal.table.trigger, deal.rules.triggers, strict=True):
        kind = "dscr" if rule.kind is TriggerKind.DSCR else "coverage"
        yield _inline(
            ("name", _text(table.name)),
            ("kind", _text(kind)),
            ("before", _text(labels[rule.step])),
            ("dues", "[" + ", ".join(map(_text, table.dues)) + "]"),
            ("threshold", _text(_percent(rule.threshold_bp))),
            ("cure", _text(_percent(rule.cure_bp))),
        )


def _step(deal: Deal, place: int, table: StepTable, accounts: Mapping[str, str], shift: int) -> str:
    step = deal.rules.steps[place]
    schedule = [each for each in deal.rules.schedule if each.step == place]
    keys: list[tuple[str, str]] = [
        ("label", _text(table.label)),
        ("kind", _text("due" if step.kind is StepKind.DUE else step.kind.name.lower())),
    ]
    if step.kind is not StepKind.RESERVE:
        payee = step.payee if step.to_series else _account(step.payee, accounts)
        keys.append(("payee", _text(payee)))
    if step.kind in {StepKind.FIXED, StepKind.RESERVE, StepKind.DUE}:
        keys.append(("amount", _text(format_amount(step.amount, deal.currency))))
    if step.bp:
        keys.append(("share", _text(_percent(step.bp))))
    if step.account:
        keys.append(("account", str(step.account)))
    if step.draw_from:
        keys.append(("draws", str(step.draw_from)))
    if step.when is not When.ALWAYS:
        word = "" if step.when is When.BREACHED else "not "
        keys.append(("when", _text(word + deal.table.trigger[step.trigger].name)))
    if schedule:
        entries = ", ".join(
            f"{{ period = {e.from_period + shift}, amount = {_text(format_amount(e.amount, deal.currency))} }}"
            for e in schedule
        )
        keys.append(("schedule", f"[{entries}]"))
    return _inline(*keys)


def _inline(*keys: tuple[str, str]) -> str:
    return "{ " + ", ".join(f"{name} = {value}" for name, value in keys) + " }"


def _percent(points: int) -> str:
    whole, part = divmod(points, BASIS // 100)
    return f"{whole}.{part:02}%" if part else f"{whole}%"


def _text(value: str) -> str:
    """A TOML basic string; JSON's escapes are TOML's."""
    return json.dumps(value, ensure_ascii=False)
