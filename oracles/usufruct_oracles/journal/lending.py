"""Signed records that workers lend each other: only what the meter signed, never a verdict or a value.

A worker that lacks a message which the others got would hold a stream, or stop a quorum, for ever. It may therefore
take over from a peer the very bytes that the meter signed. They are judged here like any other file: the peer
can add nothing, change nothing and vouch for nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from usufruct.config import Meter, Stream
from usufruct.core.documents import keyed, natural, text, wrong
from usufruct.core.encoding import hex0x, unhex
from usufruct.errors import InputError
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.schema import readings, records, supports
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.records import (
    Signed,
    csv_bytes,
    record_hash,
    record_payload,
    signatures_bytes,
)
from usufruct_oracles.validation.signatures import check_signature
from usufruct_oracles.wire import Json

MOST_RECORDS = 4_096
"""Records named or sent in one message."""
_KEYS = {"meter", "scheme", "signature", "payload"}


@dataclass(frozen=True, slots=True)
class LentRecord:
    """One meter-day as it was signed.

    Attributes:
        meter: Number of the meter.
        scheme: Scheme of the signature.
        signature: The signature.
        payload: The signed bytes, verbatim.
    """

    meter: int
    scheme: str
    signature: bytes = field(repr=False)
    payload: bytes = field(repr=False)

    @property
    def sha256(self) -> bytes:
        """What leaves name it by (32 bytes)."""
        return record_hash(self.payload, self.signature)

    def to_json(self) -> Json:
        """Its form on the wire."""
        return {
            "meter": self.meter,
            "scheme": self.scheme,
            "signature": hex0x(self.signature),
            "payload": hex0x(self.payload),
        }

    @classmethod
    def from_json(cls, value: object) -> LentRecord:
        """The record in a JSON value; InputError if it is none."""
        given = keyed(value, _KEYS, "record")
        return cls(
            natural(given["meter"], "record.meter"),
            text(given["scheme"], "record.scheme"),
            unhex(text(given["signature"], "record.signature")),
            unhex(text(given["payload"], "record.payload")),
        )


def known_records(database: Database, stream: int, day: str) -> set[bytes]:
    """Hashes of all records of a day that were received, whatever became of them."""
    query = select(records.c.sha256).where(records.c.stream == stream, records.c.day == day)
    with database.read() as connection:
        return {bytes(found) for found in connection.execute(query).scalars()}


def lend(
    database: Database, stream: int, day: str, known: Collection[bytes], most_bytes: int
) -> list[LentRecord]:
    """The records that count on a day, without those that the asker has.

    A record counts if it is the newest that says one of the readings, or its meter's newest of the day.

    Args:
        database: The journal's database.
        stream: Number of the stream.
        day: The local day.
        known: Hashes of what the asker has.
        most_bytes: Payload bytes after which the rest is left for the next question.
    """
    with database.read() as connection:
        rows = connection.execute(
            select(*(records.c[name] for name in ("id", "sha256", *_COLUMNS)))
            .where(records.c.stream == stream, records.c.day == day, records.c.verified)
            .order_by(records.c.id)
        ).all()
        named = _named(connection, stream, [row.id for row in rows])
    newest = {row.meter: row.id for row in rows}
    found: list[LentRecord] = []
    size = 0
    for row in rows:
        wanted = row.id in named or newest[row.meter] == row.id
        # A payload may have been archived or erased: then there is nothing to lend.
        if not wanted or not row.payload or bytes(row.sha256) in known:
            continue
        size += len(row.payload)
        if found and (size > most_bytes or len(found) >= MOST_RECORDS):
            break
        found.append(LentRecord(row.meter, row.scheme, bytes(row.signature), bytes(row.payload)))
    return found


_COLUMNS = ("meter", "scheme", "signature", "payload")


def _named(connection: Connection, stream: int, ids: Sequence[int]) -> set[int]:
    """Those of the records that a leaf names: each the newest that says a reading."""
    if not ids:
        return set()
    key = ("meter", "end", "duration", "rev")
    again = (
        select(func.max(supports.c.record_id))
        .where(*(supports.c[name] == readings.c[name] for name in key))
        .correlate(readings)
        .scalar_subquery()
    )
    newest = func.coalesce(again, readings.c.record_id)
    query = (
        select(newest)
        .where(readings.c.stream == stream, readings.c.record_id.between(min(ids), max(ids)))
        .distinct()
    )
    return set(connection.execute(query).scalars())


@dataclass(frozen=True, slots=True)
class Checked:
    """What of lent records is fit to be judged.

    Attributes:
        file: A file made of them, as if it had been dropped; None if nothing is left.
        good: How many are in it.
        bad: How many were not what they claim: another stream, meter or day, or no valid signature.
    """

    file: SourceFile | None
    good: int
    bad: int


def check(
    catalog: Catalog, stream: int, day: str, lent: Sequence[LentRecord], source: str
) -> Checked:
    """Check lent records by themselves: the registered key must have signed exactly these bytes.

    Args:
        catalog: The community, whose keys count.
        stream: Number of the stream that was asked for.
        day: The day that was asked for.
        lent: What the peer sent.
        source: Name of the peer.
    """
    which = catalog.stream(stream)
    lines: list[str] = []
    signed: list[Signed] = []
    taken: set[int] = set()
    bad = 0
    for record in lent:
        meter = catalog.meters_by_id.get(record.meter)
        found = None if meter is None else _lines_of(which, meter, day, record)
        if meter is None or found is None:
            bad += 1
            continue
        if record.meter in taken:
            continue  # a file has one record of a meter: the next question brings the other
        taken.add(record.meter)
        lines.extend(found)
        signed.append(Signed(meter.code, record.scheme, record.signature))
    if not taken:
        return Checked(None, 0, bad)
    signatures = signatures_bytes(which.code, day, signed)
    return Checked(
        SourceFile(f"peer {source}", which.code, day, csv_bytes(lines), signatures), len(taken), bad
    )


def _lines_of(stream: Stream, meter: Meter, day: str, record: LentRecord) -> list[str] | None:
    """The record's lines if its meter signed it for this very stream and day."""
    if meter.stream != stream.code:
        return None
    try:
        lines = record.payload.decode().split("\n")[4:-1]
    except UnicodeDecodeError:
        return None
    if record_payload(stream.code, meter.code, day, lines) != record.payload:
        return None
    signed = Signed(meter.code, record.scheme, record.signature)
    return lines if check_signature(meter, record.payload, signed) is None else None


def hashes_from(value: object) -> set[bytes]:
    """The set of record hashes in a JSON value; InputError if it is none."""
    if not isinstance(value, list) or len(value) > MOST_RECORDS:
        raise wrong("known", "…", f"a list of at most {MOST_RECORDS} hashes")
    try:
        return {unhex(text(each, "known"), 32) for each in value}
    except InputError as error:
        raise wrong("known", "…", "hashes of 32 bytes") from error
