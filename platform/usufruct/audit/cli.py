"""`usufruct audit`: check a statement's money against the chain without seeing a reading."""

from __future__ import annotations

import json
import re
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from usufruct.audit.evidence import Audited, fetch, read, write
from usufruct.audit.links import audit as check_audit
from usufruct.chain.client import ChainClient
from usufruct.contracts import statement_book as sb
from usufruct.contracts import stream_registry as sr
from usufruct.contracts import telemetry_anchor as ta
from usufruct.core.typed_data import Statement
from usufruct.deploy.record import Deployment, load_deployment
from usufruct.disputes.evidence import PeriodEvidence, load_period
from usufruct.errors import EvidenceError, InputError
from usufruct.index.settings import Settings
from usufruct.index.site import Site, open_site
from usufruct.keeper.site import stream_named, streams_of
from usufruct.proof.cli import read_evidence, show_checks
from usufruct.proof.verify import Check, holds

__all__ = ["register"]

_PLACE: Final = re.compile(r"([A-Za-z0-9_-]{1,64})/([1-9]\d{0,8})(?:/([1-9]\d{0,4}))?", re.ASCII)


def register(app: typer.Typer) -> None:
    """Adds `audit` to the root command."""
    app.command("audit")(audit)


def audit(
    statement: Annotated[
        str,
        typer.Argument(help="STREAM/PERIOD or STREAM/PERIOD/VERSION, or a file made by --save."),
    ],
    worker: Annotated[
        str | None, typer.Option(help="Take the evidence from this oracle worker, not the ledger.")
    ] = None,
    worker_key: Annotated[
        str | None,
        typer.Option(help="Key that signs the requests: env:NAME or keystore:PATH:VARIABLE."),
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="Write the evidence to a file for another auditor.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Settings file (TOML), as of usufruct serve.")
    ] = None,
    rpc: Annotated[str | None, typer.Option(help="JSON-RPC endpoint of a node.")] = None,
    state: Annotated[
        Path | None, typer.Option(help="Folder of deployment records and ledger.")
    ] = None,
    deployment: Annotated[Path | None, typer.Option(help="Deployment record you trust.")] = None,
    database: Annotated[str | None, typer.Option(help="URL of the ledger's database.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False,
) -> None:
    """Check that a statement's money follows from anchored readings, none of which is shown.

    Exit code 0 if every link holds, 1 if one is broken, 2 on bad input.
    """
    settings = Settings.load(
        config,
        rpc=rpc,
        state=state,
        deployment=deployment,
        database=database,
        worker_key=worker_key,
    )
    audited, client, known = _open(settings, statement, worker)
    if save is not None:
        save.write_bytes(write(audited))
    pins = {} if known is None else {name: known.address(of) for name, of in _PINNED.items()}
    from_block = 0 if known is None else known.block
    began = time.perf_counter()
    checks = check_audit(audited, client, pins=pins, from_block=from_block)
    seconds = time.perf_counter() - began
    _tell(audited, checks, seconds, as_json=as_json)
    if not holds(checks):
        raise typer.Exit(1)


_PINNED: Final = {"anchor": "TelemetryAnchor", "book": "StatementBook"}


def _open(
    settings: Settings, text: str, worker: str | None
) -> tuple[Audited, ChainClient, Deployment | None]:
    """The evidence, a client of the chain, and the record that pins the contracts, if the reader has one."""
    if not Path(text).is_file():
        site = open_site(settings)
        return _evidence(site, text, worker), site.client, site.deployment
    audited, client = read(read_evidence(Path(text))), ChainClient(settings.rpc)
    known = settings.deployment
    return audited, client, None if known is None else load_deployment(known)


def _evidence(site: Site, text: str, worker: str | None) -> Audited:
    place = _PLACE.fullmatch(text)
    if place is None:
        raise InputError(
            "no such statement",
            field="STATEMENT",
            value=text,
            rule="STREAM/PERIOD, STREAM/PERIOD/VERSION, or a readable file",
            remedy="write it as in VPP/1",
        )
    stream = stream_named(place[1], streams_of(site.client, site.deployment)).number
    version = None if place[3] is None else int(place[3])
    if worker is None:
        with site.database.read() as connection:
            evidence = load_period(connection, stream, int(place[2]), version)
    else:
        evidence = _from_worker(site, worker, stream, int(place[2]), version)
    return Audited(
        site.client.chain_id,
        str(site.deployment.address("TelemetryAnchor")),
        str(site.deployment.address("StatementBook")),
        evidence,
    )


def _from_worker(
    site: Site, url: str, stream: int, period: int, version: int | None
) -> PeriodEvidence:
    """Statement and number of its last batch from the chain's own log, the rest from the worker."""
    stated = _attested(site, stream, period, version)
    book, anchor = (site.deployment.address(name) for name in ("StatementBook", "TelemetryAnchor"))
    registry = site.client.call(book, sb.streams())
    committed = site.client.call(registry, sr.terms_of(stream)).committed
    topics = [ta.BatchAnchored.TOPIC, stream.to_bytes(32, "big")]
    logs = site.client.all_logs(site.deployment.block, anchor, topics)
    numbers = [
        event.seq
        for event in (ta.BatchAnchored.decode(log.topics, log.data) for log in logs)
        if event.head == stated.last_head
    ]
    with closing(site.worker(url)) as client:
        return fetch(client, stated, max(numbers, default=0), committed=committed)


def _attested(site: Site, stream: int, period: int, version: int | None) -> Statement:
    topics = [
        sb.StatementAttested.TOPIC,
        stream.to_bytes(32, "big"),
        period.to_bytes(32, "big"),
    ]
    book = site.deployment.address("StatementBook")
    logs = site.client.all_logs(site.deployment.block, book, topics)
    found = {}
    for log in logs:
        event = sb.StatementAttested.decode(log.topics, log.data)
        found[event.version] = Statement(*event.statement.to_abi())
    wanted = max(found, default=0) if version is None else version
    if wanted not in found:
        raise EvidenceError(
            "the book has no such statement",
            field="STATEMENT",
            value=f"{stream}/{period}" + ("" if version is None else f"/{version}"),
            rule="a statement that was attested",
            remedy=f"attested versions: {', '.join(map(str, sorted(found))) or 'none'}",
        )
    return found[wanted]


def _tell(audited: Audited, checks: list[Check], seconds: float, *, as_json: bool) -> None:
    stated = audited.evidence.statement
    rate = audited.readings / seconds if seconds > 0 else 0.0
    if as_json:
        facts = {
            "ok": holds(checks),
            "stream": stated.stream,
            "period": stated.period,
            "version": stated.version,
            "gross": str(stated.gross),
            "batches": len(audited.evidence.batches),
            "readings": audited.readings,
            "readingsShown": 0 if audited.evidence.committed else audited.readings,
            "readingsPerSecond": round(rate),
            "checks": [asdict(check) for check in checks],
        }
        typer.echo(json.dumps(facts))
        return
    console = Console()
    title = (
        f"Statement {stated.stream}/{stated.period}/{stated.version}: {stated.gross} minor units"
    )
    show_checks(console, title, checks)
    if holds(checks):
        shown = "none of them shown" if audited.evidence.committed else "all of them public"
        console.print(
            f"[green]Every link holds.[/] {audited.readings} readings in {len(audited.evidence.batches)} "
            f"batches, {shown}, audited in {seconds:.2f} s ({rate:,.0f} a second)."
        )
