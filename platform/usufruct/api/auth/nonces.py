"""Nonces that need no memory until they are used, and then are used once.

A nonce is the time of its making, chance, and a tag over both: whoever did not get it from here cannot make one, and
asking for many fills no table. The first use is a row with the nonce as its key, in the transaction that makes the
session; the second use meets that row, also after a crash and on another machine.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, delete, insert
from sqlalchemy.exc import IntegrityError

from usufruct.ledger.models import used_nonce

__all__ = ["LIFETIME", "fresh", "is_ours", "use"]

LIFETIME: Final = 600
"""Seconds from its making to its use."""
_TIME, _CHANCE, _TAG = 8, 12, 12
_LENGTH: Final = 2 * (_TIME + _CHANCE + _TAG)


def fresh(secret: bytes, now: int) -> str:
    """A nonce: 64 hexadecimal digits."""
    body = now.to_bytes(_TIME) + secrets.token_bytes(_CHANCE)
    return (body + _tag(secret, body)).hex()


def is_ours(secret: bytes, nonce: str, now: int) -> bool:
    """Whether it was made here within its lifetime, letter for letter: another case would be used anew."""
    try:
        raw = bytes.fromhex(nonce)
    except ValueError:
        return False
    body = raw[:-_TAG]
    spelled = raw.hex() == nonce and len(nonce) == _LENGTH
    if not spelled or not hmac.compare_digest(raw[-_TAG:], _tag(secret, body)):
        return False
    return 0 <= now - int.from_bytes(body[:_TIME]) <= LIFETIME


def use(connection: Connection, nonce: str, now: int) -> bool:
    """Marks a nonce as used; False if it was before. Forgets those that have expired."""
    connection.execute(delete(used_nonce).where(used_nonce.c.expires_at < now))
    try:
        with connection.begin_nested():
            row = {"nonce": nonce, "expires_at": now + 2 * LIFETIME}
            connection.execute(insert(used_nonce).values(row))
    except IntegrityError:
        return False
    return True


def _tag(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, b"usufruct nonce/" + body, sha256)[:_TAG]
