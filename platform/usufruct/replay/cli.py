"""`usufruct replay`: an auditor's question to a period, answered out of the ledger's evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from usufruct.config import load_community
from usufruct.errors import ConfigError
from usufruct.index.settings import Settings
from usufruct.ledger import models as m
from usufruct.ledger.database import Database
from usufruct.ledger.reads.places import META
from usufruct.money import Currency
from usufruct.replay.ledger_facts import period_from_ledger
from usufruct.replay.options import Drops, Period, Prices, Values
from usufruct.replay.report import asked_of, document_of, lines_of, report_of

_FAILED = 1


def register(app: typer.Typer) -> None:
    """Adds `replay` to the root command."""
    app.command("replay")(replay)


def replay(
    period: Period,
    stream: Annotated[
        str | None, typer.Option(help="Code or number of the stream; all if it is not given.")
    ] = None,
    values: Values = None,
    drops: Drops = None,
    prices: Prices = None,
    config: Annotated[
        Path | None, typer.Option(help="Settings file (TOML), as of usufruct serve.")
    ] = None,
    state: Annotated[Path | None, typer.Option(help="Folder of the ledger.")] = None,
    database: Annotated[str | None, typer.Option(help="URL of the ledger's database.")] = None,
    community: Annotated[
        Path | None, typer.Option(help="Community file, for codes of meters.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Recompute a period from its anchored readings, and show what moves if one were another.

    Without a change it reproduces the chain's figures to the unit; exit code 1 if it does not. Readings of personal
    streams are known to workers alone: see usufruct-oracle replay.
    """
    settings = Settings.load(config, state=state, database=database, community=community)
    ledger = Database(settings.database_url)
    ledger.require()
    meters = {}
    if settings.community is not None:
        meters = {each.code: each.id for each in load_community(settings.community).meters}
    asked = asked_of(values or (), drops or (), prices or (), meters)
    with ledger.read() as connection:
        stated = (
            select(m.stream.c.id, m.stream.c.code)
            .join(m.statement, m.statement.c.stream == m.stream.c.id)
            .where(m.statement.c.period == period)
            .distinct()
        )
        known = [(row.id, row.code) for row in connection.execute(stated)]
        chosen = _streams(known, stream, alone=bool(asked.changes or asked.prices))
        meta = {row.key: row.value for row in connection.execute(META)}
        reports = [
            report_of(code, period_from_ledger(connection, number, period), asked)
            for number, code in chosen
        ]
    code, _, decimals = meta["currency"].partition(":")
    for report in reports:
        if as_json:
            typer.echo(json.dumps(document_of(report)))
            continue
        for line in lines_of(report, Currency(code, int(decimals))):
            typer.echo(line)
    if any(report.differences for report in reports):
        raise typer.Exit(_FAILED)


def _streams(
    known: list[tuple[int, str]], wanted: str | None, *, alone: bool
) -> list[tuple[int, str]]:
    found = [each for each in sorted(known) if wanted is None or wanted in (str(each[0]), each[1])]
    if found and (len(found) == 1 or not (alone or wanted)):
        return found
    raise ConfigError(
        "one stream with a statement of the period must be named",
        field="--stream",
        value=wanted,
        rule="a change is one of one stream; stated are: "
        + (", ".join(f"{code} ({number})" for number, code in sorted(known)) or "none"),
        remedy="name one of these, or wait until the period is stated and indexed",
    )
