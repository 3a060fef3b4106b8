"""Open Charge Point Protocol 2.0.1 and 2.1: meter values in `TransactionEvent` and `MeterValues` requests.

Signed values (OCMF) are taken out and are records like any other; values without a signature are attested by a gateway.
"""

from usufruct_oracles.sources.ocpp.frames import pack, unpack
from usufruct_oracles.sources.ocpp.model import Event, OcppError, Sample, SignedValue
from usufruct_oracles.sources.ocpp.requests import parse
from usufruct_oracles.sources.ocpp.sessions import (
    FORM,
    decode,
    has_register,
    is_complete,
    missing_events,
    ocmf_records,
)

__all__ = [
    "FORM",
    "Event",
    "OcppError",
    "Sample",
    "SignedValue",
    "decode",
    "has_register",
    "is_complete",
    "missing_events",
    "ocmf_records",
    "pack",
    "parse",
    "unpack",
]
