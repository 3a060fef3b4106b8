"""Hardening of whole files: what is not a clean CSV of protocol §4 is kept, and none of it counts.

A file is bytes from outside. Everything that could make two programs read it differently (byte order
mark, carriage returns, control characters, other columns) rejects all of it, since the signed lines
must be the ones that were read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from usufruct_oracles.sources.records import HEADERS
from usufruct_oracles.validation.verdicts import Rule, Verdict, shown

MAX_BYTES = 64 * 1024 * 1024
"""Largest file that is read."""
MAX_LINE = 200
"""Longest line, characters."""

_BOM = b"\xef\xbb\xbf"
_CARRIAGE_RETURN = b"\r"
_NOT_TEXT = re.compile(rb"[^\x20-\x7e\n]")
_SEND_AGAIN = "correct the writer and drop the file and its signatures again"


def check_file(csv: bytes, headers: Sequence[str] = HEADERS) -> Verdict | None:
    """The first rule that the file as a whole breaks, None for a clean one."""
    if len(csv) > MAX_BYTES:
        return Verdict(
            Rule.FILE_TOO_LARGE,
            f"more than {MAX_BYTES} bytes",
            "write one file for each stream and day",
        )
    return _check_bytes(csv) or _check_lines(csv.split(b"\n"), headers)


def lines_of(csv: bytes) -> list[str]:
    """The lines under the header of a file that `check_file` passed, without line feeds."""
    lines = csv.decode("ascii").split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines[1:]


def _check_bytes(csv: bytes) -> Verdict | None:
    if csv.startswith(_BOM):
        return Verdict(
            Rule.FILE_BYTE_ORDER_MARK,
            "begins with a UTF-8 byte order mark",
            "write plain ASCII without a mark; " + _SEND_AGAIN,
        )
    if _CARRIAGE_RETURN in csv:
        return Verdict(
            Rule.FILE_LINE_ENDS,
            f"carriage return in line {_line_at(csv, csv.index(_CARRIAGE_RETURN))}",
            "end lines by a line feed alone; " + _SEND_AGAIN,
        )
    junk = _NOT_TEXT.search(csv)
    if junk is not None:
        return Verdict(
            Rule.FILE_BINARY,
            f"byte 0x{junk[0].hex()} in line {_line_at(csv, junk.start())}",
            "write printable ASCII only; " + _SEND_AGAIN,
        )
    return None


def _check_lines(lines: list[bytes], wanted: Sequence[str]) -> Verdict | None:
    headers = {each.encode() for each in wanted}
    if lines[0] not in headers:
        return Verdict(
            Rule.FILE_HEADER,
            f"the first line is {shown(lines[0].decode())}, not {shown(wanted[0])}",
            _SEND_AGAIN,
        )
    for number, line in enumerate(lines[1:], 2):
        if len(line) > MAX_LINE:
            return Verdict(
                Rule.FILE_LONG_LINE,
                f"line {number} has {len(line)} characters, at most {MAX_LINE} are read",
                _SEND_AGAIN,
            )
        if line in headers:
            return Verdict(
                Rule.FILE_HEADER,
                f"line {number} repeats the header: two files were joined",
                _SEND_AGAIN,
            )
    return None


def _line_at(csv: bytes, position: int) -> int:
    return csv.count(b"\n", 0, position) + 1
