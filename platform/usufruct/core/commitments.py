"""Pedersen commitments C = v·G + r·H on secp256k1 (protocol §3): hiding, binding and additive.

The point at infinity, which commits to 0 with the blinding 0, is written as 33 zero bytes: the same
as the open quantity 0, so that "nothing" looks the same in open and in committed streams.
"""

import hmac
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256

from coincurve import PublicKey

from usufruct.core.privacy_keys import meter_secret
from usufruct.errors import EvidenceError, InputError

__all__ = [
    "INFINITY",
    "H",
    "N",
    "add_commitments",
    "blinding",
    "commit",
    "h_point",
    "meter_secret",
    "point_of",
    "weigh_commitments",
]

N = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
"""Order of the group."""
INFINITY = bytes(33)
"""The point at infinity."""

_TAG = b"usufruct/pedersen/H/1"


@cache
def h_point() -> PublicKey:
    """H, whose logarithm to the base G nobody knows: try-and-increment over sha256 of a tag."""
    for attempt in range(256):
        x = sha256(_TAG + attempt.to_bytes(4, "big")).digest()
        try:
            return PublicKey(b"\x02" + x)
        except ValueError:
            continue
    message = "no point H"
    raise AssertionError(message)


H: bytes = h_point().format()
"""H as a compressed point (33 bytes, even y)."""


def blinding(
    meter_secret: bytes, stream: int, meter: int, end: int, duration: int, rev: int
) -> int:
    """The blinding r of one reading, 0 < r < N; the same reading always has the same one.

    Raises:
        OverflowError: A number does not fit its width in the leaf.
    """
    message = b"".join(
        (
            b"usufruct/blinding/1",
            stream.to_bytes(4, "big"),
            meter.to_bytes(8, "big"),
            end.to_bytes(8, "big"),
            duration.to_bytes(4, "big"),
            rev.to_bytes(1, "big"),
        )
    )
    while True:
        found = int.from_bytes(hmac.digest(meter_secret, message, "sha512"), "big") % N
        if found:
            return found
        message += b"\x01"


def commit(value: int, blinding: int) -> bytes:
    """value·G + blinding·H as a compressed point (33 bytes), INFINITY for 0 and 0.

    Raises:
        InputError: A number is not in [0, N).
    """
    if not 0 <= value < N:
        raise _outside("value", value)
    if not 0 <= blinding < N:
        raise _outside("blinding", "(secret)")
    scalar = value.to_bytes(32, "big")
    if blinding == 0:
        return PublicKey.from_secret(scalar).format() if value else INFINITY
    blinded = h_point().multiply(blinding.to_bytes(32, "big"))
    if value == 0:
        return blinded.format()
    try:
        return blinded.add(scalar).format()
    except ValueError:
        # Only for blinding = −value/log(H), which nobody can choose on purpose.
        return INFINITY


def add_commitments(points: Iterable[bytes]) -> bytes:
    """Sum of commitments: commits to Σ value with Σ blinding mod N. INFINITY for none.

    Raises:
        EvidenceError: A field is not a point of the curve.
    """
    terms = [point_of(each) for each in points if each != INFINITY]
    if not terms:
        return INFINITY
    try:
        return PublicKey.combine_keys(terms).format()
    except ValueError:
        return INFINITY


def weigh_commitments(points: Sequence[bytes], weights: Sequence[int]) -> bytes:
    """Σ weight·C: commits to Σ weight·value with Σ weight·blinding mod N. INFINITY for none.

    Args:
        points: Commitments.
        weights: As many natural numbers, e.g. prices.

    Raises:
        EvidenceError: A field is not a point of the curve.
        InputError: A weight is not in [0, N).
    """
    terms = []
    for point, weight in zip(points, weights, strict=True):
        if not 0 <= weight < N:
            raise _outside("weight", weight)
        if weight and point != INFINITY:
            terms.append(point_of(point).multiply(weight.to_bytes(32, "big")).format())
    return add_commitments(terms)


def point_of(field: bytes) -> PublicKey:
    """The point of a commitment that is not INFINITY.

    Raises:
        EvidenceError: Not a compressed point of the curve.
    """
    try:
        if len(field) == len(INFINITY):
            return PublicKey(field)
    except ValueError:
        pass
    raise EvidenceError(
        "not a commitment",
        field="quantity",
        value=field,
        rule="a compressed point of secp256k1 (33 bytes)",
        remedy="fetch the leaf again from another worker",
    )


def _outside(name: str, shown: object) -> InputError:
    return InputError(
        "number outside the group",
        field=name,
        value=shown,
        rule="0 ≤ number < order of secp256k1",
        remedy="reduce sums of blindings modulo the order; quantities are not negative",
    )
