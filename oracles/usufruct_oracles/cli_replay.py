"""The command `usufruct-oracle replay`: an auditor's question, answered from a worker's raw records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from usufruct.config import load_community
from usufruct.errors import ConfigError
from usufruct.ledger.database import Database as Ledger
from usufruct.replay.options import Drops, Period, Prices, Values
from usufruct.replay.report import asked_of, document_of, lines_of, report_of
from usufruct_oracles import logs
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.config import load_worker_config
from usufruct_oracles.journal.database import Database
from usufruct_oracles.replay import period_from_journal

_FAILED = 1


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(replay)


def replay(
    period: Period,
    stream: Annotated[str, typer.Option(help="Code or number of the stream.")],
    ledger: Annotated[
        str, typer.Option(help="URL of a ledger that usufruct serve has indexed from the chain.")
    ],
    config: Annotated[
        Path, typer.Option(help="The worker's TOML file: community, privacy secret and journal.")
    ],
    journal: Annotated[
        str | None, typer.Option(help="Another journal: a copy of the file, or a URL.")
    ] = None,
    values: Values = None,
    drops: Drops = None,
    prices: Prices = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Rebuild a period from raw records, and show which lines, fees and payouts move if a reading were another.

    Without a change it reproduces the chain's figures to the unit; exit code 1 if it does not.
    """
    settings = load_worker_config(config)
    community = load_community(settings.community)
    known = {each.code: each.id for each in community.meters}
    asked = asked_of(values or (), drops or (), prices or (), known)
    where = Ledger(ledger)
    where.require()
    database = Database(_existing(journal) if journal else settings.journal)
    try:
        with where.read() as connection:
            found = period_from_journal(
                database, community, connection, stream, period, settings.privacy_secret
            )
    finally:
        database.close()
    report = report_of(catalog_of(community).stream(stream).code, found, asked)
    if as_json:
        typer.echo(json.dumps(document_of(report)))
    else:
        for line in lines_of(report, community.currency):
            typer.echo(logs.escape(line))
    if report.differences:
        raise typer.Exit(_FAILED)


def _existing(journal: str) -> str:
    """A URL, or the path of a file that is there: a mistyped path must not make an empty journal."""
    if "://" not in journal and not Path(journal).is_file():
        raise ConfigError(
            "there is no such journal",
            field="--journal",
            value=journal,
            rule="a journal's file, or a URL",
            remedy="check the path",
        )
    return journal
