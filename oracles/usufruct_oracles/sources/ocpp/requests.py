"""Parsing requests by the schemas of OCPP 2.0.1; what 2.1 adds, and data of vendors, is passed over.

A request stands alone or in a call frame, `[2, id, action, payload]`, or in the frame `[6, …]` that 2.1 has for
requests without an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from usufruct.core.encoding import exact_number, load_json
from usufruct.errors import InputError
from usufruct_oracles.sources.ocmf.encodings import Malformed, from_base64
from usufruct_oracles.sources.ocpp.model import Event, OcppError, Sample, SignedValue
from usufruct_oracles.validation.rows import MAX_DIGITS, MAX_PLACES

MAX_REQUEST: Final = 256 * 1024
"""Longest request, bytes."""
MAX_SAMPLES: Final = 4096
"""Most sampled values of a request."""

ACTIONS: Final = ("TransactionEvent", "MeterValues")
"""Requests that carry meter values."""
REGISTER: Final = "Energy.Active.Import.Register"
"""The measurand where none is given."""

_CALLS: Final = (2, 6)
_KINDS: Final = ("Started", "Updated", "Ended")
_FRAME: Final = 4
_TEXT, _SIGNED, _TRANSACTION = 50, 2500, 36
_MOST_NUMBER: Final = 1 << 31
_MOST_EXPONENT: Final = 12
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def parse(data: str | bytes) -> Event:
    """The request in `data`.

    Raises:
        OcppError: Not JSON, another request, or a field breaks the protocol's schema.
    """
    raw = data.encode(errors="replace") if isinstance(data, str) else data
    if len(raw) > MAX_REQUEST:
        raise _wrong("request", f"{len(raw)} bytes", f"at most {MAX_REQUEST} bytes")
    try:
        found = load_json(raw, exact_number)
    except InputError as error:
        raise _wrong("request", error.value, "JSON in UTF-8 without duplicate names") from error
    action, payload = _action(found)
    if action == "MeterValues":
        return _meter_values(payload, raw)
    return _transaction_event(payload, raw)


def _action(found: object) -> tuple[str, Mapping[str, object]]:
    if isinstance(found, list):
        if len(found) != _FRAME or found[0] not in _CALLS or isinstance(found[0], bool):
            raise _wrong("request", _shape(found), "[2, id, action, payload]")
        action, payload = found[2], _object(found[3], "payload")
        if not isinstance(action, str) or action not in ACTIONS:
            raise _wrong("action", _shape(action), "one of " + ", ".join(ACTIONS))
        return action, payload
    payload = _object(found, "request")
    return (ACTIONS[0] if "eventType" in payload else ACTIONS[1]), payload


def _transaction_event(payload: Mapping[str, object], raw: bytes) -> Event:
    kind = _text(payload, "eventType", _TEXT)
    if kind not in _KINDS:
        raise _wrong("eventType", kind, "one of " + ", ".join(_KINDS))
    info = _object(payload.get("transactionInfo"), "transactionInfo")
    evse = None if "evse" not in payload else _object(payload["evse"], "evse")
    offline = payload.get("offline", False)
    if not isinstance(offline, bool):
        raise _wrong("offline", _shape(offline), "true or false")
    return Event(
        action=ACTIONS[0],
        kind=kind,
        time=_time(payload, "timestamp"),
        trigger=_text(payload, "triggerReason", _TEXT),
        number=_whole(payload, "seqNo"),
        transaction=_text(info, "transactionId", _TRANSACTION),
        offline=offline,
        evse=None if evse is None else _whole(evse, "id"),
        samples=_samples(payload.get("meterValue", [])),
        raw=raw,
    )


def _meter_values(payload: Mapping[str, object], raw: bytes) -> Event:
    if "meterValue" not in payload:
        raise _wrong("meterValue", "(missing)", "required")
    return Event(
        action=ACTIONS[1],
        kind="",
        time=0,
        trigger="",
        number=0,
        transaction="",
        offline=False,
        evse=_whole(payload, "evseId"),
        samples=_samples(payload["meterValue"]),
        raw=raw,
    )


def _samples(values: object) -> tuple[Sample, ...]:
    found: list[Sample] = []
    for value in _list(values, "meterValue"):
        fields = _object(value, "meterValue")
        time = _time(fields, "timestamp")
        for each in _list(fields.get("sampledValue"), "sampledValue"):
            found.append(_sample(_object(each, "sampledValue"), time))
            if len(found) > MAX_SAMPLES:
                raise _wrong("sampledValue", len(found), f"at most {MAX_SAMPLES} values")
    return tuple(found)


def _sample(fields: Mapping[str, object], time: int) -> Sample:
    unit = _object(fields.get("unitOfMeasure", {}), "unitOfMeasure")
    signed = fields.get("signedMeterValue")
    return Sample(
        time=time,
        value=_value(fields.get("value"), unit.get("multiplier", 0)),
        unit=_text(unit, "unit", _TEXT, "Wh"),
        context=_text(fields, "context", _TEXT, "Sample.Periodic"),
        measurand=_text(fields, "measurand", _TEXT, REGISTER),
        phase=_text(fields, "phase", _TEXT, ""),
        location=_text(fields, "location", _TEXT, "Outlet"),
        signed=None if signed is None else _signed(_object(signed, "signedMeterValue")),
    )


def _value(value: object, multiplier: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _wrong("value", _shape(value), "a JSON number")
    if isinstance(multiplier, bool) or not isinstance(multiplier, int):
        raise _wrong("multiplier", _shape(multiplier), "a whole number")
    if abs(multiplier) > _MOST_EXPONENT:
        raise _wrong("multiplier", multiplier, f"from -{_MOST_EXPONENT} to {_MOST_EXPONENT}")
    found = Decimal(value)
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int):
        raise _wrong("value", value, "a finite number")
    sign, digits, exponent = found.as_tuple()
    scaled = Decimal((sign, digits, int(exponent) + multiplier))
    if scaled.adjusted() >= MAX_DIGITS or -(int(exponent) + multiplier) > MAX_PLACES:
        raise _wrong("value", value, f"at most {MAX_DIGITS} digits and {MAX_PLACES} places")
    return scaled


def _signed(fields: Mapping[str, object]) -> SignedValue:
    text = _text(fields, "signedMeterData", MAX_REQUEST)
    try:
        data = from_base64(text)
    except Malformed as error:
        raise _wrong("signedMeterData", text, "base64") from error
    return SignedValue(
        data=data,
        encoding=_text(fields, "encodingMethod", _TEXT),
        method=_text(fields, "signingMethod", _TEXT, ""),
        key=_text(fields, "publicKey", _SIGNED, ""),
    )


def _time(fields: Mapping[str, object], key: str) -> int:
    text = _text(fields, key, _TEXT)
    time = _milliseconds(text) if _TIME.fullmatch(text) else None
    if time is None or time < 0:
        raise _wrong(key, text, "an RFC 3339 time with an offset, not before 1970")
    return time


def _milliseconds(text: str) -> int | None:
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        return None  # the 31st of February, an offset of two days


def _text(fields: Mapping[str, object], key: str, most: int, default: str | None = None) -> str:
    value = fields.get(key, default)
    if not isinstance(value, str) or not (default is not None or 0 < len(value)):
        raise _wrong(key, _shape(value), "a text, required" if default is None else "a text")
    if len(value) > most:
        raise _wrong(key, value, f"at most {most} characters")
    return value


def _whole(fields: Mapping[str, object], key: str) -> int:
    value = fields.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MOST_NUMBER:
        raise _wrong(key, _shape(value), "a whole number from 0, required")
    return value


def _object(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _wrong(name, _shape(value), "a JSON object")
    return value


def _list(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise _wrong(name, _shape(value), "a JSON array")
    return value


def _shape(value: object) -> str:
    return repr(value) if isinstance(value, str | int | None) else type(value).__name__


def _wrong(name: str, value: object, rule: str) -> OcppError:
    return OcppError(
        f"{name} breaks the schema of OCPP 2.x",
        field=name,
        value=value,
        rule=rule,
        remedy="correct the charging station's software, or leave the request out",
    )
