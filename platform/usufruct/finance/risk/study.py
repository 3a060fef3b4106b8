"""A file of assumptions, simulated: yearly incomes, their lower tail, diversification, stress, and tranches on top."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np

from usufruct.core.encoding import hex0x
from usufruct.core.waterfall import Term
from usufruct.finance.files import load_file
from usufruct.finance.numbers import refused, shown
from usufruct.finance.report import Figure, Report, Section
from usufruct.finance.risk.figures import (
    diversification,
    present_values,
    tail_of,
    tranche_losses,
)
from usufruct.finance.risk.model import Floats, Paths, simulate_paths
from usufruct.finance.risk.tables import AssumptionsTable, assumptions_hash
from usufruct.finance.risk.vectors import Ints, run_paths
from usufruct.finance.structures.deal import Deal

__all__ = ["EXAMPLE", "load_assumptions", "receipts_from", "study"]

EXAMPLE = "examples/assumptions.toml"
"""A file that shows the format."""

_SHOWN_YEARS = (1, 5, 10, 20, 30)
_LARGEST = 2.0**50
_MODEL = ("stream", "correlation", "scenario", "rate", "confidence", "paths", "years", "seed")
"""What every simulated figure follows from."""


def load_assumptions(path: str | Path) -> AssumptionsTable:
    """The file of assumptions at `path`, completely checked.

    Raises:
        ConfigErrors: Keys or values are wrong; all that were found.
        ConfigError: It cannot be read, or is not TOML.
    """
    return load_file(path, AssumptionsTable, EXAMPLE).table


def study(table: AssumptionsTable, deal: Deal | None = None) -> Report:
    """Simulate, and say what it means; `deal` is a structure that stands on these incomes.

    Raises:
        InputError: The correlation is impossible, or the structure's periods are not the simulated years.
    """
    paths = simulate_paths(table)
    return Report(table.title, list(_sections(table, paths, deal)))


def receipts_from(paths: Paths, deal: Deal, currency: str) -> Ints:
    """Distributable income by path and period as a structure's receipts, minor units; a loss is nothing.

    Raises:
        InputError: The structure's periods are not the simulated years, or `currency`, the paths', is not its own.
    """
    years = paths.income.shape[1]
    if currency != deal.table.currency.code:
        raise refused(
            "currency",
            f"{currency} and {deal.table.currency.code}",
            "assumptions and structure are of one currency",
            "state both in the same one",
        )
    if deal.table.per_year != 1 or deal.table.periods > years:
        raise refused(
            "periods",
            f"{deal.table.periods} of 1/{deal.table.per_year} year",
            f"yearly periods, at most the {years} simulated",
            "state the structure in years, or simulate more of them",
        )
    money = np.floor(np.clip(paths.total[:, : deal.table.periods], 0, None) * deal.currency.unit)
    if money.max() > _LARGEST:
        raise refused("income", money.max(), "at most 2^50 minor units", "scale the amounts")
    return money.astype(np.int64)


def _sections(table: AssumptionsTable, paths: Paths, deal: Deal | None) -> Iterator[Section]:
    yield _assumptions(table)
    yield _incomes(table, paths)
    yield _tail(table, paths)
    if table.scenario:
        yield _stress(table, paths)
    if deal is not None:
        yield _tranches(table, paths, deal)


def _assumptions(table: AssumptionsTable) -> Section:
    section = Section("Assumptions")
    section.figures += [
        Figure(
            "hash to be anchored",
            hex0x(assumptions_hash(table)),
            "",
            "keccak of the canonical file",
            "",
            _MODEL,
        ),
        Figure("paths", table.paths, "", "assumption", f"seed {table.seed}", ("paths", "seed")),
        Figure("years", table.years, "", "assumption", "", ("years",)),
        Figure("author", table.author, "", "assumption", "", ("author",)),
    ]
    return section


def _incomes(table: AssumptionsTable, paths: Paths) -> Section:
    section = Section("Income by year: mean, and 5% and 95% of all paths")
    for year in (each for each in _SHOWN_YEARS if each <= table.years):
        total = paths.total[:, year - 1]
        low, high = np.quantile(total, [0.05, 0.95])
        section.figures.append(
            _money(table, f"year {year}", float(total.mean()), f"{_short(low)} to {_short(high)}")
        )
    for at, code in enumerate(paths.streams):
        section.figures.append(
            _money(table, f"{code}, mean of all years", float(paths.income[:, :, at].mean()), "")
        )
    return section


def _tail(table: AssumptionsTable, paths: Paths) -> Section:
    confidence = float(table.confidence)
    values = present_values(paths, float(table.rate))
    section = Section(f"Risk at {shown(table.confidence * 100)}% confidence")
    for label, data in (("income of year 1", paths.total[:, 0]), ("present value", values)):
        found = tail_of(data, confidence)
        section.figures += [
            _money(table, f"{label}: mean", found.mean, ""),
            _money(table, f"{label}: VaR", found.var, "mean − quantile"),
            _money(table, f"{label}: CVaR", found.cvar, "mean − mean of the tail"),
        ]
    ratio = diversification(paths, 1)
    section.figures.append(
        Figure(
            "diversification ratio, year 1",
            Decimal(str(round(ratio, 4))),
            "",
            "Σ σ / σ of all",
            "",
            _MODEL,
        )
    )
    return section


def _stress(table: AssumptionsTable, paths: Paths) -> Section:
    base = float(present_values(paths, float(table.rate)).mean())
    section = Section("Stress: mean present value under each scenario, from the same draws")
    section.figures.append(_money(table, "as assumed", base, ""))
    for scenario in table.scenario:
        stressed = simulate_paths(table, scenario)
        value = float(present_values(stressed, float(table.rate)).mean())
        change = f"{100 * (value / base - 1):+.1f}%" if base else ""
        section.figures.append(_money(table, scenario.name, value, f"{change} ({scenario.clause})"))
    return section


def _tranches(table: AssumptionsTable, paths: Paths, deal: Deal) -> Section:
    receipts = receipts_from(paths, deal, table.currency)
    last = deal.table.periods
    terms = [Term(1, last, last) if step.to_series else None for step in deal.rules.steps]
    outcome = run_paths(deal.rules, receipts, terms)
    section = Section(f"Tranches of {deal.table.title}")
    for loss in tranche_losses(deal, outcome):
        section.figures += [
            _share(f"{loss.tranche}: a payment is late or short", loss.probability, "paths"),
            _share(f"{loss.tranche}: expected loss", loss.expected, "never paid / due"),
        ]
    section.figures.append(
        Figure("paths", table.paths, "", "assumption", "through the same waterfall", ("paths",))
    )
    return section


def _money(table: AssumptionsTable, label: str, value: float, note: str) -> Figure:
    return Figure(label, Decimal(str(round(value, 2))), table.currency, "simulated", note, _MODEL)


def _share(label: str, value: float, source: str) -> Figure:
    return Figure(label, Decimal(str(round(value, 6))), "%", source, "", _MODEL)


def _short(value: Floats | float) -> str:
    return shown(Decimal(str(round(float(value), 0))), 0)
