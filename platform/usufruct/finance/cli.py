"""`usufruct value|score|risk|forecast`: files of the finance engine, worked out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from usufruct.finance.forecast import study as forecasting
from usufruct.finance.indicators import study as scoring
from usufruct.finance.report import Report
from usufruct.finance.risk import study as simulation
from usufruct.finance.structures.cli import load_structure
from usufruct.finance.structures.deal import compile_deal
from usufruct.finance.valuation import study as valuation

__all__ = ["register"]

_File = Annotated[Path, typer.Argument(help="The file, TOML.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("value")(value)
    app.command("score")(score)
    app.command("risk")(risk)
    app.command("forecast")(forecast)


def value(file: _File, *, as_json: _Json = False) -> None:
    """Value a community: flows, hold-led, finite, discounted, composite, sale-led, and whether it is plausible."""
    _print(valuation.study(valuation.load_valuation(file)), as_json=as_json)


def score(file: _File, *, as_json: _Json = False) -> None:
    """Score a project: indicators with clause and evidence, sizing, scorecard, capabilities, mix of incomes."""
    _print(scoring.study(scoring.load_score(file)), as_json=as_json)


def risk(
    file: _File,
    structure: Annotated[
        Path | None, typer.Option(help="A structure, TOML, that stands on these incomes.")
    ] = None,
    *,
    as_json: _Json = False,
) -> None:
    """Simulate correlated incomes: quantiles, VaR and CVaR, diversification, stress, losses of tranches."""
    table = simulation.load_assumptions(file)
    deal = None if structure is None else compile_deal(load_structure(structure))
    _print(simulation.study(table, deal), as_json=as_json)


def forecast(
    file: Annotated[Path, typer.Argument(help="A CSV file with a header.")],
    column: Annotated[str, typer.Option(help="The column to forecast.")],
    season: Annotated[int, typer.Option(help="Periods of a season, such as 12 or 24.", min=1)] = 12,
    horizon: Annotated[int, typer.Option(help="Periods ahead.", min=1, max=1000)] = 12,
    origins: Annotated[int, typer.Option(help="Origins for the errors.", min=1, max=500)] = 12,
    *,
    as_json: _Json = False,
) -> None:
    """Forecast a series by each method, and say how wrong each was over rolling origins."""
    _print(forecasting.study(file, column, season, horizon, origins), as_json=as_json)


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report.plain(), ensure_ascii=False))
    else:
        report.show(Console())
