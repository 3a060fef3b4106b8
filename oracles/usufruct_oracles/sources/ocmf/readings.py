"""The readings of a record (RD): each takes over from the one before it what it leaves out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from usufruct_oracles.sources.ocmf import tables
from usufruct_oracles.sources.ocmf.fields import Fields, wrong
from usufruct_oracles.sources.ocmf.model import Reading
from usufruct_oracles.validation.rows import LATEST

MAX_READINGS: Final = 1024
"""Most readings of a record."""

_KEYS: Final = ("TM", "TX", "RV", "RI", "RU", "RT", "CL", "EF", "ST")
_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d),(\d{3})([+-]\d\d)(\d\d) ([A-Z])", re.ASCII
)
# A-B:C.D.E with an optional F; `b` and `e` stand for the channel and tariff that a meter leaves open.
_OBIS: Final = re.compile(
    r"[0-9A-Fa-f]{1,3}-[0-9A-Fa-f]{1,3}:([0-9A-Fa-f]{1,3})\.([0-9A-Fa-f]{1,3})\.[0-9A-Fa-f]{1,3}"
    r"([*.&][0-9A-Fa-f]{1,3})?",
    re.ASCII,
)
_ACCUMULATES: Final = 8
_LATEST: Final = 1000 * LATEST
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def readings(values: list[object], context: str) -> tuple[Reading, ...]:
    """The readings of a record whose pagination is in `context` ("T" or "F").

    Raises:
        OcmfError: There is none, there are too many, or one of them breaks the specification.
    """
    if not 0 < len(values) <= MAX_READINGS:
        raise wrong("RD", f"{len(values)} readings", f"1 to {MAX_READINGS} readings")
    found: list[Reading] = []
    complete: dict[str, object] = {}
    for index, value in enumerate(values):
        name = f"RD[{index}]"
        own = Fields(value, name)
        own.known(_KEYS, "")
        _grouped(own)
        complete = {**complete, **_members(value)}
        found.append(_reading(Fields(complete, name), context))
    return tuple(found)


def parse_time(text: str) -> tuple[int, str] | None:
    """Milliseconds since 1970 UTC and time status of a TM; None for anything else."""
    match = _TIME.fullmatch(text)
    if match is None or match[5] not in tables.TIME_STATES:
        return None
    try:
        moment = datetime.fromisoformat(f"{match[1]}.{match[2]}{match[3]}:{match[4]}")
        time = (moment - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        return None
    return (time, match[5]) if 0 <= time < _LATEST else None


def accumulates(register: str) -> bool:
    """Whether an OBIS code names an accumulation register (D = 8, time integral)."""
    match = _OBIS.fullmatch(register)
    return match is not None and int(match[2], 16) == _ACCUMULATES


def quantity_of(register: str) -> str:
    """Group C of an OBIS code without leading zeros: what the register measures."""
    match = _OBIS.fullmatch(register)
    return "" if match is None else match[1].upper().lstrip("0")


def _members(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, dict) else {}


def _grouped(own: Fields) -> None:
    if ("RI" in own) != ("RU" in own):
        missing = "RU" if "RI" in own else "RI"
        raise own.wrong(missing, "RI and RU are either both given or both left out")


def _reading(fields: Fields, context: str) -> Reading:
    time = parse_time(fields.text("TM"))
    if time is None:
        raise fields.wrong("TM", "a time such as 2018-07-24T13:22:04,000+0200 S, U, I or R")
    reason, register = _reason(fields, context), fields.text("RI")
    if register and _OBIS.fullmatch(register) is None:
        raise fields.wrong("RI", "an OBIS code such as 1-0:1.8.0")
    reading = Reading(
        time=time[0],
        text=fields.text("TM"),
        clock=time[1],
        reason=reason,
        value=fields.number("RV"),
        register=register,
        unit=fields.choice("RU", tables.UNITS),
        current=fields.choice("RT", tables.CURRENTS),
        loss=_loss(fields, register),
        errors=_errors(fields),
        state=_state(fields),
    )
    _require_value(fields, reading)
    return reading


def _reason(fields: Fields, context: str) -> str:
    if context == "F":
        if "TX" in fields:
            raise fields.wrong("TX", "left out in fiscal records (PG begins with F)")
        return ""
    reason = fields.choice("TX", tables.REASONS)
    if not reason:
        raise fields.wrong("TX", "required in records of transactions (PG begins with T)")
    return reason


def _loss(fields: Fields, register: str) -> Decimal | None:
    loss = fields.number("CL")
    if loss is None:
        return None
    if not accumulates(register):
        raise fields.wrong("CL", "only where RI names an accumulation register")
    return loss


def _errors(fields: Fields) -> str:
    errors = fields.text("EF")
    if not set(errors) <= set(tables.ERRORS) or len(set(errors)) != len(errors):
        raise fields.wrong("EF", "each of the letters E and t at most once")
    return errors


def _state(fields: Fields) -> str:
    fields.required("ST")
    state = fields.choice("ST", tables.METER_STATES)
    if not state:
        raise fields.wrong("ST", "one of " + ", ".join(sorted(tables.METER_STATES)))
    return state


def _require_value(fields: Fields, reading: Reading) -> None:
    """Value and unit may be missing only where an error is all there is to tell."""
    if reading.errors or reading.state != tables.GOOD or reading.reason == tables.EXCEPTION:
        return
    if reading.value is None:
        raise fields.wrong("RV", "required unless the reading only tells an error")
    if not reading.unit:
        raise fields.wrong("RU", "required unless the reading only tells an error")
