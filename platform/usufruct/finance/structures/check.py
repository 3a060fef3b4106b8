"""Checking a structure: what is refused, what is only doubtful, each with its clause, value and remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from usufruct.errors import InputError
from usufruct.finance.numbers import exact, refused
from usufruct.finance.structures.concession import Concession
from usufruct.finance.structures.deal import compile_deal, minor
from usufruct.finance.structures.debt import Shelf, put_dates
from usufruct.finance.structures.finding import Finding, flag, outside, percent, refusal
from usufruct.finance.structures.laws import graph_laws, investors, negative_list
from usufruct.finance.structures.lockup import Locked, calendar
from usufruct.finance.structures.simulate import simulate
from usufruct.finance.structures.stages import Asset, Registry, Right
from usufruct.finance.structures.tables import (
    LockupTable,
    StructureTable,
)
from usufruct.money import BASIS, Currency

__all__ = ["check", "locked", "staged"]

_SHOWN: Final = 5


def check(table: StructureTable) -> list[Finding]:
    """Everything that is wrong or doubtful, refusals first."""
    found = [finding for rule in _RULES for finding in rule(table)]
    return sorted(found, key=lambda each: each.verdict != "refused")


def locked(table: LockupTable) -> list[Locked]:
    """The holders of an issue of a file."""
    return [Locked(each.name, each.share, each.role) for each in table.holders]


def staged(table: StructureTable) -> Asset:
    """The asset after the stages of a file.

    Raises:
        InputError: A stage is unknown or skipped, or lacks documents.
    """
    asset = Asset(table.title)
    for each in table.stage:
        asset = asset.enter(each.name, each.documents)
    return asset


def _not_reached(table: StructureTable) -> Iterator[Finding]:
    """Behind a step that always takes all that is left, nothing is paid but from reserves."""
    labels = [each.label for each in table.step[:-1]]
    ends = [each.kind == "residual" and each.when is None for each in table.step[:-1]]
    if True not in ends:
        return
    first = ends.index(True)
    if labels[first + 1 :]:
        yield flag(
            "waterfall",
            refused(
                "steps",
                ", ".join(labels[first + 1 :]),
                f"nothing is left behind the residual {labels[first]}, which always takes all",
                "move the residual to the end",
            ),
        )


def _waterfall(table: StructureTable) -> Iterator[Finding]:
    if not table.step and table.kind in {"fund_of_funds", "ppp", "reit"}:
        return
    try:
        deal = compile_deal(table)
    except InputError as error:
        yield refusal("waterfall", error)
        return
    projection = simulate(deal)
    for code, schedule in deal.schedules.items():
        short = [
            at
            for at, cover in enumerate(projection.coverage(code), 1)
            if cover is not None and cover < BASIS
        ]
        if short:
            periods = ", ".join(map(str, short[:_SHOWN])) + (" …" if len(short) > _SHOWN else "")
            yield flag(
                "coverage",
                refused(
                    "tranche",
                    code,
                    f"the receipts do not cover what is due in period {periods} of {len(schedule)}",
                    "lower what is due, or pay it later",
                ),
            )


def _shelf(table: StructureTable) -> Iterator[Finding]:
    if table.shelf is None:
        return
    currency = Currency(table.currency.code, table.currency.decimals)
    try:
        shelf = Shelf(minor(table.shelf.amount, currency, "shelf.amount"))
        for draw in table.shelf.draws:
            shelf = shelf.draw(minor(draw, currency, "shelf.draws"))
    except InputError as error:
        yield refusal("shelf", error)


def _puts(table: StructureTable) -> Iterator[Finding]:
    for each in table.tranche:
        if each.puts:
            try:
                put_dates(each.puts, table.periods // table.per_year)
            except InputError as error:
                yield refusal(f"put dates of {each.code}", error)


def _declared(table: StructureTable) -> Iterator[Finding]:
    """A declared rate must not promise more than the pool brings."""
    if not table.declared or not table.step:
        return
    try:
        projection = simulate(compile_deal(table))
    except InputError:
        return  # reported by the waterfall's own rule
    for code, rate in table.declared.items():
        if rate < 0:
            yield outside(f"declared.{code}", rate)
            continue
        tranche = next((each for each in table.tranche if each.code == code), None)
        if tranche is None or tranche.notional is None:
            error = refused("declared", code, "a tranche with a notional", "correct the code")
            yield refusal("declared rate", error)
            continue
        with exact():
            promised = (
                rate * minor(tranche.notional, projection.deal.currency, code) / table.per_year
            )
        least = min(projection.tranches[code])
        if promised > least:
            yield refusal(
                "declared rate: no more than the pool brings",
                refused(
                    f"declared.{code}",
                    percent(rate),
                    f"promises {promised:,.0f} minor units a period, the pool brings {least:,} in its worst",
                    "declare less",
                ),
            )


def _concession(table: StructureTable) -> Iterator[Finding]:
    each = table.concession
    if each is None:
        return
    currency = Currency(table.currency.code, table.currency.decimals)
    try:
        Concession(minor(each.investment, currency, "investment"), each.term, each.right).years([])
    except InputError as error:
        yield refusal("PPP concession", error)
    if each.horizon > each.term:
        yield flag(
            "PPP concession",
            refused(
                "horizon",
                each.horizon,
                f"after year {each.term} the asset is handed back and nothing is paid",
                "end the horizon with the term",
            ),
        )


def _rights(table: StructureTable) -> Iterator[Finding]:
    registry = Registry()
    for each in table.right:
        try:
            registry = registry.grant(
                Right(each.holder, each.parcel, each.stratum, each.first, each.last, each.exclusive)
            )
        except InputError as error:
            yield refusal("stratified rights", error)


def _lockup(table: StructureTable) -> Iterator[Finding]:
    if table.lockup is None:
        return
    try:
        calendar(table.lockup.listed, locked(table.lockup))
    except InputError as error:
        yield refusal("REIT: lock-up [law]", error)


def _stages(table: StructureTable) -> Iterator[Finding]:
    try:
        staged(table)
    except InputError as error:
        yield refusal("stages of stock assets", error)


_RULES: Final = (
    _waterfall,
    _not_reached,
    _shelf,
    _puts,
    _declared,
    negative_list,
    investors,
    graph_laws,
    _concession,
    _rights,
    _lockup,
    _stages,
)
