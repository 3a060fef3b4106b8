"""Readings in Sparkplug B payloads (protocol §4f): form `sparkplug/1`.

A record is a heading that names metric, alias, data type, unit and interval, then the payload's bytes, verbatim.
Aliases and data types stand in birth certificates alone; the gateway that saw the birth writes them into the heading,
so that whoever has the record finds the same reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from usufruct.config import Meter
from usufruct.core.documents import keyed, natural, text, wrong
from usufruct.core.encoding import canonical_json, load_json
from usufruct.errors import InputError
from usufruct_oracles.sources.decoding import VALID, malformed, not_a_number, row, unreadable
from usufruct_oracles.sources.sparkplug_proto import (
    DOUBLE,
    FLOAT,
    INT8,
    INT16,
    INT32,
    INT64,
    STRING,
    TEXT,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
    payload_class,
)
from usufruct_oracles.validation.rows import LATEST, Row, parse_value
from usufruct_oracles.validation.verdicts import Verdict, shown

FORM = "sparkplug/1"
"""Name of the form."""
MAX_BYTES = 256 * 1024
"""Largest payload."""
MAX_METRICS = 5000
"""Most metrics of a payload."""

QUESTIONABLE = 10
"""ESPI quality of a metric whose `Quality` is not good."""

_KEYS = {"v", "metric", "alias", "datatype", "unit", "duration", "stamp"}
_STAMPS = ("start", "end")
_NO_ALIAS = -1
_MAX_HEADING = 4096
_GOOD = 192
_THOUSAND = 1000
_SIGNED = {INT8: 8, INT16: 16, INT32: 32, INT64: 64}
_WHOLE = {*_SIGNED, UINT8, UINT16, UINT32, UINT64}


@dataclass(frozen=True, slots=True)
class Metric:
    """How a metric is read.

    Attributes:
        name: Its name.
        alias: Its alias, None without one.
        datatype: Its data type, from the birth certificate.
        unit: Unit of its values.
        duration: Seconds of an interval.
        stamp: Whether its timestamp is the `start` or the `end` of the interval.
    """

    name: str
    alias: int | None
    datatype: int
    unit: str
    duration: int
    stamp: str


def parse_payload(data: bytes) -> Any:
    """The message in a payload.

    Raises:
        InputError: Too large, or no Sparkplug B payload.
        ConfigError: protobuf is not installed.
    """
    found = payload_class()()
    if len(data) > MAX_BYTES:
        raise wrong("payload", f"{len(data)} bytes", f"at most {MAX_BYTES}")
    try:
        found.ParseFromString(data)
    except Exception as error:  # the class of protobuf's error depends on its backend
        raise wrong("payload", data[:32], "a Sparkplug B payload") from error
    if len(found.metrics) > MAX_METRICS:
        raise wrong("metrics", len(found.metrics), f"at most {MAX_METRICS}")
    return found


def sparkplug_record(metric: Metric, payload: bytes) -> bytes:
    """The record of one metric's readings in a payload."""
    heading: dict[str, object] = {
        "v": 1,
        "metric": metric.name,
        "alias": _NO_ALIAS if metric.alias is None else metric.alias,
        "datatype": metric.datatype,
        "unit": metric.unit,
        "duration": metric.duration,
        "stamp": metric.stamp,
    }
    return canonical_json(heading) + b"\n" + payload


def is_of(found: Any, name: str, alias: int | None) -> bool:
    """Whether a metric of a payload is the one of that name or alias."""
    if found.HasField("name") and found.name:
        return bool(found.name == name)
    return alias is not None and found.HasField("alias") and bool(found.alias == alias)


def decode_sparkplug(payload: bytes, meter: Meter) -> Sequence[Row]:
    """The readings of a record. A `Decoder`."""
    try:
        metric, data = _opened(payload)
        found = parse_payload(data)
    except InputError as error:
        return unreadable(payload, meter, error)
    default = found.timestamp if found.HasField("timestamp") else None
    matching = [each for each in found.metrics if is_of(each, metric.name, metric.alias)]
    return [_row(number, each, metric, default, meter) for number, each in enumerate(matching, 1)]


def _opened(record: bytes) -> tuple[Metric, bytes]:
    end = record.find(b"\n", 0, _MAX_HEADING)
    if end < 0:
        raise wrong("record", record[:32], "a heading line of JSON, then the payload")
    found = keyed(load_json(record[:end]), _KEYS, "heading")
    stamp = text(found["stamp"], "stamp")
    if found["v"] != 1 or stamp not in _STAMPS:
        raise wrong("stamp", stamp, f"version 1 and one of {', '.join(_STAMPS)}")
    alias = found["alias"]
    return Metric(
        name=text(found["metric"], "metric"),
        alias=None if alias == _NO_ALIAS else natural(alias, "alias"),
        datatype=natural(found["datatype"], "datatype"),
        unit=text(found["unit"], "unit"),
        duration=natural(found["duration"], "duration"),
        stamp=stamp,
    ), record[end + 1 :]


def _row(number: int, found: Any, metric: Metric, default: int | None, meter: Meter) -> Row:
    stamp = found.timestamp if found.HasField("timestamp") else default
    start, fault = _start(stamp, metric)
    exact, bad_value = _value(found, metric)
    return row(
        number,
        f"{metric.name} {stamp} {exact}",
        meter,
        start=start,
        duration=metric.duration,
        exact=exact,
        unit=metric.unit,
        quality=_quality(found),
        fault=fault or bad_value,
    )


def _start(stamp: int | None, metric: Metric) -> tuple[int | None, Verdict | None]:
    """Start of the interval from a timestamp in milliseconds."""
    if stamp is None:
        return None, malformed("no timestamp", "let the edge node stamp its metrics")
    seconds, rest = divmod(stamp, _THOUSAND)
    if metric.stamp == "end":
        seconds -= metric.duration
    if rest or not 0 <= seconds < LATEST:
        return None, malformed(
            f"timestamp {stamp} ms is no whole second", "stamp the bounds of intervals"
        )
    return seconds, None


def _value(found: Any, metric: Metric) -> tuple[Fraction | None, Verdict | None]:
    """The exact number; binary fractions as the shortest decimal that is the same float."""
    if found.is_null:
        return None, not_a_number("the metric is null")
    kind = found.datatype if found.HasField("datatype") else metric.datatype
    field = found.WhichOneof("value")
    digits = ""
    if kind in _WHOLE and field in {"int_value", "long_value"}:
        return Fraction(_whole(getattr(found, field), kind)), None
    if kind == FLOAT and field == "float_value":
        digits = np.format_float_positional(np.float32(found.float_value), trim="-")
    elif kind == DOUBLE and field == "double_value":
        digits = np.format_float_positional(np.float64(found.double_value), trim="-")
    elif kind in {STRING, TEXT} and field == "string_value":
        digits = found.string_value
    value = parse_value(digits)
    if value is None:
        return None, not_a_number(
            f"{field} {shown(digits)} of data type {kind} is no plain decimal"
        )
    return Fraction(value.numerator, 10**value.places), None


def _whole(number: int, kind: int) -> int:
    """An integer from its two's complement."""
    bits = _SIGNED.get(kind)
    if bits is None:
        return number
    number &= (1 << bits) - 1
    return number - (1 << bits) if number >> (bits - 1) else number


def _quality(found: Any) -> int:
    """ESPI quality by the property `Quality`: 192 is good, what is absent too."""
    properties = dict(zip(found.properties.keys, found.properties.values, strict=False))
    stated = properties.get("Quality")
    return VALID if stated is None or stated.int_value == _GOOD else QUESTIONABLE
