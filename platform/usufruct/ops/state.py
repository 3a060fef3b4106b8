"""Whether the database, the keys, the outbox and the files are as they should be."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import disk_usage
from typing import Final

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, inspect, select

from usufruct.chain.outbox import ChainAccount, Outbox
from usufruct.core.encoding import hex0x
from usufruct.deploy.record import Deployment
from usufruct.errors import UsufructError
from usufruct.keys import address_of_key, load_key, parse_key_spec
from usufruct.ledger.database import Database, alembic_config
from usufruct.ledger.models import webhook
from usufruct.ledger.reads.places import META
from usufruct.ops.backup import INCOMPLETE
from usufruct.ops.finding import Finding, Level

__all__ = [
    "database_findings",
    "file_findings",
    "key_findings",
    "outbox_findings",
    "secret_findings",
]

_SECRET_NAMES: Final = (
    "*.key",
    "*.keystore",
    "keystore*.json",
    "UTC--*",
    "*password*",
    "*.secret",
    "*.token",
)
_LEAST_FREE: Final = 256
"""MiB of a disk below which its ledger may soon not grow any more."""
_WEBHOOKS: Final = select(func.count()).select_from(webhook).where(webhook.c.status != "removed")


def database_findings(database: Database, deployment: Deployment | None) -> Iterator[Finding]:
    """That it is a ledger, of this chain, with the newest schema, and whole."""
    database.require()
    with database.read() as connection:
        yield _schema(connection)
        yield _integrity(database, connection)
        yield from _room(database)
        if deployment is not None:
            yield _chain(connection, deployment)


def _schema(connection: Connection) -> Finding:
    present = MigrationContext.configure(connection).get_current_revision()
    newest = ScriptDirectory.from_config(alembic_config(connection)).get_current_head()
    if present == newest:
        return Finding("database", "schema", Level.OK, f"revision {present}")
    return Finding(
        "database",
        "schema",
        Level.FAIL,
        f"revision {present}, this program needs {newest}",
        "make a backup, then start usufruct serve, which migrates; a newer schema needs a newer program",
    )


def _integrity(database: Database, connection: Connection) -> Finding:
    if database.kind != "sqlite":
        return Finding(
            "database", "integrity", Level.OK, "PostgreSQL answers; its own checksums guard pages"
        )
    said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check(3)")]
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if said == ["ok"] and broken is None:
        return Finding("database", "integrity", Level.OK, "every page is readable")
    return Finding(
        "database",
        "integrity",
        Level.FAIL,
        f"the file is damaged: {said[0][:120]}",
        "stop usufruct serve and restore the last backup, or delete the ledger: it is made anew from the chain",
    )


def _room(database: Database) -> Iterator[Finding]:
    """That the disk of an SQLite file has room for it to grow."""
    if database.kind != "sqlite":
        return
    folder = Path(database.url.database or "").resolve().parent
    free = disk_usage(folder).free >> 20
    if free >= _LEAST_FREE:
        yield Finding("database", "room", Level.OK, f"{free:,} MiB are free in {folder}")
        return
    yield Finding(
        "database",
        "room",
        Level.FAIL,
        f"{free:,} MiB are free in {folder}, less than {_LEAST_FREE}",
        "make room there: on a full disk nothing is taken in, and nobody can sign in",
    )


def _chain(connection: Connection, deployment: Deployment) -> Finding:
    known = {row.key: row.value for row in connection.execute(META)}
    for name, expected in (
        ("chain_id", str(deployment.chain_id)),
        ("genesis", hex0x(deployment.genesis)),
    ):
        if known.get(name, expected) != expected:
            return Finding(
                "database",
                "chain",
                Level.FAIL,
                f"the ledger is of another chain: {name} {known[name]}",
                "name another --database; this ledger belongs to another deployment",
            )
    return Finding("database", "chain", Level.OK, "the ledger is of the deployment's chain")


def key_findings(specs: Sequence[str], chain_id: int) -> Iterator[Finding]:
    """That every named key can be used and is read by its owner alone."""
    for text in specs:
        spec = parse_key_spec(text)
        name = str(spec.get("keystore") or spec.get("env") or f"dev:{spec.get('dev')}")
        path = spec.get("keystore")
        if path is not None and (open_to := _too_open(Path(str(path)))):
            yield Finding(
                "keys", name, Level.FAIL, f"mode {open_to}: others may read it", f"chmod 600 {path}"
            )
            continue
        try:
            account = address_of_key(load_key(spec, chain_id=chain_id))
        except UsufructError as error:
            yield Finding("keys", name, Level.FAIL, error.rule or error.message, error.remedy or "")
            continue
        yield Finding("keys", name, Level.OK, f"opens to {account}")


def file_findings(state: Path) -> Iterator[Finding]:
    """Secret files in the state folder that others than their owner may read."""
    found = sorted({path for name in _SECRET_NAMES for path in state.rglob(name) if path.is_file()})
    for path in found:
        if open_to := _too_open(path):
            yield Finding(
                "keys",
                str(path),
                Level.FAIL,
                f"mode {open_to}: others may read it",
                f"chmod 600 {path}",
            )
    if (state / INCOMPLETE).exists():
        yield Finding(
            "database",
            "restore",
            Level.FAIL,
            "a restore was interrupted",
            f"run usufruct restore {(state / INCOMPLETE).read_text().strip()} again",
        )
    if found and not any(_too_open(path) for path in found):
        yield Finding(
            "keys", str(state), Level.OK, f"{len(found)} secret files, read by their owner alone"
        )


def secret_findings(path: Path, database: Database) -> Iterator[Finding]:
    """That the interface's secret is there where webhooks are signed by what is derived from it."""
    if path.exists():
        return
    with database.read() as connection:
        known = inspect(connection).has_table(webhook.name)  # not in one of an older schema
        signed = connection.execute(_WEBHOOKS).scalar() if known else 0
    if signed:
        yield Finding(
            "keys",
            str(path),
            Level.FAIL,
            f"is not there, and the secrets of {signed} webhooks are derived from it",
            "put the copy that was kept apart there before usufruct serve starts, which makes another one: "
            "every receiver then refuses what comes",
        )


def _too_open(path: Path) -> str | None:
    """The mode of a file that group or others may read or write; None if they may not, or it is not there."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None
    return f"{mode:04o}" if mode & (stat.S_IRWXG | stat.S_IRWXO) else None


def outbox_findings(path: Path, account: ChainAccount | None) -> Iterator[Finding]:
    """Transactions of the keeper that were sent and are not mined."""
    if not path.exists() or account is None:
        return
    outbox = Outbox(path)
    try:
        waiting = outbox.pending(account)
    finally:
        outbox.close()
    if waiting:
        keys = ", ".join(each.key for each in waiting[:3])
        yield Finding(
            "lag",
            "keeper",
            Level.FAIL,
            f"{len(waiting)} transactions of {account.address} are not mined: {keys}",
            "run usufruct keep --once with its key: it sends them again with higher fees",
        )
    else:
        yield Finding("lag", "keeper", Level.OK, f"no transaction of {account.address} is waiting")
