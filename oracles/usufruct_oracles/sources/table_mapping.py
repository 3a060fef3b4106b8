"""The mapping file of tables (protocol §4e): which column means what.

```toml
[table]
format = "csv"                  # or "parquet"
delimiter = ";"                 # CSV: "," by default
decimal = ","                   # "." by default
header = 1                      # header lines, 0 for none: columns are then called "1", "2", …
encoding = "utf-8"              # or "utf-8-sig", "latin-1"

[start]                         # or [end], or both
column = "from"
format = "%d.%m.%Y %H:%M"       # or "iso" (the default), "unix", "unix-ms"
zone = "Europe/Berlin"          # of naive times
repeated = "sequence"           # the hour that the clock repeats: refuse (default), first, second, sequence
skipped = "refuse"              # the hour that it skips: refuse (default), shift
midnight24 = true               # 24:00 is the end of its day

[duration]
constant = "15m"                # or column = "minutes", unit = "m"

[value]
column = "kWh"                  # left out for wide tables
unit = "kWh"
multiplier = "1/1000"           # optional
per_kw = true                   # optional: values are per kW of the meter's nameplate
places = 6                      # optional: round binary fractions

[quality]
column = "status"               # optional
codes = { "" = 0, "E" = 8 }     # texts to ESPI codes; without it the column holds codes
constant = 0                    # instead of a column

[meter]
column = "id"                   # for long tables
codes = { "DE0001" = "home-01" }
# constant = "home-01"          # a table of one meter
# columns = { "Haus 1" = "home-01" }   # for wide tables: a column of values for each meter

[rows]                          # optional: rows to take, others are passed over
status = ["A", "E"]
```
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from usufruct.core.periods import parse_duration, zone
from usufruct.errors import InputError
from usufruct_oracles.settings import Document, Section, read_document
from usufruct_oracles.sources.stamps import FORMATS, REPEATED, SKIPPED, Stamp
from usufruct_oracles.validation.rows import MAX_PLACES

_TABLES = {
    "table": {"format", "delimiter", "decimal", "header", "encoding"},
    "start": {"column", "format", "zone", "repeated", "skipped", "midnight24"},
    "end": {"column", "format", "zone", "repeated", "skipped", "midnight24"},
    "duration": {"column", "unit", "constant"},
    "value": {"column", "unit", "multiplier", "per_kw", "places"},
    "quality": {"column", "codes", "constant"},
    "meter": {"column", "codes", "constant", "columns"},
}
_ROWS = "rows"
_ENCODINGS = ("utf-8", "utf-8-sig", "latin-1")
_DELIMITERS = (",", ";", "\t", "|", " ")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_RATIO = re.compile(
    r"[1-9]\d{0,17}(/[1-9]\d{0,17})?|0?\.\d{1,15}|[1-9]\d{0,14}\.\d{1,15}", re.ASCII
)
_MAX_QUALITY = 255
_MAX_HEADER = 100


@dataclass(frozen=True, slots=True)
class TableMapping:
    """A checked mapping.

    Attributes:
        format: `csv` or `parquet`.
        delimiter: Between cells.
        decimal: Decimal point.
        header: Header lines.
        encoding: Encoding of the text.
        start: Column and reading of starts.
        end: Column and reading of ends.
        duration: Seconds, or of one unit in the column.
        duration_column: Column of durations, "" if they are constant or follow from start and end.
        value_column: Column of values, "" in wide tables.
        unit: Unit of the values.
        scale: Factor of the values.
        per_kw: Whether values are per kW of nameplate.
        places: Places to round to, None for exact values.
        quality_column: Column of qualities, "" if they are constant.
        qualities: ESPI codes by text.
        meter_column: Column of meters, "" if there is none.
        meters: Meter codes by the text in the column of meters, or by the column of values.
        meter: The only meter, "" if there are more.
        rows: Texts of a column that a row must have to be taken.
    """

    format: str
    delimiter: str
    decimal: str
    header: int
    encoding: str
    start: tuple[str, Stamp] | None
    end: tuple[str, Stamp] | None
    duration: int
    duration_column: str
    value_column: str
    unit: str
    scale: Fraction
    per_kw: bool
    places: int | None
    quality_column: str
    qualities: Mapping[str, int]
    meter_column: str
    meters: Mapping[str, str]
    meter: str
    rows: Mapping[str, frozenset[str]]

    @property
    def is_wide(self) -> bool:
        """Whether each meter has a column of its own."""
        return not self.value_column

    @property
    def columns(self) -> set[str]:
        """All columns that the table must have."""
        named = {self.duration_column, self.value_column, self.quality_column, self.meter_column}
        times = {each[0] for each in (self.start, self.end) if each is not None}
        wide = set(self.meters) if self.is_wide else set()
        return (named | times | wide | set(self.rows)) - {""}


def load_mapping(path: Path) -> TableMapping:
    """The mapping in a TOML file.

    Raises:
        ConfigError: It cannot be read, or something in it is wrong: with file, line, field, rule and remedy.
    """
    document = read_document(path)
    _require_known(document)
    parts = {
        name: document.section(name, known)
        if name in document.values
        else Section(document, (name,), {})
        for name, known in _TABLES.items()
    }
    table = parts["table"]
    duration, duration_column = _duration(parts["duration"])
    value_column, meter_column, meter, meters = _meters(parts["value"], parts["meter"])
    quality_column, qualities = _quality(parts["quality"])
    found = TableMapping(
        format=_one_of(table, "format", ("csv", "parquet"), "csv"),
        delimiter=_one_of(table, "delimiter", _DELIMITERS, ","),
        decimal=_one_of(table, "decimal", (".", ","), "."),
        header=_up_to(table, "header", _MAX_HEADER, 1),
        encoding=_one_of(table, "encoding", _ENCODINGS, "utf-8"),
        start=_stamp(parts["start"]),
        end=_stamp(parts["end"]),
        duration=duration,
        duration_column=duration_column,
        value_column=value_column,
        unit=parts["value"].get("unit", str),
        scale=_scale(parts["value"]),
        per_kw=parts["value"].get("per_kw", bool, False),
        places=_up_to(parts["value"], "places", MAX_PLACES, 0)
        if "places" in parts["value"].values
        else None,
        quality_column=quality_column,
        qualities=qualities,
        meter_column=meter_column,
        meters=meters,
        meter=meter,
        rows=_rows(document),
    )
    _require_times(found, parts)
    return found


def _require_known(document: Document) -> None:
    for name, value in document.values.items():
        if name not in _TABLES and name != _ROWS:
            whole = Section(document, (), document.values)
            raise whole.error(
                name, value, f"one of {', '.join([*_TABLES, _ROWS])}", "remove or rename it"
            )


def _require_times(found: TableMapping, parts: Mapping[str, Section]) -> None:
    both = found.start is not None and found.end is not None
    if found.start is None and found.end is None:
        raise parts["start"].error(
            "column", "nothing", "a column of starts or of ends", "add [start] or [end]"
        )
    if both and (found.duration_column or "constant" in parts["duration"].values):
        raise parts["duration"].error(
            "constant", "…", "start and end say it already", "remove [duration]"
        )
    if not both and not found.duration:
        raise parts["duration"].error(
            "constant", "nothing", "needed with one of start and end", "add [duration]"
        )


def _stamp(section: Section) -> tuple[str, Stamp] | None:
    if not section.values:
        return None
    text = section.get("format", str, "iso")
    if text not in FORMATS and "%" not in text:
        raise section.error(
            "format", text, f"one of {', '.join(FORMATS)}, or a pattern with %", "correct it"
        )
    name = section.get("zone", str, "")
    try:
        zone(name or "UTC")
    except InputError as error:
        raise section.error(
            "zone", name, "an IANA time zone", 'write it like "Europe/Berlin"'
        ) from error
    return section.get("column", str), Stamp(
        format=text,
        zone=name,
        repeated=_one_of(section, "repeated", REPEATED, "refuse"),
        skipped=_one_of(section, "skipped", SKIPPED, "refuse"),
        midnight24=section.get("midnight24", bool, False),
    )


def _duration(section: Section) -> tuple[int, str]:
    if not section.values:
        return 0, ""
    if "column" in section.values:
        return _UNITS[_one_of(section, "unit", tuple(_UNITS), "s")], section.get("column", str)
    text = section.get("constant", str)
    try:
        return parse_duration(text), ""
    except InputError as error:
        raise section.error(
            "constant", text, 'a duration such as "15m"', "correct the value"
        ) from error


def _scale(section: Section) -> Fraction:
    text = section.get("multiplier", str, "1")
    if _RATIO.fullmatch(text) is None:
        raise section.error(
            "multiplier",
            text,
            'a positive number in quotes: "1000", "1/1000" or "0.001"',
            "correct it",
        )
    return Fraction(text)


def _quality(section: Section) -> tuple[str, Mapping[str, int]]:
    if "constant" in section.values:
        return "", {"": _up_to(section, "constant", _MAX_QUALITY, 0)}
    if "column" not in section.values:
        return "", {}
    codes = section.table("codes") if "codes" in section.values else {}
    for text, code in codes.items():
        if type(code) is not int or not 0 <= code <= _MAX_QUALITY:
            raise section.error(
                "codes", f"{text} = {code}", "ESPI codes from 0 to 255", "correct the code"
            )
    return section.get("column", str), {text: int(str(code)) for text, code in codes.items()}


def _meters(value: Section, meter: Section) -> tuple[str, str, str, Mapping[str, str]]:
    """Column of values, column of meters, the only meter, meters by text."""
    ways = [key for key in ("column", "constant", "columns") if key in meter.values]
    if len(ways) != 1:
        raise meter.error(
            "column", ", ".join(ways) or "nothing", "one of column, constant, columns", "choose one"
        )
    if ways == ["columns"]:
        if "column" in value.values:
            raise value.error(
                "column", value.values["column"], "a wide table has none", "remove it"
            )
        return "", "", "", _codes(meter, "columns")
    column = value.get("column", str)
    if ways == ["constant"]:
        return column, "", meter.get("constant", str), {}
    return (
        column,
        meter.get("column", str),
        "",
        _codes(meter, "codes") if "codes" in meter.values else {},
    )


def _codes(section: Section, key: str) -> Mapping[str, str]:
    found = section.table(key)
    for name, code in found.items():
        if not isinstance(code, str) or not code:
            raise section.error(key, f"{name} = {code}", "codes of meters", "correct the code")
    return {name: str(code) for name, code in found.items()}


def _rows(document: Document) -> Mapping[str, frozenset[str]]:
    if _ROWS not in document.values:
        return {}
    values = document.values[_ROWS]
    section = document.section(_ROWS, values if isinstance(values, dict) else ())
    return {name: frozenset(section.texts(name)) for name in section.values}


def _one_of(section: Section, key: str, known: tuple[str, ...], default: str) -> str:
    text = section.get(key, str, default)
    if text not in known:
        raise section.error(key, text, f"one of {', '.join(map(repr, known))}", "correct the value")
    return text


def _up_to(section: Section, key: str, most: int, default: int) -> int:
    number = section.get(key, int, default)
    if not 0 <= number <= most:
        raise section.error(key, number, f"0 to {most}", "correct the value")
    return number
