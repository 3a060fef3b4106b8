"""Signed records that workers lend each other: only what the meter signed, never a verdict or a value.

A worker that lacks a message which the others got would hold a stream, or stop a quorum, for ever. It may therefore
take over from a peer the very bytes that the meter signed. They are judged here like anything else that is
received: the peer can add nothing, change nothing and vouch for nothing.

Of a day every record is lent that says something of it: what counts is a function of all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from usufruct.config import Meter, Stream
from usufruct.core.documents import keyed, natural, text, wrong
from usufruct.core.encoding import hex0x, unhex
from usufruct.errors import InputError
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.schema import (
    NO_DAY,
    contenders,
    heartbeats,
    messages,
    readings,
    records,
    supports,
)
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.forms import DECODERS
from usufruct_oracles.sources.messages import Decoders, Message
from usufruct_oracles.sources.records import (
    HEADERS,
    Signed,
    csv_bytes,
    record_hash,
    record_payload,
    signatures_bytes,
)
from usufruct_oracles.validation.messages import check_message
from usufruct_oracles.validation.signatures import check_signature
from usufruct_oracles.wire import Json

MOST_RECORDS = 4_096
"""Records named or sent in one message."""
DAY_FILE = ""
"""Form of a meter-day out of a day file; messages have a form of their own."""
_FRAME = 256
_KEYS = {"meter", "form", "scheme", "signature", "payload"}
_READING = ("meter", "end", "duration", "rev")
_COLUMNS = ("meter", "scheme", "signature", "payload")


@dataclass(frozen=True, slots=True)
class LentRecord:
    """One record as it was signed.

    Attributes:
        meter: Number of the meter.
        form: Form of a message's payload, "" of a meter-day.
        scheme: Scheme of the signature.
        signature: The signature.
        payload: The signed bytes, verbatim.
    """

    meter: int
    form: str
    scheme: str
    signature: bytes = field(repr=False)
    payload: bytes = field(repr=False)

    @property
    def sha256(self) -> bytes:
        """What leaves name it by (32 bytes)."""
        return record_hash(self.payload, self.signature)

    @property
    def size(self) -> int:
        """About how long it is on the wire, bytes."""
        return 2 * (len(self.payload) + len(self.signature)) + _FRAME

    def to_json(self) -> Json:
        """Its form on the wire."""
        return {
            "meter": self.meter,
            "form": self.form,
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
            text(given["form"], "record.form"),
            text(given["scheme"], "record.scheme"),
            unhex(text(given["signature"], "record.signature")),
            unhex(text(given["payload"], "record.payload")),
        )


@dataclass(frozen=True, slots=True)
class Place:
    """What records are asked for: a stream and a local day, with its bounds in unix seconds."""

    stream: Stream
    day: str
    bounds: tuple[int, int]

    @classmethod
    def of(cls, catalog: Catalog, stream: int | str, day: str) -> Place:
        """The place; InputError if there is no such stream or day."""
        return cls(catalog.stream(stream), day, catalog.day(day))


def known_records(database: Database, place: Place) -> set[bytes]:
    """Hashes of the records of a day that were received."""
    query = select(records.c.sha256).where(of_day(place))
    with database.read() as connection:
        return {bytes(found) for found in connection.execute(query).scalars()}


def unknown(database: Database, lent: Sequence[LentRecord]) -> list[LentRecord]:
    """Those of the records that were never received, whatever day they belong to."""
    wanted = {each.sha256: each for each in lent}
    query = select(records.c.sha256).where(records.c.sha256.in_(list(wanted)))
    with database.read() as connection:
        for found in connection.execute(query).scalars():
            wanted.pop(bytes(found), None)
    return list(wanted.values())


def lend(
    database: Database, place: Place, known: Collection[bytes], most_bytes: int
) -> list[LentRecord]:
    """The records that say something of a day, without those that the asker has.

    Args:
        database: The journal's database.
        place: Stream and day.
        known: Hashes of what the asker has.
        most_bytes: Bytes on the wire after which the rest is left for the next question.
    """
    found: list[LentRecord] = []
    had, size = set(known), 0
    with database.read() as connection:
        for each in _lendable(connection, place):
            # A payload may have been archived or erased: then there is nothing to lend.
            if not each.payload or each.sha256 in had:
                continue
            had.add(each.sha256)  # the same again was judged anew
            size += each.size
            if found and (size > most_bytes or len(found) >= MOST_RECORDS):
                break
            found.append(each)
    return found


def _lendable(connection: Connection, place: Place) -> Iterator[LentRecord]:
    form = (
        select(func.max(messages.c.form))
        .where(messages.c.sha256 == records.c.sha256)
        .correlate(records)
        .scalar_subquery()
    )
    query = (
        select(*(records.c[name] for name in _COLUMNS), records.c.day, form.label("form"))
        .where(of_day(place), records.c.verified)
        .order_by(records.c.id)
    )
    for row in connection.execute(query):
        of_file = row.day != NO_DAY
        yield LentRecord(
            row.meter,
            DAY_FILE if of_file else str(row.form),
            row.scheme,
            bytes(row.signature),
            bytes(row.payload),
        )


def of_day(place: Place) -> ColumnElement[bool]:
    """Records of day files of the day, and of messages that say something of it."""
    stream, (from_, to) = place.stream.id, place.bounds
    said = [
        select(table.c.record_id).where(
            table.c.stream == stream, table.c.end > from_, table.c.end <= to
        )
        for table in (readings, contenders)
    ]
    again = (
        select(supports.c.record_id)
        .join(readings, and_(*(supports.c[name] == readings.c[name] for name in _READING)))
        .where(readings.c.stream == stream, readings.c.end > from_, readings.c.end <= to)
    )
    beats = select(heartbeats.c.record_id).where(
        heartbeats.c.stream == stream, heartbeats.c.day == place.day
    )
    of_messages = and_(
        records.c.day == NO_DAY,
        or_(*(records.c.id.in_(each) for each in (*said, again, beats))),
    )
    return and_(records.c.stream == stream, or_(records.c.day == place.day, of_messages))


@dataclass(frozen=True, slots=True)
class Checked:
    """What of lent records is fit to be judged.

    Attributes:
        files: Files made of the meter-days, as if they had been dropped: each has a meter once.
        messages: The messages.
        good: How many records are in both.
        bad: How many were not what they claim: another stream, meter or day, or no valid signature.
    """

    files: tuple[SourceFile, ...]
    messages: tuple[Message, ...]
    good: int
    bad: int


def check(
    catalog: Catalog,
    place: Place,
    lent: Sequence[LentRecord],
    source: str,
    decoders: Decoders = DECODERS,
) -> Checked:
    """Check lent records by themselves: the registered key must have signed exactly these bytes.

    Args:
        catalog: The community, whose keys count.
        place: What was asked for.
        lent: What the peer sent.
        source: Name of the peer.
        decoders: Decoders of messages by form.
    """
    days: dict[int, list[tuple[Signed, list[str]]]] = {}
    taken: list[Message] = []
    bad = 0
    for record in lent:
        meter = catalog.meters_by_id.get(record.meter)
        if meter is None or meter.stream != place.stream.code:
            bad += 1
        elif record.form != DAY_FILE:
            message = message_of(catalog, meter, record, source, decoders)
            taken += [] if message is None else [message]
            bad += message is None
        elif (found := _lines_of(place, meter, record)) is None:
            bad += 1
        else:
            signed = Signed(meter.code, record.scheme, record.signature)
            days.setdefault(record.meter, []).append((signed, found))
    files = tuple(
        _file_of(place, source, header, parts)
        for layer in zip_longest(*days.values())
        for header in HEADERS
        if (parts := [each for each in layer if each is not None and _header(each[1]) == header])
    )
    return Checked(files, tuple(taken), sum(map(len, days.values())) + len(taken), bad)


def _file_of(
    place: Place, source: str, header: str, parts: Sequence[tuple[Signed, Sequence[str]]]
) -> SourceFile:
    code, day = place.stream.code, place.day
    lines = [line for _, own in parts for line in own]
    signatures = signatures_bytes(code, day, [signed for signed, _ in parts])
    return SourceFile(f"peer {source}", code, day, csv_bytes(lines, header), signatures)


def _header(lines: Sequence[str]) -> str:
    """The header that lines of a record stand under: with the column of what was asked for, or without."""
    columns = lines[0].count(",") if lines else 0
    return next((each for each in HEADERS if each.count(",") == columns), HEADERS[0])


def _lines_of(place: Place, meter: Meter, record: LentRecord) -> list[str] | None:
    """The record's lines if its meter signed it for this very stream and day."""
    try:
        lines = record.payload.decode().split("\n")[4:-1]
    except UnicodeDecodeError:
        return None
    if record_payload(place.stream.code, meter.code, place.day, lines) != record.payload:
        return None
    return lines if is_signed(meter, record) else None


def message_of(
    catalog: Catalog, meter: Meter, record: LentRecord, source: str, decoders: Decoders
) -> Message | None:
    """The message if its meter signed it and its form is known."""
    message = Message(
        f"peer {source}",
        meter.stream,
        meter.code,
        record.form,
        record.payload,
        record.scheme,
        record.signature,
    )
    if check_message(catalog, decoders, message) is not None or not is_signed(meter, record):
        return None
    return message


def is_signed(meter: Meter, record: LentRecord) -> bool:
    """Whether the meter's registered key signed the record."""
    signed = Signed(meter.code, record.scheme, record.signature)
    return check_signature(meter, record.payload, signed) is None


def hashes_from(value: object) -> set[bytes]:
    """The set of record hashes in a JSON value; InputError if it is none."""
    if not isinstance(value, list) or len(value) > MOST_RECORDS:
        raise wrong("known", "…", f"a list of at most {MOST_RECORDS} hashes")
    try:
        return {unhex(text(each, "known"), 32) for each in value}
    except InputError as error:
        raise wrong("known", "…", "hashes of 32 bytes") from error
