"""`usufruct health`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from usufruct.chain.client import ChainClient
from usufruct.core.encoding import hex0x
from usufruct.deploy.health import Health, examine
from usufruct.deploy.record import load_deployment, record_path
from usufruct.errors import ConfigError

__all__ = ["register"]

_MARKS = {True: "[green]holds[/]", False: "[bold red]BROKEN[/]"}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("health")(health)


def health(
    rpc: Annotated[
        str, typer.Option(help="JSON-RPC endpoint of a node.", envvar="USUFRUCT_RPC")
    ] = "http://127.0.0.1:8545",
    state: Annotated[Path, typer.Option(help="Folder of deployment records.")] = Path("state"),
    deployment: Annotated[
        Path | None, typer.Option(help="Deployment record, by default the state folder's.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check on the chain that what must always hold does; exit code 0 if so, 1 if not, 2 on bad input."""
    client = ChainClient(rpc)
    path = deployment or record_path(state, client.chain_id)
    record = load_deployment(path)
    if client.genesis != record.genesis:
        raise ConfigError(
            "the node serves another chain than the deployment record is of",
            field="rpc",
            value=client.url,
            rule=f"genesis block {hex0x(record.genesis)}, as recorded in {path}",
            remedy="point --rpc at the right node, or --deployment at the right record",
        )
    found = examine(client, record)
    if as_json:
        typer.echo(json.dumps(_plain(found)))
    else:
        _show(found)
    if not found.ok:
        raise typer.Exit(1)


def _plain(found: Health) -> dict[str, object]:
    checks = [
        {**asdict(each), "actual": str(each.actual), "bound": str(each.bound)}
        for each in found.findings
    ]
    return {"ok": found.ok, "block": found.block, "checks": checks}


def _show(found: Health) -> None:
    console = Console()
    table = Table(title=f"Health at block {found.block}", title_justify="left")
    for column in ("part", "statement", ""):
        table.add_column(column)
    table.add_column("found", justify="right")
    table.add_column("bound", justify="right")
    for each in found.findings:
        table.add_row(each.subject, each.name, _MARKS[each.ok], str(each.actual), str(each.bound))
    console.print(table)
    broken = sum(not each.ok for each in found.findings)
    console.print(
        f"[bold red]{broken} of {len(found.findings)} statements are broken.[/]"
        if broken
        else f"[green]All {len(found.findings)} statements hold.[/]"
    )
