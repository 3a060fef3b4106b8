"""Green Button files cut into records (protocol §4e): form `espi/1`, a record of readings with their type's codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from usufruct.config import Meter
from usufruct.core.documents import integer, wrong
from usufruct.errors import InputError
from usufruct_oracles.settings import read_document
from usufruct_oracles.sources.decoding import (
    malformed,
    not_a_number,
    opened,
    record_of,
    row,
    unreadable,
)
from usufruct_oracles.sources.espi import parse
from usufruct_oracles.sources.espi_model import DELTA, LABELS, Feed, MeterReading
from usufruct_oracles.sources.imports import Cut, Imported, Refusal, by_day, in_records
from usufruct_oracles.validation.rows import Row, parse_value
from usufruct_oracles.validation.verdicts import Rule, Verdict, shown

FORM = "espi/1"
"""Name of the form."""

_KEYS = {"v", "accumulation", "flow", "power", "uom"}
_TEXTS = 5  # start, duration, value, quality, what is wrong
_ABSENT = -1
_MAX_POWER = 12
_MAX_CODE = 255
_AGAINST = ("conflict", "overlap")
_SERIES = {"meter", "usage_point", "meter_reading", "flow"}


@dataclass(frozen=True, slots=True)
class Series:
    """Which meter reading of a file is a meter's.

    Attributes:
        meter: Code of the meter.
        usage_point: End of the usage point's link, "" for any.
        meter_reading: End of the meter reading's link, "" for any.
        flow: ESPI flow direction that its readings have.
    """

    meter: str
    usage_point: str
    meter_reading: str
    flow: int


def load_series(path: Path) -> tuple[Series, ...]:
    """The tables `[[series]]` of a mapping file.

    Raises:
        ConfigError: It cannot be read, or something in it is wrong.
    """
    sections = read_document(path).sections(("series",), _SERIES)
    return tuple(
        Series(
            each.get("meter", str),
            each.get("usage_point", str, "").strip("/"),
            each.get("meter_reading", str, "").strip("/"),
            each.get("flow", int),
        )
        for each in sections
    )


@dataclass(frozen=True, slots=True)
class EspiImporter:
    """Imports Green Button files. An `Importer`.

    Attributes:
        series: Which meter reading is whose.
        meters: The meters, by code.
        place: Time zone of the project: its days cut the records.
    """

    series: Sequence[Series]
    meters: Mapping[str, Meter]
    place: ZoneInfo

    def __call__(self, data: bytes) -> Imported:
        """The records in a file.

        Raises:
            InputError: It is no Green Button file.
        """
        feed = parse(data)
        refused: list[Refusal] = []
        taken: set[int] = set()
        cuts: list[Cut] = []
        for series in self.series:
            found = _found(feed, series)
            if series.meter not in self.meters or len(found) != 1:
                refused.append(Refusal(0, self._why_not(series, len(found))))
                continue
            taken.add(id(found[0]))
            cuts += self._cut(self.meters[series.meter], found[0], refused)
        for each in feed.meter_readings:
            if id(each) not in taken:
                count = len(each.readings) + len(each.refused)
                reason = (
                    f"meter reading {shown(each.href)} with {count} readings belongs to no series"
                )
                refused.append(Refusal(0, reason))
        return Imported(FORM, tuple(cuts), tuple(refused), notes=feed.problems)

    def _why_not(self, series: Series, count: int) -> str:
        if series.meter not in self.meters:
            return f"unknown meter {shown(series.meter)}; register the meter first"
        return f"{count} meter readings instead of one for {series.meter}; name its links in the mapping"

    def _cut(self, meter: Meter, found: MeterReading, refused: list[Refusal]) -> Iterator[Cut]:
        kind = found.type
        if kind is None:
            refused += [Refusal(each.number, each.detail) for each in found.refused]
            return
        heading: dict[str, object] = {
            "v": 1,
            "accumulation": _ABSENT if kind.accumulation is None else kind.accumulation,
            "flow": _ABSENT if kind.flow is None else kind.flow,
            "power": kind.power,
            "uom": kind.uom,
        }
        lines = [
            (
                each.start,
                [str(each.start), str(each.duration), str(each.value), str(each.quality), ""],
            )
            for each in found.readings
        ]
        for each in found.refused:
            if each.reason not in _AGAINST:
                refused.append(Refusal(each.number, f"{each.reason}: {each.detail}"))
                continue
            texts = [str(each.start), str(each.duration), str(each.value), "0"]
            lines.append((each.start or 0, [*texts, f"{each.reason}: {each.detail}"]))
        lines.sort(key=lambda each: (each[0], each[1]))
        texts_only = [texts for _, texts in lines]
        rows = decode_lines(heading, meter, [""] * len(lines), texts_only)
        groups = by_day(rows, texts_only, self.place)
        for record in in_records(groups, partial(record_of, heading)):
            yield Cut(meter.code, record)


def _found(feed: Feed, series: Series) -> list[MeterReading]:
    return [
        each
        for point in feed.usage_points
        if _ends(point.href, series.usage_point)
        for each in point.meter_readings
        if _ends(each.href, series.meter_reading)
        and each.type is not None
        and each.type.flow == series.flow
    ]


def _ends(href: str, end: str) -> bool:
    return not end or href == end or href.endswith(f"/{end}")


def decode_espi(payload: bytes, meter: Meter) -> Sequence[Row]:
    """The readings of a record. A `Decoder`."""
    try:
        heading, lines, texts = opened(payload, _KEYS, _TEXTS)
        if heading["v"] != 1:
            raise wrong("v", heading["v"], "1")
        for name in _KEYS:
            integer(heading[name], name)
        if abs(integer(heading["power"], "power")) > _MAX_POWER:
            raise wrong("power", heading["power"], f"-{_MAX_POWER} to {_MAX_POWER}")
    except InputError as error:
        return unreadable(payload, meter, error)
    return decode_lines(heading, meter, lines, texts)


def decode_lines(
    heading: Mapping[str, object],
    meter: Meter,
    lines: Sequence[str],
    texts: Sequence[Sequence[str]],
) -> list[Row]:
    """The readings of lines under a checked heading."""
    codes = {name: integer(heading[name], name) for name in _KEYS}
    unit = LABELS.get(codes["uom"], f"uom-{codes['uom']}")
    ten = Fraction(10) ** codes["power"]
    general = None
    if codes["accumulation"] not in (*DELTA, _ABSENT):
        detail = f"accumulationBehaviour {codes['accumulation']}: a register's state, no amount"
        general = malformed(detail, "export delta data (accumulationBehaviour 4)")
    return [
        _row(number, line, meter, found, unit, ten, general)
        for number, (line, found) in enumerate(zip(lines, texts, strict=True), 1)
    ]


def _row(
    number: int,
    line: str,
    meter: Meter,
    texts: Sequence[str],
    unit: str,
    ten: Fraction,
    general: Verdict | None,
) -> Row:
    start, duration, quality = map(_whole, (texts[0], texts[1], texts[3]))
    value = parse_value(texts[2])
    fault = general or _stated(texts[4])
    if fault is None and None in {start, duration, quality}:
        fault = malformed("start, duration or quality is no whole number", "export the file again")
    if fault is None and (value is None or value.places):
        fault = not_a_number(f"value {shown(texts[2])} is not an integer")
    exact = None if value is None or value.places else value.numerator * ten
    return row(
        number,
        line,
        meter,
        start=start,
        duration=duration,
        exact=exact,
        unit=unit,
        quality=-1 if quality is None or quality > _MAX_CODE else quality,
        fault=fault,
    )


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 11 else None  # noqa: PLR2004


def _stated(text: str) -> Verdict | None:
    """What the importer found wrong with a reading among the others of its file."""
    if not text:
        return None
    return Verdict(Rule.CONTRADICTED, text, "export the file again with one reading for each time")
