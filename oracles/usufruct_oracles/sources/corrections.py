"""The corrections file (protocol §4h): explicit further revisions of readings, dropped beside the day's file.

`<inbox>/<STREAM CODE>/<YYYY-MM-DD>[.<label>].corrections.csv` with its `.sig.json`, both written like a day's
file. What comes later has a file of its own, with another label. A row has the columns of a reading, then its
revision, the hash of the record that said what it supersedes, and the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from usufruct.config import Meter
from usufruct.core.corrections import MAX_REV, reason_of
from usufruct.core.encoding import unhex
from usufruct.core.periods import parse_day
from usufruct.errors import InputError
from usufruct_oracles.sources.alive import unreadable
from usufruct_oracles.sources.records import HEADER
from usufruct_oracles.validation.rows import COLUMNS, Row, parse_row
from usufruct_oracles.validation.verdicts import Rule, Verdict, shown

SUFFIX = ".corrections"
"""What follows the day in the name of a corrections file."""
CORRECTIONS_HEADER = f"{HEADER},rev,supersedes,reason"
"""First line of a corrections file."""

CORRECTIONS_HEADING = "usufruct/corrections/1"
"""First line of what is signed."""

FORM = "corrections/1"
"""Name of the form of messages that bring corrections."""

_MORE = 3
_HEADING = 4
_SHOWN = 64
_REV = re.compile(r"[1-9]\d{0,2}", re.ASCII)
_HASH = re.compile(r"0x[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """One line of a corrections file, as far as it could be read.

    Attributes:
        row: The reading as it should count, with the number of the line.
        line: The whole line, verbatim.
        rev: Its revision, 1 or more; 0 if unreadable.
        supersedes: sha256 of a record that said the revision before it.
        reason: Why, one word.
        fault: The first column that is wrong, None if all can be read.
    """

    row: Row
    line: str
    rev: int
    supersedes: bytes
    reason: str
    fault: Verdict | None


def corrected_day(place: str) -> str | None:
    """The day that the corrections file with this stem is about, None for another file."""
    if not place.endswith(SUFFIX):
        return None
    day, _, _ = place.removesuffix(SUFFIX).partition(".")
    return day


def correction_payload(stream: str, meter: str, day: str, lines: Iterable[str]) -> bytes:
    """The bytes that are signed: another heading than that of a meter-day, and the meter's lines."""
    head = f"{CORRECTIONS_HEADING}\n{stream}\n{meter}\n{day}\n"
    return (head + "".join(f"{line}\n" for line in lines)).encode()


def parse_payload(payload: bytes, meter: Meter) -> tuple[str, list[CorrectionRow]]:
    """The day and the corrections of a signed payload.

    Raises:
        InputError: It is not one, or of another stream or meter.
    """
    lines = payload.decode("ascii", "replace").split("\n")
    heading, rows = lines[:_HEADING], lines[_HEADING:]
    if heading[:-1] != [CORRECTIONS_HEADING, meter.stream, meter.code] or rows[-1:] != [""]:
        raise InputError(
            "not corrections of the meter",
            field="payload",
            value=lines[0][:_SHOWN],
            rule=f"{CORRECTIONS_HEADING}, stream, meter and day, then one correction a line",
            remedy="correct the writer and send the message again",
        )
    day = parse_day(heading[-1]).isoformat()
    return day, [parse_correction(number, line) for number, line in enumerate(rows[:-1], 1)]


def decode_corrections(payload: bytes, meter: Meter) -> Sequence[Row]:
    """No readings, since corrections are kept apart; one row with the fault if it has none. A `Decoder`."""
    try:
        parse_payload(payload, meter)
    except InputError as error:
        return [unreadable(payload, meter, _malformed(error.one_line()))]
    return ()


def corrections_csv(lines: Iterable[str]) -> bytes:
    """A corrections file of those lines under its header."""
    return "".join(f"{line}\n" for line in (CORRECTIONS_HEADER, *lines)).encode()


def parse_correction(number: int, line: str) -> CorrectionRow:
    """The correction in `line`; never raises, `fault` says what is wrong."""
    parts = line.split(",")
    if len(parts) != COLUMNS + _MORE:
        row = parse_row(number, ",".join(parts[:COLUMNS]))
        broken = _malformed(f"{len(parts)} columns instead of {COLUMNS + _MORE}")
        return CorrectionRow(row, line, 0, b"", "", broken)
    row = parse_row(number, ",".join(parts[:COLUMNS]))
    rev_text, hash_text, reason = parts[COLUMNS:]
    rev = int(rev_text) if _REV.fullmatch(rev_text) else 0
    fault: Verdict | None = row.fault
    if fault is None and not 0 < rev <= MAX_REV:
        fault = _malformed(f"rev is {shown(rev_text)}, not a number from 1 to {MAX_REV}")
    elif fault is None and _HASH.fullmatch(hash_text) is None:
        fault = _malformed(f"supersedes is {shown(hash_text)}, not the sha256 of a record")
    if fault is None:
        fault = _check_reason(reason)
    known = unhex(hash_text, 32) if _HASH.fullmatch(hash_text) else b""
    return CorrectionRow(row, line, rev, known, reason, fault)


def _check_reason(reason: str) -> Verdict | None:
    try:
        reason_of(reason)
    except InputError as error:
        return _malformed(f"reason is {shown(reason)}: {error.rule}")
    return None


def _malformed(detail: str) -> Verdict:
    return Verdict(Rule.MALFORMED, detail, "correct the row, sign the corrections of the day again")
