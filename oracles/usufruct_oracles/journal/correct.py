"""Taking in corrections: verdicts on each, stored beside the readings they revise, which stay as they are.

A correction is judged by itself, like a reading. Whether it follows a reading that counts is asked when
something is built (`revisions`), so that it does not matter which of the two came first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select

from usufruct.config import Meter, Stream
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.journal.correction_tables import (
    correction_records,
    correction_rejections,
    corrections,
)
from usufruct_oracles.sources.corrections import CorrectionRow, correction_payload
from usufruct_oracles.sources.records import Signed, record_hash
from usufruct_oracles.validation.rules import Place, Reading, judge
from usufruct_oracles.validation.signatures import check_signature
from usufruct_oracles.validation.verdicts import Rule, Verdict, shown

_KEY = ("meter", "end", "duration", "rev")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a corrections file.

    Attributes:
        accepted: New corrections.
        known: Rows that the journal had already, with the same value.
        verdicts: What does not count, by line.
    """

    accepted: int
    known: int
    verdicts: Sequence[Verdict]


@dataclass(slots=True)
class _Outcome:
    accepted: list[tuple[CorrectionRow, Reading]] = field(default_factory=list)
    known: list[tuple[CorrectionRow, Reading]] = field(default_factory=list)
    rejected: list[tuple[CorrectionRow, Verdict]] = field(default_factory=list)
    said: set[tuple[int, int, int]] = field(default_factory=set)


def store_corrections(
    connection: Connection,
    file_id: int,
    catalog: Catalog,
    stream: Stream,
    day: str,
    rows: Sequence[CorrectionRow],
    signed: Mapping[str, Signed],
    now: int,
) -> Taken:
    """Judges and stores the corrections of one file.

    Args:
        connection: Within the transaction that stores the file.
        file_id: The stored file.
        catalog: The community.
        stream: The stream of the file.
        day: The local day in which the corrected readings end.
        rows: Its rows, in order.
        signed: Its signatures by meter code.
        now: The clock's time.
    """
    by_meter: dict[str, list[CorrectionRow]] = {}
    for each in rows:
        by_meter.setdefault(each.row.meter, []).append(each)
    total = _Outcome()
    for code, own in by_meter.items():
        meter = catalog.meters.get(code)
        if meter is None or meter.stream != stream.code:
            verdict = Verdict(
                Rule.UNKNOWN_METER,
                f"no meter of {stream.code} has the code {shown(code)}",
                "correct the code, or write the row into its stream's folder",
            )
            total.rejected += [(each, each.fault or verdict) for each in own]
            continue
        place = Place(stream, meter, *catalog.day(day), now, catalog.timezone)
        outcome = _store_meter(connection, file_id, place, day, own, signed.get(code))
        total.accepted += outcome.accepted
        total.known += outcome.known
        total.rejected += outcome.rejected
    _reject(connection, file_id, stream, day, total.rejected)
    total.rejected.sort(key=lambda pair: pair[0].row.number)
    return Taken(len(total.accepted), len(total.known), [verdict for _, verdict in total.rejected])


def _store_meter(
    connection: Connection,
    file_id: int,
    place: Place,
    day: str,
    rows: Sequence[CorrectionRow],
    signed: Signed | None,
) -> _Outcome:
    meter, outcome = place.meter, _Outcome()
    payload = correction_payload(place.stream.code, meter.code, day, (each.line for each in rows))
    verdict = check_signature(meter, payload, signed)
    if verdict is not None or signed is None:
        outcome.rejected = [(each, verdict) for each in rows if verdict is not None]
        return outcome
    for each in rows:
        _judge(connection, outcome, place, each)
    _insert(connection, file_id, place, day, payload, signed, outcome)
    return outcome


def store_message(
    connection: Connection,
    file_id: int,
    place: Place,
    day: str,
    rows: Sequence[CorrectionRow],
    payload: bytes,
    signed: Signed,
) -> Taken:
    """Judges and stores the corrections of a message whose signature holds.

    Args:
        connection: Within the transaction that stores the message.
        file_id: Its delivery.
        place: Stream, meter and day that its rows are judged against.
        day: The day.
        rows: Its rows, in order.
        payload: What was signed.
        signed: The signature.
    """
    outcome = _Outcome()
    for each in rows:
        if each.row.meter and each.row.meter != place.meter.code:
            outcome.rejected.append((each, _stranger(place.meter, each)))
        else:
            _judge(connection, outcome, place, each)
    _insert(connection, file_id, place, day, payload, signed, outcome)
    _reject(connection, file_id, place.stream, day, outcome.rejected)
    verdicts = [verdict for _, verdict in outcome.rejected]
    return Taken(len(outcome.accepted), len(outcome.known), verdicts)


def _stranger(meter: Meter, given: CorrectionRow) -> Verdict:
    return Verdict(
        Rule.UNKNOWN_METER,
        f"{shown(given.row.meter)} in a message of {meter.code}",
        "send the corrections of each meter in a message of its own",
    )


def _insert(
    connection: Connection,
    file_id: int,
    place: Place,
    day: str,
    payload: bytes,
    signed: Signed,
    outcome: _Outcome,
) -> None:
    said = [*outcome.accepted, *outcome.known]
    digest = record_hash(payload, signed.signature)
    if not said or _is_stored(connection, digest):
        return
    record = {
        "file_id": file_id,
        "stream": place.stream.id,
        "meter": place.meter.id,
        "day": day,
        "sha256": digest,
        "payload": payload,
        "scheme": signed.scheme,
        "signature": signed.signature,
    }
    query = insert(correction_records).values(record).returning(correction_records.c.id)
    number = int(connection.execute(query).scalar_one())
    rows = [_row(number, place.stream, place.meter, *pair) for pair in said]
    connection.execute(insert(corrections), rows)


def _is_stored(connection: Connection, digest: bytes) -> bool:
    query = select(correction_records.c.id).where(correction_records.c.sha256 == digest)
    return connection.execute(query.limit(1)).first() is not None


def _judge(
    connection: Connection,
    outcome: _Outcome,
    place: Place,
    given: CorrectionRow,
) -> None:
    """Accepts, knows or rejects one correction.

    Of two values for one revision both are kept, and none counts until a further revision names one. What another
    record says already is kept, too: which of them is named, `revisions.chain_of` says.
    """
    reading = _reading(given, place.meter)
    if reading is None:
        if given.fault is not None:
            outcome.rejected.append((given, given.fault))
        return
    verdict = judge(reading, place)
    if verdict is not None:
        outcome.rejected.append((given, verdict))
        return
    key = reading.end, reading.duration, given.rev
    mine = reading.quantity, reading.row.quality, given.supersedes
    if key in outcome.said:
        outcome.rejected.append((given, _twice(place.meter, given)))
        return
    outcome.said.add(key)
    there = _stored(connection, place.meter, key)
    if mine in there:
        outcome.known.append((given, reading))
        return
    if there:
        outcome.rejected.append((given, _conflict(place.meter, given)))
    outcome.accepted.append((given, reading))


def _reading(given: CorrectionRow, meter: Meter) -> Reading | None:
    row = given.row
    if given.fault is not None or row.start is None or row.duration is None or row.value is None:
        return None
    quantity = row.value.quantity(meter.multiplier)
    return Reading(row, row.start, row.start + row.duration, row.duration, quantity)


def _stored(
    connection: Connection, meter: Meter, key: tuple[int, int, int]
) -> set[tuple[int, int, bytes]]:
    query = select(corrections.c.quantity, corrections.c.quality, corrections.c.supersedes).where(
        corrections.c.meter == meter.id,
        *(corrections.c[name] == value for name, value in zip(_KEY[1:], key, strict=True)),
    )
    found = connection.execute(query)
    return {(int(quantity), int(quality), bytes(old)) for quantity, quality, old in found}


def _twice(meter: Meter, given: CorrectionRow) -> Verdict:
    return Verdict(
        Rule.DUPLICATE,
        f"revision {given.rev} of this reading of {meter.code} stands there twice",
        "nothing is lost; what the first row says counts",
    )


def _conflict(meter: Meter, given: CorrectionRow) -> Verdict:
    return Verdict(
        Rule.CONFLICT,
        f"revision {given.rev} of this reading of {meter.code} is claimed to be another one, too",
        f"say which is right by revision {given.rev + 1}, which names that record",
    )


def _row(
    record_id: int, stream: Stream, meter: Meter, given: CorrectionRow, reading: Reading
) -> dict[str, Any]:
    return {
        "meter": meter.id,
        "end": reading.end,
        "duration": reading.duration,
        "rev": given.rev,
        "record_id": record_id,
        "stream": stream.id,
        "quantity": reading.quantity,
        "quality": reading.row.quality,
        "supersedes": given.supersedes,
        "reason": given.reason,
    }


def _reject(
    connection: Connection,
    file_id: int,
    stream: Stream,
    day: str,
    rejected: Sequence[tuple[CorrectionRow, Verdict]],
) -> None:
    rows = [
        {
            "file_id": file_id,
            "stream": stream.id,
            "day": day,
            "meter": given.row.meter,
            "line_number": given.row.number,
            "line": given.line,
            "rule": verdict.rule,
            "detail": verdict.detail,
            "remedy": verdict.remedy,
        }
        for given, verdict in rejected
    ]
    if rows:
        connection.execute(insert(correction_rejections), rows)
