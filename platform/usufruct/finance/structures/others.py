"""What a structure file asks for beside a waterfall: look-through, ratios, funds, concessions, tax, rights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from usufruct.core import tax_sharing
from usufruct.finance.numbers import exact, shown
from usufruct.finance.report import Figure, Section
from usufruct.finance.structures.check import locked, staged
from usufruct.finance.structures.concession import Concession
from usufruct.finance.structures.deal import minor
from usufruct.finance.structures.laws import graph_of
from usufruct.finance.structures.lockup import calendar
from usufruct.finance.structures.lookthrough import capacity
from usufruct.finance.structures.stages import STAGES
from usufruct.finance.structures.tables import (
    CapacityTable,
    ConcessionTable,
    GraphTable,
    LockupTable,
    RightTable,
    StructureTable,
    TaxTable,
)
from usufruct.money import BASIS, Currency

__all__ = ["RULES", "amount_figure", "others", "short"]

RULES: Final = ("pool", "tranche", "step", "trigger")
"""What all money of a waterfall follows from."""
_GRAPH: Final = ("graph",)


def others(table: StructureTable, currency: Currency) -> Iterator[Section]:
    """The sections that the file asks for.

    Raises:
        InputError: Something in it is refused.
    """
    if table.graph is not None:
        yield _look_through(table.graph, currency)
        yield from _tests(table.graph)
    if table.lockup is not None:
        yield _lockup(table.lockup)
    if table.capacity is not None:
        yield _capacity(table.capacity, currency)
    if table.concession is not None:
        yield _concession(table.concession, currency)
    if table.tax is not None:
        yield _tax(table.tax, currency)
    if table.right:
        yield _rights(table.right)
    if table.stage:
        yield _stages(table)


def amount_figure(
    label: str,
    minor_units: int,
    currency: Currency,
    source: str,
    note: str = "",
    keys: tuple[str, ...] = RULES,
) -> Figure:
    """A figure of minor units."""
    with exact():
        value = Decimal(minor_units) / currency.unit
    return Figure(label, value, currency.code, source, note, keys)


def _capacity(table: CapacityTable, currency: Currency) -> Section:
    parent = minor(table.parent, currency, "capacity.parent")
    shares = [Fraction(each).limit_denominator(10**9) for each in table.shares]
    found = capacity(parent, shares)
    figure = amount_figure("capacity", found, currency, "parent / Π shares", "", ("capacity",))
    return Section("Fund of funds", [figure])


def _look_through(table: GraphTable, currency: Currency) -> Section:
    graph = graph_of(table)
    incomes = {
        node: minor(each, currency, f"graph.income.{node}") for node, each in table.income.items()
    }
    passed = graph.pass_through(incomes)
    section = Section("Look-through")
    for node, amount in passed.kept.items():
        if amount:
            section.figures.append(
                amount_figure(f"kept by {node}", amount, currency, "1 − payout ratio", "", _GRAPH)
            )
    for node, amount in passed.final.items():
        parts = {source: graph.shares(source).get(node, Fraction(0)) for source in incomes}
        note = ", ".join(f"{source} {part}" for source, part in parts.items() if part)
        section.figures.append(
            amount_figure(node, amount, currency, "shares along all paths", note, _GRAPH)
        )
    return section


def _tests(graph: GraphTable) -> Iterator[Section]:
    """The two ratios of the law, where the file has what they are made of."""
    section = Section("REIT tests")
    if graph.in_abs is not None:
        section.figures.append(
            Figure("in the ABS", graph.in_abs, "%", "assumption", "at least 80%", ("graph.in_abs",))
        )
    if graph.debt is not None and graph.net_assets:
        with exact():
            leverage = (graph.net_assets + graph.debt) / graph.net_assets
        source = "(net assets + debt) / net assets"
        keys = ("graph.debt", "graph.net_assets")
        section.figures.append(Figure("leverage", leverage, "%", source, "at most 140%", keys))
    if section.figures:
        yield section


def _lockup(table: LockupTable) -> Section:
    section = Section(f"Lock-up calendar, listed {table.listed}")
    for each in calendar(table.listed, locked(table)):
        label = f"{each.name}: {shown(each.share * 100)}%"
        note = f"{each.months} months from the listing"
        source = "listing + months of its part"
        section.figures.append(Figure(label, f"from {each.day}", "", source, note, ("lockup",)))
    return section


def _rights(tables: Sequence[RightTable]) -> Section:
    section = Section("Stratified rights")
    for at, each in enumerate(tables):
        label = f"{each.parcel}, {each.stratum}: {each.holder}"
        note = "exclusive" if each.exclusive else "shared"
        value = f"{each.first} to {each.last}"
        section.figures.append(Figure(label, value, "", "assumption", note, (f"right.{at}",)))
    return section


def _stages(table: StructureTable) -> Section:
    section = Section("Stages")
    for at, each in enumerate(table.stage):
        documents = ", ".join(STAGES[each.name])
        section.figures.append(
            Figure(each.name, "entered", "", "assumption", documents, (f"stage.{at}",))
        )
    reached = staged(table).stage
    section.figures.append(
        Figure("stages entered", f"{reached} of {len(STAGES)}", "", "count", "", ("stage",))
    )
    return section


def _concession(each: ConcessionTable, currency: Currency) -> Section:
    found = Concession(minor(each.investment, currency, "investment"), each.term, each.right)
    income = minor(each.income, currency, "concession.income")
    years = found.years([income] * each.horizon)
    return Section(
        f"Concession of {each.term} years: {each.right}",
        [
            amount_figure(
                "paid in the term",
                sum(year.paid for year in years),
                currency,
                "income of its years",
                "",
                ("concession",),
            ),
            amount_figure(
                "handed back", sum(year.handed_back for year in years), currency, "income after it"
            ),
        ],
    )


def _tax(table: TaxTable, currency: Currency) -> Section:
    plan = tax_sharing.Plan(
        minor(table.base, currency, "tax.base"),
        int(table.town * BASIS),
        table.clock == "vintage",
        tuple(int(each * BASIS) for each in table.rebates),
    )
    section = Section(f"Tax sharing, {table.clock} clock")
    taxes = [minor(each, currency, "tax.taxes") for each in table.taxes]
    for year, each in enumerate(tax_sharing.years(plan, taxes), 1):
        note = f"town {short(each.town, currency)}, treasury {short(each.treasury, currency)}"
        section.figures.append(
            amount_figure(
                f"rebate of year {year}", each.rebate, currency, "growth by age", note, ("tax",)
            )
        )
    return section


def short(minor_units: int, currency: Currency) -> str:
    """An amount within a text."""
    with exact():
        return shown(Decimal(minor_units) / currency.unit, 2)
