"""The part of a proof that shows what a statement corrects: documents, statements and leaves out of the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, select

from usufruct.core.corrections import Corrections
from usufruct.core.encoding import LEAF_LENGTH, ReadingLeaf, hex0x
from usufruct.core.merkle import MerkleTree
from usufruct.ledger import models as m
from usufruct.ledger.reads.batches import batch_with
from usufruct.proof import model as p
from usufruct.proof.correction_link import uncorrected
from usufruct.proof.missing import missing


def build_corrections(
    connection: Connection, stated: RowMapping, evidence: RowMapping, known: int
) -> p.Corrections | None:
    """What the statement corrects, None if nothing; of evidence that came up to the chain's time `known`.

    Raises:
        EvidenceError: Evidence is not here yet.
    """
    if evidence["corrections"] is None:
        return None
    document = Corrections.from_json(evidence["corrections"].encode())
    others = list(_others(connection, stated, known))
    named = {wanted for part in document.periods for wanted in part.earlier}
    chosen = [(row, other) for row, other in others if other.hash() in named or other.owed]
    periods = [each.period for each in document.periods if each.period != document.period]
    leaves = uncorrected(document, [other for _, other in chosen])
    return p.Corrections(
        document=json.loads(evidence["corrections"]),
        earlier=[
            p.EarlierDocument(tx=hex0x(row["tx_hash"]), document=json.loads(row["corrections"]))
            for row, _ in chosen
        ],
        statements=[_statement(connection, document.stream, each, known) for each in periods],
        leaves=[_leaf(connection, each, known) for each in leaves],
    )


def _statements(stream: int, known: int) -> Any:
    proof = m.statement_evidence.c
    return (
        select(m.statement, proof.lines, proof.tariff, proof.corrections, m.log.c.tx_hash)
        .join(m.log, m.log.c.pos == m.statement.c.pos)
        .outerjoin(
            m.statement_evidence,
            and_(proof.digest == m.statement.c.digest, proof.known_at <= known),
        )
        .where(m.statement.c.stream == stream)
    )


def _others(
    connection: Connection, stated: RowMapping, known: int
) -> Iterator[tuple[RowMapping, Corrections]]:
    """Documents of the other periods' statements that were the newest when this one was attested, by period."""
    query = _statements(stated["stream"], known).where(
        m.statement.c.pos < stated["pos"], m.statement.c.period != stated["period"]
    )
    newest: dict[int, RowMapping] = {}
    for row in connection.execute(query.order_by(m.statement.c.pos)).mappings():
        newest[row["period"]] = row
    for period in sorted(newest):
        row = newest[period]
        if int(json.loads(row["fields"])["documents"], 16):
            if row["corrections"] is None:
                raise missing(f"the statement of stream {stated['stream']}, period {period}")
            yield row, Corrections.from_json(row["corrections"].encode())


def _statement(
    connection: Connection, stream: int, period: int, known: int
) -> p.CorrectedStatement:
    """The newest version of a corrected period, which a later settled one keeps from changing."""
    query = (
        _statements(stream, known)
        .where(m.statement.c.period == period)
        .order_by(m.statement.c.version.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().one()
    if row["lines"] is None:
        raise missing(f"the statement of stream {stream}, period {period}")
    return p.CorrectedStatement(
        tx=hex0x(row["tx_hash"]),
        period=period,
        version=row["version"],
        tariff=json.loads(row["tariff"]),
        lines=[_line(line) for line in json.loads(row["lines"])],
    )


def _line(line: dict[str, Any]) -> p.StatedLine:
    return p.StatedLine(
        row=line["row"],
        price=str(line["price"]),
        per=str(line["per"]),
        quantity=str(line["quantity"]),
        amount=str(line["amount"]),
        blinding=line["blinding"],
    )


def _leaf(connection: Connection, leaf: ReadingLeaf, known: int) -> p.CorrectedLeaf:
    """Where an anchored reading stands."""
    row = batch_with(connection, leaf.stream, leaf.seq, known)
    if row is None or row["leaves"] is None:
        raise missing(f"the batch of reading {leaf.seq} of stream {leaf.stream}")
    path = MerkleTree(_split(bytes(row["leaves"]))).path(leaf.seq - row["first"])
    return p.CorrectedLeaf(
        seq=row["seq"], tx=hex0x(row["tx_hash"]), path=[hex0x(node) for node in path]
    )


def _split(blob: bytes) -> Sequence[bytes]:
    return [blob[at : at + LEAF_LENGTH] for at in range(0, len(blob), LEAF_LENGTH)]
