"""`usufruct doctor`, `usufruct backup` and `usufruct restore`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from usufruct.clock import SystemClock
from usufruct.core.periods import parse_duration
from usufruct.index.settings import Settings
from usufruct.ledger.database import Database
from usufruct.ops.backup import Copied, backup, restore, verify
from usufruct.ops.doctor import Patient, examine
from usufruct.ops.finding import Finding, Level
from usufruct.ops.state import secret_findings

__all__ = ["register"]

Config = Annotated[Path | None, typer.Option(help="Settings file (TOML), as of usufruct serve.")]
State = Annotated[Path | None, typer.Option(help="Folder of deployment records, ledger, journals.")]
DatabaseUrl = Annotated[str | None, typer.Option(help="URL of the ledger's database.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def register(app: typer.Typer) -> None:
    """Adds the commands to the root command."""
    app.command("doctor")(doctor)
    app.command("backup")(backup_)
    app.command("restore")(restore_)


def doctor(
    config: Config = None,
    rpc: Annotated[str | None, typer.Option(help="JSON-RPC endpoint of a node.")] = None,
    state: State = None,
    deployment: Annotated[Path | None, typer.Option(help="Deployment record.")] = None,
    database: DatabaseUrl = None,
    community: Annotated[
        Path | None, typer.Option(help="Community file: who should hold which office.")
    ] = None,
    worker: Annotated[
        list[str] | None, typer.Option(help="Address of an oracle worker; may be repeated.")
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="A key to try, dev:N, env:NAME or keystore:PATH:VARIABLE; the first is the keeper's."
        ),
    ] = None,
    alert_after: Annotated[
        str, typer.Option(help="How long something may be due, like 6h or 1d.")
    ] = "1d",
    as_json: AsJson = False,
) -> None:
    """Check node, clock, database, keys, roles, contracts and lag; exit code 1 if something is wrong."""
    settings = Settings.load(
        config,
        rpc=rpc,
        state=state,
        deployment=deployment,
        database=database,
        community=community,
        workers=tuple(worker or ()),
    )
    specs = [*(key or ()), *([settings.worker_key] if settings.worker_key else [])]
    found = examine(Patient(settings, specs, parse_duration(alert_after)))
    wrong = [each for each in found if each.level is Level.FAIL]
    if as_json:
        typer.echo(json.dumps({"ok": not wrong, "findings": [asdict(each) for each in found]}))
    else:
        _show(found, len(wrong))
    if wrong:
        raise typer.Exit(1)


def _show(found: Sequence[Finding], wrong: int) -> None:
    for each in found:
        typer.echo(f"{each.level:5} {each.part:10} {each.what}: {each.text}")
        if each.remedy:
            typer.echo(f"{'':16} -> {each.remedy}")
    typer.echo(f"{wrong} of {len(found)} findings need something done" if wrong else "all is well")


def backup_(
    folder: Annotated[Path, typer.Argument(help="Folder in which the backup's folder is made.")],
    config: Config = None,
    state: State = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Copy ledger, journals, outboxes and deployment records, also while everything runs. Keys are not copied."""
    settings = Settings.load(config, state=state, database=database)
    ledger = Database(settings.database_url)
    made, files = backup(settings.state, ledger, folder, SystemClock().now())
    _tell("copied", made, files, as_json=as_json)
    if not as_json:
        typer.echo(
            f"not in it: {settings.secret_file.name}, keystores, their passphrases and privacy secrets; "
            "keep copies of these apart from it"
        )


def restore_(
    folder: Annotated[Path, typer.Argument(help="The backup: the folder with its manifest.")],
    config: Config = None,
    state: State = None,
    database: DatabaseUrl = None,
    check: Annotated[bool, typer.Option("--check", help="Only see whether it is whole.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in place; stop usufruct serve, keep and the workers before."""
    if check:
        _tell("whole", folder, verify(folder), as_json=as_json)
        return
    settings = Settings.load(config, state=state, database=database)
    files = restore(folder, settings.state, Database(settings.database_url), force=force)
    _tell("restored", folder, files, as_json=as_json)
    for each in secret_findings(settings.secret_file, Database(settings.database_url)):
        typer.echo(f"{each.what} {each.text}: {each.remedy}", err=True)


def _tell(verb: str, folder: Path, files: Sequence[Copied], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"folder": str(folder), "files": [asdict(each) for each in files]}))
        return
    for each in files:
        typer.echo(f"{verb:9} {each.name} ({each.size} bytes, sha256 {each.sha256[:16]}…)")
    typer.echo(f"{verb:9} {len(files)} files: {folder}")
