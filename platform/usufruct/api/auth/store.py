"""Grants, keys and sessions in the database; of a secret only its hash is kept."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Connection,
    Row,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from usufruct.api.auth.principal import Grant, Principal, Role
from usufruct.contracts import address
from usufruct.errors import InputError
from usufruct.ledger.models import access_grant, session
from usufruct.ledger.reads.rows import Query

__all__ = [
    "GRANTS_OF_WALLET",
    "KEY",
    "KEY_PREFIX",
    "SESSION",
    "SESSION_PREFIX",
    "NewSession",
    "add_key",
    "end_session",
    "grant_wallet",
    "hashed",
    "list_grants",
    "open_session",
    "principal_of_key",
    "principal_of_wallet",
    "revoke",
]

KEY_PREFIX: Final = "uk_"
SESSION_PREFIX: Final = "us_"
_BYTES: Final = 32
_ID_BYTES: Final = 6

_now: Final[BindParameter[int]] = bindparam("now")


def _in_force(query: Query) -> Query:
    table = access_grant.c
    return query.where(
        table.revoked_at.is_(None), or_(table.expires_at.is_(None), table.expires_at > _now)
    )


KEY: Final = _in_force(select(access_grant).where(access_grant.c.secret == bindparam("secret")))
"""The grant of the key whose hash is :secret, if it is in force at :now."""
GRANTS_OF_WALLET: Final = _in_force(
    select(access_grant).where(
        access_grant.c.wallet == bindparam("wallet"), access_grant.c.secret.is_(None)
    )
)
"""Roles of :wallet at :now."""
SESSION: Final = select(session).where(
    session.c.token == bindparam("token"), session.c.expires_at > _now, session.c.ended_at.is_(None)
)
"""The session whose token's hash is :token, if it lasts at :now."""


def hashed(secret: str) -> bytes:
    """What is kept of a secret with 256 bits of chance."""
    return sha256(secret.encode()).digest()


# --- Machines --------------------------------------------------------------------------------------


def add_key(
    connection: Connection,
    *,
    name: str,
    role: Role,
    wallet: bytes | None,
    streams: Sequence[int],
    now: int,
    expires_at: int | None,
) -> tuple[str, str]:
    """Makes a key; its id and the key itself, which is not kept. InputError for a grant without sense."""
    _check(name, role, wallet, streams)
    number = "key_" + secrets.token_hex(_ID_BYTES)
    key = KEY_PREFIX + secrets.token_urlsafe(_BYTES)
    _insert(connection, number, name, role, wallet, streams, hashed(key), now, expires_at)
    return number, key


def grant_wallet(
    connection: Connection,
    *,
    name: str,
    role: Role,
    wallet: bytes,
    streams: Sequence[int],
    now: int,
    expires_at: int | None,
) -> str:
    """Gives a role to a wallet that signs in; its id."""
    if role is Role.INVESTOR:
        raise _senseless("role", role, "every wallet is the investor of its own rights already")
    _check(name, role, None, streams)
    number = "rol_" + secrets.token_hex(_ID_BYTES)
    _insert(connection, number, name, role, wallet, streams, None, now, expires_at)
    return number


def list_grants(connection: Connection) -> Sequence[Row[Any]]:
    """All grants, the oldest first, also those that were revoked."""
    return connection.execute(
        select(access_grant).order_by(access_grant.c.created_at, access_grant.c.id)
    ).all()


def revoke(connection: Connection, number: str, now: int) -> bool:
    """Ends a grant at once; False if there is none in force with this id."""
    done = connection.execute(
        update(access_grant)
        .where(access_grant.c.id == number, access_grant.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return done.rowcount == 1


def _insert(
    connection: Connection,
    number: str,
    name: str,
    role: Role,
    wallet: bytes | None,
    streams: Sequence[int],
    secret: bytes | None,
    now: int,
    expires_at: int | None,
) -> None:
    row = {
        "id": number,
        "name": name,
        "role": role.value,
        "wallet": wallet,
        "streams": json.dumps(sorted(set(streams))),
        "secret": secret,
        "created_at": now,
        "expires_at": expires_at,
    }
    connection.execute(insert(access_grant).values(row))


_NAME: Final = 64


def _check(name: str, role: Role, wallet: bytes | None, streams: Sequence[int]) -> None:
    if not 0 < len(name) <= _NAME or not name.isprintable():
        raise _senseless("name", name, f"1 to {_NAME} characters that can be printed")
    if (role is Role.INVESTOR) != (wallet is not None):
        raise _senseless("wallet", wallet, "an investor's key has a wallet, other keys have none")
    if streams and role is not Role.OPERATOR:
        raise _senseless("stream", list(streams), "only operators' roles are bound to streams")


def _senseless(field: str, value: object, rule: str) -> InputError:
    return InputError(
        "this grant makes no sense",
        field=field,
        value=value,
        rule=rule,
        remedy="see usufruct keys --help",
    )


def principal_of_key(row: Row[Any]) -> Principal:
    """Who uses a key."""
    return Principal(row.id, row.wallet, (_grant(row),))


def _grant(row: Row[Any]) -> Grant:
    return Grant(Role(row.role), frozenset(json.loads(row.streams)))


# --- Sessions --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewSession:
    """What somebody who signed in is given, once.

    Attributes:
        token: Opaque; a bearer token or the value of a cookie.
        csrf: To be sent along with every write if the cookie is used.
        expires_at: Unix seconds.
    """

    token: str
    csrf: str
    expires_at: int

    def __repr__(self) -> str:
        return f"NewSession(…, expires_at={self.expires_at})"


def open_session(connection: Connection, wallet: bytes, now: int, seconds: int) -> NewSession:
    """Makes a session of a wallet. Forgets those that have expired."""
    connection.execute(delete(session).where(session.c.expires_at < now))
    made = NewSession(
        SESSION_PREFIX + secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES), now + seconds
    )
    connection.execute(
        insert(session).values(
            token=hashed(made.token),
            csrf=hashed(made.csrf),
            wallet=wallet,
            created_at=now,
            expires_at=made.expires_at,
        )
    )
    return made


def end_session(connection: Connection, token: bytes, now: int) -> None:
    """Ends the session whose token's hash is `token`."""
    connection.execute(update(session).where(session.c.token == token).values(ended_at=now))


def principal_of_wallet(wallet: bytes, grants: Sequence[Row[Any]]) -> Principal:
    """Who signed in with a wallet."""
    own = (Grant(Role.INVESTOR), *(_grant(row) for row in grants))
    return Principal(address(wallet), wallet, own)
