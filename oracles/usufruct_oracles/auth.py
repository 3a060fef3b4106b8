"""Signatures of requests between workers, and from the platform to a worker.

A request carries three headers: `X-Usufruct-Address`, `X-Usufruct-Time` (unix seconds) and
`X-Usufruct-Signature` (64 bytes r ‖ vs as hex). Signed is an EIP-191 personal message (version 0x45)
whose text names the deployment, the method, the path with its query, the body's hash and the time:

    usufruct oracle request
    chain 31337
    anchor 0x…
    POST /v1/sign/batch
    body 0x<keccak256 of the body>
    time 1790000000

EIP-191 version 0x45 can never be mistaken for the EIP-712 digests that the quorum signs, and the chain
and the anchor's address keep a request from being used at another deployment.

Workers whose clocks differ by more than `MAX_SKEW` seconds can still speak with each other: whoever refuses a
request tells its own time in `X-Usufruct-Time` of the answer, and the caller signs the request anew for that time.
The time then is a challenge, which binds a request more closely than the caller's clock would.

A captured request may be sent again within `MAX_SKEW` seconds. That is harmless: every endpoint is
idempotent. The same proposal yields the same signature, which the first caller has already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from usufruct.core.encoding import hex0x, unhex
from usufruct.core.keccak import keccak256
from usufruct.core.signing import address_of, recover, sign_digest
from usufruct.errors import UsufructError

MAX_SKEW = 300
"""Seconds by which a request's time may differ from the receiver's wall clock."""
MAX_BODY = 1 << 20
"""Largest accepted request body in bytes."""

ADDRESS = "X-Usufruct-Address"
TIME = "X-Usufruct-Time"
SIGNATURE = "X-Usufruct-Signature"

_MAX_DIGITS = 12


class Unauthenticated(UsufructError):
    """The request does not carry a valid signature of the address it names."""


@dataclass(frozen=True, slots=True)
class Realm:
    """The deployment that requests belong to.

    Attributes:
        chain_id: Number of the chain.
        anchor: Address of the TelemetryAnchor.
    """

    chain_id: int
    anchor: str

    def digest(self, method: str, target: str, body: bytes, time: int) -> bytes:
        """The digest that the caller signs; `target` is the path with its query string."""
        text = (
            f"usufruct oracle request\nchain {self.chain_id}\nanchor {self.anchor.lower()}\n"
            f"{method.upper()} {target}\nbody {hex0x(keccak256(body))}\ntime {time}"
        ).encode()
        return keccak256(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text)


def sign_request(
    key: bytes, realm: Realm, method: str, target: str, body: bytes, time: int
) -> dict[str, str]:
    """The headers that authenticate a request, signed with the private key `key`."""
    signature = sign_digest(key, realm.digest(method, target, body, time))
    return {ADDRESS: address_of(key), TIME: str(time), SIGNATURE: hex0x(signature)}


def told_time(headers: Mapping[str, str]) -> int | None:
    """The time that whoever refused a request has told, None if it told none."""
    told = headers.get(TIME, "")
    return int(told) if told.isascii() and told.isdigit() and len(told) <= _MAX_DIGITS else None


def caller_of(
    realm: Realm, method: str, target: str, body: bytes, headers: Mapping[str, str], now: int
) -> str:
    """The address that signed the request.

    Args:
        realm: The deployment.
        method: HTTP method.
        target: Path with its query string.
        body: The body as received.
        headers: The request's headers, looked up by the names of this module.
        now: The receiver's wall clock, unix seconds.

    Raises:
        Unauthenticated: A header is missing or malformed, the time is too far off, or the signature
            is not that of the named address.
    """
    claimed, time_text, signature_text = (headers.get(name) for name in (ADDRESS, TIME, SIGNATURE))
    if claimed is None or time_text is None or signature_text is None:
        raise Unauthenticated(
            "the request is not signed",
            field="headers",
            rule=f"{ADDRESS}, {TIME} and {SIGNATURE} are required",
            remedy="sign the request with an oracle's or a reader's key",
        )
    time = _time(time_text, now)
    found = _recovered(realm.digest(method, target, body, time), signature_text)
    if found.lower() != claimed.lower():
        raise Unauthenticated(
            "the signature is not that of the named address",
            field=SIGNATURE,
            rule="must be made with the key of the address in " + ADDRESS,
            remedy="check that both workers use the same deployment record",
        )
    return found


def _time(text: str, now: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise Unauthenticated(
            "the request's time is malformed",
            field=TIME,
            rule="unix seconds in decimal digits",
            remedy="send the present time",
        )
    time = int(text)
    if abs(time - now) > MAX_SKEW:
        raise Unauthenticated(
            "the request's time is too far from this worker's clock",
            field=TIME,
            value=text,
            rule=f"within {MAX_SKEW} s of {now}",
            remedy="synchronise both machines' clocks",
        )
    return time


def _recovered(digest: bytes, signature: str) -> str:
    try:
        return recover(digest, unhex(signature))
    except (UsufructError, ValueError) as error:
        raise Unauthenticated(
            "the request's signature is malformed",
            field=SIGNATURE,
            rule="64 bytes r ‖ vs in hex, low s",
            remedy="sign the request with an oracle's or a reader's key",
        ) from error
