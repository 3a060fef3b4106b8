"""The commands about single households: receipt, range proof, erasure."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from usufruct.clock import SystemClock
from usufruct.config import Community
from usufruct.core.periods import day_bounds, period_of
from usufruct.errors import InputError
from usufruct_oracles import erase as erasing
from usufruct_oracles import logs
from usufruct_oracles.auth import Realm
from usufruct_oracles.config import load_worker_config
from usufruct_oracles.erasure_orders import ErasureOrder, give_order
from usufruct_oracles.households import Household, Registers
from usufruct_oracles.journal.database import Database
from usufruct_oracles.runtime import Ground, lay_ground

Config = Annotated[Path, typer.Option("--config", help="The worker's TOML file.")]
Out = Annotated[
    Path | None,
    typer.Option(help="Write to this file, which only you may read; else to standard output."),
]

_NUMBERS = re.compile(r"(.+)/(0|[1-9]\d{0,18})(?:-(0|[1-9]\d{0,18}))?", re.ASCII)
_MOST_DIGITS = 6


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(receipt)
    app.command("range-proof")(range_proof)
    app.command()(erase)


def receipt(
    meter: Annotated[str, typer.Argument(help="Code of the household's meter.")],
    period: Annotated[str, typer.Argument(help="Number of the period, or its month YYYY-MM.")],
    config: Config,
    out: Out = None,
) -> None:
    """Write a household's receipt of a period: its readings opened and what they earned. For the household alone."""
    ground = lay_ground(load_worker_config(config))
    database = Database(ground.config.journal)
    try:
        found = _household(ground, database, meter).receipt(period_number(ground.community, period))
    finally:
        database.close()
    _write(found.written(), out)


def range_proof(
    reading: Annotated[
        str,
        typer.Argument(help="METER/SEQ, or METER/FIRST-LAST for the sum of the meter's readings."),
    ],
    config: Config,
    bits: Annotated[int, typer.Option(min=1, max=63, help="Width: below 2^bits base units.")] = 32,
    out: Out = None,
) -> None:
    """Write a proof that an anchored reading, or a sum, is below 2^bits; it shows nothing else."""
    place = _NUMBERS.fullmatch(reading)
    if place is None:
        raise InputError(
            "no such reading",
            field="READING",
            value=reading,
            rule="METER/SEQ or METER/FIRST-LAST, numbers of readings in the stream",
            remedy="write it as in home-01/48",
        )
    first, last = int(place[2]), int(place[3] or place[2])
    ground = lay_ground(load_worker_config(config))
    database = Database(ground.config.journal)
    try:
        found = _household(ground, database, place[1]).range_evidence(first, last, bits)
    finally:
        database.close()
    _write(found.written(), out)


def erase(
    config: Config,
    meter: Annotated[
        str | None, typer.Argument(help="Code or number of the household's meter.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why; it is kept for ever and names nobody.")
    ] = None,
    order: Annotated[
        Path | None, typer.Option(help="Carry out this order of another oracle instead.")
    ] = None,
    order_out: Annotated[
        Path | None, typer.Option(help="Write the signed order here, for the other workers.")
    ] = None,
    copy: Annotated[
        list[Path] | None, typer.Option(help="An archived copy of an SQLite journal; repeatable.")
    ] = None,
    archive: Annotated[
        Path | None, typer.Option(help="Folder of the journal's archived records.")
    ] = None,
    folder: Annotated[
        list[Path] | None, typer.Option(help="An archived copy of the drop folder; repeatable.")
    ] = None,
) -> None:
    """Erase a household: its readings, records and secret, here and in the copies named. Stop the worker first.

    Roots, heads, statements, sums and proofs of before stay valid. Every worker of the site carries the order out.
    """
    ground = lay_ground(load_worker_config(config))
    places = erasing.places_of(ground.config, copy or (), folder or (), archive)
    given = _order(ground, meter, reason, order)
    given.require_member(ground.view.signers.table)
    found, stream = erasing.meter_named(ground.community, str(given.meter))
    cursor = ground.view.account(stream.id).cursor
    database = Database(ground.config.journal)
    try:
        erasing.require_caught_up(database, stream.id, 0 if cursor is None else cursor.seq)
    finally:
        database.close()
    if order_out is not None:
        order_out.write_bytes(given.written())
    outcome = erasing.erase(ground.community, places, given, found, stream)
    typer.echo(
        logs.escape(
            f"erased {found.code}: {outcome.erased.readings} readings, its records and its secret; "
            f"{outcome.files} files of the drop folder changed"
        )
    )
    for path in erasing.not_cleared(ground.config, ground.community, found):
        typer.echo(logs.escape(f"not cleared: {path}; remove the household's files there yourself"))
    typer.echo(
        "start the worker again; its peers carry out the same order, and backups are yours to destroy"
    )


def _order(
    ground: Ground, meter: str | None, reason: str | None, order: Path | None
) -> ErasureOrder:
    realm = Realm(ground.client.chain_id, ground.deployment.address("TelemetryAnchor"))
    if order is not None and meter is None and reason is None:
        try:
            return ErasureOrder.read(order.read_bytes(), realm)
        except OSError as error:
            raise _no_order(str(order)) from error
    if order is not None or meter is None or reason is None:
        raise _no_order("METER with --reason" if order is None else "both")
    found, _ = erasing.meter_named(ground.community, meter)
    return give_order(ground.key, realm, found.id, reason, SystemClock().now())


def _no_order(value: str) -> InputError:
    return InputError(
        "no order to erase a household",
        field="METER, --reason, --order",
        value=value,
        rule="METER with --reason, or a readable order alone",
        remedy="name the meter and the reason, or the order's file",
    )


def _household(ground: Ground, database: Database, meter: str) -> Household:
    names = ("TelemetryAnchor", "StatementBook")
    registers = Registers(
        ground.client.chain_id, *(str(ground.deployment.address(each)) for each in names)
    )
    return Household(database, ground.community, registers, meter, ground.config.privacy_secret)


def period_number(community: Community, text: str) -> int:
    """The number of a period that is given as a number or as its month.

    Raises:
        InputError: Neither.
    """
    if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS:
        return int(text)
    project = community.project
    start = day_bounds(f"{text}-01", project.timezone)[0]
    return period_of(project.first_period, start, project.timezone)


def _write(data: bytes, out: Path | None) -> None:
    if out is None:
        typer.echo(data.decode())
        return
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
