"""The journal of one worker, as everything else uses it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from sqlalchemy import func, select, tuple_
from sqlalchemy.exc import SQLAlchemyError

from usufruct.clock import Clock, SystemClock
from usufruct.config import Community
from usufruct.core.corrections import Corrections
from usufruct.core.manifests import Manifest
from usufruct.core.typed_data import Cursor
from usufruct.errors import UsufructError
from usufruct_oracles import batches as building
from usufruct_oracles import intervals, statements, summary
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.cuts import Cut
from usufruct_oracles.journal import anchored, attested, revisions
from usufruct_oracles.journal.correction_tables import correction_documents as documents
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.erasures import erased_meters
from usufruct_oracles.journal.ingest import IngestReport, ingest, takes_messages
from usufruct_oracles.journal.messages import in_chunks, ingest_messages
from usufruct_oracles.journal.schema import NO_DAY, batches, files
from usufruct_oracles.ports import BuiltBatch, BuiltStatement, RecordedStatement
from usufruct_oracles.sources.base import Source, SourceFile
from usufruct_oracles.sources.forms import DECODERS
from usufruct_oracles.sources.messages import Decoders, Message, MessageSource
from usufruct_oracles.sources.redaction import without
from usufruct_oracles.windows import Window

_COUNTS = select(
    select(func.max(files.c.id)).scalar_subquery(),
    select(func.count()).select_from(documents).scalar_subquery(),
)
_LAST = select(batches.c.stream, func.max(batches.c.seq)).group_by(batches.c.stream)
# A head commits to all that lead to it.
_LAST_HEADS = (
    select(batches.c.stream, batches.c.head)
    .where(tuple_(batches.c.stream, batches.c.seq).in_(_LAST))
    .order_by(batches.c.stream)
)


class Journal:
    """Records, readings, verdicts, anchored batches and attested statements of one worker.

    It is the worker's `Books`. Safe to share between threads.

    Args:
        where: Path of an SQLite file, an SQLAlchemy URL, or an open database.
        community: The community.
        clock: Says what is in the future; the chain's time in a worker.
        sources: Where `poll` takes files and messages from.
        decoders: Decoders of messages by form.
        privacy_secret: The secret of the blindings; needed to build batches of committed streams.

    Raises:
        ConfigError: The database cannot be used.
    """

    def __init__(
        self,
        where: str | Path | Database,
        community: Community,
        *,
        clock: Clock | None = None,
        sources: Iterable[Source | MessageSource] = (),
        decoders: Decoders = DECODERS,
        privacy_secret: bytes | None = None,
    ) -> None:
        self.database = where if isinstance(where, Database) else Database(where)
        self.community = community
        self._catalog = catalog_of(community)
        self._clock = clock or SystemClock()
        self._sources = tuple(sources)
        self._decoders = decoders
        self._privacy_secret = privacy_secret
        self._heads: dict[int, list[bytes]] = {}

    def close(self) -> None:
        """Closes the connections to the database."""
        self.database.close()

    # --- Taking in ---

    def ingest(self, file: SourceFile) -> IngestReport:
        """Judges and stores one file; the same content again changes nothing.

        What a household that was erased still sends is dropped before anything is stored of it.
        """
        kept = without(file, self._erased(file.stream))
        return ingest(self.database, self._catalog, kept, self._clock.now())

    def _erased(self, stream: str) -> list[str]:
        """Codes of the stream's meters whose households were erased."""
        which = self._catalog.streams.get(stream)
        if which is None:
            return []
        with self.database.read() as connection:
            numbers = erased_meters(connection, which.id)
        return [each.code for each in self._catalog.meters_of(which) if each.id in numbers]

    def ingest_all(self, files: Iterable[SourceFile]) -> list[IngestReport]:
        """The reports of several files, in order."""
        return [self.ingest(file) for file in files]

    def ingest_messages(self, messages: Sequence[Message]) -> list[IngestReport]:
        """Judges and stores messages, all or none; those that are known already change nothing.

        Those of households that were erased are dropped before anything is stored of them: "erased".
        """
        erased = {each: self._erased(each) for each in {each.stream for each in messages}}
        kept = [each for each in messages if each.meter not in erased[each.stream]]
        reports = iter(
            ingest_messages(self.database, self._catalog, self._decoders, kept, self._clock.now())
        )
        return [
            IngestReport(each.stream, NO_DAY, "erased")
            if each.meter in erased[each.stream]
            else next(reports)
            for each in messages
        ]

    def poll(self) -> dict[str, int]:
        """Takes in what the sources have; number of rows by "accepted" and "rejected".

        A source that fails does not keep the others from being read; the first failure is raised at the end.
        """
        totals = Counter({"accepted": 0, "rejected": 0})
        failures: list[Exception] = []
        for source in self._sources:
            try:
                for report in self._take_in(source):
                    totals["accepted"] += report.accepted
                    totals["rejected"] += sum(report.rejected.values())
            except (UsufructError, OSError, SQLAlchemyError) as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return dict(totals)

    def _take_in(self, source: Source | MessageSource) -> Iterator[IngestReport]:
        if isinstance(source, MessageSource):
            for chunk in in_chunks(source.poll()):
                yield from self.ingest_messages(chunk)
                source.taken(chunk)
        else:
            for file in source.poll():
                yield self.ingest(file)

    def revision(self) -> int:
        """A number that is another one whenever something that could be built may have changed."""
        with self.database.read() as connection:
            counts = tuple(connection.execute(_COUNTS).one())
            heads = [tuple(row) for row in connection.execute(_LAST_HEADS)]
        return int.from_bytes(sha256(repr((counts, heads)).encode()).digest()[:8], "big")

    def has_file(self, stream: str | int, day: str) -> bool:
        """Whether a local day is ready: nothing more of it has to be waited for.

        A day is ready when a usable file of it was ingested; in a stream that takes messages, when everything
        that is expected of the day counts.
        """
        which = self._catalog.stream(stream)
        query = select(files.c.id).where(
            files.c.stream == which.code,
            files.c.day == day,
            files.c.rule.is_(None),
        )
        with self.database.read() as connection:
            if takes_messages(connection, which):
                found = summary.coverage_of(
                    connection, self._catalog, which, *self._catalog.day(day)
                )
                return found.covered >= found.expected
            return connection.execute(query).first() is not None

    def expected(self, stream: str | int, from_: int, to: int) -> int:
        """Intervals, or meter-days, that should end in (from_, to]."""
        return intervals.expected(self._catalog, self._catalog.stream(stream), from_, to)

    # --- Building ---

    def build_batch(self, stream: str | int, cursor: Cursor, window: Window) -> BuiltBatch:
        """The batch that continues from `cursor` and covers `window`; see `batches.build_batch`."""
        return building.build_batch(
            self.database,
            self.community,
            stream,
            cursor,
            window.to,
            closes=window.closes,
            privacy_secret=self._privacy_secret,
        )

    def find_batch(
        self, stream: str | int, cursor: Cursor, window: Window, content: bytes
    ) -> BuiltBatch | None:
        """The batch with that content as the journal stands or stood; see `batches.find_batch`."""
        return building.find_batch(
            self.database,
            self.community,
            stream,
            cursor,
            window.to,
            content,
            closes=window.closes,
            privacy_secret=self._privacy_secret,
        )

    def build_statement(
        self,
        stream: str | int,
        period: int,
        version: int,
        heads: tuple[bytes, bytes],
        cut: Cut | None = None,
    ) -> BuiltStatement:
        """The statement of a period whose batches are all recorded, whatever its quality."""
        return statements.build_statement(
            self.database,
            self.community,
            stream,
            period,
            version,
            *heads,
            cut=cut,
            privacy_secret=self._privacy_secret,
            require_quality=False,
        )

    # --- Corrections ---

    def document(self, wanted: bytes) -> Corrections | None:
        """A kept corrections document by its hash, None if it is not here."""
        with self.database.read() as connection:
            return revisions.find_document(connection, wanted)

    def documents(self, stream: int, period: int, version: int) -> list[Corrections]:
        """All kept corrections documents of a statement's place."""
        with self.database.read() as connection:
            return revisions.documents_at(connection, stream, period, version)

    def keep(self, document: Corrections) -> None:
        """Keeps a corrections document; the same again changes nothing."""
        with self.database.write() as connection:
            revisions.keep_document(connection, document)

    def moments(self, stream: int, period: int) -> list[int]:
        """Numbers of the files with corrections of readings up to a period's end, the newest first."""
        which = self._catalog.stream(stream)
        window = (which.start, self._catalog.period_bounds(period)[1])
        with self.database.read() as connection:
            return revisions.correction_files(connection, which, window)

    # --- What was anchored and attested ---

    def recorded(self, stream: int) -> list[bytes]:
        """Heads after each recorded batch, from number 1 on, without gaps."""
        known = self._heads.get(stream, [])
        found = anchored.recorded_heads(self.database, stream, known)
        self._heads[stream] = found
        return found

    def manifests(self, stream: int, from_: int, to: int) -> list[Manifest]:
        """Manifests of the recorded batches in [from_, to), in order."""
        which = self._catalog.stream(stream)
        return anchored.manifests_between(self.database, which, from_, to)

    def batch(self, stream: int, seq: int) -> BuiltBatch | None:
        """A recorded batch, None if it is not recorded."""
        return anchored.recorded_batch(self.database, stream, seq)

    def record(self, built: BuiltBatch, digest: bytes, tx: bytes) -> None:
        """Records a batch as anchored; see `anchored.record_batch`."""
        which = self._catalog.stream(built.batch.stream)
        anchored.record_batch(self.database, which, built, digest, tx)

    def forget_after(self, stream: int, seq: int) -> None:
        """Takes back the records of the batches after `seq`."""
        anchored.forget_after(self.database, stream, seq)

    def has_statement(self, stream: int, period: int, version: int) -> bool:
        """Whether an attested statement is recorded."""
        return attested.has_statement(self.database, stream, period, version)

    def record_statement(
        self, built: BuiltStatement, signers: int, signatures: bytes, tx: bytes
    ) -> None:
        """Records an attested statement with its evidence."""
        attested.record_statement(self.database, built, signers, signatures, tx)

    def statement(self, stream: int, period: int, version: int) -> RecordedStatement | None:
        """A recorded statement, None if it is not recorded."""
        return attested.recorded_statement(self.database, stream, period, version)

    # --- Verdicts ---

    def verdicts(self, stream: int | None, period: int | None) -> dict[str, object]:
        """Counts by rule with the money at stake, and the list of what is open.

        Args:
            stream: Number of the stream, None for all.
            period: Number of the period, None for the present one.

        Raises:
            InputError: No such stream or period.
        """
        now = self._clock.now()
        which = self.community.streams if stream is None else (self._catalog.stream(stream),)
        number = max(1, self._catalog.period_of(now)) if period is None else period
        return {
            "period": number,
            "streams": [
                summary.verdicts(self.database, self._catalog, each, number, now) for each in which
            ],
        }
