"""Judging a whole file: rows by meter, one signature for each meter-day, then every row by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from usufruct.config import Meter, Stream
from usufruct_oracles.catalog import Catalog, amount_of
from usufruct_oracles.sources.records import Signed, record_hash, record_payload
from usufruct_oracles.validation.doubts import Doubt, doubts_about
from usufruct_oracles.validation.neighbours import (
    CONTENDED,
    Neighbours,
    Stored,
    duplicate,
    is_known,
    late,
    overlap,
)
from usufruct_oracles.validation.rows import Row
from usufruct_oracles.validation.rules import Place, Reading, judge
from usufruct_oracles.validation.signatures import check_signature
from usufruct_oracles.validation.stakes import (
    UNKNOWN,
    Stake,
    mean_stake,
    stake_of,
    stake_without_quantity,
)
from usufruct_oracles.validation.verdicts import Rule, Verdict, shown


@dataclass(frozen=True, slots=True)
class Rejection:
    """Something that does not count.

    Attributes:
        number: Line in the file, 0 for a record without rows.
        line: The line, verbatim.
        meter: Code of the meter, "" if unreadable.
        end: End of the reading, unix seconds; None if unreadable.
        verdict: Why.
        stake: Money at stake.
    """

    number: int
    line: str
    meter: str
    end: int | None
    verdict: Verdict
    stake: Stake


@dataclass(slots=True)
class RecordOutcome:
    """One meter-day, or message, and what of it counts.

    Attributes:
        stream: Its stream.
        meter: The meter.
        payload: The signed bytes.
        scheme: Scheme of the signature, "" if there is none.
        signature: The signature, empty if there is none.
        verified: Whether the signature holds.
        accepted: New readings.
        known: Rows that counted already.
        contended: Rows that a reading of another record, or another session, stands against; also among the
            rejections.
        doubts: What is doubtful about readings that count or contend.
        rejections: Rows that do not count.
    """

    stream: Stream
    meter: Meter
    payload: bytes
    scheme: str
    signature: bytes
    verified: bool
    accepted: list[Reading] = field(default_factory=list)
    known: list[Reading] = field(default_factory=list)
    contended: list[Reading] = field(default_factory=list)
    doubts: list[tuple[Reading, Doubt]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    @property
    def sha256(self) -> bytes:
        """sha256 of payload ‖ signature (32 bytes)."""
        return record_hash(self.payload, self.signature)

    @property
    def complete(self) -> bool:
        """Whether the signature holds and every row of it may count; what it stands against, others decide."""
        wrong = [each for each in self.rejections if each.verdict.rule is not Rule.DUPLICATE]
        return self.verified and len(wrong) == len(self.contended)


@dataclass(frozen=True, slots=True)
class DayOutcome:
    """The verdicts on a file.

    Attributes:
        records: Meter-days of the stream's meters.
        rejections: Rows and signatures that belong to no such meter.
    """

    records: list[RecordOutcome]
    rejections: list[Rejection]


def judge_day(
    catalog: Catalog,
    stream: Stream,
    day: str,
    rows: Iterable[Row],
    signed: Mapping[str, Signed],
    neighbours: Neighbours,
    now: int,
    retracted: Collection[bytes] = frozenset(),
) -> DayOutcome:
    """The verdicts on all rows and signatures of a file.

    Args:
        catalog: The community.
        stream: The stream of the file.
        day: The day of the file.
        rows: Its rows, in order.
        signed: Its signatures by meter code.
        neighbours: Readings that count already; accepted ones are added.
        now: The clock's time.
        retracted: Digests of records that do not count whatever they say.
    """
    by_meter: dict[str, list[Row]] = {}
    for row in rows:
        by_meter.setdefault(row.meter, []).append(row)
    for code in signed:
        by_meter.setdefault(code, [])
    outcome = DayOutcome([], [])
    from_, to = catalog.day(day)
    for code, lines in by_meter.items():
        meter = catalog.meters.get(code)
        if meter is None or meter.stream != stream.code:
            outcome.rejections.extend(_strangers(stream, code, meter, lines))
            continue
        place = Place(stream, meter, from_, to, now, catalog.timezone)
        record = _open_record(place, day, lines, signed.get(code), retracted)
        judge_rows(record, lambda _, place=place: place, lines, neighbours)  # type: ignore[misc]
        outcome.records.append(record)
    return outcome


def _strangers(
    stream: Stream, code: str, meter: Meter | None, rows: Sequence[Row]
) -> Iterator[Rejection]:
    """Rows of meters that are unknown or belong to another stream."""
    if meter is None:
        verdict = Verdict(
            Rule.UNKNOWN_METER,
            f"no meter has the code {shown(code)}",
            "correct the code, or register the meter first",
        )
    else:
        verdict = Verdict(
            Rule.WRONG_STREAM,
            f"{code} belongs to {meter.stream}, not to {stream.code}",
            f"write its rows into the folder {meter.stream}",
        )
    for row in rows:
        yield Rejection(row.number, row.line, code, row.end, row.fault or verdict, UNKNOWN)
    if not rows:
        yield Rejection(0, "", code, None, verdict, UNKNOWN)


def _open_record(
    place: Place,
    day: str,
    rows: Sequence[Row],
    signed: Signed | None,
    retracted: Collection[bytes],
) -> RecordOutcome:
    payload = record_payload(place.stream.code, place.meter.code, day, (row.line for row in rows))
    verdict = check_signature(place.meter, payload, signed)
    if verdict is None and signed is not None:
        verdict = check_retraction(record_hash(payload, signed.signature), retracted)
    record = RecordOutcome(
        stream=place.stream,
        meter=place.meter,
        payload=payload,
        scheme="" if signed is None else signed.scheme,
        signature=b"" if signed is None else signed.signature,
        verified=verdict is None,
    )
    if verdict is not None:
        record.rejections = [unsigned(row, place, verdict) for row in rows]
        if not rows:
            record.rejections = [Rejection(0, "", place.meter.code, None, verdict, UNKNOWN)]
    return record


def check_retraction(digest: bytes, retracted: Collection[bytes]) -> Verdict | None:
    """None unless the record with that digest was retracted."""
    if digest not in retracted:
        return None
    return Verdict(
        Rule.RETRACTED,
        f"record 0x{digest.hex()} was retracted by this worker's operator",
        "deliver the right record; `usufruct-oracle records` lists the retracted ones",
    )


def unsigned(row: Row, place: Place, verdict: Verdict) -> Rejection:
    """The rejection of a row whose record is not signed as it must be."""
    reading = reading_of(row, place.meter)
    stake = None if reading is None else stake_of(verdict.rule, reading, place, None)
    return Rejection(row.number, row.line, row.meter, row.end, verdict, stake or UNKNOWN)


def judge_rows(
    record: RecordOutcome,
    place_of: Callable[[Row], Place],
    rows: Sequence[Row],
    neighbours: Neighbours,
    received: int | None = None,
) -> None:
    """Judges the rows of a record whose signature holds; the record takes up what became of each.

    Args:
        record: The record.
        place_of: What a row that could be read is judged against.
        rows: Its rows, in order.
        neighbours: Readings that count already; accepted ones are added.
        received: The chain's time when a message came.
    """
    if not record.verified:
        return
    amounts: list[int] = []
    rejected: list[tuple[Row, Verdict, Stake | None]] = []
    meter, stream = record.meter, record.stream
    said: dict[tuple[int, int], Stored] = {}
    for row in rows:
        reading = reading_of(row, meter)
        if reading is None:
            if row.fault is not None:
                rejected.append((row, row.fault, stake_without_quantity(row, stream)))
            continue
        place = place_of(row)
        # A record says each reading once, with its first row: no other record can change what it says.
        own = said.get((reading.end, reading.duration))
        same = own or neighbours.same(reading, meter.id)
        verdict = judge(reading, place)
        if verdict is None and own is None and is_known(reading, same):
            record.known.append(reading)
        elif (verdict := verdict or _against(reading, same, place, neighbours)) is None:
            neighbours.add(reading, meter.id)
            record.accepted.append(reading)
            record.doubts += _doubts(reading, place, received)
        else:
            if verdict.rule in CONTENDED and own is None:
                _say(said, reading)
                record.contended.append(reading)
                record.doubts += _doubts(reading, place, received)
            rejected.append((row, verdict, stake_of(verdict.rule, reading, place, same)))
            continue
        _say(said, reading)
        amounts.append(amount_of(stream, reading.start, reading.quantity))
    mean = mean_stake(amounts)
    record.rejections = [
        Rejection(row.number, row.line, row.meter, row.end, verdict, stake or mean)
        for row, verdict, stake in rejected
    ]


def _say(said: dict[tuple[int, int], Stored], reading: Reading) -> None:
    said[reading.end, reading.duration] = Stored(reading.quantity, reading.row.quality)


def _doubts(reading: Reading, place: Place, received: int | None) -> list[tuple[Reading, Doubt]]:
    return [(reading, each) for each in doubts_about(reading, place, received)]


def _against(
    reading: Reading, same: Stored | None, place: Place, neighbours: Neighbours
) -> Verdict | None:
    """The first rule broken among those that need other readings."""
    verdict = duplicate(reading, same, place) or late(reading, neighbours.closed, place)
    # Sessions follow one another; money of one meter may be for the same time.
    if verdict is None and place.meter.interval is None and place.stream.measure != "money":
        verdict = overlap(reading, neighbours.overlapping(reading, place.meter.id), place)
    return verdict


def reading_of(row: Row, meter: Meter) -> Reading | None:
    """The reading in a row, None if a column of it cannot be read."""
    if row.fault is not None or row.start is None or row.duration is None or row.value is None:
        return None
    quantity = row.value.quantity(meter.multiplier)
    return Reading(row, row.start, row.start + row.duration, row.duration, quantity)
