"""What a period's newest statement rests on, out of the ledger: header, batches with leaves, lines, tariff."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.engine import RowMapping

from usufruct.core.encoding import LEAF_LENGTH, unhex
from usufruct.core.manifests import Manifest
from usufruct.core.statements import StatementLine, line_of, lines_from_manifests, lines_root
from usufruct.core.tariffs import Tariff
from usufruct.core.typed_data import Batch, Statement
from usufruct.errors import EvidenceError
from usufruct.ledger import models as m
from usufruct.ledger.reads.batches import batches_of, head_before

__all__ = ["AnchoredBatch", "PeriodEvidence", "load_headers", "load_period", "load_statement"]

_BYTES = {"first_head", "last_head", "lines_root", "tariff_hash", "kpis", "documents"}


@dataclass(frozen=True, slots=True)
class AnchoredBatch:
    """A batch as it was signed, its leaves, and its manifest if somebody handed that over."""

    batch: Batch
    leaves: tuple[bytes, ...]
    manifest: Manifest | None = None


@dataclass(frozen=True, slots=True)
class PeriodEvidence:
    """A period's newest statement and what it rests on.

    Attributes:
        statement: The statement.
        batches: Its batches with their leaves, the oldest first.
        lines: Its lines, None where nobody has handed them over.
        tariff: Its tariff, None where it is not known.
        committed: Whether quantities are commitments.
    """

    statement: Statement
    batches: tuple[AnchoredBatch, ...]
    lines: tuple[StatementLine, ...] | None
    tariff: Tariff | None
    committed: bool


def load_statement(
    connection: Connection, stream: int, period: int, version: int | None = None
) -> tuple[Statement, bytes]:
    """A period's newest statement, or the version asked for, and its digest.

    Raises:
        EvidenceError: There is none.
    """
    column = m.statement.c
    stated = (
        connection.execute(
            select(m.statement)
            .where(
                column.stream == stream,
                column.period == period,
                *(() if version is None else (column.version == version,)),
            )
            .order_by(column.version.desc())
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )
    if stated is None:
        wanted = "" if version is None else f", version {version}"
        raise _missing(f"a statement of stream {stream}, period {period}{wanted}")
    return _statement(json.loads(stated["fields"])), bytes(stated["digest"])


def load_period(
    connection: Connection, stream: int, period: int, version: int | None = None
) -> PeriodEvidence:
    """The evidence of a period's newest statement, or of the version asked for.

    Raises:
        EvidenceError: There is no statement, or the evidence of a batch is missing.
    """
    statement, digest = load_statement(connection, stream, period, version)
    rows = _batches(connection, statement)
    committed = bool(
        connection.execute(select(m.stream.c.committed).where(m.stream.c.id == stream)).scalar_one()
    )
    tariff = _tariff(connection, statement.tariff_hash)
    lines = _lines(connection, digest)
    if lines is None and tariff is not None:
        manifests = [Manifest.from_json(row["manifest"].encode()) for row in rows]
        lines = tuple(lines_from_manifests(tariff, manifests, committed=committed))
    if lines is not None and lines_root(lines) != statement.lines_root:
        lines = None
    return PeriodEvidence(statement, _chain(connection, rows), lines, tariff, committed)


def load_headers(connection: Connection, statement: Statement) -> list[Batch]:
    """The batches that a statement rests on, the oldest first; no evidence is needed."""
    rows = batches_of(connection, statement.stream, statement.from_, statement.to)
    return [each.batch for each in _chain(connection, rows)]


def _batches(connection: Connection, statement: Statement) -> list[RowMapping]:
    found = batches_of(connection, statement.stream, statement.from_, statement.to)
    for row in found:
        if row["leaves"] is None:
            raise _missing(f"the leaves of batch {row['seq']} of stream {statement.stream}")
    return found


def _chain(connection: Connection, rows: list[RowMapping]) -> tuple[AnchoredBatch, ...]:
    """The batches, each with the head before it."""
    found = []
    prev = head_before(connection, rows[0]["stream"], rows[0]["seq"]) if rows else b""
    for row in rows:
        raw = bytes(row["leaves"] or b"")
        leaves = tuple(raw[at : at + LEAF_LENGTH] for at in range(0, len(raw), LEAF_LENGTH))
        batch = Batch(
            stream=row["stream"],
            seq=row["seq"],
            prev=prev,
            from_=row["from_"],
            to=row["to_"],
            first=row["first"],
            count=row["count"],
            closes=row["closes"],
            root=bytes(row["root"]),
            content=bytes(row["content"]),
        )
        found.append(AnchoredBatch(batch, leaves, Manifest.from_json(row["manifest"].encode())))
        prev = bytes(row["head"])
    return tuple(found)


def _tariff(connection: Connection, wanted: bytes) -> Tariff | None:
    """The tariff with that hash, from the evidence of any statement."""
    for (document,) in connection.execute(select(m.statement_evidence.c.tariff).distinct()):
        tariff = Tariff.from_json(document.encode())
        if tariff.hash() == wanted:
            return tariff
    return None


def _lines(connection: Connection, digest: bytes) -> tuple[StatementLine, ...] | None:
    query = select(m.statement_evidence.c.lines).where(m.statement_evidence.c.digest == digest)
    document = connection.execute(query).scalar_one_or_none()
    if document is None:
        return None
    return tuple(line_of(each) for each in json.loads(document))


def _statement(fields: Mapping[str, Any]) -> Statement:
    values: dict[str, Any] = {
        name: unhex(fields[name], 32) if name in _BYTES else int(fields[name])
        for name in Statement.__slots__
    }
    return Statement(**values)


def _missing(what: str) -> EvidenceError:
    return EvidenceError(
        f"{what} is not here",
        field="evidence",
        value=what,
        rule="faults and sums are looked for in evidence that was checked against the chain",
        remedy="run usufruct serve until a worker has handed it over",
    )
