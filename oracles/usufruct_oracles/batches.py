"""Building batches: a pure function of the journal, the community and the privacy secret.

Every worker that has the same source files computes the same leaves, the same manifest and the same digest,
whenever it does so. A batch can also be built as the journal stood after an earlier file, so that
a file that arrives while a batch is being anchored never makes that batch impossible to recompute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

from usufruct.chain import crash
from usufruct.config import Community, Stream
from usufruct.core.commitments import N, blinding, commit, meter_secret
from usufruct.core.encoding import ReadingLeaf, open_quantity
from usufruct.core.manifests import Manifest, ManifestLine
from usufruct.core.merkle import tree_root
from usufruct.core.typed_data import Cursor, next_batch
from usufruct.errors import ConfigError
from usufruct_oracles.catalog import KIND_CODES, Catalog, catalog_of, flow_of
from usufruct_oracles.intervals import days_ending_in, expected
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.revisions import Key, chains, correction_files
from usufruct_oracles.journal.schema import readings, records, supports
from usufruct_oracles.ports import BuiltBatch
from usufruct_oracles.validation.rules import ESTIMATED

_KEY = ("meter", "end", "duration", "rev")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A reading of the batch with the blinding of its commitment, None if it is open."""

    meter: int
    end: int
    duration: int
    rev: int
    quantity: int
    quality: int
    record: bytes
    blinding: int | None

    @property
    def field(self) -> bytes:
        """The quantity as it stands in the leaf."""
        if self.blinding is None:
            return open_quantity(self.quantity)
        return commit(self.quantity, self.blinding)


def build_batch(
    database: Database,
    community: Community,
    stream: str | int,
    cursor: Cursor,
    to: int,
    *,
    closes: bool | None = None,
    privacy_secret: bytes | None = None,
    as_of: int | None = None,
) -> BuiltBatch:
    """The batch that continues from `cursor` and holds the readings that end in (cursor.to, to].

    Args:
        database: The journal's database.
        community: The community.
        stream: Code or number of the stream.
        cursor: Position of the stream's chain.
        to: End of the window, unix seconds.
        closes: Whether `to` ends a period; worked out if not given.
        privacy_secret: The secret of the blindings; needed for committed streams.
        as_of: Number of the last file to be taken into account, None for all.

    Raises:
        InputError: Unknown stream.
        ConfigError: The stream is committed and there is no privacy secret.
    """
    catalog = catalog_of(community)
    which = catalog.stream(stream)
    with database.read() as connection:
        entries = _entries(connection, catalog, which, (cursor.to, to), privacy_secret, as_of)
        covered = _covered(connection, catalog, which, (cursor.to, to), entries, as_of)
    leaves = _leaves(which, cursor, entries)
    manifest = _manifest(catalog, which, cursor, to, entries, covered, tree_root(leaves))
    batch = next_batch(
        cursor,
        stream=which.id,
        to=to,
        count=len(entries),
        closes=_closes(catalog, to) if closes is None else closes,
        root=manifest.root,
        content=manifest.content(),
    )
    crash.point("batch.computed")
    return BuiltBatch(batch, manifest, leaves)


def find_batch(
    database: Database,
    community: Community,
    stream: str | int,
    cursor: Cursor,
    to: int,
    content: bytes,
    *,
    closes: bool | None = None,
    privacy_secret: bytes | None = None,
) -> BuiltBatch | None:
    """The batch with that content, as the journal stands or stood after some file; None if never.

    A quorum may have anchored a batch just before this worker took in a further file for the same day.

    Raises:
        As for `build_batch`.
    """
    catalog = catalog_of(community)
    days = days_ending_in(catalog, cursor.to, to)
    query = (
        select(records.c.file_id)
        .distinct()
        .where(records.c.stream == catalog.stream(stream).id, records.c.day.in_(days))
    )
    with database.read() as connection:
        taken = {int(found) for (found,) in connection.execute(query)}
        taken.update(correction_files(connection, catalog.stream(stream), (cursor.to, to)))
    moments = sorted(taken, reverse=True)
    for as_of in [*moments, 0]:
        built = build_batch(
            database,
            community,
            stream,
            cursor,
            to,
            closes=closes,
            privacy_secret=privacy_secret,
            as_of=as_of,
        )
        if built.batch.content == content:
            return built
    return None


def _entries(
    connection: Connection,
    catalog: Catalog,
    stream: Stream,
    window: tuple[int, int],
    privacy_secret: bytes | None,
    as_of: int | None,
) -> list[_Entry]:
    """The readings of the window in the order of their numbers, each in its highest revision that counts."""
    secrets = secrets_of(catalog, stream, privacy_secret)
    corrected = chains(connection, stream, window, as_of=as_of)
    found = []
    for meter, end, duration, *first in connection.execute(_readings_query(stream, window, as_of)):
        if meter not in secrets:
            continue  # of a meter that is no longer registered: nothing says what it measured
        key = Key(meter, end, duration)
        chain = corrected.get(key)
        rev, quantity, quality, record = chain[-1].said if chain else first
        hidden = hide(secrets[meter], stream, key, rev)
        found.append(_Entry(meter, end, duration, rev, quantity, quality, record, hidden))
    return found


def _readings_query(stream: Stream, window: tuple[int, int], as_of: int | None) -> Select[Any]:
    """The readings of the window, each with the newest record that says it."""
    first, newest, later = records.alias("first"), records.alias("newest"), records.alias("later")
    again = (
        select(func.max(supports.c.record_id))
        .join(later, later.c.id == supports.c.record_id)
        .where(*(supports.c[name] == readings.c[name] for name in _KEY))
        .correlate(readings)
    )
    if as_of is not None:
        again = again.where(later.c.file_id <= as_of)
    query = (
        select(*(readings.c[name] for name in _KEY), readings.c.quantity, readings.c.quality)
        .add_columns(newest.c.sha256)
        .join(first, first.c.id == readings.c.record_id)
        .join(newest, newest.c.id == func.coalesce(again.scalar_subquery(), first.c.id))
        .where(
            readings.c.stream == stream.id,
            readings.c.end > window[0],
            readings.c.end <= window[1],
        )
        .order_by(readings.c.end, readings.c.meter, readings.c.duration, readings.c.rev)
    )
    return query if as_of is None else query.where(first.c.file_id <= as_of)


def hide(secret: bytes | None, stream: Stream, key: Key, rev: int) -> int | None:
    """The blinding of a reading's revision, None in open streams."""
    if secret is None:
        return None
    return blinding(secret, stream.id, key.meter, key.end, key.duration, rev)


def secrets_of(
    catalog: Catalog, stream: Stream, privacy_secret: bytes | None
) -> dict[int, bytes | None]:
    """The secret of each meter's blindings, None for open streams.

    Raises:
        ConfigError: The stream is committed and there is no privacy secret.
    """
    ids = [meter.id for meter in catalog.meters_of(stream)]
    if not stream.committed:
        return dict.fromkeys(ids)
    if privacy_secret is None:
        raise ConfigError(
            f"stream {stream.code} is committed and there is no privacy secret",
            field="worker.privacy_secret",
            rule="required for streams with privacy = committed, the same for all workers",
            remedy='add privacy_secret = { env = "NAME" } to [worker]',
        )
    return {each: meter_secret(privacy_secret, each) for each in ids}


def _covered(
    connection: Connection,
    catalog: Catalog,
    stream: Stream,
    window: tuple[int, int],
    entries: Sequence[_Entry],
    as_of: int | None,
) -> int:
    """Intervals that count, or meter-days whose signed record counts completely."""
    if stream.measure == "interval":
        return len(entries)
    ids = [meter.id for meter in catalog.meters_of(stream)]
    pairs = (
        select(records.c.meter, records.c.day)
        .where(
            records.c.stream == stream.id,
            records.c.day.in_(days_ending_in(catalog, *window)),
            records.c.meter.in_(ids),
            records.c.complete,
        )
        .distinct()
    )
    if as_of is not None:
        pairs = pairs.where(records.c.file_id <= as_of)
    return int(connection.execute(select(func.count()).select_from(pairs.subquery())).scalar_one())


def _leaves(stream: Stream, cursor: Cursor, entries: Sequence[_Entry]) -> list[bytes]:
    kind, flow = KIND_CODES[stream.measure], flow_of(stream)
    return [
        ReadingLeaf(
            quantity=entry.field,
            record=entry.record,
            stream=stream.id,
            seq=seq,
            end=entry.end,
            duration=entry.duration,
            meter=entry.meter,
            kind=kind,
            quality=entry.quality,
            rev=entry.rev,
            flow=flow,
        ).encode()
        for seq, entry in enumerate(entries, cursor.next)
    ]


def _manifest(
    catalog: Catalog,
    stream: Stream,
    cursor: Cursor,
    to: int,
    entries: Sequence[_Entry],
    covered: int,
    root: bytes,
) -> Manifest:
    return Manifest(
        stream=stream.id,
        seq=cursor.seq + 1,
        from_=cursor.to,
        to=to,
        first=cursor.next,
        count=len(entries),
        root=root,
        expected=expected(catalog, stream, cursor.to, to),
        covered=covered,
        quantity=sum(entry.quantity for entry in entries),
        estimated=sum(entry.quantity for entry in entries if entry.quality in ESTIMATED),
        lines=tuple(_lines(stream, entries)),
    )


def _lines(stream: Stream, entries: Sequence[_Entry]) -> Iterator[ManifestLine]:
    """Sums by price row, in the tariff's order; the row is that of the reading's start."""
    tariff = stream.tariff
    by_row: dict[int, list[_Entry]] = {}
    for entry in entries:
        by_row.setdefault(tariff.row_index_at(entry.end - entry.duration), []).append(entry)
    for index, row in enumerate(tariff.rows):
        parts = by_row.get(index)
        if parts:
            hidden = sum(entry.blinding or 0 for entry in parts) % N
            yield ManifestLine(
                row=row.id,
                count=len(parts),
                quantity=sum(entry.quantity for entry in parts),
                blinding=hidden if stream.committed else None,
            )


def _closes(catalog: Catalog, to: int) -> bool:
    return to == catalog.period_bounds(max(1, catalog.period_of(to - 1)))[1]
