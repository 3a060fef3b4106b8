"""A period rebuilt from a worker's raw records, for the replay: records → leaves → batches → lines → statement."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from usufruct.config import Community, Stream
from usufruct.core.commitments import commit
from usufruct.core.encoding import ZERO_HASH, ReadingLeaf, hex0x, open_quantity
from usufruct.core.manifests import Manifest
from usufruct.core.merkle import tree_root
from usufruct.core.statements import coverage_bp, gross, lines_from_manifests, lines_root
from usufruct.core.tariffs import Tariff
from usufruct.core.typed_data import Batch, Cursor, Statement
from usufruct.errors import EvidenceError
from usufruct.replay.ledger_facts import settlement_from_ledger, stated_from_ledger
from usufruct.replay.model import Period, Reading
from usufruct_oracles.batches import find_batch, hide, secrets_of
from usufruct_oracles.catalog import Catalog, catalog_of
from usufruct_oracles.journal.anchored import recorded_batch
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.revisions import ReadingKey, find_document
from usufruct_oracles.ports import BuiltBatch
from usufruct_oracles.raw import RawRecords


def period_from_journal(
    database: Database,
    community: Community,
    ledger: Connection,
    stream: str | int,
    period: int,
    privacy_secret: bytes | None = None,
) -> Period:
    """A period as it was stated, with every reading recomputed from the record that its leaf names.

    Args:
        database: The journal, or an auditor's copy of it.
        community: The community.
        ledger: One moment of a ledger that was indexed from the chain; no evidence is needed in it.
        stream: Code or number of the stream.
        period: Number of the period.
        privacy_secret: The secret of the blindings; needed for committed streams.

    Raises:
        InputError: Unknown stream.
        ConfigError: The stream is committed and there is no privacy secret.
        EvidenceError: The journal does not lead to the chain's statement.
    """
    catalog = catalog_of(community)
    which = catalog.stream(stream)
    statement, headers = stated_from_ledger(ledger, which.id, period)
    built = [_batch(database, community, which, each, privacy_secret) for each in headers]
    manifests = [each.manifest for each in built]
    tariff = _tariff(which, statement)
    lines = lines_from_manifests(tariff, manifests, committed=which.committed)
    _same("linesRoot", lines_root(lines), statement.lines_root)
    _same("gross", gross(lines), statement.gross)
    _same("coverageBp", coverage_bp(manifests), statement.coverage_bp)
    _check_adjustments(database, statement)
    with database.read() as connection:
        raw = RawRecords(connection, catalog)
        secrets = secrets_of(catalog, which, privacy_secret)
        readings = [
            _reading(catalog, which, tariff, secrets, raw, ReadingLeaf.decode(bytes(leaf)))
            for each in built
            for leaf in each.leaves
        ]
    _check_sums(manifests, readings, tariff)
    return Period(statement, tariff, lines, readings, settlement_from_ledger(ledger, statement))


def _batch(
    database: Database,
    community: Community,
    stream: Stream,
    header: Batch,
    privacy_secret: bytes | None,
) -> BuiltBatch:
    """The journal's batch with the anchored content."""
    found = recorded_batch(database, stream.id, header.seq)
    if found is None or found.batch.content != header.content:
        cursor = Cursor(ZERO_HASH, header.seq - 1, header.from_, header.first)
        found = find_batch(
            database,
            community,
            stream.id,
            cursor,
            header.to,
            header.content,
            closes=header.closes,
            privacy_secret=privacy_secret,
        )
    if found is None:
        raise _broken(f"batch {header.seq}", "another content", hex0x(header.content))
    _same(f"batch {header.seq}", found.manifest.content(), header.content)
    _same(f"batch {header.seq}.root", tree_root(list(found.leaves)), header.root)
    return found


def _tariff(stream: Stream, statement: Statement) -> Tariff:
    _same("tariffHash", stream.tariff.hash(), statement.tariff_hash)
    return stream.tariff


def _check_adjustments(database: Database, statement: Statement) -> None:
    if statement.documents == ZERO_HASH:
        _same("adjustments", 0, statement.adjustments)
        return
    with database.read() as connection:
        document = find_document(connection, statement.documents)
    if document is None:
        raise _broken("documents", "no such document", hex0x(statement.documents))
    total = sum(row.amount for part in document.periods for row in part.rows)
    due = max(total + document.carried, -statement.gross)
    _same("adjustments", due, statement.adjustments)


def _reading(
    catalog: Catalog,
    stream: Stream,
    tariff: Tariff,
    secrets: dict[int, bytes | None],
    raw: RawRecords,
    leaf: ReadingLeaf,
) -> Reading:
    """The reading of a leaf, whose quantity its record says and its commitment opens to."""
    meter = next(each for each in catalog.meters_of(stream) if each.id == leaf.meter)
    quantity = raw.quantity(leaf.record, meter, leaf.end, leaf.duration)
    key = ReadingKey(leaf.meter, leaf.end, leaf.duration)
    hidden = hide(secrets[leaf.meter], stream, key, leaf.rev)
    field = open_quantity(quantity) if hidden is None else commit(quantity, hidden)
    _same(f"reading {leaf.seq}", field, leaf.quantity)
    return Reading(leaf.seq, leaf.meter, tariff.row_index_at(leaf.end - leaf.duration), quantity)


def _check_sums(manifests: Sequence[Manifest], readings: Sequence[Reading], tariff: Tariff) -> None:
    for index, row in enumerate(tariff.rows):
        stated = sum(
            line.quantity for each in manifests for line in each.lines if line.row == row.id
        )
        measured = sum(each.quantity or 0 for each in readings if each.row == index)
        _same(f"row {row.id}", measured, stated)


def _same(name: str, found: object, expected: object) -> None:
    if found != expected:
        raise _broken(name, found, expected)


def _broken(name: str, found: object, expected: object) -> EvidenceError:
    return EvidenceError(
        "the journal does not lead to the chain's statement",
        field=name,
        value=found,
        rule=f"the chain says {hex0x(expected) if isinstance(expected, bytes) else expected}",
        remedy="check that journal, community file and privacy secret belong together",
    )
