"""Reading one CSV line: exact, in integers, and strict about every column.

Whatever could be read is kept even if a column is wrong, so that a rejected row can still be attributed
to its meter and moment and its money be told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import lru_cache

from usufruct_oracles.validation.verdicts import Rule, Verdict, shown

COLUMNS = 6
"""Columns of a row."""
WITH_REQUEST = 7
"""Columns of a row that also tells what was asked for."""
MAX_DIGITS = 15
"""Most digits before the decimal point."""
MAX_PLACES = 9
"""Most digits after it."""
MAX_DURATION = 31 * 86_400
"""Longest session, seconds."""
LATEST = 1 << 37
"""Latest start, unix seconds: beyond it (the year 6325) calendars give up."""

_START = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_VALUE = re.compile(r"(-?)(\d{1,15})(?:\.(\d{1,9}))?", re.ASCII)
_DIGITS = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_METER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_MAX_QUALITY = 255
_TIME_COLUMNS = 2
_HOUR = slice(11, 19)
_MIDNIGHT = "24:00:00"
_DAY = 86_400

# Rows of a file share their meters, starts, durations and qualities.
_cached = lru_cache(maxsize=1 << 13)


@dataclass(frozen=True, slots=True)
class Value:
    """A decimal as numerator · 10^−places; exact."""

    numerator: int
    places: int

    def quantity(self, multiplier: Fraction) -> int:
        """⌊value · multiplier⌋ in base units; negative for a negative value."""
        scale = (
            multiplier.denominator if not self.places else multiplier.denominator * 10**self.places
        )
        return self.numerator * multiplier.numerator // scale


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file, as far as it could be read.

    Attributes:
        number: Number of the line in the file, 2 for the first under the header.
        line: The line, verbatim.
        meter: Code of the meter, "" if there is none.
        start: Start, unix seconds; None if unreadable.
        duration: Length in seconds; None if unreadable.
        value: The value; None if unreadable.
        unit: Label of the unit.
        quality: ESPI quality code; -1 if unreadable.
        fault: The first column that is wrong, None if all can be read.
        requested: What the session's user asked for, in the same unit; None if it was not told.
    """

    number: int
    line: str
    meter: str
    start: int | None
    duration: int | None
    value: Value | None
    unit: str
    quality: int
    fault: Verdict | None
    requested: Value | None = None

    @property
    def end(self) -> int | None:
        """End of the interval or session, unix seconds."""
        if self.start is None or self.duration is None:
            return None
        return self.start + self.duration


def parse_row(number: int, line: str, columns: int = COLUMNS) -> Row:
    """The row in `line`; never raises, `fault` says what is wrong.

    Args:
        number: Number of the line.
        line: The line.
        columns: Columns of the file, `COLUMNS` or `WITH_REQUEST`.
    """
    parts = line.split(",")
    if len(parts) != columns:
        return _broken_row(number, line, parts, columns)
    meter, start_text, duration_text, value_text, unit, quality_text = parts[:COLUMNS]
    asked_text = parts[COLUMNS] if columns == WITH_REQUEST else ""
    asked = parse_value(asked_text) if asked_text else None
    start, duration = parse_start(start_text), parse_duration(duration_text)
    value, quality = parse_value(value_text), _parse_quality(quality_text)
    fault = None
    if not _is_code(meter):
        meter, fault = "", _malformed(f"meter is {shown(meter)}, not a code")
    elif start is None:
        fault = _malformed(f"start is {shown(start_text)}, not RFC 3339 with an offset")
    elif duration is None:
        fault = _malformed(f"duration_s is {shown(duration_text)}, not whole seconds above 0")
    elif value is None:
        fault = _not_a_number(value_text)
    elif quality < 0:
        fault = _malformed(f"quality is {shown(quality_text)}, not an ESPI code")
    elif asked_text and (asked is None or asked.numerator < 0):
        fault = _malformed(f"requested is {shown(asked_text)}, not a plain decimal")
    return Row(number, line, meter, start, duration, value, unit, quality, fault, asked)


def parse_line(number: int, line: str) -> Row:
    """The row in a line of a day file, which tells what was asked for if it has one column more.

    The line alone decides, since the file's header is not signed.
    """
    columns = WITH_REQUEST if line.count(",") == WITH_REQUEST - 1 else COLUMNS
    return parse_row(number, line, columns)


def _broken_row(number: int, line: str, parts: list[str], columns: int) -> Row:
    """A row with too few or too many columns: meter and time are kept where they look right."""
    meter = parts[0] if _is_code(parts[0]) else ""
    start = parse_start(parts[1]) if len(parts) > _TIME_COLUMNS else None
    duration = parse_duration(parts[2]) if len(parts) > _TIME_COLUMNS else None
    fault = _malformed(f"{len(parts)} columns instead of {columns}")
    return Row(number, line, meter, start, duration, None, "", -1, fault)


@_cached
def parse_start(text: str) -> int | None:
    """Unix seconds of an RFC 3339 time with an offset and whole seconds; None for anything else.

    The end of a day may be written as its 24:00:00 (ISO 8601): it is the next day's midnight.
    """
    if _START.fullmatch(text) is None:
        return None
    later = _DAY if text[_HOUR] == _MIDNIGHT else 0
    if later:
        text = text[: _HOUR.start] + "00:00:00" + text[_HOUR.stop :]
    try:
        found = int(datetime.fromisoformat(text).timestamp()) + later
    except (ValueError, OverflowError):
        return None  # the 31st of February, 25 o'clock, an offset of two days
    return found if 0 <= found < LATEST else None


@_cached
def parse_duration(text: str) -> int | None:
    """Whole seconds from 1 to a month; None for anything else."""
    if _WHOLE.fullmatch(text) is None:
        return None
    seconds = int(text)
    return seconds if 0 < seconds <= MAX_DURATION else None


def parse_value(text: str) -> Value | None:
    """A plain decimal of at most 15 and 9 digits, no exponent; None for anything else."""
    match = _VALUE.fullmatch(text)
    if match is None:
        return None
    sign, whole, places = match.groups()
    if places is None:
        number, count = int(whole), 0
    else:
        number, count = int(whole + places), len(places)
    return Value(-number if sign else number, count)


@_cached
def _parse_quality(text: str) -> int:
    quality = int(text) if _WHOLE.fullmatch(text) else -1
    return quality if quality <= _MAX_QUALITY else -1


@_cached
def _is_code(text: str) -> bool:
    return _METER.fullmatch(text) is not None


def _malformed(detail: str) -> Verdict:
    return Verdict(
        Rule.MALFORMED, detail, "correct the row at its source, sign the meter's day again"
    )


def _not_a_number(text: str) -> Verdict:
    if _DIGITS.fullmatch(text):
        detail = f"value {shown(text)} has more than {MAX_DIGITS} digits or {MAX_PLACES} places"
    else:
        detail = f"value {shown(text)} is not a plain decimal"
    return Verdict(
        Rule.NOT_A_NUMBER,
        detail,
        f"write digits with at most one point and {MAX_PLACES} places: no exponent, NaN or infinity",
    )
