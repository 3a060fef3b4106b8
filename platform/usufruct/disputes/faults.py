"""Finding faults off the chain: what is looked for is what ObjectiveDisputes decides (docs/decisions/0009).

Pure functions. Each candidate names its place in the evidence; whether it is proven is the contract's to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

from usufruct.core.encoding import ReadingLeaf
from usufruct.core.signing import SIGNATURE_LENGTH, verify_record
from usufruct.core.statements import StatementLine
from usufruct.disputes.evidence import PeriodEvidence
from usufruct.money import mul_div_down

__all__ = ["Candidate", "MeterFacts", "Place", "find"]

_MONEY = 2


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A leaf: number of the batch among the period's, and index in it."""

    batch: int
    index: int


@dataclass(frozen=True, slots=True)
class MeterFacts:
    """What the registry says of a meter: stream, end of the calibration, and the keys that may have signed."""

    stream: int
    calibrated_until: int
    keys: tuple[tuple[str, bytes], ...]
    """Scheme and compressed key."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fault that can be proven.

    Attributes:
        verb: `reading`, `record`, `pair` or `lines`: what proves it.
        what: In words.
        stake: Money that rests on it, minor units; None where quantities are committed.
        places: The leaves it is about; none for lines.
        record: The device's bytes, for a record.
    """

    verb: str
    what: str
    stake: int | None
    places: tuple[Place, ...] = ()
    record: bytes = b""


def find(
    evidence: PeriodEvidence,
    meters: Mapping[int, MeterFacts],
    records: Mapping[bytes, bytes] | None = None,
) -> list[Candidate]:
    """All candidates, those of the lines first.

    Args:
        evidence: The period.
        meters: The registry's meters by id; one that is not there was never registered.
        records: Device records (payload ‖ signature) by their sha256, as far as they are at hand.
    """
    readings = [
        (Place(number, index), ReadingLeaf.decode(leaf))
        for number, each in enumerate(evidence.batches)
        for index, leaf in enumerate(each.leaves)
    ]
    return [
        *_lines(evidence),
        *_single(evidence, readings, meters),
        *_records(evidence, readings, meters, records or {}),
        *_pairs(evidence, readings),
    ]


def _lines(evidence: PeriodEvidence) -> Iterator[Candidate]:
    """At most one: a statement is void by its first fault."""
    lines, gross = evidence.lines, evidence.statement.gross
    if lines is None:
        return
    for place, line in enumerate(lines):
        wrong = _wrong_line(place, line, committed=evidence.committed)
        if wrong:
            yield Candidate("lines", wrong, gross)
            return
    total = sum(line.amount for line in lines)
    if total != gross:
        yield Candidate("lines", f"gross {gross}, the lines add up to {total}", abs(gross - total))


def _wrong_line(place: int, line: StatementLine, *, committed: bool) -> str:
    if line.row_index != place:
        return f"line {place} is that of row {line.row_index}"
    if (line.blinding is not None) != committed and (line.quantity or not committed):
        return f"line {place} has the wrong form of quantity"
    right = mul_div_down(line.quantity, line.price, line.per) if line.per else None
    if line.amount != right:
        return f"line {place} says {line.amount} for {line.quantity} × {line.price} / {line.per}"
    return ""


def _single(
    evidence: PeriodEvidence,
    readings: Sequence[tuple[Place, ReadingLeaf]],
    meters: Mapping[int, MeterFacts],
) -> Iterator[Candidate]:
    """Faults of one reading; a batch's numbers and a meter count once."""
    told: set[tuple[str, int]] = set()
    for place, reading in readings:
        batch = evidence.batches[place.batch].batch
        name = f"reading {place.index} of batch {batch.seq}"
        key, what = ("", 0), ""
        if reading.seq != batch.first + place.index:
            key, what = ("batch", batch.seq), f"{name} has the number {reading.seq}"
        elif reading.stream != batch.stream:
            what = f"{name} is of stream {reading.stream}"
        elif not batch.from_ < reading.end <= batch.to:
            what = f"{name} ends at {reading.end}, outside its window"
        elif (wrong := _wrong_meter(reading, batch.stream, meters)) != "":
            key, what = ("meter", reading.meter), f"{name}: {wrong}"
        if what and (not key[0] or key not in told):
            told.add(key)
            yield Candidate("reading", what, _stake(evidence, [reading]), (place,))


def _wrong_meter(reading: ReadingLeaf, stream: int, meters: Mapping[int, MeterFacts]) -> str:
    meter = meters.get(reading.meter)
    if meter is None:
        return f"meter {reading.meter} was never registered"
    if meter.stream != stream:
        return f"meter {reading.meter} belongs to stream {meter.stream}"
    if reading.end > meter.calibrated_until:
        return f"meter {reading.meter} was calibrated until {meter.calibrated_until}"
    return ""


def _records(
    evidence: PeriodEvidence,
    readings: Sequence[tuple[Place, ReadingLeaf]],
    meters: Mapping[int, MeterFacts],
    records: Mapping[bytes, bytes],
) -> Iterator[Candidate]:
    """Records at hand whose signature is none of the meter's keys'; with all readings that rest on them."""
    by_record: dict[bytes, list[tuple[Place, ReadingLeaf]]] = {}
    for place, reading in readings:
        by_record.setdefault(reading.record, []).append((place, reading))
    for name, resting in by_record.items():
        record, meter = records.get(name), meters.get(resting[0][1].meter)
        if record is None or meter is None or sha256(record).digest() != name:
            continue
        payload, signature = record[:-SIGNATURE_LENGTH], record[-SIGNATURE_LENGTH:]
        if any(verify_record(scheme, key, payload, signature) for scheme, key in meter.keys):
            continue
        what = f"the record of meter {resting[0][1].meter} is not signed with its key"
        stake = _stake(evidence, [reading for _, reading in resting])
        yield Candidate("record", what, stake, (resting[0][0],), record)


def _pairs(
    evidence: PeriodEvidence, readings: Sequence[tuple[Place, ReadingLeaf]]
) -> Iterator[Candidate]:
    """Neighbours in the wrong order, the same reading twice, and intervals of a meter that share time."""
    for (a, x), (b, y) in pairwise(readings):
        if a.batch == b.batch and _order(x) > _order(y):
            what = f"readings {a.index} and {b.index} stand in the wrong order"
            yield Candidate("pair", what, _stake(evidence, [y]), (a, b))
    by_meter: dict[tuple[int, int], list[tuple[Place, ReadingLeaf]]] = {}
    for place, reading in readings:
        by_meter.setdefault((reading.meter, reading.rev), []).append((place, reading))
    for entries in by_meter.values():
        entries.sort(key=lambda entry: (entry[1].end - entry[1].duration, entry[1].end))
        for (a, x), (b, y) in pairwise(entries):
            same = _order(x) == _order(y)
            shared = y.end - y.duration < x.end and max(x.kind, y.kind) < _MONEY
            if same or shared:
                what = f"meter {x.meter}: {'the same reading twice' if same else 'shared time'}"
                yield Candidate("pair", what, _stake(evidence, [y]), (min(a, b), max(a, b)))


def _order(reading: ReadingLeaf) -> tuple[int, int, int, int]:
    return (reading.end, reading.meter, reading.duration, reading.rev)


def _stake(evidence: PeriodEvidence, readings: Sequence[ReadingLeaf]) -> int | None:
    """What the readings are priced at; None where that cannot be seen."""
    tariff = evidence.tariff
    if tariff is None or any(reading.quantity[:1] != b"\0" for reading in readings):
        return None
    total = 0
    for reading in readings:
        row = tariff.rows[tariff.row_index_at(reading.end - reading.duration)]
        total += mul_div_down(int.from_bytes(reading.quantity[1:]), row.price, row.per)
    return total
