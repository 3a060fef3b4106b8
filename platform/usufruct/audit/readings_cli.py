"""`usufruct verify-receipt` and `usufruct verify-range`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from usufruct.audit.ranges import check_range
from usufruct.audit.receipts import check_receipt
from usufruct.chain.client import ChainClient
from usufruct.core.range_evidence import RangeEvidence
from usufruct.core.receipts import Receipt
from usufruct.deploy.record import load_deployment
from usufruct.proof.cli import read_evidence, show_checks
from usufruct.proof.verify import Check, holds

__all__ = ["register"]

Deployment = Annotated[
    Path | None,
    typer.Option(help="Deployment record you trust: pins the contracts' addresses."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")]


def register(app: typer.Typer) -> None:
    """Adds both commands to the root command."""
    app.command("verify-receipt")(verify_receipt)
    app.command("verify-range")(verify_range)


def verify_receipt(
    receipt: Annotated[Path, typer.Argument(help="The receipt; - reads standard input.")],
    rpc: Annotated[
        str, typer.Option(help="An RPC endpoint of the chain.")
    ] = "http://127.0.0.1:8545",
    deployment: Deployment = None,
    as_json: AsJson = False,
) -> None:
    """Check a household's receipt against a chain; exit code 0 if all holds, 1 if a link is broken, 2 on bad input."""
    given = Receipt.read(read_evidence(receipt))
    pins, from_block = _pins(deployment)
    checks = check_receipt(given, ChainClient(rpc), pins=pins, from_block=from_block)
    lines = [
        f"{each.row}: {each.quantity} {given.tariff.base_unit} = {each.amount}"
        for each in given.rows
    ]
    _tell(
        f"Receipt of meter {given.meter}, period {given.statement.period}",
        checks,
        lines,
        as_json=as_json,
    )


def verify_range(
    evidence: Annotated[Path, typer.Argument(help="The evidence; - reads standard input.")],
    rpc: Annotated[
        str | None, typer.Option(help="An RPC endpoint; without one the batches are not looked up.")
    ] = None,
    deployment: Deployment = None,
    as_json: AsJson = False,
) -> None:
    """Check a range proof; exit code 0 if all holds, 1 if a link is broken, 2 on bad input."""
    given = RangeEvidence.read(read_evidence(evidence))
    pins, from_block = _pins(deployment)
    client = None if rpc is None else ChainClient(rpc)
    checks = check_range(given, client, from_block=from_block, pin=pins.get("anchor"))
    _tell(f"Range evidence, {given.bits} bits", checks, [], as_json=as_json)


def _pins(path: Path | None) -> tuple[dict[str, str], int]:
    if path is None:
        return {}, 0
    known = load_deployment(path)
    names = {"anchor": "TelemetryAnchor", "book": "StatementBook"}
    return {name: known.address(of) for name, of in names.items()}, known.block


def _tell(title: str, checks: list[Check], lines: list[str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"ok": holds(checks), "checks": [asdict(each) for each in checks]}))
    else:
        console = Console()
        show_checks(console, title, checks)
        if holds(checks):
            for line in lines:
                console.print(line)
            console.print("[green]Every link holds.[/]")
    if not holds(checks):
        raise typer.Exit(1)
