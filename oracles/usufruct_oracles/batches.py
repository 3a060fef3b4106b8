"""Building batches: a pure function of the journal, the community and the privacy secret.

Every worker that has the same files and messages computes the same leaves, the same manifest and the same digest,
whenever it does so. A batch can also be built as the journal stood after an earlier delivery, so that
what arrives while a batch is being anchored never makes that batch impossible to recompute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from usufruct.chain import crash
from usufruct.config import Community, Stream
from usufruct.core.commitments import N, blinding, commit
from usufruct.core.encoding import ReadingLeaf, open_quantity
from usufruct.core.manifests import Manifest, ManifestLine
from usufruct.core.merkle import tree_root
from usufruct.core.privacy_keys import privacy_key
from usufruct.core.typed_data import Cursor, next_batch
from usufruct.errors import ConfigError
from usufruct_oracles.catalog import KIND_CODES, Catalog, catalog_of, flow_of
from usufruct_oracles.estimation import Estimate
from usufruct_oracles.intervals import days_ending_in, expected
from usufruct_oracles.journal.counting import counted
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.erasures import require_none_erased
from usufruct_oracles.journal.estimates import estimates_of
from usufruct_oracles.journal.revisions import ReadingKey, chain_of, claims, correction_files
from usufruct_oracles.journal.telling import moments_of, told_days
from usufruct_oracles.ports import BuiltBatch
from usufruct_oracles.validation.rules import ESTIMATED

MOST_MOMENTS = 200
"""Deliveries back to which a batch is looked for that others anchored."""


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
        as_of: Number of the last delivery to be taken into account, None for all.

    Raises:
        InputError: Unknown stream.
        ConfigError: The stream is committed and there is no privacy secret.
        EvidenceError: A household whose readings the anchored batch holds was erased.
    """
    catalog = catalog_of(community)
    which = catalog.stream(stream)
    with database.read() as connection:
        require_none_erased(connection, catalog, which, (cursor.to, to))
        entries, estimated = _entries(
            connection, catalog, which, (cursor.to, to), privacy_secret, as_of
        )
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
    return BuiltBatch(batch, manifest, leaves, estimated)


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
    """The batch with that content, as the journal stands or stood after some delivery; None if never.

    A quorum may have anchored a batch just before this worker took in a further file or message for the same day.
    The newest `MOST_MOMENTS` deliveries are tried.

    Raises:
        As for `build_batch`.
    """
    catalog = catalog_of(community)
    which = catalog.stream(stream)
    days = days_ending_in(catalog, cursor.to, to)
    with database.read() as connection:
        found = moments_of(connection, which, (cursor.to, to), days)
        moments = sorted(
            {*found, *correction_files(connection, which, (cursor.to, to))}, reverse=True
        )
    for as_of in [*moments[:MOST_MOMENTS], 0]:
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
) -> tuple[list[_Entry], list[Estimate]]:
    """The readings of the window in the order of their numbers, and which of them nobody measured.

    Each is in its highest revision that counts.
    """
    secrets = secrets_of(catalog, stream, privacy_secret)
    corrected = claims(connection, stream, window, as_of=as_of)
    found = []
    for each in counted(connection, stream, window, as_of):
        meter, end, duration, _ = each.key
        if meter not in secrets:
            continue  # of a meter that is no longer registered, or whose household is being erased
        key = ReadingKey(meter, end, duration)
        rev, said = 0, (each.said.quantity, each.said.quality, each.said.sha256)
        if key in corrected:
            chain = chain_of(corrected[key], {one.sha256 for one in each.sayers})
            if chain:
                rev, said = chain[-1].rev, chain[-1].said
        found.append(_Entry(*key, rev, *said, hide(secrets[meter], stream, key, rev)))
    counting = [(each.meter, each.end, each.quantity, each.quality) for each in found]
    estimated = estimates_of(connection, catalog, stream, window, counting, secrets.keys())
    for one in estimated:
        key = ReadingKey(one.meter, one.end, one.duration)
        hidden = hide(secrets[one.meter], stream, key, 0)
        found.append(_Entry(*key, 0, one.quantity, one.quality, one.record, hidden))
    found.sort(key=lambda each: (each.end, each.meter, each.duration, each.rev))
    return found, estimated


def hide(secret: bytes | None, stream: Stream, key: ReadingKey, rev: int) -> int | None:
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
    key = privacy_key(privacy_secret)
    return {each: key.meter_secret(each) for each in ids if key.has(each)}


def _covered(
    connection: Connection,
    catalog: Catalog,
    stream: Stream,
    window: tuple[int, int],
    entries: Sequence[_Entry],
    as_of: int | None,
) -> int:
    """Intervals that count, or meter-days of which everything was told and counts."""
    if stream.measure == "interval":
        return len(entries)
    counting = {ReadingKey(entry.meter, entry.end, entry.duration) for entry in entries}
    return len(told_days(connection, catalog, stream, window, counting, as_of))


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
