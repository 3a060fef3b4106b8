"""`usufruct keys`: who may ask the interface, and the check of its access log."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, Row, select

from usufruct.api.auth import journal, store
from usufruct.api.auth.principal import DAY, Role
from usufruct.api.params import wallet_bytes
from usufruct.api.render import rfc3339
from usufruct.clock import SystemClock
from usufruct.config import load_community
from usufruct.contracts import address
from usufruct.errors import InputError
from usufruct.index.settings import Settings
from usufruct.ledger.database import Database
from usufruct.ledger.models import stream as streams

__all__ = ["keys"]

keys: Final = typer.Typer(
    name="keys",
    no_args_is_help=True,
    help="Keys of machines and roles of wallets for the REST API.",
)

Config = Annotated[Path | None, typer.Option(help="Settings file (TOML).")]
State = Annotated[Path | None, typer.Option(help="Folder of deployment records and ledger.")]
Url = Annotated[str | None, typer.Option("--database", help="URL of the ledger's database.")]
Days = Annotated[int | None, typer.Option(min=1, max=3_650, help="Days until it expires.")]
Streams = Annotated[
    list[str] | None,
    typer.Option("--stream", help="Number or code of an operator's stream; repeatable."),
]
Community = Annotated[
    Path | None,
    typer.Option(help="Community file: codes of streams that are not on the chain yet."),
]
_CODES: Final = select(streams.c.id, streams.c.code)
_ACTOR, _ROLE = "usufruct keys", "administrator"
"""How the access log calls whoever may run this command on the ledger's machine."""
_NUMBER: Final = re.compile(r"[0-9]{1,10}", re.ASCII)


def _opened(config: Path | None, state: Path | None, url: str | None) -> Database:
    return _of(Settings.load(config, state=state, database=url))


def _of(settings: Settings) -> Database:
    database = Database(settings.database_url)
    database.require()
    database.migrate()
    return database


def _numbers(connection: Connection, settings: Settings, named: Sequence[str]) -> list[int]:
    """The streams' numbers, by number or code. InputError unless ledger or community file have the code once."""
    if all(_NUMBER.fullmatch(each) for each in named):
        return [int(each) for each in named]
    known = {(row.code.upper(), int(row.id)) for row in connection.execute(_CODES)}
    if settings.community is not None:
        listed = load_community(settings.community).streams
        known |= {(each.code.upper(), each.id) for each in listed}
    return [_number(each, known) for each in named]


def _number(name: str, known: Set[tuple[str, int]]) -> int:
    if _NUMBER.fullmatch(name):
        return int(name)
    found = [number for code, number in known if code == name.upper()]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{code} ({number})" for code, number in sorted(known))
    raise InputError(
        "several streams have this code" if found else "there is no such stream",
        field="--stream",
        value=name,
        rule=f"the number or code of one stream: {listed or 'no code is known'}",
        remedy="give its number; --community FILE knows streams that are not on the chain yet",
    )


def _expiry(now: int, days: int | None) -> int | None:
    return None if days is None else now + days * DAY


def _note(connection: Connection, action: str, number: str, now: int) -> None:
    """Adds a row to the access log, with the change or not at all: who may see what is told like what they saw."""
    (row,) = [each for each in store.list_grants(connection) if each.id == number]
    shown = _shown(row, now)
    streams = ",".join(map(str, shown["streams"])) or "all"
    parts = [number, shown["role"], shown["wallet"], f"streams {streams}"]
    resource = " ".join(str(each) for each in parts if each)
    journal.append(connection, journal.Entry(_ACTOR, _ROLE, action, resource, "granted"), now)


@keys.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    role: Annotated[Role, typer.Option(help="What it may do.")],
    wallet: Annotated[str | None, typer.Option(help="An investor's wallet.")] = None,
    stream: Streams = None,
    days: Days = None,
    config: Config = None,
    state: State = None,
    database: Url = None,
    community: Community = None,
) -> None:
    """Make a key for a machine. It is shown once; only its hash is kept."""
    now = SystemClock().now()
    settings = Settings.load(config, state=state, database=database, community=community)
    with _of(settings).write() as connection:
        number, key = store.add_key(
            connection,
            name=name,
            role=role,
            wallet=None if wallet is None else wallet_bytes(wallet, "--wallet"),
            streams=_numbers(connection, settings, stream or ()),
            now=now,
            expires_at=_expiry(now, days),
        )
        _note(connection, "add", number, now)
    typer.echo(f"{number} ({role}); the key is shown this once:", err=True)
    typer.echo(key)


@keys.command("grant")
def grant(
    wallet: Annotated[str, typer.Argument(help="Wallet that signs in.")],
    role: Annotated[Role, typer.Option(help="What it may do.")],
    name: Annotated[str, typer.Option(help="Whose wallet it is.")] = "wallet",
    stream: Streams = None,
    days: Days = None,
    config: Config = None,
    state: State = None,
    database: Url = None,
    community: Community = None,
) -> None:
    """Give a role to a wallet that signs in."""
    now = SystemClock().now()
    settings = Settings.load(config, state=state, database=database, community=community)
    with _of(settings).write() as connection:
        number = store.grant_wallet(
            connection,
            name=name,
            role=role,
            wallet=wallet_bytes(wallet, "wallet"),
            streams=_numbers(connection, settings, stream or ()),
            now=now,
            expires_at=_expiry(now, days),
        )
        _note(connection, "grant", number, now)
    typer.echo(number)


@keys.command("list")
def list_(
    config: Config = None,
    state: State = None,
    database: Url = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False,
) -> None:
    """List all keys and roles, also those that were revoked."""
    with _opened(config, state, database).read() as connection:
        rows = store.list_grants(connection)
    now = SystemClock().now()
    found = [_shown(row, now) for row in rows]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    table = Table("id", "name", "role", "wallet", "streams", "created", "status")
    for each in found:
        streams = ", ".join(map(str, each["streams"])) or "all"
        table.add_row(
            *(each["id"], each["name"], each["role"], each["wallet"] or "", streams),
            *(each["created_at"], each["status"]),
        )
    Console().print(table)


def _shown(row: Row[Any], now: int) -> dict[str, Any]:
    status = "in force"
    if row.revoked_at is not None:
        status = "revoked"
    elif row.expires_at is not None and row.expires_at <= now:
        status = "expired"
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "wallet": None if row.wallet is None else address(row.wallet),
        "streams": json.loads(row.streams),
        "created_at": rfc3339(row.created_at),
        "expires_at": None if row.expires_at is None else rfc3339(row.expires_at),
        "status": status,
    }


@keys.command("revoke")
def revoke(
    number: Annotated[str, typer.Argument(help="Id of a key or role.")],
    config: Config = None,
    state: State = None,
    database: Url = None,
) -> None:
    """End a key or role at once."""
    now = SystemClock().now()
    with _opened(config, state, database).write() as connection:
        done = store.revoke(connection, number, now)
        if done:
            _note(connection, "revoke", number, now)
    if not done:
        raise InputError(
            "there is no such key or role in force",
            field="id",
            value=number,
            rule="must be one that is in force",
            remedy="usufruct keys list shows them",
        )
    typer.echo(f"{number} is revoked")


@keys.command("check-log")
def check_log(config: Config = None, state: State = None, database: Url = None) -> None:
    """Recompute the access log's chain of hashes; prints its last hash, to be compared later."""
    with _opened(config, state, database).read() as connection:
        count = journal.check(connection)
        head = connection.execute(journal.HEAD).one()
    typer.echo(f"{count} entries, unchanged; last hash 0x{head.hash.hex()}")
