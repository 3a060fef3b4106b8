"""`usufruct index`: fills the ledger without serving it."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from usufruct.index.bar import CatchUpBar
from usufruct.index.indexer import Indexer
from usufruct.index.settings import Settings
from usufruct.index.site import heads_of, open_site

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds the command to the root command."""
    app.command("index")(index)


def index(
    once: Annotated[
        bool, typer.Option("--once", help="End when the head of the chain is reached.")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="Settings file (TOML).")] = None,
    rpc: Annotated[str | None, typer.Option(help="JSON-RPC endpoint of a node.")] = None,
    ws: Annotated[
        str | None,
        typer.Option(help="WebSocket endpoint of the node, for announcements of blocks."),
    ] = None,
    second_rpc: Annotated[
        str | None, typer.Option(help="Another node, which must say the same.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="Folder of deployment records, ledger and outbox.")
    ] = None,
    deployment: Annotated[Path | None, typer.Option(help="Deployment record.")] = None,
    database: Annotated[str | None, typer.Option(help="URL of the ledger's database.")] = None,
) -> None:
    """Follow the chain into the ledger; the first failure ends it, and the next start goes on from there."""
    settings = Settings.load(
        config,
        rpc=rpc,
        ws=ws,
        second_rpc=second_rpc,
        state=state,
        deployment=deployment,
        database=database,
    )
    site = open_site(settings)
    site.database.migrate()
    indexer = site.indexer()
    try:
        at = _caught_up(indexer)
        if not once:
            _follow(indexer, settings, at)
    except KeyboardInterrupt:
        typer.echo("stopped; the next start goes on from here", err=True)
    finally:
        indexer.close()
        site.database.dispose()


def _follow(indexer: Indexer, settings: Settings, at: int) -> None:
    """Takes in each new block until the command is stopped."""
    called = Event()
    heads = heads_of(settings, called.set)
    try:
        while True:
            called.wait(heads.pause(at) if heads else settings.poll_seconds)
            called.clear()
            at = indexer.catch_up().at
    finally:
        if heads:
            heads.stop()


def _caught_up(indexer: Indexer) -> int:
    bar, logs, undone = CatchUpBar(), 0, 0
    while True:
        step = indexer.step()
        logs, undone = logs + step.logs, undone + step.undone
        bar.show(step)
        if step.at >= step.head:
            break
    typer.echo(f"block {step.at}: {logs} events taken in, {undone} undone")
    return step.at
