"""The command line `usufruct-oracle`.

Errors are one line on standard error with exit code 2.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import httpx
import typer

from usufruct.chain.explain import explain as explain_revert
from usufruct.clock import SystemClock
from usufruct.config import load_community
from usufruct.contracts import ContractError
from usufruct.core.periods import day_bounds
from usufruct.core.signing import address_of
from usufruct.errors import ChainError, ConfigError, InputError, UsufructError
from usufruct_oracles import (
    cli_data,
    cli_devices,
    cli_households,
    cli_keys,
    cli_records,
    cli_replay,
    logs,
)
from usufruct_oracles.config import WorkerConfig, load_worker_config
from usufruct_oracles.explain import explain as explain_period
from usufruct_oracles.journal.database import Database
from usufruct_oracles.known import known, render
from usufruct_oracles.pledges import Pledges
from usufruct_oracles.process import run
from usufruct_oracles.runtime import lay_ground
from usufruct_oracles.sightings import Sightings

EXIT_ERROR = 2

app = typer.Typer(
    name="usufruct-oracle",
    help="Validates readings, agrees with the other workers on them, and anchors them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli_data.register(app)
cli_replay.register(app)
cli_devices.register(app)
cli_households.register(app)
cli_keys.register(app)
cli_records.register(app)

Config = Annotated[Path, typer.Option("--config", help="The worker's TOML file.")]


def main() -> None:
    """Entry point: an error a person can put right becomes one line, and exit code 2."""
    try:
        app()
    except (UsufructError, ContractError) as error:
        for line in _error_lines(error):
            typer.echo(f"usufruct-oracle: {logs.escape(line)}", err=True)
        sys.exit(EXIT_ERROR)


def _error_lines(error: UsufructError | ContractError) -> list[str]:
    if isinstance(error, ContractError):
        return [f"refused by the contract: {explain_revert(error)}"]
    problems: tuple[UsufructError, ...] = getattr(error, "problems", (error,))
    return [each.one_line() for each in problems]


@app.command("run")
def run_command(
    config: Config,
    reattest: Annotated[
        list[str] | None,
        typer.Option(
            help="STREAM:PERIOD:VERSION of a voided statement to attest again though nothing changed."
        ),
    ] = None,
    json_logs: Annotated[bool, typer.Option(help="Write logs as JSON lines.")] = False,
) -> None:
    """Run one worker until SIGTERM."""
    logs.configure(as_json=json_logs)
    versions = frozenset(_version(each) for each in reattest or [])
    run(load_worker_config(config), versions)


def _version(text: str) -> tuple[int, int, int]:
    found = re.fullmatch(r"([1-9]\d{0,9}):([1-9]\d{0,9}):([1-9]\d{0,4})", text, re.ASCII)
    if found is None:
        raise InputError(
            "not a version of a statement",
            field="--reattest",
            value=text,
            rule="STREAM:PERIOD:VERSION, three numbers from 1",
            remedy="write it as the worker's status shows it, e.g. 1:1:2",
        )
    return int(found[1]), int(found[2]), int(found[3])


@app.command()
def status(
    config: Annotated[Path | None, typer.Option(help="The worker's TOML file.")] = None,
    url: Annotated[str | None, typer.Option(help="Address of the worker instead.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the whole status as JSON.")
    ] = False,
) -> None:
    """Show where a running worker and its streams stand."""
    found = _fetch(_address(config, url) + "/v1/status")
    if as_json:
        typer.echo(json.dumps(found, indent=2, sort_keys=True))
        return
    for line in _lines(found):
        typer.echo(logs.escape(line))


def _address(config: Path | None, url: str | None) -> str:
    if url is not None:
        return url.rstrip("/")
    if config is None:
        raise InputError(
            "no worker is named",
            field="--config",
            value="nothing",
            rule="--config FILE or --url URL",
            remedy="name the worker's configuration",
        )
    found = load_worker_config(config)
    if found.ops is not None:
        return _url(*found.ops)
    if found.tls is not None:
        raise ConfigError(
            "the worker's port wants a certificate",
            file=str(found.file),
            field="worker.ops",
            value="nothing",
            rule="with [worker.tls] the status is read from the ops port",
            remedy='add ops = "127.0.0.1:9101" to [worker]',
        )
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(found.host, found.host)  # noqa: S104  # a wildcard is no place to call
    return _url(host, found.port)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _fetch(url: str) -> dict[str, object]:
    try:
        answer = httpx.get(url, timeout=10, trust_env=False)
        found = answer.raise_for_status().json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise _no_worker(url, error) from error
    if not isinstance(found, dict) or not isinstance(found.get("streams"), list):
        raise _no_worker(url, None)
    return found


def _no_worker(url: str, error: Exception | None) -> ChainError:
    return ChainError(
        "the worker does not answer",
        field="url",
        value=url,
        rule="a running worker answers there"
        + (f" ({type(error).__name__})" if error is not None else ""),
        remedy="start it, or correct the address",
    )


def _lines(found: dict[str, object]) -> list[str]:
    lines = [
        f"{found['name']} {found['address']}  chain time {_moment(found['chainTime'])}",
        _signer_line(found["signers"]),
    ]
    if found["error"]:
        lines.append(f"error: {found['error']}")
    barred = found["barred"]
    lines.extend(
        f"BARRED {each}: see `usufruct-oracle equivocation list`"
        for each in (barred if isinstance(barred, list) else [])
    )
    streams = found["streams"]
    for stream in streams if isinstance(streams, list) else []:
        attested = ", ".join(
            f"{period} (v{version})" for period, version in stream["attested"].items()
        )
        lines.append(
            f"{stream['code']}: {stream['recorded']} of {stream['anchored']} anchored batches confirmed, "
            f"attested periods: {attested or 'none'}"
        )
        lines.append(
            f"  anchored up to {_moment(stream['to'])}, settled: {_numbers(stream['settled'])}"
        )
        for kind, why in stream["waiting"].items():
            mark = "HELD " if why["held"] else ""
            lines.append(f"  {kind}: {mark}{why['code']}: {why['reason']}")
    alerts = found["alerts"]
    lines.extend(_alert_line(alert) for alert in (alerts if isinstance(alerts, list) else []))
    return lines


def _alert_line(alert: dict[str, object]) -> str:
    when, stream, who = _moment(alert["at"]), alert["stream"], alert["who"]
    if alert["kind"] == "equivocation":
        return f"ALERT {when} stream {stream}: {who} signed two things for {alert['place']}"
    return f"ALERT {when} stream {stream}: {alert['kind']} differs from {who}"


def _signer_line(signers: object) -> str:
    if not isinstance(signers, dict):
        return "signers: unknown"
    member = "a signer" if signers["member"] else "NO SIGNER, it only watches"
    return f"{member}; {signers['threshold']} of {len(signers['table'])} sign, epoch {signers['epoch']}"


def _moment(value: object) -> str:
    """A unix time for people, in UTC."""
    if not isinstance(value, int):
        return "nothing yet"
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _numbers(values: object) -> str:
    found = values if isinstance(values, list) else []
    return ", ".join(str(each) for each in found) or "none"


@app.command()
def explain(
    period: Annotated[str, typer.Argument(help="Number of the period, or its month YYYY-MM.")],
    config: Config,
    stream: Annotated[str | None, typer.Option(help="Code of one stream.")] = None,
    known_at: Annotated[
        str | None,
        typer.Option(help="YYYY-MM-DD: what was known at the end of that day, beside what is now."),
    ] = None,
) -> None:
    """Say what keeps a period from being closed, and what each fix is worth."""
    if known_at is not None:
        _explain_known(load_worker_config(config), period, stream, known_at)
        return
    ground = lay_ground(load_worker_config(config))
    database = Database(ground.config.journal)
    try:
        number = cli_households.period_number(ground.community, period)
        found = explain_period(database, ground.community, number, ground.view.now, stream)
    finally:
        database.close()
    for line in str(found).splitlines():
        typer.echo(logs.escape(line))


def _explain_known(settings: WorkerConfig, period: str, stream: str | None, day: str) -> None:
    community = load_community(settings.community)
    number = cli_households.period_number(community, period)
    moment = day_bounds(day, community.project.timezone)[1] - 1
    database = Database(settings.journal)
    try:
        before = known(database, community, number, moment, stream)
        now = known(database, community, number, None, stream)
    finally:
        database.close()
    for line in render(before, now, day, community.currency):
        typer.echo(logs.escape(line))


@app.command()
def release(
    kind: Annotated[str, typer.Argument(help="batch or statement.")],
    stream: Annotated[int, typer.Argument(help="Number of the stream.")],
    position: Annotated[int, typer.Argument(help="Number of the batch, or of the period.")],
    config: Config,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
) -> None:
    """Let the worker sign another digest for a place it has signed; refused once that is on the chain.

    Only for a place where late data changed this worker's mind and the others cannot reach the quorum without it.
    Tell the other operators first: a peer that saw the first signature bars this worker when it sees the second, until
    its operator runs `usufruct-oracle equivocation release`.
    """
    settings = load_worker_config(config)
    signer = _require_open(settings, kind, stream, position)
    database = Database(settings.journal)
    try:
        pledges, now = Pledges(database, signer), SystemClock().now()
        places = pledges.find(kind, stream, position)
        for place in places:
            pledges.release(place, reason, now)
            Sightings(database).forget(signer, place)
            typer.echo(f"released {place}")
    finally:
        database.close()
    if not places:
        typer.echo("nothing was signed there")


def _require_open(settings: WorkerConfig, kind: str, stream: int, position: int) -> str:
    """The address that signs; ConfigError if the place is on the chain."""
    ground = lay_ground(settings)
    account = ground.view.account(stream)
    taken = {
        "batch": position in account.batches,
        "statement": position in account.versions and position not in account.voided,
    }
    if taken.get(kind, True):
        raise ConfigError(
            "cannot be released",
            field=kind,
            value=f"{stream}/{position}",
            rule="a batch or statement that is not on the chain",
            remedy="look at the worker's status; what is on the chain needs no second signature",
        )
    return address_of(ground.key)
