"""Fetches what is missing: evidence of anchored batches and attested statements, and reports of rejected readings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Row, Table, delete, func, insert, select, update

from usufruct.errors import ChainError, EvidenceError, InputError
from usufruct.index.evidence_check import (
    BatchFacts,
    StatementFacts,
    check_batch,
    check_statement,
)
from usufruct.index.workers import WorkerClient
from usufruct.ledger.database import Database
from usufruct.ledger.models import (
    batch,
    batch_evidence,
    cursor,
    statement,
    statement_evidence,
    stream,
    verdict_report,
)
from usufruct.ledger.reads.statements import SIGNERS_AT

__all__ = ["EvidenceFetcher"]

_PAGE: Final = 100
_VERDICT_ROUNDS: Final = 12
_MOST_REPORT: Final = 1_000_000
_logger = structlog.get_logger(__name__)

Ask = Callable[[WorkerClient], object | None]
Check = Callable[[object], dict[str, Any]]


class EvidenceFetcher:
    """Fills the evidence tables of a ledger from `workers`, which are asked in turn."""

    def __init__(self, database: Database, workers: Sequence[WorkerClient]) -> None:
        self._database = database
        self._workers = list(workers)
        self._down: set[str] = set()
        self._tried: set[bytes] = set()
        self._round = 0

    def round(self) -> int:
        """Tries once for everything that is missing. Returns how many pieces of evidence were stored."""
        self._down.clear()
        stored = sum(1 for _ in self._batches()) + sum(1 for _ in self._statements())
        if self._round % _VERDICT_ROUNDS == 0:
            self._verdicts()
        self._round += 1
        return stored

    # --- Batches and statements ---

    def _batches(self) -> Iterator[None]:
        with self._database.read() as connection:
            rows = self._turn(connection.execute(_MISSING_BATCHES).all(), "head")
        for row in rows:
            facts = _batch_facts(row)

            def check(document: object, facts: BatchFacts = facts) -> dict[str, Any]:
                proof = check_batch(document, facts)
                return {"head": facts.head, "manifest": proof.manifest, "leaves": proof.leaves}

            if self._store(batch_evidence, _asking_batch(row.stream, row.seq), check):
                yield

    def _statements(self) -> Iterator[None]:
        with self._database.read() as connection:
            rows = self._turn(connection.execute(_MISSING_STATEMENTS).all(), "digest")
            facts_of = [_statement_facts(connection, row) for row in rows]
        for row, facts in zip(rows, facts_of, strict=True):

            def check(document: object, facts: StatementFacts = facts) -> dict[str, Any]:
                proof = check_statement(document, facts)
                return {
                    "digest": facts.digest,
                    "lines": proof.lines,
                    "tariff": proof.tariff,
                    "signatures": proof.signatures,
                    "corrections": proof.corrections,
                    "signers": hex(facts.signers),
                    "table_": json.dumps(list(facts.table)),
                }

            ask = _asking_statement(row.stream, row.period, row.version)
            if self._store(statement_evidence, ask, check):
                yield

    def _turn(self, rows: Sequence[Row[Any]], key: str) -> list[Row[Any]]:
        """Some of what is missing; what was tried comes again only after all the rest had its turn."""
        fresh = [row for row in rows if row._mapping[key] not in self._tried]
        if not fresh:
            self._tried -= {row._mapping[key] for row in rows}
            fresh = list(rows)
        chosen = fresh[:_PAGE]
        self._tried |= {row._mapping[key] for row in chosen}
        return chosen

    def _store(self, table: Table, ask: Ask, check: Check) -> bool:
        """Asks the workers in turn until one has evidence that holds, and stores it."""
        for worker in self._workers:
            document = self._asked(worker, ask)
            if document is None:
                continue
            try:
                values = check(document)
            except (EvidenceError, InputError) as error:
                _logger.warning(
                    "evidence refused", worker=worker.name, table=table.name, error=error.one_line()
                )
                continue
            with self._database.write() as connection:
                key = next(iter(table.primary_key.columns))
                connection.execute(delete(table).where(key == values[key.name]))
                come = {"source": worker.name, "known_at": _now(connection)}
                connection.execute(insert(table).values(**values, **come))
                _bump(connection)
            return True
        return False

    def _asked(self, worker: WorkerClient, ask: Ask) -> object | None:
        if worker.name in self._down:
            return None
        try:
            return ask(worker)
        except ChainError as error:
            # Once in a round is enough to see that a worker does not answer.
            self._down.add(worker.name)
            _logger.warning("no evidence", worker=worker.name, error=error.one_line())
        except InputError as error:
            _logger.warning("evidence refused", worker=worker.name, error=error.one_line())
        return None

    # --- Reports of rejected readings ---

    def _verdicts(self) -> None:
        with self._database.read() as connection:
            places = [
                (row.id, period)
                for row in connection.execute(_LAST_PERIODS)
                for period in range(max(1, (row.period or 0) - 1), (row.period or 0) + 2)
            ]
        for number, period in places:
            for worker in self._workers:
                document = self._asked(worker, _asking_verdicts(number, period))
                text = json.dumps(document, sort_keys=True) if isinstance(document, dict) else ""
                if text and len(text) <= _MOST_REPORT:
                    self._store_report(number, period, worker.name, text)

    def _store_report(self, number: int, period: int, source: str, text: str) -> None:
        key = (
            (verdict_report.c.stream == number)
            & (verdict_report.c.period == period)
            & (verdict_report.c.source == source)
        )
        newest = (
            select(verdict_report.c.document, verdict_report.c.known_at)
            .where(key)
            .order_by(verdict_report.c.known_at.desc())
            .limit(1)
        )
        with self._database.write() as connection:
            last = connection.execute(newest).first()
            if last is not None and last.document == text:
                return
            # A ledger that is rebuilt, or lost its last blocks, may be earlier than what it was told already.
            now = max(_now(connection), last.known_at if last is not None else 0)
            # What was told at the same time was nobody's last word.
            connection.execute(delete(verdict_report).where(key, verdict_report.c.known_at == now))
            row = {"stream": number, "period": period, "source": source}
            connection.execute(insert(verdict_report).values(**row, document=text, known_at=now))
            _bump(connection)


# The newest first: they are asked about most, and an old gap must not keep them waiting.
_MISSING_BATCHES: Final = (
    select(batch)
    .join(batch_evidence, batch_evidence.c.head == batch.c.head, isouter=True)
    .where(batch_evidence.c.head.is_(None))
    .order_by(batch.c.pos.desc())
)
_MISSING_STATEMENTS: Final = (
    select(statement)
    .join(statement_evidence, statement_evidence.c.digest == statement.c.digest, isouter=True)
    .where(statement_evidence.c.digest.is_(None))
    .order_by(statement.c.pos.desc())
)
_LAST_PERIODS: Final = (
    select(stream.c.id, func.max(statement.c.period).label("period"))
    .join_from(stream, statement, statement.c.stream == stream.c.id, isouter=True)
    .group_by(stream.c.id)
    .order_by(stream.c.id)
)


def _batch_facts(row: Row[Any]) -> BatchFacts:
    return BatchFacts(
        stream=row.stream,
        seq=row.seq,
        from_=row.from_,
        to=row.to_,
        first=row.first,
        count=row._mapping["count"],  # Row.count is a method of tuples
        root=row.root,
        content=row.content,
        head=row.head,
    )


def _statement_facts(connection: Connection, row: Row[Any]) -> StatementFacts:
    fields = json.loads(row.fields)
    table = connection.execute(SIGNERS_AT, {"end": row.pos}).one()
    return StatementFacts(
        digest=row.digest,
        signers=int(row.signers, 16),
        lines_root=bytes.fromhex(fields["lines_root"][2:]),
        tariff_hash=bytes.fromhex(fields["tariff_hash"][2:]),
        documents=bytes.fromhex(fields["documents"][2:]),
        table=json.loads(table.members),
        threshold=table.threshold,
    )


def _asking_batch(number: int, seq: int) -> Ask:
    return lambda worker: worker.batch(number, seq)


def _asking_statement(number: int, period: int, version: int) -> Ask:
    return lambda worker: worker.statement(number, period, version)


def _asking_verdicts(number: int, period: int) -> Ask:
    return lambda worker: worker.verdicts(number, period)


def _now(connection: Connection) -> int:
    """The chain's time, by the last block in the ledger: from then on what comes now is known."""
    return int(connection.execute(select(cursor.c.timestamp)).scalar_one())


def _bump(connection: Connection) -> None:
    """Answers change with evidence as they do with blocks, and so must their ETag."""
    connection.execute(update(cursor).values(evidence=cursor.c.evidence + 1))
