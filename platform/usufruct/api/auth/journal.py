"""The access log: every privileged read and write, and every refusal, before the answer goes out.

Rows are only added (the database refuses anything else) and chained: row n holds
sha256(hash of n-1 ‖ canonical JSON of [n, at, actor, role, action, resource, outcome]), the first follows 32 zero
bytes. Whoever noted a hash can tell later whether anything before it was changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, String, bindparam, func, insert, select, update

from usufruct.core.encoding import canonical_json
from usufruct.errors import EvidenceError
from usufruct.ledger.models import access_head, access_log
from usufruct.ledger.reads.rows import Query

__all__ = ["ENTRY", "FILTERS", "HEAD", "LOG_PAGE", "Entry", "append", "check", "log_part"]

Outcome = Literal["granted", "refused"]
_SHOWN: Final = 512
_START: Final = bytes(32)

HEAD: Final = select(access_head.c.number, access_head.c.hash)
"""Number and hash of the last row."""
LOG_PAGE: Final = (
    select(access_log)
    .where(access_log.c.number < bindparam("before"))
    .order_by(access_log.c.number.desc())
    .limit(bindparam("limit"))
)
"""Rows numbered below :before, newest first."""
ENTRY: Final = select(access_log.c.number).where(access_log.c.number == bindparam("number"))
"""Row :number, if there is one."""

FILTERS: Final = ("actor", "role", "action", "outcome", "resource", "since", "until")
"""What a part of the log may be asked for: equal to, for the resource beginning with, for times from and before."""


@cache
def log_part(given: frozenset[str]) -> Query:
    """`LOG_PAGE` of what fits: binds each of `given`, which are of FILTERS."""
    column = access_log.c
    conditions = {
        "actor": column.actor == bindparam("actor"),
        "role": column.role == bindparam("role"),
        "action": column.action == bindparam("action"),
        "outcome": column.outcome == bindparam("outcome"),
        "resource": func.substr(
            column.resource, 1, func.length(bindparam("resource", type_=String))
        )
        == bindparam("resource", type_=String),
        "since": column.at >= bindparam("since"),
        "until": column.at < bindparam("until"),
    }
    return LOG_PAGE.where(*(conditions[each] for each in sorted(given)))


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what by which role."""

    actor: str
    role: str
    action: str
    resource: str
    outcome: Outcome


def append(connection: Connection, entry: Entry, now: int) -> int:
    """Adds a row; its number. Writers follow one another on the row of the head."""
    head = connection.execute(HEAD.with_for_update()).one()
    number = int(head.number) + 1
    resource = "".join(each if each.isprintable() else "?" for each in entry.resource)[:_SHOWN]
    fields = [number, now, entry.actor, entry.role, entry.action, resource, entry.outcome]
    digest = _chained(head.hash, fields)
    connection.execute(
        insert(access_log).values(
            number=number,
            at=now,
            actor=entry.actor,
            role=entry.role,
            action=entry.action,
            resource=resource,
            outcome=entry.outcome,
            hash=digest,
        )
    )
    connection.execute(update(access_head).values(number=number, hash=digest))
    return number


def check(connection: Connection) -> int:
    """Recomputes the whole chain; the number of rows. Raises EvidenceError at the first row that was changed."""
    rows: Iterable[Row[Any]] = connection.execute(select(access_log).order_by(access_log.c.number))
    last, count = _START, 0
    for row in rows:
        count += 1
        fields = [row.number, row.at, row.actor, row.role, row.action, row.resource, row.outcome]
        last = _chained(last, fields)
        if row.number != count or last != row.hash:
            raise _broken(count)
    head = connection.execute(HEAD).one()
    if (head.number, head.hash) != (count, last):
        raise _broken(count + 1)
    return count


def _chained(before: bytes, fields: list[object]) -> bytes:
    return sha256(before + canonical_json(fields)).digest()


def _broken(number: int) -> EvidenceError:
    return EvidenceError(
        "the access log was changed",
        field="number",
        value=number,
        rule="each row's hash covers the row and the one before",
        remedy="compare with a copy; find out who can write to the database",
    )
