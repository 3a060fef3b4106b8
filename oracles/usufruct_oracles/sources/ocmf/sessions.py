"""From readings of registers to quantities: what was delivered between two readings of one register.

A register counts up for ever, so the energy of a session is the reading at its end less the one at its beginning; that
holds as well for registers that begin each transaction at 0. The compensation of losses (CL) is in the values already.

| of the readings in between | counts |
|---|---|
| state (ST) | only G |
| error flags (EF), exception (TX X) | none |
| time status at the end | S, or R: the time since the beginning is measured by the rules of metrology |
| time status at the beginning | S, R, or I where the end is S or R |
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Final

from usufruct.config import Meter
from usufruct.core.periods import day_of
from usufruct_oracles.sources.alive import Heartbeat, unreadable
from usufruct_oracles.sources.ocmf import tables
from usufruct_oracles.sources.ocmf.fields import wrong
from usufruct_oracles.sources.ocmf.model import OcmfError, Reading, Record
from usufruct_oracles.sources.ocmf.readings import quantity_of
from usufruct_oracles.sources.ocmf.record import HEADER, parse, parse_payload
from usufruct_oracles.validation.rows import Row, parse_row
from usufruct_oracles.validation.verdicts import Rule, Verdict, shown

FORM: Final = "ocmf/1"
"""The form of messages of OCMF records: the payload section that the device signed, or in a gateway's envelope whole
records of one transaction, one after the other with a line feed between them."""

_NEXT: Final = re.compile(rb"\n(?=OCMF\|)")  # no record has a pipe inside its sections

_MILLISECONDS: Final = 1000
_IMPORTED: Final = frozenset({"1", "B0", "B1", "B2", "B3"})
_VALID: Final = 0
_COUNTING: Final = frozenset("SR")
_AGAIN: Final = (
    "the device must be looked after; the session can only be delivered by a corrected record"
)


def decode(payload: bytes, meter: Meter) -> Sequence[Row]:
    """The readings in the payload of a message of this form, as `messages.Decoder` says.

    A meter of intervals gives one reading from each value to the next, any other one for each transaction, and none
    for fiscal records, which are its `heartbeat`.
    """
    try:
        found = joined(records_in(payload))
    except OcmfError as error:
        detail = f"not an OCMF record: {error.field} {shown(str(error.value))}: {error.rule}"
        fault = Verdict(Rule.MALFORMED, detail, error.remedy or "")
        return [unreadable(payload, meter, fault)]
    return rows(found, meter)


def records_in(payload: bytes) -> list[Record]:
    """The records in the payload of a message of this form, without the gateway's heading.

    Raises:
        OcmfError: Not a payload of this form.
    """
    if payload.startswith(HEADER):
        return [parse(raw) for raw in _NEXT.split(payload)]
    return [parse_payload(payload)]


def joined(records: Sequence[Record]) -> tuple[Reading, ...]:
    """The readings of records of one transaction.

    Raises:
        OcmfError: The records are of several meters, or not on consecutive pages.
    """
    for before, after in pairwise(records):
        if after.serial != before.serial:
            raise wrong("MS", after.serial, f"all of one meter, here {before.serial}")
        if (after.page.context, after.page.number) != (before.page.context, before.page.number + 1):
            raise wrong(
                "PG", after.page, f"the page after {before.page}: no record may be left out"
            )
    return tuple(reading for record in records for reading in record.readings)


def heartbeat(payload: bytes, meter: Meter, timezone: str) -> Heartbeat | None:
    """What a fiscal record says of a meter without intervals: it was alive when the last value was read.

    Args:
        payload: The payload of a message of this form, without the gateway's heading, in which `decode` finds no fault.
        meter: The meter.
        timezone: The project's time zone.
    """
    readings = joined(records_in(payload))
    if not _is_sign_of_life(readings, meter):
        return None
    return Heartbeat(day_of(readings[-1].time // _MILLISECONDS - 1, timezone).isoformat(), 0)


def _is_sign_of_life(readings: Sequence[Reading], meter: Meter) -> bool:
    return meter.interval is None and not any(each.reason for each in readings)


def rows(readings: Sequence[Reading], meter: Meter) -> list[Row]:
    """What a meter's readings say, as rows in the form of a day file, numbered from 1.

    Args:
        readings: The readings of one record, or of the records of one transaction in order.
        meter: The meter.
    """
    if _is_sign_of_life(readings, meter):
        fault = _fault(readings)
        return [] if fault is None else [_fault_row(1, meter, fault)]
    registers = _of_one_register(readings)
    if not registers:
        return [_fault_row(1, meter, _incomplete("no reading of an energy register in it"))]
    if len({each.register for each in registers}) > 1:
        return [_fault_row(1, meter, _incomplete("several registers of imported energy in it"))]
    pairs = pairwise(registers) if meter.interval is not None else _transactions(registers)
    found = [
        _row(number, meter, first, last, _fault(_between(readings, first, last)))
        for number, (first, last) in enumerate(pairs, 1)
    ]
    return found or [_fault_row(1, meter, _incomplete(_what_is_missing(registers, meter)))]


def _of_one_register(readings: Sequence[Reading]) -> list[Reading]:
    """The readings of energy; where a record holds several registers, those of imported energy (OBIS C 1, B0 to B3)."""
    energy = [each for each in readings if each.unit in tables.ENERGY_UNITS or each.value is None]
    names = {each.register for each in energy if each.value is not None}
    if len(names) <= 1:
        return energy
    imported = {name for name in names if quantity_of(name) in _IMPORTED}
    return [each for each in energy if each.register in (imported or names)]


def _transactions(readings: Sequence[Reading]) -> Iterator[tuple[Reading, Reading]]:
    """Each beginning with its end."""
    begun: Reading | None = None
    for each in readings:
        if each.reason == tables.BEGIN and begun is None:
            begun = each
        elif each.reason in tables.ENDS and begun is not None:
            yield begun, each
            begun = None


def _between(readings: Sequence[Reading], first: Reading, last: Reading) -> list[Reading]:
    """All readings from one to another, of whatever register: an error in any of them spoils what is between."""
    inner = [each for each in readings if first.time <= each.time <= last.time]
    return [first, *(each for each in inner if each is not first and each is not last), last]


def _what_is_missing(readings: Sequence[Reading], meter: Meter) -> str:
    if meter.interval is not None:
        return "one reading of the register; an interval needs the one before it"
    reasons = ", ".join(each.reason or "none" for each in readings[:8])
    return f"no transaction from its beginning to its end (TX: {reasons})"


def _row(number: int, meter: Meter, first: Reading, last: Reading, fault: Verdict | None) -> Row:
    start, end = first.time // _MILLISECONDS, last.time // _MILLISECONDS
    value = Decimal(0)
    if first.value is None or last.value is None:
        fault = fault or _incomplete("the register was not read at its beginning or end")
    else:
        value = _in_unit(last, first.unit) - first.value
    row = parse_row(number, _line(meter, start, end - start, value, first.unit))
    return row if fault is None else replace(row, fault=fault)


def _in_unit(reading: Reading, unit: str) -> Decimal:
    value = reading.value or Decimal(0)
    if reading.unit == unit:
        return value
    return value.scaleb(3) if reading.unit == "kWh" else value.scaleb(-3)


def _line(meter: Meter, start: int, seconds: int, value: Decimal, unit: str) -> str:
    """The reading as a line of a day file (protocol §4)."""
    moment = datetime.fromtimestamp(start, UTC).isoformat()
    return f"{meter.code},{moment},{seconds},{value:f},{unit},{_VALID}"


def _fault(span: Sequence[Reading]) -> Verdict | None:
    """The first reason for which a span of readings does not count."""
    for each in span:
        if each.state != tables.GOOD:
            name = tables.METER_STATES[each.state]
            return Verdict(
                Rule.METER_STATUS, f"meter status {each.state} ({name}) at {each.text}", _AGAIN
            )
        if each.errors or each.reason == tables.EXCEPTION:
            lost = ", ".join(tables.ERRORS[flag] for flag in each.errors) or "energy or time"
            return Verdict(Rule.ERROR_FLAGS, f"{lost} not usable from {each.text} on", _AGAIN)
    if span[0].reason == tables.BEGIN and span[0].loss:
        return Verdict(
            Rule.MALFORMED,
            f"CL is {span[0].loss} where a transaction begins, and not reset to 0",
            _AGAIN,
        )
    return _clock_fault(span[0], span[-1])


def _clock_fault(first: Reading, last: Reading) -> Verdict | None:
    for each, counting in ((last, _COUNTING), (first, _COUNTING | {"I"})):
        if each.clock not in counting:
            return Verdict(
                Rule.CLOCK_STATUS,
                f"time status {each.clock} ({tables.TIME_STATES[each.clock]}) at {each.text}",
                "synchronise the device's clock, so that it writes S, or R at the end of a session",
            )
    return None


def _incomplete(detail: str) -> Verdict:
    return Verdict(
        Rule.INCOMPLETE,
        detail,
        "let the device put beginning and end into one record, or let a gateway join the records",
    )


def _fault_row(number: int, meter: Meter, fault: Verdict) -> Row:
    return Row(number, meter.code, meter.code, None, None, None, "", -1, fault)
