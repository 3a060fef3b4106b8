"""Measures of debt and of dated flows in a valuation file: covers, leverage, duration, XIRR."""

from __future__ import annotations

from decimal import Decimal

from usufruct.errors import InputError
from usufruct.finance.daycount import convention
from usufruct.finance.measures import (
    dscr,
    durations,
    icr,
    ltv,
    wal,
    xirr,
    xnpv,
    years_with_cover,
)
from usufruct.finance.numbers import refused, shown
from usufruct.finance.report import Figure, Section
from usufruct.finance.valuation.tables import DatedTable, DebtTable

__all__ = ["dated", "debt"]

_DEBT = ("debt",)
_DATED = ("dated",)


def debt(table: DebtTable) -> Section:
    """Covers of every year, how many reach the least one, leverage, average life and duration.

    Raises:
        InputError: The lists are of different lengths, or an amount is refused by a measure.
    """
    years = {len(each) for each in (table.cash, table.ebitda, table.interest, table.principal)}
    if len(years) != 1:
        raise refused(
            "debt",
            ", ".join(map(str, sorted(years))) + " years",
            "cash, ebitda, interest and principal state the same years: none is missing",
            "add the missing ones",
        )
    due = list(zip(table.interest, table.principal, strict=True))
    services = [dscr(cash, *each) for cash, each in zip(table.cash, due, strict=True)]
    covers = [icr(each, paid) for each, paid in zip(table.ebitda, table.interest, strict=True)]
    payments = [(Decimal(year), sum(each)) for year, each in enumerate(due, 1)]
    repaid = [(Decimal(year), principal) for year, principal in enumerate(table.principal, 1)]
    owed = sum(table.principal, Decimal(0))
    found = durations(table.rate, [(year, Decimal(amount)) for year, amount in payments])
    least = shown(table.least_icr, 2)
    reached = years_with_cover(covers, table.least_icr)
    section = Section("Debt")
    section.figures += [
        Figure("DSCR, least", min(services), "×", "CFADS / (interest + principal)", "", _DEBT),
        Figure("ICR, least", min(covers), "×", "EBITDA / interest", "", _DEBT),
        Figure(f"years with ICR ≥ {least}", reached, "", f"of {len(covers)}", "", _DEBT),
        Figure("LTV", ltv(owed, table.value), "%", "debt / value", "", _DEBT),
        Figure(
            "weighted average life", wal(repaid), "years", "Σ t·principal / Σ principal", "", _DEBT
        ),
        Figure("duration", found.macaulay, "years", "Macaulay", "", _DEBT),
        Figure("modified duration", found.modified, "years", "Macaulay / (1 + r)", "", _DEBT),
    ]
    if min(services) < 1:
        section.flags.append(
            f"in its worst year the cash covers {shown(min(services), 2)} of what is due"
        )
    return section


def dated(table: DatedTable, currency: str) -> Section:
    """XNPV and XIRR of flows on days, by a day count.

    Raises:
        InputError: An unknown day count, no flows, or flows that no one rate fits.
    """
    count = convention(table.day_count)
    flows = [(each.day, each.amount) for each in table.flow]
    section = Section(f"Dated flows, {table.day_count}")
    section.figures.append(
        Figure(
            "XNPV",
            xnpv(table.rate, flows, count),
            currency,
            f"Σ CF/(1+r)^t, r = {shown(table.rate * 100)}%",
            f"on {min(day for day, _ in flows)}",
            _DATED,
        )
    )
    try:
        section.figures.append(Figure("XIRR", xirr(flows, count), "%", "XNPV = 0", "", _DATED))
    except InputError as error:
        section.flags.append(f"no XIRR: {error.one_line()}")
    return section
