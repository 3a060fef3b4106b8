"""`usufruct structure check|simulate|export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from usufruct.config.tables import parse_document, read_text, shape
from usufruct.errors import InputError
from usufruct.finance.report import Report
from usufruct.finance.structures.check import check
from usufruct.finance.structures.deal import compile_deal
from usufruct.finance.structures.export import export
from usufruct.finance.structures.report import findings_report, simulation_report
from usufruct.finance.structures.tables import StructureTable

__all__ = ["load_structure", "register"]

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
    text = read_text(path, "check the path; examples/cmbs.toml shows the format")
    return shape(parse_document(text, str(path)), StructureTable)


@_app.command("check")
def check_file(file: _File, *, as_json: _Json = False) -> None:
    """Tell what is refused and what is doubtful; exit code 1 if anything is refused."""
    table = load_structure(file)
    found = check(table)
    _print(findings_report(table.title, found), as_json=as_json)
    if any(each.verdict == "refused" for each in found):
        raise typer.Exit(1)


@_app.command("simulate")
def simulate_file(file: _File, *, as_json: _Json = False) -> None:
    """Project every step, tranche and holder to the unit."""
    _print(simulation_report(load_structure(file)), as_json=as_json)


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
    """Write the [[series]] and [[waterfall]] tables of a community file."""
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


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(report.plain(), ensure_ascii=False))
    else:
        report.show(Console())
