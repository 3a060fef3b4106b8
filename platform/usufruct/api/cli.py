"""`usufruct serve`, `payouts`, `positions`, `look-through`, `reconcile` and `keys`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from usufruct.api.auth.cli import keys
from usufruct.api.lookthrough_cli import look_through
from usufruct.api.positions_cli import positions
from usufruct.api.reports import payouts, reconcile
from usufruct.api.server import serve as run
from usufruct.index.settings import Settings

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds the commands to the root command."""
    app.command("serve")(serve)
    app.command("payouts")(payouts)
    app.command("positions")(positions)
    app.command("look-through")(look_through)
    app.command("reconcile")(reconcile)
    app.add_typer(keys, name="keys")


def serve(
    config: Annotated[Path | None, typer.Option(help="Settings file (TOML).")] = None,
    rpc: Annotated[str | None, typer.Option(help="JSON-RPC endpoint of a node.")] = None,
    state: Annotated[
        Path | None, typer.Option(help="Folder of deployment records, ledger and outbox.")
    ] = None,
    deployment: Annotated[Path | None, typer.Option(help="Deployment record.")] = None,
    database: Annotated[str | None, typer.Option(help="URL of the ledger's database.")] = None,
    community: Annotated[Path | None, typer.Option(help="Community file, for names.")] = None,
    worker: Annotated[
        list[str] | None, typer.Option(help="Address of an oracle worker; may be repeated.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 for any free one.")] = None,
    ops: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Serve /metrics there, for Prometheus."),
    ] = None,
    reader_rpc: Annotated[
        str | None,
        typer.Option(help="JSON-RPC endpoint that readers' browsers may ask to check proofs."),
    ] = None,
    poll_seconds: Annotated[
        float | None, typer.Option(help="Pause between two looks at the chain.")
    ] = None,
    log_json: Annotated[bool | None, typer.Option("--log-json", help="Logs as JSON lines.")] = None,
) -> None:
    """Follow the chain into the ledger, collect evidence from workers, and answer the REST API and the pages."""
    run(
        Settings.load(
            config,
            rpc=rpc,
            state=state,
            deployment=deployment,
            database=database,
            community=community,
            workers=tuple(worker or ()),
            host=host,
            port=port,
            ops=ops,
            reader_rpc=reader_rpc,
            poll_seconds=poll_seconds,
            log_json=log_json,
        )
    )
