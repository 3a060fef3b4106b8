"""`usufruct structure check|simulate|compare|export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from usufruct.errors import InputError
from usufruct.finance.files import Loaded, load_file, with_sources
from usufruct.finance.options import Annualise, Ledger, Stream, feed_of
from usufruct.finance.report import Report
from usufruct.finance.structures.check import check
from usufruct.finance.structures.deal import compile_deal
from usufruct.finance.structures.export import export
from usufruct.finance.structures.report import (
    comparison_report,
    findings_report,
    simulation_report,
)
from usufruct.finance.structures.tables import StructureTable

__all__ = ["EXAMPLE", "load_structure", "register"]

EXAMPLE = "examples/cmbs.toml"
"""A file that shows the format."""

_File = Annotated[Path, typer.Argument(help="The structure, TOML.")]
_Json = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]

_app = typer.Typer(
    no_args_is_help=True, help="Structures: check, simulate, and put them into a community file."
)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(_app, name="structure")


def load_structure(path: str | Path) -> StructureTable:
    """The structure file at `path`, its shape checked.

    Raises:
        ConfigErrors: Keys or values are wrong; all that were found.
        ConfigError: It cannot be read, or is not TOML.
    """
    return load_file(path, StructureTable, EXAMPLE).table


@_app.command("check")
def check_file(
    file: _File,
    ledger: Ledger = None,
    stream: Stream = None,
    *,
    annualise: Annualise = False,
    as_json: _Json = False,
) -> None:
    """Tell what is refused and what is doubtful; exit code 1 if anything is refused."""
    loaded = _load(file, ledger, stream, annualise=annualise)
    found = check(loaded.table)
    _print(with_sources(findings_report(loaded.table.title, found), loaded), as_json=as_json)
    if any(each.verdict == "refused" for each in found):
        raise typer.Exit(1)


@_app.command("simulate")
def simulate_file(
    file: _File,
    ledger: Ledger = None,
    stream: Stream = None,
    *,
    annualise: Annualise = False,
    as_json: _Json = False,
) -> None:
    """Project every step, tranche and holder to the unit."""
    loaded = _load(file, ledger, stream, annualise=annualise)
    _print(with_sources(simulation_report(loaded.table), loaded), as_json=as_json)


@_app.command("compare")
def compare_files(
    before: Annotated[Path, typer.Argument(help="A structure, TOML.")],
    after: Annotated[Path, typer.Argument(help="Another version of it, TOML.")],
    *,
    as_json: _Json = False,
) -> None:
    """Tell whose payouts differ between two versions, and which flags went and came."""
    _print(comparison_report(load_structure(before), load_structure(after)), as_json=as_json)


@_app.command("export")
def export_file(
    file: _File,
    stream: Annotated[str, typer.Option(help="Code of the stream in the community file.")],
    account: Annotated[
        list[str] | None, typer.Option(help="NAME=ACCOUNT of a payee or holder; repeat it.")
    ] = None,
    first_period: Annotated[
        str | None,
        typer.Option(help="The project's first period, YYYY-MM, if it is not the structure's."),
    ] = None,
) -> None:
    """Write the tables of a community file: its series and its waterfall."""
    accounts: dict[str, str] = {}
    for each in account or []:
        name, sign, value = each.rpartition("=")
        if not sign or not name or not value:
            raise InputError(
                "not an account",
                field="--account",
                value=each,
                rule="NAME=ACCOUNT",
                remedy="write it like --account 'operator=0x…'",
            )
        accounts[name] = value
    typer.echo(export(compile_deal(load_structure(file)), stream, accounts, first_period))


def _load(
    file: Path, ledger: str | None, stream: str | None, *, annualise: bool
) -> Loaded[StructureTable]:
    feed = feed_of(ledger, stream, annualise=annualise)
    return load_file(file, StructureTable, EXAMPLE, feed)


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report.plain(), ensure_ascii=False))
    else:
        report.show(Console())
