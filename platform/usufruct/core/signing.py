"""Signatures: the oracle's (EIP-2098 over digests) and the meters' (compact ECDSA over sha256).

All are 64 bytes with a low s; a high s is refused, so that nobody can make a second form. Exactly:

- 0 < r < n and 0 < s ≤ n/2, n the order of the curve; another length than 64 bytes is no signature.
  `verify_record` answers false, `recover` raises, also where the key would be the point at infinity.
- EIP-2098 has no place for an r that overflowed (the recovery ids 2 and 3): such a signature, which
  one in 2^128 would be, is refused, as the contracts' `ecrecover` does.
- A public key is a point of the curve, compressed (33 bytes, 02 or 03) or uncompressed (65 bytes,
  04); the hybrid forms 06 and 07 and the point at infinity are refused.
- A private key is 32 bytes, 0 < key < n.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256

from coincurve import PrivateKey, PublicKey
from coincurve.ecdsa import cdata_to_der, der_to_cdata, deserialize_compact, serialize_compact
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from usufruct.core.commitments import N
from usufruct.core.encoding import checksum_address
from usufruct.core.keccak import keccak256
from usufruct.errors import EvidenceError, InputError

SCHEMES: Mapping[str, int] = {
    "gateway-secp256k1": 1,
    "device-secp256k1": 2,
    "device-p256": 3,
}
"""Signature schemes of meters and their numbers in MeterRegistry."""
SIGNATURE_LENGTH = 64
"""Bytes of every signature."""

_P256_N = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551
_PARITY = 1 << 255
_DIGEST = 32
_P256 = "device-p256"
_ENCODINGS = {(33, b"\x02"), (33, b"\x03"), (65, b"\x04")}


# --- The oracle's signatures ---------------------------------------------------------------------


def address_of(private_key: bytes) -> str:
    """Checksummed address of a secp256k1 key (32 bytes).

    Raises:
        InputError: Not a private key.
    """
    return _address(PrivateKey(_scalar(private_key, N)).public_key)


def sign_digest(private_key: bytes, digest: bytes) -> bytes:
    """Deterministic signature r ‖ vs (EIP-2098, 64 bytes) over a 32-byte digest.

    Raises:
        InputError: Not a private key, or another length.
    """
    if len(digest) != _DIGEST:
        raise InputError(
            "not a digest",
            field="digest",
            value=digest,
            rule="32 bytes are signed",
            remedy="hash the message first",
        )
    signature = _secp256k1_private(private_key).sign_recoverable(digest, hasher=None)
    vs = int.from_bytes(signature[32:64], "big") | (signature[64] << 255)
    return signature[:32] + vs.to_bytes(32, "big")


def recover(digest: bytes, signature: bytes) -> str:
    """Checksummed address of the signer of `digest`.

    Raises:
        EvidenceError: Another length, a high s, or no valid signature.
    """
    vs = int.from_bytes(signature[32:], "big")
    s = vs & (_PARITY - 1)
    if len(signature) == SIGNATURE_LENGTH and len(digest) == _DIGEST and s <= N // 2:
        whole = signature[:32] + s.to_bytes(32, "big") + bytes([vs >> 255])
        try:
            return _address(PublicKey.from_signature_and_message(whole, digest, hasher=None))
        except ValueError:
            pass
    raise EvidenceError(
        "not a signature of the digest",
        field="signature",
        value=signature,
        rule="64 bytes r ‖ vs (EIP-2098) with low s over a 32-byte digest",
        remedy="ask the signer again",
    )


def pack_signatures(table: Sequence[str], signatures: Mapping[str, bytes]) -> tuple[int, bytes]:
    """Bitmap over the signer table and the signatures in its order (protocol §8).

    Args:
        table: Signer addresses, ascending.
        signatures: 64-byte signature by address.

    Raises:
        InputError: A signature by somebody who is not in the table.
    """
    places = {address.lower(): place for place, address in enumerate(table)}
    by_place: dict[int, bytes] = {}
    for address, signature in signatures.items():
        place = places.get(address.lower())
        if place is None:
            raise InputError(
                "signature of a stranger",
                field="signer",
                value=address,
                rule="only members of the signer table sign",
                remedy="read the signer table from TelemetryAnchor again",
            )
        by_place[place] = signature
    bitmap = sum(1 << place for place in by_place)
    return bitmap, b"".join(by_place[place] for place in sorted(by_place))


def unpack_signatures(table: Sequence[str], bitmap: int, blob: bytes) -> dict[str, bytes]:
    """Signature by address; the reverse of `pack_signatures`.

    Raises:
        EvidenceError: A bit outside the table, or another number of signatures than bits.
    """
    signers = [address for place, address in enumerate(table) if bitmap >> place & 1]
    if bitmap >> len(table) or len(blob) != SIGNATURE_LENGTH * len(signers):
        raise EvidenceError(
            "signatures do not fit the signer table",
            field="signers",
            value=f"{bitmap:#b} with {len(blob)} bytes",
            rule=f"at most {len(table)} bits, 64 bytes for each set one",
            remedy="read the signer table that was in force at the time",
        )
    parts = (blob[at : at + SIGNATURE_LENGTH] for at in range(0, len(blob), SIGNATURE_LENGTH))
    return dict(zip(signers, parts, strict=True))


# --- The meters' signatures ----------------------------------------------------------------------


def public_key(scheme: str, private_key: bytes) -> bytes:
    """Compressed public key (33 bytes) of a meter's key.

    Raises:
        InputError: Unknown scheme, or not a private key.
    """
    if _is_p256(scheme):
        key = _p256_private(private_key).public_key()
        return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return PrivateKey(_scalar(private_key, N)).public_key.format()


def key_xy(scheme: str, compressed: bytes) -> tuple[bytes, bytes]:
    """Coordinates of a compressed public key, 32 bytes each, as MeterRegistry stores them.

    Raises:
        InputError: Unknown scheme, or not a point of its curve.
    """
    if _is_p256(scheme):
        raw = _p256_public(compressed).public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    else:
        raw = _secp256k1_public(compressed).format(compressed=False)
    return raw[1:33], raw[33:]


def sign_record(scheme: str, private_key: bytes, payload: bytes) -> bytes:
    """Deterministic signature r ‖ s (64 bytes, low s) over sha256(payload).

    Raises:
        InputError: Unknown scheme, or not a private key.
    """
    if not _is_p256(scheme):
        der = _secp256k1_private(private_key).sign(payload, hasher=_sha256)
        return bytes(serialize_compact(der_to_cdata(der)))
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    return low_s(scheme, *decode_dss_signature(_p256_private(private_key).sign(payload, algorithm)))


def low_s(scheme: str, r: int, s: int) -> bytes:
    """r ‖ s (64 bytes) with the lower of the two values of s that sign the same bytes.

    Raises:
        InputError: Unknown scheme.
    """
    order = _P256_N if _is_p256(scheme) else N
    return r.to_bytes(32, "big") + min(s, order - s).to_bytes(32, "big")


def verify_record(scheme: str, public_key: bytes, payload: bytes, signature: bytes) -> bool:
    """Whether `signature` is the key's over sha256(payload); false for a high s.

    Args:
        scheme: One of SCHEMES.
        public_key: Compressed (33 bytes) or uncompressed key (65 bytes).
        payload: The record's bytes.
        signature: r ‖ s, 64 bytes.

    Raises:
        InputError: Unknown scheme, or the key is not a point of its curve.
    """
    p256 = _is_p256(scheme)
    order = _P256_N if p256 else N
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != SIGNATURE_LENGTH or not (0 < r < order and 0 < s <= order // 2):
        return False
    if not p256:
        der = cdata_to_der(deserialize_compact(signature))
        return bool(_secp256k1_public(public_key).verify(der, payload, hasher=_sha256))
    try:
        _p256_public(public_key).verify(
            encode_dss_signature(r, s), payload, ec.ECDSA(hashes.SHA256())
        )
    except InvalidSignature:
        return False
    return True


def _address(key: PublicKey) -> str:
    return checksum_address(keccak256(key.format(compressed=False)[1:])[12:])


def _sha256(data: bytes) -> bytes:
    return sha256(data).digest()


def _is_p256(scheme: str) -> bool:
    if scheme not in SCHEMES:
        raise InputError(
            "unknown signature scheme",
            field="scheme",
            value=scheme,
            rule="one of " + ", ".join(SCHEMES),
            remedy="correct the meter's scheme",
        )
    return scheme == _P256


# Making a key object computes its public key, which costs more than a signature: the last few are
# kept. The bytes they are made from live as long in the process that signs.
@lru_cache(maxsize=64)
def _secp256k1_private(private_key: bytes) -> PrivateKey:
    return PrivateKey(_scalar(private_key, N))


@lru_cache(maxsize=64)
def _p256_private(private_key: bytes) -> ec.EllipticCurvePrivateKey:
    scalar = int.from_bytes(_scalar(private_key, _P256_N), "big")
    return ec.derive_private_key(scalar, ec.SECP256R1())


@lru_cache(maxsize=4096)
def _p256_public(compressed: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _encoded(compressed))
    except ValueError as error:
        raise _bad_key(compressed) from error


@lru_cache(maxsize=4096)
def _secp256k1_public(compressed: bytes) -> PublicKey:
    try:
        return PublicKey(_encoded(compressed))
    except ValueError as error:
        raise _bad_key(compressed) from error


def _encoded(key: bytes) -> bytes:
    """The key, whose form is one that the libraries agree on; ValueError otherwise."""
    if (len(key), key[:1]) not in _ENCODINGS:
        message = "another form"
        raise ValueError(message)
    return key


def _scalar(private_key: bytes, order: int) -> bytes:
    if len(private_key) == _DIGEST and 0 < int.from_bytes(private_key, "big") < order:
        return private_key
    raise InputError(
        "not a private key",
        field="private key",
        value="(secret)",
        rule="32 bytes, above 0 and below the order of the curve",
        remedy="make another key",
    )


def _bad_key(compressed: bytes) -> InputError:
    return InputError(
        "not a public key",
        field="public key",
        value=compressed,
        rule="a point of the scheme's curve: 33 bytes compressed, or 65 bytes",
        remedy="read the key from the device again",
    )
