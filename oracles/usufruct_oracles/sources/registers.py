"""Readings of cumulative registers (protocol §4a): form `register/1`.

A meter that counts up for ever tells its register at moments; the quantity of an interval is the difference. A
message holds at least two moments and begins with the last one of the message before, so that it can be read
by itself. The register may roll over: its digits are told. Where it is set back or the meter is replaced, the
old register's last value (`final`) and the new one's first (`start`) are told, so that no quantity is lost or made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from usufruct.config import Meter
from usufruct.errors import InputError
from usufruct_oracles.sources.alive import unreadable
from usufruct_oracles.validation.rows import (
    MAX_DURATION,
    MAX_PLACES,
    Row,
    Value,
    parse_start,
    parse_value,
)
from usufruct_oracles.validation.rules import COUNTED, ESTIMATED
from usufruct_oracles.validation.verdicts import Rule, Verdict, shown

FORM: Final = "register/1"
"""Name of the form."""

_HEADING = "usufruct/register/1"
_RULE = (
    f"{_HEADING}, stream, meter, digits and unit, then lines `time,value,quality` or "
    "`time,value,quality,final|start`, each ended by a line feed"
)
_SCALE = re.compile(r"([1-9]|1[0-5]),([A-Za-z0-9]{1,16})", re.ASCII)
_QUALITY = re.compile(r"[0-9]{1,3}", re.ASCII)
_HEAD_LINES = 4
_COLUMNS = 3
_LEAST = 2
_EVENTS = {"", "final", "start"}
_UNIT: Final = 10**MAX_PLACES
_MOST = 10_000
_RESET = "tell the old register's last value as `final` and the new one's first as `start`"


@dataclass(frozen=True, slots=True)
class _Moment:
    """What the register showed: `value` in 10^-MAX_PLACES of its unit."""

    number: int
    line: str
    time: int
    value: int
    quality: int
    event: str


def decode_registers(payload: bytes, meter: Meter) -> Sequence[Row]:
    """The quantities between the moments of a payload. A `Decoder`."""
    try:
        digits, unit, moments = _parse(payload, meter)
    except InputError as error:
        fault = Verdict(Rule.MALFORMED, error.one_line(), error.remedy or _RULE)
        return [unreadable(payload, meter, fault)]
    return list(_intervals(moments, meter, unit, _UNIT * 10**digits))


def _intervals(moments: Sequence[_Moment], meter: Meter, unit: str, modulus: int) -> Iterator[Row]:
    """One row for each two plain moments that follow each other, with all that the registers counted between."""
    opened, total = moments[0], 0
    quality, fault = opened.quality, None
    for before, after in pairwise(moments):
        if before.event != "final":
            step = (after.value - before.value) % modulus
            # A register that has rolled over has gone a small way; one that was set back, nearly all the way.
            if after.value < before.value and 2 * step > modulus:
                fault = fault or _backwards(before, after)
            total += step
        quality = max(quality, after.quality, key=_severity)
        if after.event:
            continue
        yield Row(
            number=after.number,
            line=after.line,
            meter=meter.code,
            start=opened.time,
            duration=after.time - opened.time,
            value=None if fault is not None else Value(total, MAX_PLACES),
            unit=unit,
            quality=quality,
            fault=fault,
        )
        opened, total, quality, fault = after, 0, after.quality, None


def _severity(quality: int) -> tuple[int, int]:
    """Refused codes before estimated ones before those that count in full."""
    return (0 if quality in COUNTED else 1 if quality in ESTIMATED else 2), quality


def _backwards(before: _Moment, after: _Moment) -> Verdict:
    return Verdict(
        Rule.REGISTER_BACKWARDS,
        f"the register went from {shown(before.line)} back to {shown(after.line)}",
        f"if it was reset or replaced, {_RESET}",
    )


def _parse(payload: bytes, meter: Meter) -> tuple[int, str, list[_Moment]]:
    lines = payload.decode("ascii", "replace").split("\n")
    scale = _SCALE.fullmatch(lines[3]) if len(lines) > _HEAD_LINES else None
    if lines[:3] != [_HEADING, meter.stream, meter.code] or scale is None or lines.pop():
        raise _wrong("\n".join(lines[:_HEAD_LINES]))
    if len(lines) > _MOST:
        raise _wrong(f"{len(lines)} lines, at most {_MOST} are read")
    modulus = _UNIT * 10 ** int(scale[1])
    moments = [
        _moment(number, line, modulus)
        for number, line in enumerate(lines[_HEAD_LINES:], _HEAD_LINES + 1)
    ]
    if len(moments) < _LEAST or moments[0].event or moments[-1].event:
        raise _wrong("begins and ends with a reading without an event")
    for before, after in pairwise(moments):
        _follows(before, after)
    return int(scale[1]), scale[2], moments


def _moment(number: int, line: str, modulus: int) -> _Moment:
    parts = line.split(",")
    if len(parts) == _COLUMNS:
        parts.append("")
    if len(parts) != _COLUMNS + 1 or parts[3] not in _EVENTS or not _QUALITY.fullmatch(parts[2]):
        raise _wrong(line)
    time, value = parse_start(parts[0]), parse_value(parts[1])
    if time is None or value is None or value.numerator < 0:
        raise _wrong(line)
    scaled = value.numerator * 10 ** (MAX_PLACES - value.places)
    if scaled >= modulus:
        raise _wrong(line)
    return _Moment(number, line, time, scaled, int(parts[2]), parts[3])


def _follows(before: _Moment, after: _Moment) -> None:
    swapped = (before.event == "final", after.event == "start")
    later = after.time >= before.time if all(swapped) else after.time > before.time
    if not later or any(swapped) != all(swapped) or after.time - before.time > MAX_DURATION:
        raise _wrong(after.line)


def _wrong(value: str) -> InputError:
    return InputError(
        "not register readings of the meter",
        field="payload",
        value=value,
        rule=_RULE,
        remedy="write the moments in order, each value below the register's capacity; " + _RESET,
    )
