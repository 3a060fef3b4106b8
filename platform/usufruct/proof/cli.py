"""`usufruct verify`: check a payout proof against a chain, trusting nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from usufruct.chain.client import ChainClient
from usufruct.deploy.record import load_deployment
from usufruct.errors import InputError
from usufruct.proof.model import Proof, parse
from usufruct.proof.verify import Check, holds
from usufruct.proof.verify import verify as check_proof

_MARKS = {True: "[green]holds[/]", False: "[bold red]BROKEN[/]", None: "[dim]–[/]"}


def register(app: typer.Typer) -> None:
    """Add `verify` to the root command."""
    app.command("verify")(verify)


def verify(
    proof: Annotated[Path, typer.Argument(help="The proof file; - reads standard input.")],
    rpc: Annotated[
        str, typer.Option(help="An RPC endpoint of the chain.")
    ] = "http://127.0.0.1:8545",
    deployment: Annotated[
        Path | None,
        typer.Option(help="Deployment record you trust: pins the contracts' addresses."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False,
) -> None:
    """Check a payout proof link by link; exit code 0 if all hold, 1 if one is broken, 2 on bad input."""
    parsed = parse(read_evidence(proof))
    pins, from_block = _pins(deployment, parsed)
    checks = check_proof(parsed, ChainClient(rpc), pins=pins, from_block=from_block)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "ok": holds(checks),
                    "pinned": bool(pins),
                    "checks": [asdict(check) for check in checks],
                }
            )
        )
    else:
        _show(parsed, checks, pinned=bool(pins))
    if not holds(checks):
        raise typer.Exit(1)


def read_evidence(path: Path) -> bytes:
    """The bytes of a file that is to be checked; - is standard input.

    Raises:
        InputError: It cannot be read.
    """
    if str(path) == "-":
        return typer.get_binary_stream("stdin").read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            "the proof file cannot be read",
            field="proof",
            value=str(path),
            rule="a readable file",
            remedy=f"check the path ({error.strerror})",
        ) from error


def _pins(path: Path | None, proof: Proof) -> tuple[dict[str, str], int]:
    """Addresses and first block from the reader's own deployment record."""
    if path is None:
        return {}, 0
    known = load_deployment(path)
    names: dict[str, str] = {
        "currency": "SettlementCurrency",
        "series_factory": "SeriesFactory",
        "waterfall": "Waterfall",
        "statement_book": "StatementBook",
        "stream_registry": "StreamRegistry",
        "telemetry_anchor": "TelemetryAnchor",
    }
    pins: dict[str, str] = {field: known.address(name) for field, name in names.items()}
    series: list[Any] = list(known.series.values())
    pins["series"] = (
        proof.contracts.series if proof.contracts.series in series else "a series of the record"
    )
    return pins, known.block


def _show(proof: Proof, checks: list[Check], *, pinned: bool) -> None:
    console = Console()
    show_checks(console, f"Payout {proof.payout.id}: {proof.payout.amount} minor units", checks)
    if holds(checks):
        console.print("[green]Every link holds: from the payout to the readings.[/]")
        if not pinned:
            console.print(
                "[yellow]The contracts are not pinned: they agree with one another, but whether they "
                "are the community's own only you can tell. Compare the addresses with those you "
                "know, or name a record you trust with --deployment.[/]"
            )


def show_checks(console: Console, title: str, checks: list[Check]) -> None:
    """A table of links, and the first broken one."""
    table = Table(title=title, title_justify="left")
    table.add_column("link")
    table.add_column("")
    table.add_column("what the chain says", overflow="fold")
    for check in checks:
        table.add_row(check.name, _MARKS[check.ok], check.detail)
    console.print(table)
    if not holds(checks):
        first = next(check for check in checks if not check.ok)
        console.print(f"[bold red]First broken link: {first.name}.[/] {first.detail}")
