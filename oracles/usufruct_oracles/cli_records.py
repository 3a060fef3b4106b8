"""The commands about a journal's records: list, retract, move old ones into an archive and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from usufruct.clock import SystemClock
from usufruct.config import Community, Stream, load_community
from usufruct.core.encoding import hex0x, unhex
from usufruct.core.keccak import DIGEST
from usufruct.errors import ConfigError
from usufruct_oracles import logs
from usufruct_oracles.catalog import Catalog, catalog_of
from usufruct_oracles.chainstate import Account
from usufruct_oracles.config import load_worker_config
from usufruct_oracles.journal import attested
from usufruct_oracles.journal.compacting import Compaction, compact, restore
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.retracting import list_records, retract
from usufruct_oracles.runtime import Ground, lay_ground

Config = Annotated[Path, typer.Option("--config", help="The worker's TOML file.")]
Archive = Annotated[Path, typer.Option("--archive", help="Folder of the archive.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("records")(records_command)
    app.command("retract")(retract_command)
    app.command("compact")(compact_command)
    app.command("restore")(restore_command)


@contextmanager
def _journal(config: Path) -> Iterator[tuple[Database, Catalog]]:
    settings = load_worker_config(config)
    community: Community = load_community(settings.community)
    database = Database(settings.journal)
    try:
        yield database, catalog_of(community)
    finally:
        database.close()


def records_command(
    stream: Annotated[str, typer.Argument(help="Code of the stream.")],
    day: Annotated[str, typer.Argument(help="Local day, YYYY-MM-DD.")],
    config: Config,
) -> None:
    """List the signed records that say something of a day, with their digests."""
    with _journal(config) as (database, catalog):
        found = list_records(database, catalog, stream, day)
    for each in found:
        state = "signed" if each.verified else "not counted"
        if each.reason is not None:
            state = f"RETRACTED: {each.reason}"
        line = f"{hex0x(each.digest)}  {each.meter}  {each.form}  {each.readings} readings  {state}"
        typer.echo(logs.escape(line))
    if not found:
        typer.echo("nothing was received")


def retract_command(
    record: Annotated[str, typer.Argument(help="sha256 of the record, 0x…")],
    config: Config,
    reason: Annotated[str, typer.Option(help="Why it is wrong; it is recorded.")],
) -> None:
    """Take a wrong record out of what counts. Refused once a reading of it is anchored.

    What stood against it is judged again, and the same bytes never count any more. If this worker has signed a batch
    with it that was never anchored, `usufruct-oracle release` is needed too.
    """
    digest = unhex(record, DIGEST)
    with _journal(config) as (database, catalog):
        done = retract(database, catalog, digest, reason, SystemClock().now())
    if not done.is_new:
        typer.echo("it was retracted before; nothing was changed")
        return
    typer.echo(
        f"retracted {record} of {done.meter}: {_many(done.readings, 'reading counts', 'readings count')} "
        f"no more, {_many(done.again, 'other record was', 'other records were')} judged again"
    )


def _many(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def compact_command(
    before: Annotated[str, typer.Option(help="Local day; only periods that end before it.")],
    archive: Archive,
    config: Config,
    dry_run: Annotated[bool, typer.Option(help="Only say what would go.")] = False,
) -> None:
    """Move the raw records of settled periods into an archive; everything that proofs need stays.

    Households that were erased since are taken out of the archive, too. The archive belongs to this journal alone.
    """
    ground = lay_ground(load_worker_config(config))
    catalog = catalog_of(ground.community)
    limit, now = catalog.day(before)[0], SystemClock().now()
    database = Database(ground.config.journal)
    try:
        for stream in ground.community.streams:
            until = _settled_until(ground, catalog, database, stream, limit)
            if until is None:
                typer.echo(f"{stream.code}: no settled period ends before {before}")
                continue
            done = compact(database, catalog, stream, until, archive, now, dry=dry_run)
            typer.echo(_line(catalog, done, dry=dry_run))
    finally:
        database.close()


def _line(catalog: Catalog, done: Compaction, *, dry: bool) -> str:
    verb = "would move" if dry else "moved"
    day = catalog.day_before(done.until)
    return (
        f"{done.stream}: {verb} {done.records} records ({done.bytes} bytes) up to {day} "
        f"into {done.objects} objects"
    )


def _settled_until(
    ground: Ground, catalog: Catalog, database: Database, stream: Stream, limit: int
) -> int | None:
    """End of the last of the periods from the first on that are settled, recorded here and end by `limit`."""
    account: Account = ground.view.account(stream.id)
    until, period = None, 1
    while period in account.settled and catalog.period_bounds(period)[1] <= limit:
        version = len(account.versions.get(period, ()))
        if not attested.has_statement(database, stream.id, period, version):
            raise ConfigError(
                "a settled statement is not recorded here",
                field=stream.code,
                value=f"period {period}, version {version}",
                rule="records go only when their statement is kept with its evidence",
                remedy="let the worker catch up first: `usufruct-oracle run`",
            )
        until, period = catalog.period_bounds(period)[1], period + 1
    return until


def restore_command(config: Config, archive: Archive) -> None:
    """Put archived records back into the journal, each checked against its digest; for a replay or a dispute."""
    with _journal(config) as (database, catalog):
        for stream in catalog.community.streams:
            typer.echo(f"{stream.code}: {restore(database, stream, archive)} records")
