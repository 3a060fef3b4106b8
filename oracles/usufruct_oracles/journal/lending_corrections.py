"""Corrections that workers lend each other: the very bytes that the meter signed, judged like a file that was dropped.

A worker that lacks a correction computes another statement than the others, or none at all, for ever. As with records
the peer can add nothing and change nothing (`journal.lending`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, select

from usufruct.config import Meter, Stream
from usufruct.errors import InputError
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.intervals import days_ending_in
from usufruct_oracles.journal.correction_tables import correction_records
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.lending import (
    MOST_RECORDS,
    Checked,
    LentRecord,
    is_signed,
    message_of,
)
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.corrections import (
    CORRECTIONS_HEADING,
    FORM,
    SUFFIX,
    corrections_csv,
    parse_payload,
)
from usufruct_oracles.sources.forms import DECODERS
from usufruct_oracles.sources.messages import Message
from usufruct_oracles.sources.records import Signed, signatures_bytes

_LABEL = 16
_ROWS_BEGIN = 4


@dataclass(frozen=True, slots=True)
class Corrected:
    """What corrections are asked for: those of a period's readings of a stream."""

    catalog: Catalog
    stream: Stream
    period: int

    @classmethod
    def of(cls, catalog: Catalog, stream: int | str, period: int) -> Corrected:
        """The place; InputError if there is no such stream or period."""
        catalog.period_bounds(period)
        return cls(catalog, catalog.stream(stream), period)

    def _days(self) -> Sequence[str]:
        return days_ending_in(self.catalog, *self.catalog.period_bounds(self.period))

    def condition(self) -> ColumnElement[bool]:
        """The condition on `correction_records`."""
        return and_(
            correction_records.c.stream == self.stream.id,
            correction_records.c.day.in_(self._days()),
        )


def known_corrections(database: Database, wanted: Corrected) -> set[bytes]:
    """Hashes of the records with corrections of those readings that were received."""
    query = select(correction_records.c.sha256).where(wanted.condition())
    with database.read() as connection:
        return {bytes(found) for found in connection.execute(query).scalars()}


def lend_corrections(
    database: Database, wanted: Corrected, known: Collection[bytes], most_bytes: int
) -> list[LentRecord]:
    """The corrections that the asker lacks; arguments as of `lending.lend`."""
    query = select(correction_records).where(wanted.condition()).order_by(correction_records.c.id)
    found: list[LentRecord] = []
    size = 0
    with database.read() as connection:
        for row in connection.execute(query):
            each = LentRecord(row.meter, FORM, row.scheme, bytes(row.signature), bytes(row.payload))
            # The payload of a household that was erased is gone.
            if not each.payload or each.sha256 in known:
                continue
            size += each.size
            if found and (size > most_bytes or len(found) >= MOST_RECORDS):
                break
            found.append(each)
    return found


def check_corrections(wanted: Corrected, lent: Sequence[LentRecord], source: str) -> Checked:
    """Check lent corrections by themselves: the registered key must have signed exactly these bytes.

    Args:
        wanted: What was asked for.
        lent: What the peer sent.
        source: Name of the peer.
    """
    taken: list[Message] = []
    filed: list[SourceFile] = []
    for record in lent:
        meter = wanted.catalog.meters_by_id.get(record.meter)
        if meter is None or meter.stream != wanted.stream.code or record.form != FORM:
            continue
        # A gateway signs corrections in a message only as an envelope; without one they came as a file.
        if record.payload.startswith(CORRECTIONS_HEADING.encode()) and "gateway" in record.scheme:
            file = _file_of(meter, record, source)
            filed += [] if file is None else [file]
            continue
        message = message_of(wanted.catalog, meter, record, source, DECODERS)
        taken += [] if message is None else [message]
    good = len(filed) + len(taken)
    return Checked(tuple(filed), tuple(taken), good, len(lent) - good)


def _file_of(meter: Meter, record: LentRecord, source: str) -> SourceFile | None:
    """A corrections file with this record alone, if its meter signed it."""
    try:
        day, _ = parse_payload(record.payload, meter)
    except InputError:
        return None
    if not is_signed(meter, record):
        return None
    lines = record.payload.decode("ascii", "replace").split("\n")[_ROWS_BEGIN:-1]
    stem = f"{day}.{record.sha256.hex()[:_LABEL]}{SUFFIX}"
    signed = Signed(meter.code, record.scheme, record.signature)
    signatures = signatures_bytes(meter.stream, stem, [signed])
    return SourceFile(f"peer {source}", meter.stream, stem, corrections_csv(lines), signatures)
