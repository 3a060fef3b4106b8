"""`usufruct dispute scan` and `usufruct dispute submit`."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final

import typer

from usufruct.chain.outbox import Outbox
from usufruct.chain.sender import Sender
from usufruct.core.encoding import hex0x
from usufruct.disputes.desk import Desk, Provable, read_records
from usufruct.disputes.evidence import load_period
from usufruct.index.settings import Settings
from usufruct.index.site import Site, open_site
from usufruct.keeper.site import stream_named, streams_of
from usufruct.keys import load_key, parse_key_spec
from usufruct.money import format_amount

__all__ = ["register"]

_OUTBOX: Final = "outbox.sqlite"

Stream = Annotated[str, typer.Option(help="Code or number of the stream.")]
Period = Annotated[int, typer.Option(min=1, help="Number of the period, from 1.")]
Records = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        file_okay=False,
        help="Folder of device records: payload and signature, one a file.",
    ),
]
Config = Annotated[Path | None, typer.Option(help="Settings file (TOML), as of usufruct serve.")]
Rpc = Annotated[str | None, typer.Option(help="JSON-RPC endpoint of a node.")]
Record = Annotated[Path | None, typer.Option(help="Deployment record.")]
State = Annotated[
    Path | None, typer.Option(help="Folder of deployment records, ledger and outbox.")
]
Url = Annotated[str | None, typer.Option(help="URL of the ledger's database.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def register(app: typer.Typer) -> None:
    """Adds `dispute` to the root command."""
    group = typer.Typer(no_args_is_help=True, help="Faults that the contract itself decides.")
    group.command("scan")(scan)
    group.command("submit")(submit)
    app.add_typer(group, name="dispute")


def scan(
    stream: Stream,
    period: Period,
    records: Records = None,
    config: Config = None,
    rpc: Rpc = None,
    state: State = None,
    deployment: Record = None,
    database: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the faults of a period that can be proven, with the money at stake."""
    settings = Settings.load(config, rpc=rpc, state=state, deployment=deployment, database=database)
    site = open_site(settings)
    found = _scan(site, stream, period, records)[1]
    for each in found:
        _tell(site, each, as_json=as_json)
    if not found and not as_json:
        typer.echo("nothing   no fault that the contract would find")


def submit(
    stream: Stream,
    period: Period,
    key: Annotated[
        str,
        typer.Option(help="Key of the sending account: dev:N, env:NAME or keystore:PATH:VARIABLE."),
    ],
    records: Records = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every fault found, not the first alone.")
    ] = False,
    config: Config = None,
    rpc: Rpc = None,
    state: State = None,
    deployment: Record = None,
    database: Url = None,
    as_json: AsJson = False,
) -> None:
    """Prove the faults of a period, which voids its statement, and fetch the rewards."""
    settings = Settings.load(config, rpc=rpc, state=state, deployment=deployment, database=database)
    site = open_site(settings)
    desk, found = _scan(site, stream, period, records)
    secret = load_key(parse_key_spec(key), chain_id=site.client.chain_id)
    with closing(Outbox(settings.state / _OUTBOX)) as sent:
        sender = Sender(site.client, secret, sent)
        sender.recover(wait=True)
        for each in found if everything else found[:1]:
            tx = desk.submit(sender, each)
            paid = desk.reward(sender, each.fault)
            _tell(site, each, as_json=as_json, tx=tx, paid=paid)
    if not found and not as_json:
        typer.echo("nothing   no fault that the contract would find")


def _scan(
    site: Site, stream: str, period: int, records: Path | None
) -> tuple[Desk, list[Provable]]:
    number = stream_named(stream, streams_of(site.client, site.deployment)).number
    desk = Desk(
        site.client,
        site.deployment.address("ObjectiveDisputes"),
        site.deployment.address("MeterRegistry"),
        site.deployment.address("OperatorBond"),
    )
    with site.database.read() as connection:
        evidence = load_period(connection, number, period)
    return desk, desk.scan(evidence, read_records(records))


def _tell(
    site: Site, each: Provable, *, as_json: bool, tx: bytes | None = None, paid: int | None = None
) -> None:
    kind = "provable" if paid is None else "proven"
    candidate, currency = each.candidate, site.currency()
    if as_json:
        facts = {
            "kind": kind,
            "text": candidate.what,
            "fault": hex0x(each.fault),
            "stake": None if candidate.stake is None else str(candidate.stake),
            "tx": None if tx is None else hex0x(tx),
            "reward": None if paid is None else str(paid),
        }
        typer.echo(json.dumps(facts))
        return
    stake = (
        "committed quantities"
        if candidate.stake is None
        else f"{format_amount(candidate.stake, currency)} {currency.code}"
    )
    reward = "" if not paid else f"; reward {format_amount(paid, currency)} {currency.code}"
    typer.echo(f"{kind:9} {candidate.what}; at stake: {stake}{reward}")
