"""Mapped readings of a table (protocol §4e): form `table/1`, a record of cells with the way they are read.

The heading states everything that the decoder needs, so that whoever has the record finds the same readings without
the mapping file: times, zone and policies, unit, scale, decimal point, qualities.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from usufruct.config import Meter
from usufruct.core.documents import keyed, natural, text, wrong
from usufruct.errors import InputError
from usufruct_oracles.sources.decoding import (
    VALID,
    in_unit_of,
    malformed,
    not_a_number,
    opened,
    record_of,
    row,
    unreadable,
)
from usufruct_oracles.sources.stamps import Stamp
from usufruct_oracles.validation.rows import MAX_PLACES, Row
from usufruct_oracles.validation.verdicts import Verdict, shown

FORM = "table/1"
"""Name of the form."""
CELLS = 5
"""Texts of a reading: start, end, duration, value, quality; "" for what the table does not have."""

_KEYS = {"v", "start", "end", "duration", "unit", "scale", "decimal", "places", "qualities"}
_STAMP_KEYS = {"format", "zone", "repeated", "skipped", "midnight24"}
_RATIO = re.compile(r"[1-9]\d{0,17}(/[1-9]\d{0,17})?", re.ASCII)
_NUMBER = {
    ".": re.compile(r"[+-]?\d{1,15}(\.\d{1,40})?([eE][+-]?\d{1,2})?", re.ASCII),
    ",": re.compile(r"[+-]?\d{1,15}(,\d{1,40})?", re.ASCII),
}
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_NO_PLACES = -1
_MAX_QUALITY = 255


@dataclass(frozen=True, slots=True)
class How:
    """How the cells of a record are read.

    Attributes:
        start: How starts are read, None without a column of starts.
        end: How ends are read, None without one.
        duration: Seconds of a reading, or of one unit in the column of durations.
        unit: Unit of the values after `scale`.
        scale: Factor of the values.
        decimal: Decimal point: `.` or `,`.
        places: Places to which values in the meter's unit are rounded (half to even), None for exact ones.
        qualities: ESPI codes by text; {} if the column holds codes. The text "" is the code of an empty cell.
    """

    start: Stamp | None
    end: Stamp | None
    duration: int
    unit: str
    scale: Fraction = Fraction(1)
    decimal: str = "."
    places: int | None = None
    qualities: Mapping[str, int] | None = None

    def heading(self) -> dict[str, object]:
        """The heading of a record."""
        return {
            "v": 1,
            "start": _stamp_heading(self.start),
            "end": _stamp_heading(self.end),
            "duration": self.duration,
            "unit": self.unit,
            "scale": str(self.scale),
            "decimal": self.decimal,
            "places": _NO_PLACES if self.places is None else self.places,
            "qualities": dict(self.qualities or {}),
        }


def table_record(how: How, cells: Sequence[Sequence[str]]) -> bytes:
    """A record of readings, each of `CELLS` texts."""
    return record_of(how.heading(), cells)


def decode_table(payload: bytes, meter: Meter) -> Sequence[Row]:
    """The readings of a record. A `Decoder`."""
    try:
        heading, lines, cells = opened(payload, _KEYS, CELLS)
        how = _how(heading)
    except InputError as error:
        return unreadable(payload, meter, error)
    return read_cells(how, meter, lines, cells)


def read_cells(
    how: How, meter: Meter, lines: Sequence[str], cells: Sequence[Sequence[str]]
) -> list[Row]:
    """The readings in cells; `lines` are what reports show of each."""
    rows: list[Row] = []
    before: int | None = None
    for number, (line, (start, end, duration, value, quality)) in enumerate(
        zip(lines, cells, strict=True), 1
    ):
        moment, seconds, fault = _time(how, start, end, duration, before)
        before = moment if moment is not None else before
        exact, unit, bad_value = _value(how, meter, value)
        code, bad_quality = _quality(how, quality)
        rows.append(
            row(
                number,
                line,
                meter,
                start=moment,
                duration=seconds,
                exact=exact,
                unit=unit,
                quality=code,
                fault=fault or bad_value or bad_quality,
            )
        )
    return rows


def _time(
    how: How, start: str, end: str, duration: str, before: int | None
) -> tuple[int | None, int | None, Verdict | None]:
    """Start and seconds of a reading, or what is wrong with them."""
    try:
        seconds = how.duration
        if duration:
            if _WHOLE.fullmatch(duration) is None:
                raise wrong("duration", duration, "a whole number")
            seconds *= int(duration)
        first = how.start.moment(start, before) if how.start is not None else None
        if how.end is None:
            return first, seconds, None
        last_before = None if before is None else before + how.duration
        last = how.end.moment(end, last_before)
        if first is None:
            return last - seconds, seconds, None
    except InputError as error:
        return None, None, malformed(error.one_line(), error.remedy or "correct the cell")
    if last <= first:
        return (
            first,
            None,
            malformed(f"it ends at {shown(end)}, not after {shown(start)}", "correct it"),
        )
    return first, last - first, None


def _value(how: How, meter: Meter, cell: str) -> tuple[Fraction | None, str, Verdict | None]:
    """The value and its unit: the meter's where both measure the same, so that rounding is the last thing done."""
    if _NUMBER[how.decimal].fullmatch(cell) is None:
        fault = not_a_number(f"value {shown(cell)} is not a decimal with {how.decimal!r}")
        return None, how.unit, fault
    number, unit = in_unit_of(meter, Fraction(cell.replace(",", ".")) * how.scale, how.unit)
    if how.places is not None:
        number = Fraction(round_half_even(number, how.places))
    return number, unit, None


def round_half_even(number: Fraction, places: int) -> Decimal:
    """The number to so many places, halves to the even digit."""
    scaled = number * 10**places
    return Decimal(round(scaled)).scaleb(-places)


def _quality(how: How, cell: str) -> tuple[int, Verdict | None]:
    mapped = (how.qualities or {}).get(cell)
    if mapped is not None:
        return mapped, None
    if not cell:
        return VALID, None
    if not how.qualities and _WHOLE.fullmatch(cell) and int(cell) <= _MAX_QUALITY:
        return int(cell), None
    return -1, malformed(
        f"quality {shown(cell)} is not mapped", "add it to the mapping's qualities"
    )


def _how(heading: dict[str, object]) -> How:
    """The heading, checked.

    Raises:
        InputError: Something in it has another form.
    """
    if heading["v"] != 1:
        raise wrong("v", heading["v"], "1")
    scale, decimal = text(heading["scale"], "scale"), text(heading["decimal"], "decimal")
    if _RATIO.fullmatch(scale) is None:
        raise wrong("scale", scale, "a ratio num/den above 0")
    if decimal not in _NUMBER:
        raise wrong("decimal", decimal, 'one of "." and ","')
    places = heading["places"]
    if places != _NO_PLACES and natural(places, "places") > MAX_PLACES:
        raise wrong("places", places, f"at most {MAX_PLACES}")
    found = heading["qualities"]
    if not isinstance(found, dict):
        raise wrong("qualities", found, "an object")
    start, end = _stamp(heading["start"], "start"), _stamp(heading["end"], "end")
    if start is None and end is None:
        raise wrong("start", None, "a start or an end")
    return How(
        start=start,
        end=end,
        duration=natural(heading["duration"], "duration"),
        unit=text(heading["unit"], "unit"),
        scale=Fraction(scale),
        decimal=decimal,
        places=None if places == _NO_PLACES else natural(places, "places"),
        qualities={name: natural(code, "quality") for name, code in found.items()},
    )


def _stamp_heading(stamp: Stamp | None) -> dict[str, object] | None:
    if stamp is None:
        return None
    return {
        "format": stamp.format,
        "zone": stamp.zone,
        "repeated": stamp.repeated,
        "skipped": stamp.skipped,
        "midnight24": stamp.midnight24,
    }


def _stamp(value: object, name: str) -> Stamp | None:
    if value is None:
        return None
    found = keyed(value, _STAMP_KEYS, name)
    midnight24 = found["midnight24"]
    if not isinstance(midnight24, bool):
        raise wrong("midnight24", midnight24, "true or false")
    texts = {key: text(found[key], key) for key in _STAMP_KEYS - {"midnight24"}}
    return Stamp(**texts, midnight24=midnight24)
