"""Waterfalls: which keys a step takes, who may be paid, what the KPIs weigh."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Final

from usufruct.config.locate import Path
from usufruct.config.model_rights import Series
from usufruct.config.model_streams import Stream
from usufruct.config.model_waterfalls import Kpi, Waterfall, WaterfallStep
from usufruct.config.problems import Problems
from usufruct.config.references import require_unique, stream_of
from usufruct.config.resolve_triggers import (
    check_accounts,
    check_owners_first,
    gate,
    triggers,
)
from usufruct.config.schema import KpiTable, StepTable, TriggerTable, WaterfallTable
from usufruct.contracts import address
from usufruct.core.waterfall import Purpose, StepKind
from usufruct.money import BASIS, Currency, format_amount, parse_amount

__all__ = ["waterfalls"]

_SERIES: Final = "series:"
_MAX_AMOUNT: Final = 2**57
_FEE: Final = "kpi_fee"


@dataclass(frozen=True, slots=True)
class _Takes:
    """What a kind of step takes."""

    amount: bool = False
    share: bool = False
    account: bool = True
    series: bool = False
    holds: bool = False
    draws: bool = False


_KINDS: Final[Mapping[str, _Takes]] = {
    "fixed": _Takes(amount=True, holds=True, draws=True),
    "percent_of_receipts": _Takes(share=True),
    "percent_of_available": _Takes(share=True, series=True),
    "reserve": _Takes(amount=True, account=False, holds=True),
    _FEE: _Takes(amount=True, share=True),
    "due": _Takes(amount=True, account=False, series=True, holds=True, draws=True),
    "residual": _Takes(series=True),
}


def waterfalls(
    tables: list[WaterfallTable],
    streams: Mapping[str, Stream],
    rights: tuple[Series, ...],
    offered: Container[str],
    currency: Currency,
    problems: Problems,
) -> tuple[Waterfall, ...]:
    """The waterfalls of the file; what is wrong with them is noted in `problems`.

    Series that are `offered` (codes) need no step that pays them: rules can pay them once they are sealed.
    """
    rows = [(("waterfall", index), table) for index, table in enumerate(tables)]
    require_unique((((*path, "stream"), table.stream) for path, table in rows), "stream", problems)
    found = []
    for path, table in rows:
        stream = stream_of(path, table.stream, streams, problems)
        if stream is None:
            continue
        own = {one.code: one for one in rights if one.stream == stream.code}
        found.append(_waterfall(path, table, stream, own, rights, currency, problems))
    if not problems:
        _check_paid(found, rights, offered, problems)
    return tuple(found)


def _waterfall(
    path: Path,
    table: WaterfallTable,
    stream: Stream,
    own: Mapping[str, Series],
    rights: tuple[Series, ...],
    currency: Currency,
    problems: Problems,
) -> Waterfall:
    steps = []
    for index, step in enumerate(table.steps):
        here = (*path, "steps", index)
        _check_keys(here, step, problems)
        _check_payee(here, step, own, rights, problems)
        steps.append(_step(here, step, table.triggers, currency, problems))
    labels = (
        ((*path, "steps", index, "label"), step.label) for index, step in enumerate(table.steps)
    )
    require_unique(labels, "label of a waterfall", problems)
    _check_last(path, table, problems)
    _check_kpis(path, table, problems)
    check_accounts(path, table, problems)
    check_owners_first(path, table, stream, problems)
    low, high = table.multiplier
    return Waterfall(
        stream=stream.code,
        stream_id=stream.id,
        steps=tuple(steps),
        kpis=tuple(_kpi(kpi) for kpi in table.kpis),
        triggers=triggers(path, table, problems),
        min_multiplier_bp=low,
        max_multiplier_bp=high,
        max_change_bp=table.max_change,
    )


def _kpi(table: KpiTable) -> Kpi:
    return Kpi(table.name, table.index, table.floor, table.target, table.cap, table.weight)


def _step(
    path: Path,
    table: StepTable,
    known: list[TriggerTable],
    currency: Currency,
    problems: Problems,
) -> WaterfallStep:
    payee = table.payee
    to_series = payee is not None and payee.startswith(_SERIES)
    when, trigger = gate(path, table, known, problems)
    purpose = (table.purpose or "general").upper()
    return WaterfallStep(
        label=table.label,
        kind=StepKind[table.kind.upper()],
        payee=None if payee is None or to_series else address(payee),
        series=payee.removeprefix(_SERIES) if payee is not None and to_series else None,
        amount=_amount((*path, "amount"), table.amount, currency, problems),
        bp=table.share or 0,
        account=table.account or 0,
        draw_from=table.draws or 0,
        when=when,
        trigger=trigger,
        purpose=Purpose[purpose],
        schedule=_schedule(path, table, currency, problems),
    )


def _amount(path: Path, text: str | None, currency: Currency, problems: Problems) -> int:
    amount = 0
    if text is not None:
        with problems.at(path, text):
            amount = parse_amount(text, currency)
        if amount > _MAX_AMOUNT:
            rule = f"at most {format_amount(_MAX_AMOUNT, currency)} {currency.code}"
            problems.add(path, text, rule, "reduce it")
    return amount


def _schedule(
    path: Path, table: StepTable, currency: Currency, problems: Problems
) -> tuple[tuple[int, int], ...]:
    if table.schedule and table.kind != "due":
        rule = "only steps of kind due have a schedule"
        problems.add((*path, "schedule"), f"{len(table.schedule)} entries", rule, "remove the key")
    found, before = [], 0
    for index, entry in enumerate(table.schedule):
        here = (*path, "schedule", index)
        if entry.period <= before:
            rule = "the periods of a schedule ascend"
            problems.add((*here, "period"), str(entry.period), rule, "sort the entries")
        before = entry.period
        found.append((entry.period, _amount((*here, "amount"), entry.amount, currency, problems)))
    return tuple(found)


def _check_keys(path: Path, step: StepTable, problems: Problems) -> None:
    takes = _KINDS[step.kind]
    keys = (
        ("amount", takes.amount, step.amount),
        ("share", takes.share, step.share),
        ("payee", takes.account or takes.series, step.payee),
    )
    for name, wanted, value in keys:
        if wanted and value is None:
            rule = f"a step of kind {step.kind} needs {name}"
            problems.add((*path, name), "(missing)", rule, f"add {name} = …")
        if not wanted and value is not None:
            rule = f"a step of kind {step.kind} takes no {name}"
            problems.add((*path, name), value, rule, "remove the key or change kind")
    if step.account is not None and not takes.holds:
        rule = "only steps of kind fixed, due and reserve have an account"
        problems.add((*path, "account"), str(step.account), rule, "remove the key or change kind")
    if step.draws is not None and not takes.draws:
        rule = "only steps of kind fixed and due draw on a reserve"
        problems.add((*path, "draws"), str(step.draws), rule, "remove the key or change kind")
    if step.kind == "reserve" and step.account is None:
        rule = "a reserve lies in an account, 1 to 31"
        problems.add((*path, "account"), "(missing)", rule, "add account = …")


def _check_payee(
    path: Path,
    step: StepTable,
    own: Mapping[str, Series],
    rights: tuple[Series, ...],
    problems: Problems,
) -> None:
    takes = _KINDS[step.kind]
    if step.payee is None:
        return
    place = (*path, "payee")
    code = step.payee.removeprefix(_SERIES)
    if code == step.payee:
        if takes.series and not takes.account:
            rule = f"a step of kind {step.kind} pays a series"
            problems.add(place, step.payee, rule, 'write payee = "series:CODE"')
    elif not takes.series:
        rule = f"a step of kind {step.kind} pays an account"
        problems.add(place, step.payee, rule, "name an account, or use due or residual")
    elif code not in own:
        other = next((one for one in rights if one.code == code), None)
        rule = "a waterfall pays series of its own stream only"
        rule += f"; {code} belongs to {other.stream}" if other else f"; there is no series {code}"
        problems.add(place, step.payee, rule, f"series of this stream: {', '.join(own) or 'none'}")


def _check_last(path: Path, table: WaterfallTable, problems: Problems) -> None:
    index = len(table.steps) - 1
    last = table.steps[index]
    to_account = last.payee is not None and not last.payee.startswith(_SERIES)
    if last.kind != "residual" or not to_account:
        problems.add(
            (*path, "steps", index),
            last.label,
            "the last step is a residual to an account, so that nothing is ever left over",
            'add { label = "owners", kind = "residual", payee = "0x…" }',
        )


def _check_kpis(path: Path, table: WaterfallTable, problems: Problems) -> None:
    fees = [index for index, step in enumerate(table.steps) if step.kind == _FEE]
    for index in fees[1:]:
        rule = "a waterfall has one step of kind kpi_fee"
        problems.add((*path, "steps", index, "kind"), _FEE, rule, "merge the fees")
    if bool(fees) != bool(table.kpis):
        rule = "a step of kind kpi_fee needs KPIs, and KPIs need such a step"
        problems.add((*path, "kpis"), f"{len(table.kpis)} KPIs", rule, "add the other or remove it")
    weight = sum(kpi.weight for kpi in table.kpis)
    if table.kpis and weight != BASIS:
        rule = "the weights of a waterfall's KPIs sum to 100%"
        problems.add((*path, "kpis"), _percent(weight), rule, "adjust the weights")
    places = (((*path, "kpis", index, "index"), kpi.index) for index, kpi in enumerate(table.kpis))
    require_unique(places, "place in the KPI vector", problems)
    for index, kpi in enumerate(table.kpis):
        if kpi.floor == kpi.target:
            rule = "floor and target differ; the score runs from one to the other"
            problems.add((*path, "kpis", index, "target"), _percent(kpi.target), rule, "move one")
    if table.multiplier[0] > table.multiplier[1]:
        rule = "the multiplier is [least, most]"
        problems.add((*path, "multiplier"), _percent(table.multiplier[0]), rule, "swap the two")


def _percent(points: int) -> str:
    return f"{points // 100}.{points % 100:02d}%"


def _check_paid(
    found: list[Waterfall], rights: tuple[Series, ...], offered: Container[str], problems: Problems
) -> None:
    paid = {step.series for waterfall in found for step in waterfall.steps}
    for index, one in enumerate(rights):
        if one.code not in paid and one.code not in offered:
            rule = f"no step of the waterfall of stream {one.stream} pays this series"
            remedy = f'add a step with payee = "series:{one.code}"'
            problems.add(("series", index, "code"), one.code, rule, remedy)
