"""From the requests of a charging station to what counts: a transaction's energy, or intervals of a register.

Where a request carries OCMF, that record is what counts (`ocmf_records`) and is a message of its own form. The form
here is for what no device signs: a gateway's envelope around the requests of one transaction, or around MeterValues.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Final

from usufruct.config import Meter
from usufruct_oracles.sources.alive import unreadable
from usufruct_oracles.sources.ocpp.frames import unpack
from usufruct_oracles.sources.ocpp.model import Event, OcppError, Sample
from usufruct_oracles.sources.ocpp.requests import REGISTER, parse
from usufruct_oracles.validation.rows import Row, parse_row
from usufruct_oracles.validation.verdicts import Rule, Verdict, shown

FORM: Final = "ocpp/2"
"""The form of messages that hold requests of OCPP 2.x, one or several packed by `pack`."""

_INTERVAL: Final = "Energy.Active.Import.Interval"
_UNITS: Final = {"Wh": 0, "kWh": 3}
_OCMF: Final = "OCMF"
_MILLISECONDS: Final = 1000
_BEGIN, _END = "Transaction.Begin", "Transaction.End"


def decode(payload: bytes, meter: Meter) -> Sequence[Row]:
    """The readings in the payload of a message of this form, as `messages.Decoder` says."""
    try:
        events = [parse(each) for each in unpack(payload)]
    except OcppError as error:
        detail = f"not OCPP: {error.field} {shown(str(error.value))}: {error.rule}"
        return [unreadable(payload, meter, Verdict(Rule.MALFORMED, detail, error.remedy or ""))]
    if meter.interval is not None:
        return _intervals([sample for each in events for sample in each.samples], meter)
    return [_transaction(events, meter)]


def ocmf_records(events: Iterable[Event]) -> list[bytes]:
    """The OCMF records in the signed values of events, each once, in order."""
    found = (
        sample.signed.data
        for event in events
        for sample in event.samples
        if sample.signed is not None and sample.signed.encoding == _OCMF
    )
    return list(dict.fromkeys(found))


def missing_events(events: Iterable[Event]) -> list[int]:
    """Numbers (seqNo) that a transaction lacks, up to the highest one that is known."""
    numbers = {each.number for each in events}
    return sorted(set(range(max(numbers, default=-1) + 1)) - numbers)


def is_complete(events: Sequence[Event]) -> bool:
    """Whether a transaction has begun and ended and nothing in between is missing."""
    kinds = {each.kind for each in events}
    last = max((each.number for each in events), default=-1)
    ended = any(each.kind == "Ended" and each.number == last for each in events)
    return "Started" in kinds and ended and not missing_events(events)


def has_register(event: Event) -> bool:
    """Whether a request carries a value of the register of imported energy."""
    return any(map(_is_register, event.samples))


# --- Transactions ---


def _transaction(events: Sequence[Event], meter: Meter) -> Row:
    fault = _fault(events)
    if fault is not None:
        return _fault_row(meter, fault)
    ordered = sorted({each.number: each for each in events}.values(), key=lambda each: each.number)
    begin, end = _edge(ordered[0], _BEGIN), _edge(ordered[-1], _END)
    if begin is None or end is None:
        which = "beginning" if begin is None else "end"
        return _fault_row(meter, _incomplete(f"no {REGISTER} in Wh or kWh at its {which}"))
    return _between(1, meter, begin, end)


def _fault(events: Sequence[Event]) -> Verdict | None:
    """Why these events are not one whole transaction."""
    if len({each.transaction for each in events}) != 1 or not events[0].transaction:
        return _incomplete("not the events of one transaction")
    by_number: dict[int, bytes] = {}
    for each in events:
        if by_number.setdefault(each.number, each.raw) != each.raw:
            return Verdict(
                Rule.CONFLICT,
                f"two different events with seqNo {each.number} in transaction {shown(each.transaction)}",
                "find out which of them the station sent",
            )
    missing = missing_events(events)
    if missing:
        return _incomplete(f"seqNo {', '.join(map(str, missing[:8]))} missing")
    if not is_complete(events):
        return _incomplete("its first event is not Started, or its last one not Ended")
    return None


def _edge(event: Event, context: str) -> Sample | None:
    """The register at an edge of a transaction: the sample that says so, else the event's only one."""
    registers = [each for each in event.samples if _is_register(each)]
    named = [each for each in registers if each.context == context]
    found = named or registers
    if not found:
        return None
    return found[0] if context == _BEGIN else found[-1]


def _is_register(sample: Sample) -> bool:
    return (
        sample.measurand == REGISTER
        and not sample.phase
        and sample.location == "Outlet"
        and sample.unit in _UNITS
    )


# --- Intervals ---


def _intervals(samples: Sequence[Sample], meter: Meter) -> Sequence[Row]:
    """Registers give an interval from each moment to the next; interval values stand for themselves."""
    registers = {each.time: each for each in samples if _is_register(each)}
    spans = list(pairwise(registers[time] for time in sorted(registers)))
    if spans:
        return [_between(number, meter, *span) for number, span in enumerate(spans, 1)]
    found = [
        each
        for each in samples
        if each.measurand == _INTERVAL and each.unit in _UNITS and not each.phase
    ]
    length = meter.interval or 0
    rows = [
        _row(number, meter, each.time // _MILLISECONDS - length, length, each.value, each.unit)
        for number, each in enumerate(found, 1)
    ]
    return rows or [_fault_row(meter, _incomplete("fewer than two values of the register"))]


# --- Rows ---


def _between(number: int, meter: Meter, first: Sample, last: Sample) -> Row:
    start, end = first.time // _MILLISECONDS, last.time // _MILLISECONDS
    value = last.value.scaleb(_UNITS[last.unit] - _UNITS[first.unit]) - first.value
    return _row(number, meter, start, end - start, value, first.unit)


def _row(number: int, meter: Meter, start: int, seconds: int, value: Decimal, unit: str) -> Row:
    moment = datetime.fromtimestamp(max(start, 0), UTC).isoformat()
    return parse_row(number, f"{meter.code},{moment},{seconds},{value:f},{unit},0")


def _incomplete(detail: str) -> Verdict:
    return Verdict(
        Rule.INCOMPLETE,
        detail,
        "let the gateway wait for all events of the transaction, and the station send them again",
    )


def _fault_row(meter: Meter, fault: Verdict) -> Row:
    return Row(1, meter.code, meter.code, None, None, None, "", -1, fault)
