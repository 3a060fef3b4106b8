"""A structure for people: what was found, what it pays, and what else the file asks for."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Final

from usufruct.core import tax_sharing
from usufruct.errors import InputError
from usufruct.finance.measures import irr, wal
from usufruct.finance.numbers import exact, shown
from usufruct.finance.report import Figure, Report, Section
from usufruct.finance.structures.check import Finding, check, graph_of
from usufruct.finance.structures.concession import Concession
from usufruct.finance.structures.deal import compile_deal, minor
from usufruct.finance.structures.debt import Payment, put_dates
from usufruct.finance.structures.lookthrough import capacity
from usufruct.finance.structures.simulate import Projection, simulate
from usufruct.finance.structures.tables import StructureTable, TaxTable
from usufruct.money import BASIS, Currency

__all__ = ["findings_report", "simulation_report"]

_EDGES: Final = 3
_RULES: Final = ("pool", "tranche", "step", "trigger")
"""What all money of a waterfall follows from."""
_GRAPH: Final = ("graph",)


def findings_report(title: str, found: list[Finding]) -> Report:
    """The findings as a report."""
    section = Section("Findings")
    section.figures = [
        Figure(each.clause, each.verdict, "", "rule", each.words, _RULES) for each in found
    ]
    if not found:
        section.figures.append(
            Figure("all rules", "sound", "", "rule", "nothing is refused or flagged", _RULES)
        )
    return Report(title, [section])


def simulation_report(table: StructureTable) -> Report:
    """What the structure comes to.

    Raises:
        InputError: Something in it is refused; `check` tells all that is.
    """
    refusals = [each for each in check(table) if each.verdict == "refused"]
    if refusals:
        raise InputError(
            "the structure is refused",
            field="structure",
            value=table.title,
            rule=refusals[0].words,
            remedy=f"run usufruct structure check to see all {len(refusals)}",
        )
    return Report(table.title, list(_sections(table)))


def _sections(table: StructureTable) -> Iterator[Section]:
    currency = Currency(table.currency.code, table.currency.decimals)
    if table.step:
        deal = compile_deal(table)
        projection = simulate(deal)
        yield _money(projection)
        for code, payments in deal.schedules.items():
            yield _tranche(projection, code, payments)
        yield _holders(projection)
    if table.graph is not None:
        yield _look_through(table, currency)
    if table.capacity is not None:
        parent = minor(table.capacity.parent, currency, "capacity.parent")
        shares = [Fraction(each).limit_denominator(10**9) for each in table.capacity.shares]
        figure = _amount(
            "capacity", capacity(parent, shares), currency, "parent / Π shares", "", ("capacity",)
        )
        yield Section("Fund of funds", [figure])
    if table.concession is not None:
        yield _concession(table, currency)
    if table.tax is not None:
        yield _tax(table.tax, currency)


def _amount(
    label: str,
    minor_units: int,
    currency: Currency,
    source: str,
    note: str = "",
    keys: tuple[str, ...] = _RULES,
) -> Figure:
    with exact():
        value = Decimal(minor_units) / currency.unit
    return Figure(label, value, currency.code, source, note, keys)


def _money(projection: Projection) -> Section:
    currency = projection.deal.currency
    section = Section(f"Waterfall over {len(projection.receipts)} periods")
    receipts = sum(projection.receipts)
    section.figures.append(_amount("receipts", receipts, currency, "assumption", "", ("pool",)))
    paid = 0
    for name, amounts in projection.payees.items():
        paid += sum(amounts)
        section.figures.append(_amount(name, sum(amounts), currency, "Σ of its steps"))
    for code, amounts in projection.tranches.items():
        paid += sum(amounts)
        section.figures.append(_amount(f"tranche {code}", sum(amounts), currency, "Σ of its steps"))
    section.figures.append(
        _amount("in reserves at the end", receipts - paid, currency, "receipts − all payments")
    )
    left = projection.arrears(len(projection.receipts))
    if left:
        section.flags.append(f"arrears of {left} minor units are left after the last period")
    return section


def _tranche(projection: Projection, code: str, payments: tuple[Payment, ...]) -> Section:
    deal = projection.deal
    currency = deal.currency
    table = next(each for each in deal.table.tranche if each.code == code)
    section = Section(f"Tranche {code}, {table.rank}, {table.amortisation}")
    for each in (*payments[:_EDGES], *payments[max(_EDGES, len(payments) - 1) :]):
        points = projection.coverage(code)[each.period - 1]
        cover = "nothing due" if points is None else f"{shown(Decimal(points) / 100)}% paid"
        section.figures.append(
            _amount(
                f"period {each.period}",
                each.total,
                currency,
                f"interest {_short(each.interest, currency)} + principal {_short(each.principal, currency)}",
                cover,
            )
        )
    life = wal(
        [(Decimal(each.period) / deal.table.per_year, Decimal(each.principal)) for each in payments]
    )
    section.figures.append(
        Figure(
            "weighted average life", life, "years", "Σ t·principal / Σ principal", "", ("tranche",)
        )
    )
    flows = [Decimal(-payments[0].principal - payments[0].outstanding)]
    flows += [Decimal(each) for each in projection.tranches[code]]
    try:
        with exact():
            rate = (1 + irr(flows)) ** deal.table.per_year - 1
        section.figures.append(
            Figure("yield on what is simulated", rate, "%", "IRR of its payments", "", _RULES)
        )
    except InputError as error:
        section.flags.append(error.one_line())
    if table.puts:
        term = deal.table.periods // deal.table.per_year
        dates = ", ".join(map(str, put_dates(table.puts, term)))
        section.figures.append(
            Figure(
                "put dates",
                f"after year {dates}",
                "",
                "+".join(map(str, table.puts)),
                "",
                ("tranche",),
            )
        )
    covers = [each for each in projection.coverage(code) if each is not None]
    if covers and min(covers) < BASIS:
        section.flags.append(
            f"in its worst period {shown(Decimal(min(covers)) / 100)}% of what is due is paid"
        )
    return section


def _holders(projection: Projection) -> Section:
    section = Section("Holders")
    for (code, holder), amounts in projection.holders.items():
        section.figures.append(
            _amount(
                f"{holder}, {code}",
                sum(amounts),
                projection.deal.currency,
                "amount·units/supply, rounded down over the whole life",
                f"{len(amounts)} periods",
            )
        )
    return section


def _look_through(table: StructureTable, currency: Currency) -> Section:
    assert table.graph is not None
    graph = graph_of(table.graph)
    incomes = {
        node: minor(each, currency, f"graph.income.{node}")
        for node, each in table.graph.income.items()
    }
    passed = graph.pass_through(incomes)
    section = Section("Look-through")
    for node, amount in passed.kept.items():
        if amount:
            section.figures.append(
                _amount(f"kept by {node}", amount, currency, "1 − payout ratio", "", _GRAPH)
            )
    for node, amount in passed.final.items():
        parts = {source: graph.shares(source).get(node, Fraction(0)) for source in incomes}
        note = ", ".join(f"{source} {part}" for source, part in parts.items() if part)
        section.figures.append(
            _amount(node, amount, currency, "shares along all paths", note, _GRAPH)
        )
    return section


def _concession(table: StructureTable, currency: Currency) -> Section:
    each = table.concession
    assert each is not None
    found = Concession(minor(each.investment, currency, "investment"), each.term, each.right)
    income = minor(each.income, currency, "concession.income")
    years = found.years([income] * each.horizon)
    return Section(
        f"Concession of {each.term} years: {each.right}",
        [
            _amount(
                "paid in the term",
                sum(year.paid for year in years),
                currency,
                "income of its years",
                "",
                ("concession",),
            ),
            _amount(
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
        note = f"town {_short(each.town, currency)}, treasury {_short(each.treasury, currency)}"
        section.figures.append(
            _amount(
                f"rebate of year {year}", each.rebate, currency, "growth by age", note, ("tax",)
            )
        )
    return section


def _short(minor_units: int, currency: Currency) -> str:
    with exact():
        return shown(Decimal(minor_units) / currency.unit, 2)
