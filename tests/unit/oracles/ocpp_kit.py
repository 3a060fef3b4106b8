"""Makes requests of OCPP 2.x as a charging station would send them."""

from __future__ import annotations

import base64
import json
from typing import Any


def sample(value: Any, context: str | None = None, **fields: Any) -> dict[str, Any]:
    found = {"value": value, "context": context, **fields}
    return {name: each for name, each in found.items() if each is not None}


def signed_sample(record: str, context: str = "Transaction.End", **fields: Any) -> dict[str, Any]:
    signed = {
        "signedMeterData": base64.b64encode(record.encode()).decode(),
        "signingMethod": "",
        "encodingMethod": "OCMF",
        "publicKey": "",
        **fields,
    }
    return sample(0, context, signedMeterValue=signed)


def values(time: str, *samples: dict[str, Any]) -> dict[str, Any]:
    return {"timestamp": f"2026-10-01T{time}Z", "sampledValue": list(samples)}


def event(kind: str, number: int, *meter_values: dict[str, Any], **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "eventType": kind,
        "timestamp": f"2026-10-01T08:{number:02d}:00Z",
        "triggerReason": "MeterValuePeriodic",
        "seqNo": number,
        "transactionInfo": {"transactionId": "tx-1"},
        "evse": {"id": 1},
        "meterValue": list(meter_values),
        **fields,
    }
    return {name: each for name, each in found.items() if each not in (None, [])}


def meter_values(*values: dict[str, Any]) -> dict[str, Any]:
    return {"evseId": 1, "meterValue": list(values)}


def call(payload: dict[str, Any], action: str = "TransactionEvent", kind: int = 2) -> bytes:
    return json.dumps([kind, "id-1", action, payload]).encode()


def transaction() -> list[bytes]:
    """A transaction of 7.25 kWh from 08:00 to 08:30, unsigned."""
    return [
        call(event("Started", 0, values("08:00:00", sample(100_500, "Transaction.Begin")))),
        call(event("Updated", 1, values("08:15:00", sample(104_000)))),
        call(event("Ended", 2, values("08:30:00", sample(107_750, "Transaction.End")))),
    ]
