"""The heartbeat of a meter that delivers messages (protocol §4a): form `alive/1`.

A day file says by itself that nothing else happened on its day. A meter that sends one message for each
session says it with a heartbeat: it was alive on that day, and so many of its readings ended in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from usufruct.config import Meter
from usufruct.core.periods import parse_day
from usufruct.errors import InputError
from usufruct_oracles.validation.rows import Row
from usufruct_oracles.validation.verdicts import Rule, Verdict

FORM = "alive/1"
"""Name of the form."""

_HEADING = "usufruct/alive/1"
_COUNT = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)
_PARTS = 6
_RULE = f"{_HEADING}, stream, meter, day and number of readings, each ended by a line feed"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a heartbeat says.

    Attributes:
        day: Local day "YYYY-MM-DD" of the project's time zone.
        count: Readings of the meter that ended in it.
    """

    day: str
    count: int


def heartbeat_payload(stream: str, meter: str, day: str, count: int) -> bytes:
    """The bytes of a heartbeat."""
    return f"{_HEADING}\n{stream}\n{meter}\n{day}\n{count}\n".encode()


def parse_heartbeat(payload: bytes, meter: Meter) -> Heartbeat:
    """What a heartbeat of the meter says.

    Raises:
        InputError: Not a heartbeat, or of another stream or meter.
    """
    parts = payload.decode("ascii", "replace").split("\n")
    if (
        len(parts) != _PARTS
        or parts[:3] != [_HEADING, meter.stream, meter.code]
        or parts[5]
        or not _COUNT.fullmatch(parts[4])
    ):
        raise InputError(
            "not a heartbeat of the meter",
            field="payload",
            value=payload.decode("ascii", "replace"),
            rule=_RULE,
            remedy="correct the writer and send the message again",
        )
    return Heartbeat(parse_day(parts[3]).isoformat(), int(parts[4]))


def read_heartbeat(payload: bytes, meter: Meter, timezone: str) -> Heartbeat | None:
    """What a heartbeat says that `decode_heartbeat` found nothing wrong with; its day needs no time zone."""
    del timezone
    return parse_heartbeat(payload, meter)


def decode_heartbeat(payload: bytes, meter: Meter) -> Sequence[Row]:
    """No readings; one row with the fault if it is no heartbeat. A `Decoder`."""
    try:
        parse_heartbeat(payload, meter)
    except InputError as error:
        fault = Verdict(Rule.MALFORMED, error.one_line(), error.remedy or _RULE)
        return [unreadable(payload, meter, fault)]
    return ()


def unreadable(payload: bytes, meter: Meter, fault: Verdict) -> Row:
    """The row that stands for a payload that cannot be read at all."""
    line = payload[:200].decode("ascii", "replace")
    return Row(0, line, meter.code, None, None, None, "", -1, fault)
