"""Signatures of OCMF records: ECDSA over the sha256 of the very bytes between the pipes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from usufruct.core.signing import low_s
from usufruct_oracles.sources.ocmf.encodings import Malformed, from_base64, from_hex
from usufruct_oracles.sources.ocmf.model import OcmfError, Record, SignatureRefused

_CURVES: Final[Mapping[str, ec.EllipticCurve]] = {
    "secp192r1": ec.SECP192R1(),
    "secp256r1": ec.SECP256R1(),
    "secp256k1": ec.SECP256K1(),
    "secp384r1": ec.SECP384R1(),
    "brainpoolP256r1": ec.BrainpoolP256R1(),
    "brainpoolP384r1": ec.BrainpoolP384R1(),
}
SCHEMES: Final[Mapping[str, str]] = {"secp256k1": "device-secp256k1", "secp256r1": "device-p256"}
"""Schemes of MeterRegistry by curve: the chain judges these signatures itself."""

_UNCOMPRESSED: Final = b"\x04"
_SEQUENCE: Final = b"\x30"
_LONGEST_KEY: Final = 1024


def verify(record: Record, public_key: str | bytes) -> None:
    """None if the record's signature is that of the key over the payload.

    Args:
        record: The record.
        public_key: The device's key, which must come from elsewhere than the record: a DER SubjectPublicKeyInfo
            or a point of the curve (compressed, uncompressed, or both coordinates without the leading 04), as bytes
            or as hexadecimal or base64 text; white space in a text does not count.

    Raises:
        OcmfError: The key is malformed or of another curve, or the curve is not supported (secp192k1).
        SignatureRefused: The signature is malformed or does not hold.
    """
    key = load_key(record.signature.curve, public_key)
    _parts(record)
    try:
        key.verify(record.signature.der, record.payload, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise _refused(record, "the key's over the bytes between the pipes") from error


def load_key(curve: str, public_key: str | bytes) -> ec.EllipticCurvePublicKey:
    """A device's public key on the named curve, in any of the forms that `verify` takes.

    Raises:
        OcmfError: As for `verify`.
    """
    wanted = _CURVES.get(curve)
    if wanted is None:
        raise OcmfError(
            "the curve is not supported",
            field="SA",
            value=curve,
            rule="one of " + ", ".join(sorted(_CURVES)),
            remedy="192 bits of this curve are not offered by the cryptographic library; "
            "let the device sign with secp256r1",
        )
    raw = public_key if isinstance(public_key, bytes) else _decoded(public_key)
    try:
        return _spki(wanted, raw) if _is_spki(wanted, raw) else _point(wanted, raw)
    except (ValueError, UnsupportedAlgorithm, TypeError) as error:
        raise _bad_key(curve, raw, "a DER SubjectPublicKeyInfo or a point of the curve") from error


def compressed(curve: str, public_key: str | bytes) -> bytes:
    """The key as a compressed point, as a community file names it.

    Raises:
        OcmfError: As for `verify`.
    """
    key = load_key(curve, public_key)
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def compact(record: Record) -> bytes:
    """The signature as the chain takes it: r ‖ s, 64 bytes, with the low one of the two values of s.

    Both values of s sign the same bytes, so that a record has one digest whichever of them it came with.

    Raises:
        OcmfError: The curve is not one that the chain judges (`SCHEMES`).
        SignatureRefused: The signature is malformed.
    """
    scheme = SCHEMES.get(record.signature.curve)
    if scheme is None:
        raise OcmfError(
            "the chain does not judge signatures of this curve",
            field="SA",
            value=record.signature.algorithm,
            rule="secp256r1 or secp256k1 for a meter that is registered with its own key",
            remedy="register the meter as gateway-secp256k1",
        )
    r, s = _parts(record)
    return low_s(scheme, r, s)


def _parts(record: Record) -> tuple[int, int]:
    curve = _CURVES[record.signature.curve]
    try:
        r, s = decode_dss_signature(record.signature.der)
    except ValueError as error:
        raise _refused(record, "a DER structure of two integers (application/x-der)") from error
    if not (0 < r < curve.group_order and 0 < s < curve.group_order):
        raise _refused(record, "two integers below the order of the curve")
    return r, s


def _refused(record: Record, rule: str) -> SignatureRefused:
    return SignatureRefused(
        "the record's signature does not hold",
        field="SD",
        value=record.signature.der,
        rule=rule,
        remedy=f"fetch record {record.page} of {record.serial} again, and check which key the device has; "
        "if nobody changed it, the device may be forged",
    )


def _decoded(text: str) -> bytes:
    if len(text) > _LONGEST_KEY:
        raise _bad_key("", b"", f"at most {_LONGEST_KEY} characters")
    plain = "".join(text.split()).removeprefix("0x")
    for decode in (from_hex, from_base64):
        try:
            return decode(plain)
        except Malformed:
            continue
    raise _bad_key("", text.encode(errors="replace"), "hexadecimal or base64 text")


def _is_spki(wanted: ec.EllipticCurve, raw: bytes) -> bool:
    return raw[:1] == _SEQUENCE and len(raw) != 2 * _size(wanted)


def _spki(wanted: ec.EllipticCurve, raw: bytes) -> ec.EllipticCurvePublicKey:
    key = load_der_public_key(raw)
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != wanted.name:
        raise _bad_key(wanted.name, raw, "a key of the curve that the record names (SA)")
    return key


def _point(wanted: ec.EllipticCurve, raw: bytes) -> ec.EllipticCurvePublicKey:
    point = _UNCOMPRESSED + raw if len(raw) == 2 * _size(wanted) else raw
    return ec.EllipticCurvePublicKey.from_encoded_point(wanted, point)


def _size(curve: ec.EllipticCurve) -> int:
    """Bytes of a coordinate."""
    return (curve.key_size + 7) // 8


def _bad_key(curve: str, raw: bytes, rule: str) -> OcmfError:
    return OcmfError(
        f"not a public key{f' of {curve}' if curve else ''}",
        field="public key",
        value=raw,
        rule=rule,
        remedy="read the key from the device or its certificate again",
    )
