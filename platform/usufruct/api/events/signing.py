"""Signatures of webhooks as standardwebhooks.com has them: HMAC-SHA256 over id, time and body.

The id is the same for every attempt at an event, so that a receiver that keeps ids takes each event once; the time
is that of the attempt, so that an old request is refused.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Final

from usufruct.errors import EvidenceError

__all__ = ["TOLERANCE", "secret_of", "sign", "verify"]

TOLERANCE: Final = 300
"""Seconds that a receiver's clock may differ."""
_PREFIX: Final = "whsec_"


def secret_of(site: bytes, webhook: str) -> str:
    """The secret of a webhook, from the interface's own: it stands in no database."""
    derived = hmac.digest(site, f"usufruct webhook/{webhook}".encode(), sha256)
    return _PREFIX + b64encode(derived).decode()


def sign(secret: str, message: str, time: int, body: bytes) -> str:
    """The header `webhook-signature`."""
    key = b64decode(secret.removeprefix(_PREFIX))
    signed = f"{message}.{time}.".encode() + body
    return "v1," + b64encode(hmac.digest(key, signed, sha256)).decode()


def verify(secret: str, message: str, time: str, body: bytes, signature: str, now: int) -> None:
    """What a receiver does. Raises EvidenceError unless the request is ours and recent."""
    recent = time.isascii() and time.isdigit() and abs(now - int(time[:12])) <= TOLERANCE
    given = signature.split(" ")
    if recent and any(
        hmac.compare_digest(each, sign(secret, message, int(time[:12]), body)) for each in given
    ):
        return
    raise EvidenceError(
        "this webhook cannot be trusted",
        field="webhook-signature" if recent else "webhook-timestamp",
        value=message,
        rule=f"signed with the shared secret within {TOLERANCE} s",
        remedy="drop it; a real one is sent again",
    )
