"""The command line `usufruct-oracle`.

Errors are one line on standard error with exit code 2.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated

import httpx
import typer

from usufruct.chain.explain import explain as explain_revert
from usufruct.clock import SystemClock
from usufruct.contracts import ContractError
from usufruct.core.signing import address_of
from usufruct.errors import ChainError, ConfigError, InputError, UsufructError
from usufruct_oracles import cli_data, cli_devices, cli_households, cli_keys, cli_records, logs
from usufruct_oracles.config import WorkerConfig, load_worker_config
from usufruct_oracles.explain import explain as explain_period
from usufruct_oracles.journal.database import Database
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
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(found.host, found.host)  # noqa: S104  # a wildcard is no place to call
    return f"http://[{host}]:{found.port}" if ":" in host else f"http://{host}:{found.port}"


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
    lines = [f"{found['name']} {found['address']}  chain time {found['chainTime']}"]
    if found["error"]:
        lines.append(f"error: {found['error']}")
    streams = found["streams"]
    for stream in streams if isinstance(streams, list) else []:
        attested = ", ".join(
            f"{period} (v{version})" for period, version in stream["attested"].items()
        )
        lines.append(
            f"{stream['code']}: {stream['recorded']} of {stream['anchored']} anchored batches confirmed, "
            f"attested periods: {attested or 'none'}"
        )
        for kind, why in stream["waiting"].items():
            mark = "HELD " if why["held"] else ""
            lines.append(f"  {kind}: {mark}{why['code']}: {why['reason']}")
    alerts = found["alerts"]
    lines.extend(
        f"ALERT stream {alert['stream']}: {alert['kind']} differs from {alert['who']}"
        for alert in (alerts if isinstance(alerts, list) else [])
    )
    return lines


@app.command()
def explain(
    period: Annotated[str, typer.Argument(help="Number of the period, or its month YYYY-MM.")],
    config: Config,
    stream: Annotated[str | None, typer.Option(help="Code of one stream.")] = None,
) -> None:
    """Say what keeps a period from being closed, and what each fix is worth."""
    ground = lay_ground(load_worker_config(config))
    database = Database(ground.config.journal)
    try:
        number = cli_households.period_number(ground.community, period)
        found = explain_period(database, ground.community, number, ground.view.now, stream)
    finally:
        database.close()
    for line in str(found).splitlines():
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
