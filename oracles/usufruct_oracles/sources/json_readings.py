"""Readings as JSON (protocol §4f): form `json/1`, what simple devices publish.

One reading, or `{"readings": […]}` of at most 1000. A reading has `start` (RFC 3339 with offset, or unix seconds),
`duration_s`, `value` (a number, or its digits as a text), `unit`, and perhaps `quality` (ESPI, 0 if absent). Numbers
are exact: their digits are read, not their nearest binary fraction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NoReturn

from usufruct.config import Meter
from usufruct.core.documents import items, text, wrong
from usufruct.errors import InputError
from usufruct_oracles.sources.decoding import VALID, malformed, not_a_number, row, unreadable
from usufruct_oracles.validation.rows import LATEST, Row, parse_duration, parse_start, parse_value
from usufruct_oracles.validation.verdicts import shown

FORM = "json/1"
"""Name of the form."""
MAX_BYTES = 256 * 1024
"""Largest payload."""
MAX_READINGS = 1000
"""Most readings of a payload."""

_REQUIRED = {"start", "duration_s", "value", "unit"}
_OPTIONAL = {"quality"}
_WHOLE = re.compile(r"\d{1,12}", re.ASCII)
_MAX_QUALITY = 255


class _Digits(str):
    """A number as it is written."""

    __slots__ = ()


def decode_json(payload: bytes, meter: Meter) -> Sequence[Row]:
    """The readings of a payload. A `Decoder`."""
    try:
        found = load_digits(payload)
        readings = [found]
        if isinstance(found, dict) and set(found) == {"readings"}:
            readings = items(found["readings"], "readings")
        if len(readings) > MAX_READINGS:
            raise wrong("readings", len(readings), f"at most {MAX_READINGS}")
    except InputError as error:
        return unreadable(payload, meter, error)
    return [_row(number, each, meter) for number, each in enumerate(readings, 1)]


def load_digits(payload: bytes) -> object:
    """A JSON document whose numbers are texts of their digits (of a class of their own).

    Raises:
        InputError: Too large, not JSON, a key twice, NaN or infinity.
    """
    if len(payload) > MAX_BYTES:
        raise wrong("payload", f"{len(payload)} bytes", f"at most {MAX_BYTES}")
    try:
        return json.loads(
            payload.decode(),
            parse_float=_Digits,
            parse_int=_Digits,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
    except (ValueError, RecursionError) as error:
        raise wrong("payload", str(error)[:80], "a JSON document") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a key stands there twice"
        raise ValueError(message)
    return found


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is no number"
    raise ValueError(message)


def _row(number: int, value: object, meter: Meter) -> Row:
    line = json.dumps(value, ensure_ascii=True)
    try:
        if not isinstance(value, dict) or not _REQUIRED <= set(value) <= _REQUIRED | _OPTIONAL:
            raise wrong("reading", line, f"an object with {', '.join(sorted(_REQUIRED))}, quality")
        if isinstance(value["unit"], _Digits):
            raise wrong("unit", value["unit"], "a text")
        unit = text(value["unit"], "unit")
        start, duration = _start(value["start"]), _duration(value["duration_s"])
        quality = _quality(value.get("quality", _Digits(VALID)))
    except InputError as error:
        fault = malformed(error.one_line(), error.remedy or "correct the device's program")
        return row(
            number,
            line,
            meter,
            start=None,
            duration=None,
            exact=None,
            unit="",
            quality=-1,
            fault=fault,
        )
    found = parse_value(str(value["value"])) if isinstance(value["value"], str) else None
    bad_value = not_a_number(f"value {shown(str(value['value']))} is not a plain decimal")
    exact = None if found is None else Fraction(found.numerator, 10**found.places)
    return row(
        number,
        line,
        meter,
        start=start,
        duration=duration,
        exact=exact,
        unit=unit,
        quality=quality,
        fault=bad_value if found is None else None,
    )


def _start(value: object) -> int:
    found = None
    if isinstance(value, _Digits):
        found = int(value) if _WHOLE.fullmatch(value) and int(value) < LATEST else None
    elif isinstance(value, str):
        found = parse_start(value)
    if found is None:
        raise wrong("start", value, "RFC 3339 with an offset, or unix seconds")
    return found


def _duration(value: object) -> int:
    found = parse_duration(value) if isinstance(value, _Digits) else None
    if found is None:
        raise wrong("duration_s", value, "whole seconds from 1 to a month")
    return found


def _quality(value: object) -> int:
    if not isinstance(value, _Digits) or not _WHOLE.fullmatch(value) or int(value) > _MAX_QUALITY:
        raise wrong("quality", value, "an ESPI code")
    return int(value)
