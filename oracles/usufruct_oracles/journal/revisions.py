"""Which corrections count, and what they were known as at some moment: a pure function of the records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, select

from usufruct.config import Stream
from usufruct.core.corrections import Corrections
from usufruct.core.encoding import ReadingLeaf
from usufruct_oracles.journal.correction_tables import (
    correction_documents,
    correction_records,
    corrections,
)
from usufruct_oracles.journal.schema import readings, records, supports


class ReadingKey(NamedTuple):
    """What a reading is of, whatever its revision."""

    meter: int
    end: int
    duration: int


@dataclass(frozen=True, slots=True)
class Correction:
    """A further revision of a reading that counts.

    Attributes:
        rev: Its revision, 1 or more.
        quantity: Base units.
        quality: ESPI quality code.
        record: sha256 of its record.
        reason: Why.
    """

    rev: int
    quantity: int
    quality: int
    record: bytes
    reason: str

    @property
    def value(self) -> tuple[int, int]:
        """Quantity and quality."""
        return self.quantity, self.quality

    @property
    def said(self) -> tuple[int, int, bytes]:
        """Quantity, quality and record."""
        return self.quantity, self.quality, self.record


Claims = Mapping[int, Sequence[tuple[bytes, Correction]]]
"""What is claimed of a reading: by revision, each correction with the record that it supersedes."""


def claims(
    connection: Connection,
    stream: Stream,
    window: tuple[int, int],
    *,
    as_of: int | None = None,
) -> Mapping[ReadingKey, Claims]:
    """The corrections of readings that end in (from, to], whether they count or not.

    Args:
        connection: One moment of the journal.
        stream: The stream.
        window: from and to.
        as_of: Number of the last delivery to be taken into account, None for all.
    """
    found: dict[ReadingKey, dict[int, list[tuple[bytes, Correction]]]] = {}
    for row in connection.execute(_corrections(stream, window, as_of)):
        known = Correction(row.rev, row.quantity, row.quality, bytes(row.sha256), row.reason)
        revs = found.setdefault(ReadingKey(row.meter, row.end, row.duration), {})
        revs.setdefault(row.rev, []).append((bytes(row.supersedes), known))
    return found


@dataclass(frozen=True, slots=True)
class Settled:
    """What others rely on already, and no further correction changes.

    Attributes:
        rev: The revision from which a chain goes on: the anchored one.
        stated: Record of each later revision that a statement of another period has stated.
        named: Records that a proposal names: of several that say the same, those are taken.
    """

    rev: int = 0
    stated: Mapping[int, bytes] = field(default_factory=dict)
    named: Set[bytes] = frozenset()


OPEN = Settled()
"""Nobody relies on anything yet."""


def chain_of(claimed: Claims, said: Set[bytes], settled: Settled = OPEN) -> tuple[Correction, ...]:
    """The corrections of a reading that count, lowest revision first.

    A revision counts if it supersedes a record that says the one before it. Where several values are claimed for
    one revision, that one counts which the next revision supersedes; while none is, none counts. Of several
    records with the same value the one with the smallest digest is named, and the next revision may
    supersede any of them. So no order of arrival matters, and whoever signed two values says which is right by a
    third. What a statement has stated stays: what contradicts it later does not count.

    Args:
        claimed: What is claimed of the reading.
        said: Records that say the reading in the revision from which the chain goes on.
        settled: What is relied on already.
    """
    chain: list[Correction] = []
    before = said
    while True:
        rev = settled.rev + len(chain) + 1
        fitting = [each for named, each in claimed.get(rev, ()) if named in before]
        stated = settled.stated.get(rev)
        if stated is None:
            wanted = {named for named, _ in claimed.get(rev + 1, ())}
            values = {each.value for each in fitting}
            if len(values) > 1:
                values = {each.value for each in fitting if each.record in wanted}
        else:
            values = {each.value for each in fitting if each.record == stated}
        if len(values) != 1:
            return tuple(chain)
        same = [each for each in fitting if each.value in values]
        named = settled.named if stated is None else {stated}
        chain.append(min(same, key=lambda each: (each.record not in named, each.record)))
        before = {each.record for each in same}


def records_saying(claimed: Claims, rev: int, record: bytes) -> frozenset[bytes]:
    """The records that say the same of a revision as one of them."""
    values = {each.value for _, each in claimed.get(rev, ()) if each.record == record}
    return frozenset(each.record for _, each in claimed.get(rev, ()) if each.value in values)


def first_revision(connection: Connection, leaf: ReadingLeaf) -> ReadingLeaf:
    """The reading that an anchored leaf is a revision of, with a record that says it; the leaf itself if it is none."""
    if leaf.rev == 0:
        return leaf
    query = (
        select(corrections.c.rev, corrections.c.supersedes, correction_records.c.sha256)
        .join(correction_records, correction_records.c.id == corrections.c.record_id)
        .where(
            corrections.c.meter == leaf.meter,
            corrections.c.end == leaf.end,
            corrections.c.duration == leaf.duration,
            corrections.c.rev <= leaf.rev,
        )
    )
    named = {(rev, bytes(sha)): bytes(old) for rev, old, sha in connection.execute(query)}
    record = leaf.record
    for rev in range(leaf.rev, 0, -1):
        record = named[rev, record]
    return replace(leaf, record=record, rev=0)


def correction_files(connection: Connection, stream: Stream, window: tuple[int, int]) -> list[int]:
    """Numbers of the files that corrected readings which end in (from, to], the newest first."""
    query = (
        select(correction_records.c.file_id)
        .join(corrections, corrections.c.record_id == correction_records.c.id)
        .where(*_within(stream, window))
        .distinct()
        .order_by(correction_records.c.file_id.desc())
    )
    return [int(found) for (found,) in connection.execute(query)]


def find_document(connection: Connection, wanted: bytes) -> Corrections | None:
    """A stored corrections document, by its hash."""
    query = select(correction_documents.c.document).where(correction_documents.c.hash == wanted)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else Corrections.from_json(bytes(found))


def documents_at(
    connection: Connection, stream: int, period: int, version: int
) -> list[Corrections]:
    """The stored documents of a statement's place, in the order of their hashes."""
    query = (
        select(correction_documents.c.document)
        .filter_by(stream=stream, period=period, version=version)
        .order_by(correction_documents.c.hash)
    )
    return [Corrections.from_json(bytes(found)) for (found,) in connection.execute(query)]


def keep_document(connection: Connection, document: Corrections) -> None:
    """Stores a document; the same again changes nothing."""
    wanted = document.hash()
    query = select(correction_documents.c.hash).where(correction_documents.c.hash == wanted)
    if connection.execute(query).first() is None:
        connection.execute(
            correction_documents.insert().values(
                hash=wanted,
                stream=document.stream,
                period=document.period,
                version=document.version,
                document=document.canonical(),
            )
        )


def _within(stream: Stream, window: tuple[int, int]) -> tuple[Any, ...]:
    return (
        corrections.c.stream == stream.id,
        corrections.c.end > window[0],
        corrections.c.end <= window[1],
    )


def _corrections(stream: Stream, window: tuple[int, int], as_of: int | None) -> Select[Any]:
    query = (
        select(corrections, correction_records.c.sha256)
        .join(correction_records, correction_records.c.id == corrections.c.record_id)
        .where(*_within(stream, window))
    )
    return query if as_of is None else query.where(correction_records.c.file_id <= as_of)


def said_first(
    connection: Connection, stream: Stream, window: tuple[int, int]
) -> Mapping[ReadingKey, set[bytes]]:
    """Hashes of the records that say revision 0 of each corrected reading."""
    found: defaultdict[ReadingKey, set[bytes]] = defaultdict(set)
    for table in (readings, supports):
        same = and_(*(table.c[name] == corrections.c[name] for name in ReadingKey._fields))
        query = (
            select(table.c.meter, table.c.end, table.c.duration, records.c.sha256)
            .join(records, records.c.id == table.c.record_id)
            .join(corrections, and_(same, corrections.c.rev == 1))
            .where(*_within(stream, window))
        )
        for meter, end, duration, record in connection.execute(query):
            found[ReadingKey(meter, end, duration)].add(bytes(record))
    return found
