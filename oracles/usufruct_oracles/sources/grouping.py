"""Records of OCMF that came apart, put together again: what lies between two readings is in one group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from usufruct.config import Meter
from usufruct_oracles.sources import ocmf
from usufruct_oracles.sources.ocmf import tables


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing that a device or its hub delivered.

    Attributes:
        source: Where it came from, for people.
        meter: Code of the meter.
        form: What it is; "ocmf/1" is a whole record, "ocpp/2" one request.
        raw: The bytes, verbatim.
        scheme: Scheme of the signature over them, "" if there is none beside them.
        signature: The signature.
    """

    source: str
    meter: str
    form: str
    raw: bytes = field(repr=False)
    scheme: str = ""
    signature: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """Records that belong together, and the deliveries they came in."""

    records: tuple[ocmf.Record, ...]
    parts: tuple[Delivery, ...]
    overdue: bool


def counting(records: Sequence[ocmf.Record], meter: Meter) -> Sequence[ocmf.Record]:
    """The records that hold a whole transaction by themselves, else all: its halves say nothing beside a whole."""
    whole = [each for each in records if is_whole([each], meter)]
    return whole or records


def is_whole(records: Iterable[ocmf.Record], meter: Meter) -> bool:
    """Whether records hold what lies between two readings: a transaction to its end, or fiscal values.

    One fiscal value is whole where it is no end of an interval, but a sign of life.
    """
    reasons = [reading.reason for record in records for reading in record.readings]
    if not any(reasons):
        return meter.interval is None or len(reasons) > 1
    ends = [at for at, reason in enumerate(reasons) if reason in tables.ENDS]
    return tables.BEGIN in reasons and bool(ends) and reasons.index(tables.BEGIN) < ends[-1]


def merged(found: Sequence[Held]) -> list[Held]:
    """What is held, each record once: one that came alone and inside OCPP too goes with the larger of the two."""
    kept: list[Held] = []
    homes: dict[bytes, int] = {}
    for held in sorted(found, key=lambda each: (-len(each.records), _first_page(each))):
        at = {homes.get(each.raw) for each in held.records}
        home = at.pop() if len(at) == 1 else None
        if home is None:
            homes |= {each.raw: len(kept) for each in held.records}
            kept.append(held)
        else:
            before = kept[home]
            parts, overdue = (*before.parts, *held.parts), before.overdue or held.overdue
            kept[home] = Held(before.records, parts, overdue)
    return kept


def joined(found: Sequence[Held], meter: Meter) -> Iterator[Held]:
    """Records of one meter grouped to what can be read by itself.

    A transaction reaches from a beginning over consecutive pages to its end. A fiscal record of one value makes an
    interval with the one on the next page, and is done with then; the next one waits for its own successor.
    """
    ordered = sorted(found, key=_first_page)
    group: Held | None = None
    for held in ordered:
        if group is None or not _follows(group, held, meter):
            if group is not None:
                yield group
            group = held
        elif _is_value(group.records[-1], meter):
            yield Held((*group.records, *held.records[:1]), group.parts, overdue=True)
            group = held
        else:
            parts = (*group.parts, *held.parts)
            group = Held((*group.records, *held.records), parts, group.overdue or held.overdue)
    if group is not None:
        yield group


def _is_value(record: ocmf.Record, meter: Meter) -> bool:
    """Whether a record is one fiscal value, which makes no interval by itself."""
    return (
        meter.interval is not None and not record.readings[0].reason and len(record.readings) == 1
    )


def _first_page(held: Held) -> tuple[str, int, bytes]:
    first = held.records[0]
    return first.page.context, first.page.number, first.raw


def _follows(group: Held, held: Held, meter: Meter) -> bool:
    """Whether records continue others that are not whole yet."""
    before, after = group.records[-1], held.records[0]
    consecutive = (
        before.serial == after.serial
        and before.page.context == after.page.context
        and before.page.number + 1 == after.page.number
    )
    begun = before.page.context == "F" or tables.BEGIN in {
        each.reason for each in group.records[0].readings
    }
    return consecutive and begun and not is_whole(group.records, meter)
