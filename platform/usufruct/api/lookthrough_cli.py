"""`usufruct look-through`."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

import typer
from rich.console import Console, JustifyMethod
from rich.table import Table

from usufruct.api.params import wallet_bytes
from usufruct.api.positions_cli import moment_in
from usufruct.api.reports import ledger_of
from usufruct.ledger.lookthrough import lines_of
from usufruct.ledger.reads.holders import WALLET_ID
from usufruct.money import Currency, format_amount

__all__ = ["look_through"]

_DECIMALS: Final = 18
_PERCENT: Final = 100


def look_through(
    wallet: Annotated[str, typer.Argument(help="Address of a wallet, or of a fund.")],
    db: Annotated[str, typer.Option("--db", help="URL of the ledger.")],
    as_of_block: Annotated[int | None, typer.Option(min=0, help="At the end of a block.")] = None,
    as_of_date: Annotated[
        str | None,
        typer.Option(help="At a time, or at the end of a day in the project's time zone."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False,
) -> None:
    """Show the share of each series' income behind a wallet's units, itself and through funds."""
    raw = wallet_bytes(wallet, "wallet")
    with ledger_of(db) as (connection, render):
        at = moment_in(connection, as_of_block, as_of_date)
        number = connection.execute(WALLET_ID, {"address": raw}).scalar()
        lines = [] if number is None else lines_of(connection, int(number), at.end)
        found = [render.look_through(each) for each in lines]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        _show(found)


def _show(found: list[dict[str, Any]]) -> None:
    console = Console()
    if not found:
        console.print("There is nothing behind this wallet.")
        return
    table = Table(title="Shares of income")
    for name in ("stream", "series", "through", "units", "share"):
        side: JustifyMethod = "right" if name in ("units", "share") else "left"
        table.add_column(name, justify=side, overflow="fold")  # a figure is never cut
    percent = Currency("%", _DECIMALS)
    for each in found:
        share = format_amount(int(each["share"]) * _PERCENT, percent)
        table.add_row(
            each["series"]["stream"] or "",
            each["series"]["symbol"],
            " > ".join(each["through"]),
            each["units"],
            f"{share} %",
        )
    console.print(table)
