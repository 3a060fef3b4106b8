"""A structure for people: what was found, what it pays, and what else the file asks for."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from usufruct.errors import InputError
from usufruct.finance.measures import irr, wal
from usufruct.finance.numbers import exact, shown
from usufruct.finance.report import Figure, Report, Section
from usufruct.finance.structures.check import check
from usufruct.finance.structures.deal import compile_deal
from usufruct.finance.structures.debt import Payment, put_dates
from usufruct.finance.structures.finding import Finding
from usufruct.finance.structures.others import RULES, amount_figure, others, short
from usufruct.finance.structures.simulate import Projection, simulate
from usufruct.finance.structures.tables import StructureTable
from usufruct.money import BASIS, Currency

__all__ = ["comparison_report", "findings_report", "simulation_report"]

_EDGES: Final = 3
_WHOLE: Final = (*RULES, "graph", "capacity", "concession", "tax", "right", "lockup", "stage")


def findings_report(title: str, found: list[Finding]) -> Report:
    """The findings as a report."""
    section = Section("Findings")
    section.figures = [
        Figure(each.clause, each.verdict, "", "rule", each.words, _WHOLE) for each in found
    ]
    if not found:
        section.figures.append(
            Figure("all rules", "sound", "", "rule", "nothing is refused or flagged", _WHOLE)
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
            rule=f"{refusals[0].clause}: {refusals[0].words}",
            remedy=f"run usufruct structure check to see all {len(refusals)}",
        )
    return Report(table.title, list(_sections(table)))


def comparison_report(before: StructureTable, after: StructureTable) -> Report:
    """Whose payouts differ between two versions, over all periods.

    Raises:
        InputError: A version is refused, or they are of two currencies.
    """
    if before.currency != after.currency:
        raise InputError(
            "versions of two currencies cannot be compared",
            field="currency",
            value=f"{before.currency.code} and {after.currency.code}",
            rule="both versions are of one currency",
            remedy="state both in the same one",
        )
    currency = Currency(after.currency.code, after.currency.decimals)
    old, new = (_payouts(simulate(compile_deal(each))) for each in (before, after))
    section = Section("Payouts, after − before")
    for who in dict.fromkeys((*new, *old)):
        was, now = old.get(who, 0), new.get(who, 0)
        with exact():
            change = Decimal(now - was) / currency.unit
        note = f"{short(was, currency)} → {short(now, currency)}"
        source = "Σ of all periods, after − before"
        section.figures.append(Figure(who, change, currency.code, source, note, RULES))
    said = [{f"{e.clause}: {e.words}" for e in check(each)} for each in (before, after)]
    section.flags += [f"no longer: {each}" for each in sorted(said[0] - said[1])]
    section.flags += [f"new: {each}" for each in sorted(said[1] - said[0])]
    return Report(after.title, [section])


def _payouts(projection: Projection) -> dict[str, int]:
    found = {f"{who}, {code}": sum(got) for (code, who), got in projection.holders.items()}
    return found | {name: sum(got) for name, got in projection.payees.items()}


def _sections(table: StructureTable) -> Iterator[Section]:
    currency = Currency(table.currency.code, table.currency.decimals)
    if table.step:
        deal = compile_deal(table)
        projection = simulate(deal)
        yield _money(projection)
        for code, payments in deal.schedules.items():
            yield _tranche(projection, code, payments)
        yield _holders(projection)
    yield from others(table, currency)


def _money(projection: Projection) -> Section:
    currency = projection.deal.currency
    section = Section(f"Waterfall over {len(projection.receipts)} periods")
    receipts = sum(projection.receipts)
    section.figures.append(
        amount_figure("receipts", receipts, currency, "assumption", "", ("pool",))
    )
    paid = 0
    for name, amounts in projection.payees.items():
        paid += sum(amounts)
        section.figures.append(amount_figure(name, sum(amounts), currency, "Σ of its steps"))
    for code, amounts in projection.tranches.items():
        paid += sum(amounts)
        section.figures.append(
            amount_figure(f"tranche {code}", sum(amounts), currency, "Σ of its steps")
        )
    section.figures.append(
        amount_figure(
            "in reserves at the end", receipts - paid, currency, "receipts − all payments"
        )
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
            amount_figure(
                f"period {each.period}",
                each.total,
                currency,
                f"interest {short(each.interest, currency)} + principal {short(each.principal, currency)}",
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
            Figure("yield on what is simulated", rate, "%", "IRR of its payments", "", RULES)
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
            amount_figure(
                f"{holder}, {code}",
                sum(amounts),
                projection.deal.currency,
                "amount·units/supply, rounded down over the whole life",
                f"{len(amounts)} periods",
            )
        )
    return section
