"""`usufruct value`, `usufruct score`: files of the finance engine, worked out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from usufruct.finance.indicators import study as scoring
from usufruct.finance.report import Report
from usufruct.finance.valuation import study as valuation

__all__ = ["register"]

_File = Annotated[Path, typer.Argument(help="The file, TOML.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("value")(value)
    app.command("score")(score)


def value(file: _File, *, as_json: _Json = False) -> None:
    """Value a community: flows, hold-led, finite, discounted, composite, sale-led, and whether it is plausible."""
    _print(valuation.study(valuation.load_valuation(file)), as_json=as_json)


def score(file: _File, *, as_json: _Json = False) -> None:
    """Score a project: indicators with clause and evidence, sizing, scorecard, capabilities, mix of incomes."""
    _print(scoring.study(scoring.load_score(file)), as_json=as_json)


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report.plain(), ensure_ascii=False))
    else:
        report.show(Console())
