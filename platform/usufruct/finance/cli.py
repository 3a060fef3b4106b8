"""`usufruct value|score|risk|forecast`: files of the finance engine, worked out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from usufruct.finance.files import load_file, with_sources
from usufruct.finance.forecast import study as forecasting
from usufruct.finance.indicators import study as scoring
from usufruct.finance.numbers import refused
from usufruct.finance.options import Annualise, Ledger, Stream, feed_of
from usufruct.finance.report import Report
from usufruct.finance.risk import study as simulation
from usufruct.finance.risk.tables import AssumptionsTable
from usufruct.finance.structures.cli import load_structure
from usufruct.finance.structures.deal import compile_deal
from usufruct.finance.valuation import study as valuation
from usufruct.finance.valuation.tables import ValuationTable

__all__ = ["register"]

_File = Annotated[Path, typer.Argument(help="The file, TOML.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("value")(value)
    app.command("score")(score)
    app.command("risk")(risk)
    app.command("forecast")(forecast)


def value(
    file: _File,
    ledger: Ledger = None,
    stream: Stream = None,
    *,
    annualise: Annualise = False,
    as_json: _Json = False,
) -> None:
    """Value a community: flows, hold-led, finite, discounted, composite, sale-led, and whether it is plausible."""
    feed = feed_of(ledger, stream, annualise=annualise)
    loaded = load_file(file, ValuationTable, valuation.EXAMPLE, feed)
    _print(with_sources(valuation.study(loaded.table), loaded), as_json=as_json)


def score(file: _File, *, as_json: _Json = False) -> None:
    """Score a project: indicators with clause and evidence, sizing, scorecard, capabilities, mix of incomes."""
    _print(scoring.study(scoring.load_score(file)), as_json=as_json)


def risk(
    file: _File,
    structure: Annotated[
        Path | None, typer.Option(help="A structure, TOML, that stands on these incomes.")
    ] = None,
    ledger: Ledger = None,
    stream: Stream = None,
    *,
    annualise: Annualise = False,
    as_json: _Json = False,
) -> None:
    """Simulate correlated incomes: quantiles, VaR and CVaR, diversification, stress, losses of tranches."""
    feed = feed_of(ledger, stream, annualise=annualise)
    loaded = load_file(file, AssumptionsTable, simulation.EXAMPLE, feed)
    deal = None if structure is None else compile_deal(load_structure(structure))
    _print(with_sources(simulation.study(loaded.table, deal), loaded), as_json=as_json)


def forecast(
    file: Annotated[Path | None, typer.Argument(help="A CSV file with a header.")] = None,
    column: Annotated[str | None, typer.Option(help="The column to forecast.")] = None,
    ledger: Annotated[
        str | None, typer.Option(help="URL of a ledger, whose attested income is forecast instead.")
    ] = None,
    stream: Stream = None,
    season: Annotated[int, typer.Option(help="Periods of a season, such as 12 or 24.", min=1)] = 12,
    horizon: Annotated[int, typer.Option(help="Periods ahead.", min=1, max=1000)] = 12,
    origins: Annotated[int, typer.Option(help="Origins for the errors.", min=1, max=500)] = 12,
    *,
    as_json: _Json = False,
) -> None:
    """Forecast a series by each method, and say how wrong each was over rolling origins."""
    feed = feed_of(ledger, stream)
    if feed is not None and file is None and column is None:
        report = forecasting.study_receipts(feed, season, horizon, origins)
    elif feed is None and file is not None and column is not None:
        report = forecasting.study(file, column, season, horizon, origins)
    else:
        raise refused(
            "FILE",
            str(file),
            "either a file with its --column, or a --ledger with its --stream",
            "give one of them",
        )
    _print(report, as_json=as_json)


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report.plain(), ensure_ascii=False))
    else:
        report.show(Console())
