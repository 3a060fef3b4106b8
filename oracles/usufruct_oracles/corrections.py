"""What a statement corrects: the anchored readings of its own and earlier periods that have further revisions.

A correction is stated once. Those of the statement's own period stand in its newest version, those of earlier
periods in the first statement that could take them up; what the newest documents of the stream's other statements
name is left out. All of that is a function of the records, of the chain, and of the cut: the leaves that are to
be stated, which a proposal names, so that nobody has to know exactly what somebody else has received.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from usufruct.config import Stream
from usufruct.core.commitments import N, commit
from usufruct.core.correction_sums import Base, Opened, build_corrections, carried_from
from usufruct.core.corrections import Corrections, Revision
from usufruct.core.encoding import LEAF_LENGTH, ReadingLeaf, open_quantity
from usufruct.core.statements import StatementLine, gross
from usufruct_oracles.batches import hide, secrets_of
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.cuts import Cut, leaves_of
from usufruct_oracles.journal.attested import newest_statement
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.revisions import (
    Claims,
    Correction,
    ReadingKey,
    Settled,
    chain_of,
    claims,
    records_saying,
    said_first,
)
from usufruct_oracles.journal.schema import batches, readings


def state_corrections(
    database: Database,
    catalog: Catalog,
    stream: Stream,
    period: int,
    version: int,
    lines: Sequence[StatementLine],
    cut: Cut,
    privacy_secret: bytes | None,
) -> Corrections | None:
    """The corrections document of a statement, None if it corrects and carries nothing.

    Args:
        database: The journal's database.
        catalog: The community.
        stream: The stream.
        period: Period of the statement.
        version: Its version.
        lines: Its lines.
        cut: What it takes up.
        privacy_secret: The secret of the blindings; needed where a committed stream has corrections.

    Raises:
        ConfigError: The stream is committed, has corrections, and there is no privacy secret.
        EvidenceError: A price row would fall below 0.
    """
    others = [cut.others[each] for each in sorted(cut.others) if each != period]
    stated = frozenset[bytes]().union(*(leaves_of(each) for each in others))
    with database.read() as connection:
        found: dict[int, list[Opened]] = {}
        for opened in anchored_corrections(
            connection, catalog, stream, period, cut, stated, privacy_secret
        ):
            found.setdefault(catalog.period_of(_end(opened) - 1), []).append(opened)
        chosen = {at: list(_chosen(opened, stated, cut)) for at, opened in found.items()}
        bases = [
            (_base(connection, stream, at, period, lines, others), opened)
            for at, opened in chosen.items()
            if opened
        ]
    return build_corrections(
        stream=stream.id,
        period=period,
        version=version,
        gross=gross(lines),
        carried=carried_from(others),
        found=bases,
    )


def anchored_corrections(
    connection: Connection,
    catalog: Catalog,
    stream: Stream,
    period: int,
    cut: Cut,
    stated: frozenset[bytes],
    privacy_secret: bytes | None,
) -> Iterator[Opened]:
    """Corrections of readings up to a period's end that are anchored in lower revisions, each after the one before.

    `stated` are the corrected leaves that statements of other periods state.
    """
    window = (stream.start, catalog.period_bounds(period)[1])
    found = claims(connection, stream, window, as_of=cut.as_of)
    if not found:
        return
    secrets = secrets_of(catalog, stream, privacy_secret)
    said = said_first(connection, stream, window)
    relied_on, named = _stated_by_key(stated), _stated_by_key(cut.leaves or ())
    for key, leaf in sorted(_anchored(connection, stream, found).items()):
        first = frozenset(said.get(key, ()))
        if leaf.rev:
            first = records_saying(found[key], leaf.rev, leaf.record)
        settled = Settled(leaf.rev, relied_on.get(key, {}), frozenset(named.get(key, {}).values()))
        old, quantity = leaf, _quantity(connection, key, leaf, found[key])
        for each in chain_of(found[key], first, settled):
            hidden = hide(secrets[key.meter], stream, key, each.rev)
            new = _corrected(old, each, hidden)
            before = hide(secrets[key.meter], stream, key, old.rev)
            yield Opened(
                Revision(old.encode(), new.encode(), each.reason),
                each.quantity - quantity,
                None if hidden is None or before is None else (hidden - before) % N,
            )
            old, quantity = new, each.quantity


def _stated_by_key(leaves: Iterable[bytes]) -> Mapping[ReadingKey, dict[int, bytes]]:
    """Record of each revision, by reading."""
    found: dict[ReadingKey, dict[int, bytes]] = {}
    for each in leaves:
        leaf = ReadingLeaf.decode(each)
        key = ReadingKey(leaf.meter, leaf.end, leaf.duration)
        found.setdefault(key, {})[leaf.rev] = leaf.record
    return found


def _corrected(old: ReadingLeaf, given: Correction, hidden: int | None) -> ReadingLeaf:
    shown = open_quantity(given.quantity) if hidden is None else commit(given.quantity, hidden)
    return replace(old, quantity=shown, quality=given.quality, record=given.record, rev=given.rev)


def _anchored(
    connection: Connection, stream: Stream, wanted: Mapping[ReadingKey, object]
) -> dict[ReadingKey, ReadingLeaf]:
    """The anchored leaves of those readings, as far as they are anchored."""
    ends = sorted({key.end for key in wanted})
    place = select(batches.c.seq, batches.c["from"], batches.c.to).where(
        batches.c.stream == stream.id, batches.c["from"] < ends[-1], batches.c.to >= ends[0]
    )
    numbers = [
        seq
        for seq, from_, to in connection.execute(place)
        if bisect_right(ends, from_) < bisect_right(ends, to)
    ]
    found = {}
    for seq in numbers:
        leaves = select(batches.c.leaves).filter_by(stream=stream.id, seq=seq)
        blob = connection.execute(leaves).scalar_one()
        for at in range(0, len(blob), LEAF_LENGTH):
            leaf = ReadingLeaf.decode(blob[at : at + LEAF_LENGTH])
            key = ReadingKey(leaf.meter, leaf.end, leaf.duration)
            if key in wanted:
                found[key] = leaf
    return found


def _quantity(connection: Connection, key: ReadingKey, leaf: ReadingLeaf, claimed: Claims) -> int:
    """What the anchored leaf stands for."""
    if leaf.rev:
        return next(each.quantity for _, each in claimed[leaf.rev] if each.record == leaf.record)
    query = select(readings.c.quantity).filter_by(**key._asdict(), rev=0)
    return int(connection.execute(query).scalar_one())


def _chosen(opened: Sequence[Opened], stated: frozenset[bytes], cut: Cut) -> Iterator[Opened]:
    """What is not stated elsewhere and is in the cut, none without the revision before it."""
    skipped: set[bytes] = set()
    for each in opened:
        new = each.revision.new
        if new in stated:
            continue
        if each.revision.old in skipped or not cut.takes(new):
            skipped.add(new)
            continue
        yield each


def _base(
    connection: Connection,
    stream: Stream,
    corrected: int,
    period: int,
    lines: Sequence[StatementLine],
    others: Sequence[Corrections],
) -> Base:
    """What corrections of a period start from: its newest statement, and the documents of others about it."""
    tariff, own = stream.tariff, lines
    if corrected != period:
        recorded = newest_statement(connection, stream.id, corrected)
        own, tariff = recorded.lines, recorded.tariff
    earlier = [each for each in others if any(corrected == part.period for part in each.periods)]
    return Base(corrected, tariff, own, earlier)


def _end(opened: Opened) -> int:
    return ReadingLeaf.decode(opened.revision.old).end
