"""What a file of messages says, for a person: fields, readings, verdicts and signatures in one table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Final

from usufruct.config import Meter
from usufruct.errors import InputError
from usufruct_oracles.sources import ocmf, ocpp
from usufruct_oracles.sources.forms import DECODERS
from usufruct_oracles.sources.messages import ENVELOPE
from usufruct_oracles.sources.ocmf import tables
from usufruct_oracles.validation.rows import Row

MAX_FILE: Final = 16 << 20
"""Largest file that is read."""

_NEXT: Final = re.compile(rb"\n(?=OCMF\|)")
_MILLISECONDS: Final = 1000
_HEADING: Final = 5
_UNKNOWN: Final = Meter(
    id=0,
    code="meter",
    stream="-",
    stream_id=0,
    unit="kWh",
    multiplier=Fraction(1000),
    interval=None,
    nameplate=1,
    scheme="",
    public_key=b"",
    valid_from=0,
    calibrated_until=0,
    dev=False,
    place="",
)
_INTERVALS: Final = replace(_UNKNOWN, interval=900)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: what, and what it is."""

    name: str
    value: str


@dataclass(slots=True)
class Sheet:
    """The table.

    Attributes:
        lines: Its lines.
        sound: Whether no signature that was judged fails.
    """

    lines: list[Line]
    sound: bool = True

    def __str__(self) -> str:
        width = max(len(each.name) for each in self.lines)
        return "\n".join(f"{each.name:<{width}}  {each.value}".rstrip() for each in self.lines)


@dataclass(frozen=True, slots=True)
class Question:
    """What a file is inspected with.

    Attributes:
        key: The device's public key, to judge signatures with; None to judge none.
        meter: The meter it is of; None if that is not known: then any distance of two values is an interval.
        form: The form of the content, for those that do not show it themselves; None to find it out.
    """

    key: str | None = None
    meter: Meter | None = None
    form: str | None = None


def inspect_file(path: Path, question: Question) -> Sheet:
    """The table for the messages in a file.

    Args:
        path: A file with OCMF records, a request of OCPP, several of them packed, or a message in an envelope.
        question: What it is inspected with.

    Raises:
        InputError: The file cannot be read, or is none of these.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE + 1)
    except OSError as error:
        raise _wrong(path, f"a readable file ({error.strerror})") from error
    if len(raw) > MAX_FILE:
        raise _wrong(path, f"at most {MAX_FILE} bytes")
    return inspect(raw, question)


def inspect(raw: bytes, question: Question) -> Sheet:
    """As `inspect_file`, for the file's bytes.

    Raises:
        InputError: They are none of the forms that are understood.
    """
    sheet, content = Sheet([]), raw
    if raw.startswith(f"{ENVELOPE}\n".encode()):
        form, content = _envelope(raw, sheet)
        question = replace(question, form=form)
    bare = content.strip(b"\r\n")
    if bare.startswith(ocmf.HEADER) and question.form in {None, ocmf.FORM}:
        _ocmf([ocmf.parse(each) for each in _NEXT.split(bare)], question, sheet)
    elif bare and question.form in {None, ocpp.FORM}:
        _ocpp([ocpp.parse(each) for each in ocpp.unpack(bare)], bare, question, sheet)
    elif question.form in DECODERS:
        _rows(content, question.form or "", question, sheet)
    else:
        raise _wrong(question.form or "nothing", "a form of " + ", ".join(sorted(DECODERS)))
    return sheet


def _envelope(raw: bytes, sheet: Sheet) -> tuple[str, bytes]:
    parts = raw.split(b"\n", _HEADING - 1)
    if len(parts) < _HEADING:
        raise _wrong("envelope", "stream, meter and form in a line each, then the content")
    stream, meter, form = (each.decode("ascii", "replace") for each in parts[1:4])
    sheet.lines.append(Line("envelope", f"stream {stream}, meter {meter}, form {form}"))
    return form, parts[4]


# --- OCMF ---


def _ocmf(records: Sequence[ocmf.Record], question: Question, sheet: Sheet) -> None:
    for record in records:
        sheet.lines += _record_lines(record)
        sheet.lines.append(_verdict(record, question.key, sheet))
    gaps = ocmf.page_gaps(each.page for each in records)
    sheet.lines += [Line("pages missing", str(each)) for each in gaps]
    _rows(b"\n".join(each.raw for each in records), ocmf.FORM, question, sheet)


def _record_lines(record: ocmf.Record) -> Iterator[Line]:
    gateway, meter = record.gateway, record.meter
    yield Line("OCMF record", f"page {record.page}, format {record.version or 'not given'}")
    yield Line("gateway", ", ".join(filter(None, gateway)) or "not given")
    yield Line("meter", ", ".join(filter(None, meter)) or "not given")
    if record.user is not None:
        user = record.user
        told = "assigned" if user.assigned else "not assigned"
        data = "identified" if user.data else "no identification"
        yield Line("user", ", ".join(filter(None, (told, user.level, user.kind, data))))
    if any(record.charge_point):
        yield Line("charge point", " ".join(filter(None, record.charge_point)))
    if record.compensation is not None:
        loss = record.compensation
        yield Line("loss compensation", f"{loss.resistance} {loss.unit}".strip())
    for each in record.readings:
        yield Line("reading", _reading(each))


def _reading(each: ocmf.Reading) -> str:
    value = "no value" if each.value is None else f"{each.value} {each.unit}"
    parts = [
        each.text,
        tables.REASONS.get(each.reason, "fiscal"),
        value,
        each.register,
        each.current,
        f"meter {tables.METER_STATES[each.state]}",
        f"clock {tables.TIME_STATES[each.clock]}",
        "" if each.loss is None else f"loss {each.loss}",
        "".join(f"{tables.ERRORS[flag]} unusable" for flag in each.errors),
    ]
    return ", ".join(filter(None, parts))


def _verdict(record: ocmf.Record, key: str | None, sheet: Sheet) -> Line:
    algorithm = record.signature.algorithm
    if key is None:
        return Line("signature", f"{algorithm}, not judged: give the device's key with --key")
    try:
        ocmf.verify(record, key)
    except ocmf.SignatureRefused as error:
        sheet.sound = False
        return Line("signature", f"{algorithm}, DOES NOT HOLD: {error.rule}")
    point = ocmf.compressed(record.signature.curve, key)
    scheme = ocmf.SCHEMES.get(record.signature.curve)
    how = f'scheme = "{scheme}", key = "0x{point.hex()}"' if scheme else "through a gateway"
    return Line("signature", f"{algorithm}, holds; to be registered: {how}")


# --- OCPP ---


def _ocpp(events: Sequence[ocpp.Event], content: bytes, question: Question, sheet: Sheet) -> None:
    for each in events:
        sheet.lines += _event_lines(each)
    if events and events[0].transaction:
        missing = ocpp.missing_events(events)
        if missing:
            sheet.lines.append(Line("events missing", ", ".join(map(str, missing[:20]))))
    records = [ocmf.parse(each) for each in ocpp.ocmf_records(events)]
    if records:
        _ocmf(records, question, sheet)
    else:
        sheet.lines.append(Line("signature", "none: a gateway signs for the meter"))
        _rows(content, ocpp.FORM, question, sheet)


def _event_lines(event: ocpp.Event) -> Iterator[Line]:
    if event.transaction:
        offline = ", offline" if event.offline else ""
        yield Line(
            f"OCPP {event.action}",
            f"{event.kind} {event.number} of {event.transaction}, {_time(event.time)}, "
            f"{event.trigger}{offline}",
        )
    else:
        yield Line(f"OCPP {event.action}", f"EVSE {event.evse}")
    for each in event.samples:
        kind = f", signed {each.signed.encoding}" if each.signed is not None else ""
        value = f"{each.value:f} {each.unit}"
        place = " ".join(filter(None, (each.phase, each.location)))
        yield Line(
            "sample",
            f"{_time(each.time)}, {each.context}, {value}, {each.measurand}, {place}{kind}",
        )


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // _MILLISECONDS, UTC).isoformat()


# --- What counts ---


def _rows(content: bytes, form: str, question: Question, sheet: Sheet) -> None:
    """The readings that the journal would find."""
    found = DECODERS[form](content, question.meter or _UNKNOWN)
    if question.meter is None and all(each.fault is not None for each in found):
        others = DECODERS[form](content, _INTERVALS)
        found = others if any(each.fault is None for each in others) else found
    sheet.lines += [Line("counts", _row(each)) for each in found] or [
        Line(form, "no reading in it")
    ]


def _row(row: Row) -> str:
    if row.fault is not None:
        return f"NOT: {row.fault.rule}: {row.fault.detail}; {row.fault.remedy}"
    _, start, seconds, value, unit, _ = row.line.split(",")
    return f"{value} {unit} from {start} for {seconds} s"


def _wrong(value: object, rule: str) -> InputError:
    return InputError(
        "nothing to inspect",
        field="FILE",
        value=value,
        rule=rule,
        remedy="name a file with OCMF records or requests of OCPP 2.x",
    )
