"""The vocabularies of OCMF, by the tables of its specification (SAFE e.V., version 1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

VERSION: Final = 1
"""Major version of the format that is read; minor versions add fields."""
KNOWN_MINOR: Final = 3
"""Newest minor version whose fields are all known: a later one may bring names that are not."""

METER_STATES: Final[Mapping[str, str]] = {
    "N": "not present",
    "G": "good",
    "T": "timeout",
    "D": "disconnected",
    "R": "not found any more",
    "M": "manipulated",
    "X": "exchanged",
    "I": "incompatible",
    "O": "out of range",
    "S": "substitute value",
    "E": "other error",
    "F": "read error",
}
"""Table 10: ST."""
GOOD: Final = "G"
"""The only state of a meter whose value counts."""

LEVELS: Final = frozenset(
    [
        "NONE",
        "HEARSAY",
        "TRUSTED",
        "VERIFIED",
        "CERTIFIED",
        "SECURE",
        "MISMATCH",
        "INVALID",
        "OUTDATED",
        "UNKNOWN",
    ]
)
"""Table 11: IL."""
FLAGS: Final = frozenset(
    [
        "RFID_NONE",
        "RFID_PLAIN",
        "RFID_RELATED",
        "RFID_PSK",
        "OCPP_NONE",
        "OCPP_RS",
        "OCPP_AUTH",
        "OCPP_RS_TLS",
        "OCPP_AUTH_TLS",
        "OCPP_CACHE",
        "OCPP_WHITELIST",
        "OCPP_CERTIFIED",
        "ISO15118_NONE",
        "ISO15118_PNC",
        "PLMN_NONE",
        "PLMN_RING",
        "PLMN_SMS",
    ]
)
"""Tables 13 to 16: IF."""
IDENTIFICATIONS: Final = frozenset(
    [
        "NONE",
        "DENIED",
        "UNDEFINED",
        "ISO14443",
        "ISO15693",
        "EMAID",
        "EVCCID",
        "EVCOID",
        "ISO7812",
        "CARD_TXN_NR",
        "CENTRAL",
        "CENTRAL_1",
        "CENTRAL_2",
        "LOCAL",
        "LOCAL_1",
        "LOCAL_2",
        "PHONE_NUMBER",
        "KEY_CODE",
    ]
)
"""Table 17: IT."""
CHARGE_POINTS: Final = frozenset({"EVSEID", "CBIDC"})
"""Table 18: CT."""

TIME_STATES: Final[Mapping[str, str]] = {
    "U": "unknown",
    "I": "informative",
    "S": "synchronised",
    "R": "relative",
}
"""Table 19: the last letter of TM."""

REASONS: Final[Mapping[str, str]] = {
    "B": "begin",
    "C": "charging",
    "X": "exception",
    "E": "end",
    "L": "ended locally",
    "R": "ended remotely",
    "A": "aborted",
    "P": "power failure",
    "S": "suspended",
    "T": "tariff change",
}
"""Table 7: TX."""
BEGIN: Final = "B"
"""The reading with which a transaction begins."""
ENDS: Final = frozenset("ELRAP")
"""The readings with which one ends."""
EXCEPTION: Final = "X"
"""From this reading on, time or energy of a transaction are not usable."""

ENERGY_UNITS: Final = frozenset({"kWh", "Wh"})
"""Units of energy."""
RESISTANCE_UNITS: Final = frozenset({"mOhm", "uOhm"})
"""Units of a cable's resistance, LU."""
UNITS: Final = ENERGY_UNITS | RESISTANCE_UNITS
"""Table 20: RU."""
CURRENTS: Final = frozenset({"AC", "DC"})
"""Table 21: RT."""
ERRORS: Final[Mapping[str, str]] = {"E": "energy", "t": "time"}
"""Table 7: EF, what is not usable any more."""

ENCODINGS: Final = frozenset({"hex", "base64"})
"""Table 8: SE."""
MIME: Final = "application/x-der"
"""Table 8: the one value of SM."""
DEFAULT_ALGORITHM: Final = "ECDSA-secp256r1-SHA256"
"""Table 22: SA where it is missing."""
CURVES: Final[Mapping[str, str]] = {
    "ECDSA-secp192k1-SHA256": "secp192k1",
    "ECDSA-secp256k1-SHA256": "secp256k1",
    "ECDSA-secp192r1-SHA256": "secp192r1",
    DEFAULT_ALGORITHM: "secp256r1",
    "ECDSA-brainpool256r1-SHA256": "brainpoolP256r1",
    "ECDSA-secp384r1-SHA256": "secp384r1",
    "ECDSA-brainpool384r1-SHA256": "brainpoolP384r1",
    # The curves' own names (RFC 5639), which meters and the S.A.F.E. transparency software write.
    "ECDSA-brainpoolP256r1-SHA256": "brainpoolP256r1",
    "ECDSA-brainpoolP384r1-SHA256": "brainpoolP384r1",
}
"""Table 22: the curve of each algorithm; all hash with SHA-256."""
