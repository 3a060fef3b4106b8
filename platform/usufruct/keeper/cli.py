"""`usufruct keep`, `usufruct fund` and `usufruct records`."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from fastapi import FastAPI

from usufruct.chain.outbox import Outbox
from usufruct.chain.sender import Sender
from usufruct.config import Community, load_community
from usufruct.contracts import ZERO_ADDRESS, statement_book
from usufruct.core.periods import parse_duration
from usufruct.errors import ConfigError
from usufruct.index.settings import Settings
from usufruct.index.site import Site, open_site
from usufruct.keeper.fund import fund as bring_in
from usufruct.keeper.keeper import Keeper
from usufruct.keeper.loop import Look, Loop
from usufruct.keeper.metrics import Metered, Metrics
from usufruct.keeper.push import PAGE
from usufruct.keeper.records import schedule_records
from usufruct.keeper.site import DryRun, KeeperSite, Outcome, Stream, stream_named, streams_of
from usufruct.keeper.status import late, status
from usufruct.keys import address_of_key, load_key, parse_key_spec
from usufruct.money import parse_amount
from usufruct.opsport import add_ops, ops_port

__all__ = ["register"]

_OUTBOX: Final = "outbox.sqlite"
_PATIENCE: Final = 30.0
_GLANCE: Final = 5.0
"""Seconds that a dry run waits for the ledger to reach the chain's newest block."""

Config = Annotated[Path | None, typer.Option(help="Settings file (TOML), as of usufruct serve.")]
Rpc = Annotated[str | None, typer.Option(help="JSON-RPC endpoint of a node.")]
Record = Annotated[Path | None, typer.Option(help="Deployment record.")]
_KEY = typer.Option(help="Key of the sending account: dev:N, env:NAME or keystore:PATH:VARIABLE.")
Key = Annotated[str, _KEY]
OptionalKey = Annotated[str | None, _KEY]
State = Annotated[
    Path | None, typer.Option(help="Folder of deployment records, ledger and outbox.")
]
OutboxPath = Annotated[
    Path | None, typer.Option(help="File that keeps what was sent, by default in the state folder.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def register(app: typer.Typer) -> None:
    """Adds `keep`, `fund` and `records` to the root command."""
    app.command("keep")(keep)
    app.command("fund")(fund)
    records = typer.Typer(help="Record dates of series.", no_args_is_help=True)
    records.callback()(_records)
    records.command("schedule")(schedule)
    app.add_typer(records, name="records")


def keep(
    key: OptionalKey = None,
    config: Config = None,
    rpc: Rpc = None,
    state: State = None,
    deployment: Record = None,
    database: Annotated[str | None, typer.Option(help="URL of the ledger's database.")] = None,
    community: Annotated[
        Path | None, typer.Option(help="Community file, to know which statements are missing.")
    ] = None,
    outbox: OutboxPath = None,
    once: Annotated[bool, typer.Option("--once", help="One round, then stop.")] = False,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between two rounds.")] = 15.0,
    page: Annotated[int, typer.Option(min=1, max=1000, help="Most holders in a page.")] = PAGE,
    redeem: Annotated[
        bool, typer.Option("--redeem", help="Close series that are over and redeem their holders.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Say what would be sent, and send nothing; payouts of a settlement are known once it is made.",
        ),
    ] = False,
    show: Annotated[
        bool, typer.Option("--status", help="Say what is due, since when, and why it waits.")
    ] = False,
    alert_after: Annotated[
        str,
        typer.Option(help="How long something may be due before it is an alert, like 6h or 1d."),
    ] = "1d",
    ops: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="Serve /healthz, /readyz and /metrics there, for Prometheus."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Settle what is final and funded, and push payouts to holders, round after round until SIGTERM.

    Safe to run twice and to kill at any point. With --status the exit code is 1 if something has been due for longer
    than --alert-after.
    """
    settings = Settings.load(
        config, rpc=rpc, state=state, deployment=deployment, database=database, community=community
    )
    tolerance = parse_duration(alert_after)
    site = open_site(settings)
    if show or dry_run:
        _look(site, key, page, tolerance, redeem=redeem, show=show, as_json=as_json)
        return
    if key is None:
        raise ConfigError(
            "whoever sends transactions needs a key",
            field="--key",
            value="",
            rule="only --status and --dry-run go without",
            remedy="name it: --key keystore:PATH:VARIABLE",
        )
    stop, metrics = _stop_on_signal(), Metrics()
    with closing(Outbox(outbox or settings.state / _OUTBOX)) as sent:
        acting = _keeper_site(site, key, sent)
        keeper = Keeper(
            replace(acting, sender=Metered(acting.sender, metrics)),
            site.database,
            page=page,
            patience=_PATIENCE if once else 0.0,
            redeem=redeem,
        )
        if once:
            _keep_once(keeper, as_json=as_json)
            return
        watching = _dry_site(site, None)
        look = _looking(site, watching, Keeper(watching, site.database, redeem=redeem), tolerance)
        loop = Loop(
            keeper,
            look,
            metrics,
            partial(_tell, as_json=as_json),
            partial(typer.echo, err=True),
        )

        def watched(app: FastAPI) -> None:
            add_ops(app, loop, lambda: metrics.registry)

        with ops_port("Usufruct keeper", watched, ops, "--ops"):
            loop.run(interval, stop)


def _look(
    site: Site,
    key: str | None,
    page: int,
    tolerance: int,
    *,
    redeem: bool,
    show: bool,
    as_json: bool,
) -> None:
    """Tells what is due, or what a round would send."""
    watching = _dry_site(site, key)
    keeper = Keeper(watching, site.database, page=page, patience=_GLANCE, redeem=redeem)
    if not show:
        _keep_once(keeper, as_json=as_json)
        return
    look = _looking(site, watching, keeper, tolerance)()
    for each in look.found:
        alert = each in look.overdue
        if as_json:
            typer.echo(json.dumps({**asdict(each), "alert": alert}))
        else:
            typer.echo(f"{'ALERT' if alert else 'due':9} {each.kind:10} {each.line()}")
    if not look.found and not as_json:
        typer.echo("nothing   is due")
    if look.overdue:
        raise typer.Exit(1)


def _looking(
    site: Site, watching: KeeperSite, keeper: Keeper, tolerance: int
) -> Callable[[], Look]:
    """Looks at what is due, and at what has been for longer than `tolerance` seconds."""
    community = _community(site)

    def look() -> Look:
        now = site.client.block("latest").timestamp
        found = status(watching, site.database, keeper, community)
        return Look(found, late(found, now, tolerance), now)

    return look


def _dry_site(site: Site, key: str | None) -> KeeperSite:
    """A site that sends nothing; without a key it asks as an account that has no office."""
    account = ZERO_ADDRESS
    if key is not None:
        account = address_of_key(load_key(parse_key_spec(key), chain_id=site.client.chain_id))
    return KeeperSite(site.client, site.deployment, DryRun(account), site.currency())


def _community(site: Site) -> Community | None:
    path = site.settings.community
    return None if path is None else load_community(path)


def _keep_once(keeper: Keeper, *, as_json: bool) -> None:
    idle = True
    for outcome in keeper.round():
        idle = False
        _tell(outcome, as_json=as_json)
    if idle and not as_json:
        typer.echo("idle      no period waits to be settled, and nobody has anything to claim")


def fund(
    stream: Annotated[str, typer.Argument(help="Code or number of the stream.")],
    key: Key,
    amount: Annotated[str | None, typer.Argument(help="Amount, like 1234.56.")] = None,
    required: Annotated[
        bool, typer.Option("--required", help="What is missing to settle every attested period.")
    ] = False,
    config: Config = None,
    rpc: Rpc = None,
    state: State = None,
    deployment: Record = None,
    outbox: OutboxPath = None,
    reference: Annotated[
        str | None,
        typer.Option(
            help="Name of this payment, needed with an amount: the same one is never brought in twice."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring the operator's money into a stream's escrow (approves the waterfall, then funds)."""
    if (amount is None) != required:
        raise ConfigError(
            "how much is not clear",
            field="AMOUNT",
            value=amount or "",
            rule="either an amount or --required",
            remedy="usufruct fund VPP 1234.56, or usufruct fund VPP --required",
        )
    if amount is not None and not reference:
        raise ConfigError(
            "the payment has no name",
            field="--reference",
            value="",
            rule="an amount needs a reference, so that running the command again never pays twice",
            remedy=f"usufruct fund {stream} {amount} --reference transfer-2026-10-05",
        )
    settings = Settings.load(config, rpc=rpc, state=state, deployment=deployment)
    site = open_site(settings)
    with closing(Outbox(outbox or settings.state / _OUTBOX)) as sent:
        keeper = _keeper_site(site, key, sent)
        # What an earlier run left under way counts before it is computed what is still required.
        keeper.sender.recover(wait=True)
        named = stream_named(stream, streams_of(site.client, site.deployment))
        minor = None if amount is None else parse_amount(amount, keeper.currency)
        outcome = bring_in(keeper, named, minor, reference or _reference(keeper, named))
    _tell(outcome, as_json=as_json)


def _records() -> None:
    """Record dates of series: who holds at one is paid for its period, whenever the money comes."""


def schedule(
    community: Annotated[Path, typer.Argument(help="Community file (TOML).")],
    key: Key,
    config: Config = None,
    rpc: Rpc = None,
    state: State = None,
    deployment: Record = None,
    outbox: OutboxPath = None,
    as_json: AsJson = False,
) -> None:
    """Announce the coming month end as record date of every series of a file (an issuer's key); safe to repeat."""
    project = load_community(community)
    settings = Settings.load(config, rpc=rpc, state=state, deployment=deployment)
    site = open_site(settings)
    refused = False
    with closing(Outbox(outbox or settings.state / _OUTBOX)) as sent:
        for outcome in schedule_records(_keeper_site(site, key, sent), project):
            refused = refused or outcome.kind == "refused"
            _tell(outcome, as_json=as_json)
    if refused:
        raise typer.Exit(1)


def _reference(site: KeeperSite, stream: Stream) -> str:
    """The name of what is required: the same for the same periods."""
    progress = site.ask("StatementBook", statement_book.progress_of(stream.number))
    return f"required:{progress.settled + 1}-{progress.attested}"


def _keeper_site(site: Site, key: str, outbox: Outbox) -> KeeperSite:
    secret = load_key(parse_key_spec(key), chain_id=site.client.chain_id)
    sender = Sender(site.client, secret, outbox)
    return KeeperSite(site.client, site.deployment, sender, site.currency())


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    return stop


def _tell(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"kind": outcome.kind, "text": outcome.text, **outcome.facts}))
    else:
        typer.echo(f"{outcome.kind:9} {outcome.text}")
