"""`usufruct positions`."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, select

from usufruct.api.params import moment_of, wallet_bytes
from usufruct.api.render import rfc3339
from usufruct.api.reports import API, from_api, ledger_of, one_source
from usufruct.errors import InputError
from usufruct.ledger.models import cursor, series
from usufruct.ledger.moments import At, at_block, at_time
from usufruct.ledger.positions import (
    Position,
    positions_of_participant,
    positions_of_series,
    positions_of_wallet,
)
from usufruct.ledger.reads.places import CURSOR
from usufruct.ledger.types import first_position
from usufruct.ledger.zone import zone_of

__all__ = ["moment_in", "positions"]

_FIGURES: Final = ("accrued", "paid", "claimable", "withheld", "arrears")
_SHORT: Final = 10
_SYMBOL: Final = re.compile(r"[A-Za-z0-9-]{1,48}", re.ASCII)


def positions(
    wallet: Annotated[str | None, typer.Argument(help="Address of a wallet.")] = None,
    participant: Annotated[
        int | None, typer.Option(min=1, help="All wallets of this participant.")
    ] = None,
    series_name: Annotated[
        str | None, typer.Option("--series", help="All holders of this series (its symbol).")
    ] = None,
    as_of_block: Annotated[int | None, typer.Option(min=0, help="At the end of a block.")] = None,
    as_of_date: Annotated[
        str | None,
        typer.Option(help="At a time, or at the end of a day in the project's time zone."),
    ] = None,
    api: Annotated[str | None, typer.Option(help=f"Address of the API; by default {API}.")] = None,
    key: Annotated[
        str | None, typer.Option(envvar="USUFRUCT_KEY", help="Key for the API.", show_envvar=True)
    ] = None,
    db: Annotated[
        str | None, typer.Option("--db", help="Read the ledger at this URL instead of the API.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False,
) -> None:
    """Show units, accrual, payments, what is withheld and arrears of a wallet, participant or series at any time."""
    one_source(api, db)
    _require_one(wallet, participant, series_name)
    if as_of_block is not None and as_of_date is not None:
        raise _refused("--as-of-date", as_of_date, "either --as-of-block or --as-of-date")
    if db is not None:
        found = _from_ledger(db, wallet, participant, series_name, as_of_block, as_of_date)
    else:
        path = (
            f"/v1/wallets/{wallet}/positions"
            if wallet is not None
            else f"/v1/participants/{participant}/positions"
            if participant is not None
            else f"/v1/series/{series_name}/positions"
        )
        when = {"as_of_block": as_of_block, "as_of_date": as_of_date}
        given = {name: str(value) for name, value in when.items() if value is not None}
        found = list(from_api(api or API, path, given, key))
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        _show(found)


def _require_one(wallet: str | None, participant: int | None, series_name: str | None) -> None:
    if sum(each is not None for each in (wallet, participant, series_name)) != 1:
        raise _refused("WALLET", wallet, "one of WALLET, --participant and --series")
    if wallet is not None:
        wallet_bytes(wallet, "wallet")
    if series_name is not None and not _SYMBOL.fullmatch(series_name):
        raise _refused("--series", series_name, "a symbol: letters and digits")


def _from_ledger(
    url: str,
    wallet: str | None,
    participant: int | None,
    series_name: str | None,
    as_of_block: int | None,
    as_of_date: str | None,
) -> list[dict[str, Any]]:
    with ledger_of(url) as (connection, render):
        at = moment_in(connection, as_of_block, as_of_date)
        if wallet is not None:
            found = positions_of_wallet(connection, wallet_bytes(wallet, "wallet"), at)
        elif participant is not None:
            found = _of_participant(connection, participant, at)
        else:
            found = _of_series(connection, series_name or "", at)
        return [render.position(each) for each in found]


def moment_in(connection: Connection, number: int | None, date: str | None) -> At:
    """The moment that is asked for, as the API understands it; InputError where the ledger is not that far."""
    if date is not None:
        return _at_date(connection, date)
    here = connection.execute(select(cursor.c.block)).scalar()
    wanted = here if number is None else number
    at = None if wanted is None else at_block(connection, wanted)
    if at is None:
        raise _refused("--as-of-block", wanted, f"the ledger ends with block {here}")
    return at


def _at_date(connection: Connection, date: str) -> At:
    """The end of a day in the zone that the ledger is served in, or a time; of a day that is not over what is known."""
    here, zone = connection.execute(CURSOR).first(), zone_of(connection)
    first, last = moment_of(date, zone)
    if here is None or first > here.timestamp:
        end = "is empty" if here is None else f"ends at {rfc3339(here.timestamp)}"
        raise _refused("--as-of-date", date, f"the ledger {end}")
    if first != last:
        typer.echo(f"{date} is a day in the time zone {zone}", err=True)
    at = at_time(connection, last)
    return At(first_position(here.block + 1), here.timestamp) if at is None else at


def _of_participant(connection: Connection, participant: int, at: At) -> list[Position]:
    found = positions_of_participant(connection, participant, at)
    if found is None:
        raise _refused("--participant", participant, "no wallet is registered to it")
    return found


def _of_series(connection: Connection, name: str, at: At) -> list[Position]:
    query = select(series.c.id).where(series.c.slug == name.lower(), series.c.pos < at.end)
    number = connection.execute(query).scalar()
    if number is None:
        raise _refused("--series", name, "there is no series with this symbol")
    return positions_of_series(connection, number, at)


def _refused(field: str, value: object, rule: str) -> InputError:
    return InputError(
        "these positions cannot be shown",
        field=field,
        value=value,
        rule=rule,
        remedy="see usufruct positions --help",
    )


def _show(found: list[dict[str, Any]]) -> None:
    console = Console()
    if not found:
        console.print("There are no positions.")
        return
    table = Table(title=f"Positions in {found[0]['paid']['currency']}")
    for name in ("wallet", "series"):
        table.add_column(name)
    for name in ("units", *_FIGURES):
        table.add_column(name, justify="right", overflow="fold")  # a figure is never cut
    for each in found:
        figures = [each[name]["formatted"].partition(" ")[0] for name in _FIGURES]
        short = each["wallet"][:_SHORT] + "…"
        table.add_row(short, each["series"]["symbol"], each["units"], *figures)
    console.print(table)
