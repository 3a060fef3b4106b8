"""Makes OCMF records as a meter would: signed with keys of its own, over the very bytes."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from usufruct.keys import dev_meter_key

CURVES: Mapping[str, ec.EllipticCurve] = {
    "ECDSA-secp192r1-SHA256": ec.SECP192R1(),
    "ECDSA-secp256k1-SHA256": ec.SECP256K1(),
    "ECDSA-secp256r1-SHA256": ec.SECP256R1(),
    "ECDSA-secp384r1-SHA256": ec.SECP384R1(),
    "ECDSA-brainpool256r1-SHA256": ec.BrainpoolP256R1(),
    "ECDSA-brainpool384r1-SHA256": ec.BrainpoolP384R1(),
}
P256, K256 = "ECDSA-secp256r1-SHA256", "ECDSA-secp256k1-SHA256"
P384 = "ECDSA-secp384r1-SHA256"
METER = "charger-01"


@cache
def key(algorithm: str, number: int = 0) -> ec.EllipticCurvePrivateKey:
    """A device's key on the algorithm's curve."""
    return ec.derive_private_key(0x0C3F_0000_0001 + number, CURVES[algorithm])


@cache
def meter_key(code: str = METER) -> ec.EllipticCurvePrivateKey:
    """The key with which a meter of the example community signs."""
    return ec.derive_private_key(int.from_bytes(dev_meter_key(code), "big"), ec.SECP256K1())


def spki(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def reading(
    reason: str | None = "B", value: Any = 100.5, time: str = "10:00:00", **fields: Any
) -> dict[str, Any]:
    """A reading on 1 October 2026, with fields changed, or left out if they are None."""
    found: dict[str, Any] = {
        "TM": f"2026-10-01T{time},000+0200 S",
        "TX": reason,
        "RV": value,
        "RI": "1-0:1.8.0",
        "RU": "kWh",
        "RT": "AC",
        "EF": "",
        "ST": "G",
        **fields,
    }
    return {name: each for name, each in found.items() if each is not None}


def session(**ends: Any) -> list[dict[str, Any]]:
    """Beginning and end of a transaction of 7.25 kWh in half an hour."""
    return [reading(), reading("E", 107.75, "10:30:00", **ends)]


def payload(**fields: Any) -> dict[str, Any]:
    """The payload of a whole transaction, with fields changed, or left out if they are None."""
    found: dict[str, Any] = {
        "FV": "1.0",
        "GI": "Gateway 1",
        "GS": "GW-0001",
        "GV": "1.4",
        "PG": "T41",
        "MV": "Maker",
        "MM": "Model",
        "MS": "M-0001",
        "MF": "1.0",
        "IS": True,
        "IL": "VERIFIED",
        "IF": ["RFID_PLAIN", "OCPP_RS_TLS"],
        "IT": "ISO14443",
        "ID": "1F2D3A4F5506C7",
        "RD": session(),
        **fields,
    }
    return {name: each for name, each in found.items() if each is not None}


def fiscal(**fields: Any) -> dict[str, Any]:
    """The payload of a fiscal record: two values of a register, a quarter of an hour apart."""
    none = dict.fromkeys(("IS", "IL", "IF", "IT", "ID"))
    rd = [reading(None, 10, "10:00:00"), reading(None, 10.25, "10:15:00")]
    return payload(**{"PG": "F7", "RD": rd, **none, **fields})


def text_of(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def signed(
    body: object | None = None,
    algorithm: str = P256,
    private: ec.EllipticCurvePrivateKey | None = None,
    **section: Any,
) -> str:
    """A record over `body` (an object, or JSON text verbatim); `section` changes the signature section."""
    text = text_of(payload() if body is None else body)
    private = private or key(algorithm)
    der = private.sign(text.encode(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    shown = base64.b64encode(der).decode() if section.get("SE") == "base64" else der.hex().upper()
    found = {"SA": algorithm, "SD": shown, **section}
    return f"OCMF|{text}|{json.dumps({k: v for k, v in found.items() if v is not None})}"


def of_meter(body: object | None = None, code: str = METER) -> str:
    """A record that a meter of the example community signed."""
    return signed(body, K256, meter_key(code))
