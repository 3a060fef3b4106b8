"""Builds the proof of a payout from the ledger's rows and stored evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, select

from usufruct.contracts import address
from usufruct.core import typed_data
from usufruct.core.encoding import LEAF_LENGTH, hex0x
from usufruct.core.merkle import MerkleTree
from usufruct.ledger import ids
from usufruct.ledger import models as m
from usufruct.ledger.reads.batches import batches_of, head_before
from usufruct.ledger.reads.rows import EVER
from usufruct.ledger.types import block_of
from usufruct.proof import model as p
from usufruct.proof.correction_build import build_corrections
from usufruct.proof.missing import missing
from usufruct.proof.scope import Scope, batches_in, sampled


@dataclass(frozen=True, slots=True)
class Contracts:
    """Addresses of the project's contracts that a proof names besides the series."""

    currency: str
    series_factory: str
    waterfall: str
    statement_book: str
    stream_registry: str
    telemetry_anchor: str


def build(
    connection: Connection,
    chain_id: int,
    contracts: Contracts,
    *,
    payout_pos: int,
    wallet: int,
    readings: Scope = "sample",
    known: int = EVER,
) -> bytes:
    """The proof file of one payout, the same bytes for the same ledger, and whenever its evidence is known.

    Args:
        connection: One consistent moment of the ledger.
        chain_id: Chain id.
        contracts: Addresses of the project's contracts.
        payout_pos: Position of its distribution.
        wallet: Ledger id of its wallet.
        readings: How many readings to include.
        known: Of evidence that came up to this time of the chain.

    Raises:
        EvidenceError: Evidence is not here yet; `remedy` says what to wait for.
    """
    rows = _Rows(connection, known)
    payout = rows.one(
        select(m.payout).where(m.payout.c.pos == payout_pos, m.payout.c.wallet == wallet)
    )
    dist = rows.one(_logged(m.distribution).where(m.distribution.c.pos == payout_pos))
    series = rows.one(select(m.series).where(m.series.c.id == payout["series"]))
    holder = rows.one(select(m.wallet.c.address).where(m.wallet.c.id == wallet))
    settled = rows.one(
        _logged(m.settlement).where(
            m.settlement.c.stream == series["stream"], m.settlement.c.period == dist["period"]
        )
    )
    stated, evidence = rows.statement(series["stream"], dist["period"])
    fields = json.loads(stated["fields"])
    batches = rows.batches(series["stream"], int(fields["from_"]), int(fields["to"]))
    proof = p.Proof(
        version=2,
        chain_id=chain_id,
        contracts=_contracts(contracts, address(series["address"])),
        payout=p.Payout(
            id=ids.payout_id(series["slug"], dist["number"], holder["address"]),
            holder=address(holder["address"]),
            units=str(payout["units"]),
            record_at=dist["record_at"],
            numerator_before=str(payout["numerator"] - dist["amount"] * payout["units"]),
            numerator_after=str(payout["numerator"]),
            amount=str(payout["amount"]),
        ),
        distribution=_distribution(dist),
        settlement=_settlement(settled),
        statement=_statement(stated, fields, evidence),
        lines=_lines(evidence),
        tariff=json.loads(evidence["tariff"]),
        cursor=_cursor(rows, chain_id, contracts.telemetry_anchor, batches[0]),
        batches=[
            p.Batch(
                tx=hex0x(row["tx_hash"]), closes=row["closes"], manifest=json.loads(row["manifest"])
            )
            for row in batches
        ],
        scope=readings,
        readings=_readings(batches, readings),
        corrections=build_corrections(connection, stated, evidence, known),
    )
    return msgspec.json.format(msgspec.json.encode(proof), indent=1)


class _Rows:
    """The queries of a proof, for evidence that came up to the chain's time `known`."""

    def __init__(self, connection: Connection, known: int) -> None:
        self._connection = connection
        self._known = known

    def one(self, query: Any) -> RowMapping:
        """The single row of a query."""
        return self._connection.execute(query).mappings().one()

    def statement(self, stream: int, period: int) -> tuple[RowMapping, RowMapping]:
        """The settled statement of a period and its evidence."""
        happened = m.statement_event.c
        version = (
            select(happened.version)
            .where(happened.stream == stream, happened.period == period, happened.kind == "settled")
            .scalar_subquery()
        )
        column = m.statement.c
        stated = self.one(
            _logged(m.statement).where(
                column.stream == stream, column.period == period, column.version == version
            )
        )
        query = select(m.statement_evidence).where(
            m.statement_evidence.c.digest == stated["digest"],
            m.statement_evidence.c.known_at <= self._known,
        )
        evidence = self._connection.execute(query).mappings().one_or_none()
        if evidence is None:
            raise missing(f"the statement of stream {stream}, period {period}")
        return stated, evidence

    def batches(self, stream: int, start: int, end: int) -> list[RowMapping]:
        """A period's batches with their evidence, in order."""
        found = batches_of(self._connection, stream, start, end, self._known)
        for row in found:
            if row["manifest"] is None:
                raise missing(f"batch {row['seq']} of stream {stream}")
        return found

    def head_before(self, stream: int, seq: int) -> bytes:
        """The head on which batch `seq` was built."""
        return head_before(self._connection, stream, seq)

    def batch(self, stream: int, seq: int) -> RowMapping:
        """One batch header."""
        return self.one(select(m.batch).where(m.batch.c.stream == stream, m.batch.c.seq == seq))


def _logged(table: Any) -> Any:
    """All columns of a table with the transaction its row comes from."""
    return select(table, m.log.c.tx_hash, m.log.c.log_index).join(m.log, m.log.c.pos == table.c.pos)


def _contracts(given: Contracts, series: str) -> p.Contracts:
    return p.Contracts(
        series=series,
        currency=given.currency,
        series_factory=given.series_factory,
        waterfall=given.waterfall,
        statement_book=given.statement_book,
        stream_registry=given.stream_registry,
        telemetry_anchor=given.telemetry_anchor,
    )


def _distribution(row: RowMapping) -> p.Distribution:
    return p.Distribution(
        tx=hex0x(row["tx_hash"]),
        block=block_of(row["pos"]),
        log_index=row["log_index"],
        number=row["number"],
        period=row["period"],
        amount=str(row["amount"]),
        acc=str(row["acc_after"]),
        supply=str(row["supply"]),
    )


def _settlement(row: RowMapping) -> p.Settlement:
    return p.Settlement(
        log_index=row["log_index"],
        stream=row["stream"],
        rules_version=row["rules_version"],
        required=str(row["required"]),
        receipts=str(row["receipts"]),
        shortfall=str(row["shortfall"]),
        multiplier_bp=row["multiplier_bp"],
        breached=row["breached"],
        lines=[
            p.SettlementLine(
                **{key: str(line[key]) for key in ("due", "paid", "released", "balance")}
            )
            for line in json.loads(row["lines"])
        ],
    )


def _statement(row: RowMapping, fields: dict[str, Any], evidence: RowMapping) -> p.Statement:
    return p.Statement(
        tx=hex0x(row["tx_hash"]),
        version=row["version"],
        from_=int(fields["from_"]),
        to=int(fields["to"]),
        first_head=fields["first_head"],
        last_head=fields["last_head"],
        lines_root=fields["lines_root"],
        gross=str(fields["gross"]),
        adjustments=str(fields["adjustments"]),
        tariff_hash=fields["tariff_hash"],
        coverage_bp=fields["coverage_bp"],
        estimated_bp=fields["estimated_bp"],
        kpis=fields["kpis"],
        documents=fields["documents"],
        digest=hex0x(row["digest"]),
        signers=str(int(row["signers"], 16)),
        signatures=hex0x(evidence["signatures"]),
    )


def _lines(evidence: RowMapping) -> list[p.StatementLine]:
    return [
        p.StatementLine(
            row=line["row"],
            price=str(line["price"]),
            per=str(line["per"]),
            quantity=str(line["quantity"]),
            amount=str(line["amount"]),
            count=int(line["count"]),
            blinding=line["blinding"],
        )
        for line in json.loads(evidence["lines"])
    ]


def _cursor(rows: _Rows, chain_id: int, anchor: str, first: RowMapping) -> p.Cursor:
    """Where the stream stood before the period's first batch."""
    stream, seq = first["stream"], first["seq"]
    digest = bytes(32)
    if seq > 1:
        before = rows.batch(stream, seq - 1)
        batch = typed_data.Batch(
            stream=stream,
            seq=seq - 1,
            prev=rows.head_before(stream, seq - 1),
            from_=before["from_"],
            to=before["to_"],
            first=before["first"],
            count=before["count"],
            closes=before["closes"],
            root=before["root"],
            content=before["content"],
        )
        digest = typed_data.batch_digest(typed_data.Domain(chain_id, anchor), batch)
    return p.Cursor(digest=hex0x(digest), seq=seq - 1, to=first["from_"], next=str(first["first"]))


def _readings(batches: list[RowMapping], scope: Scope) -> list[p.Readings]:
    by_seq = {row["seq"]: row for row in batches}
    chosen = batches_in(scope, {seq: row["count"] for seq, row in by_seq.items()})
    part = _some_of if scope == "sample" else _all_of
    return [part(by_seq[seq]) for seq in chosen]


def _some_of(row: RowMapping) -> p.Readings:
    leaves = _split(row["leaves"])
    tree = MerkleTree(leaves)
    some = [
        p.Leaf(hex0x(leaves[place]), [hex0x(node) for node in tree.path(place)])
        for place in sampled(len(leaves))
    ]
    return p.Readings(seq=row["seq"], all=None, some=some)


def _all_of(row: RowMapping) -> p.Readings:
    leaves = [hex0x(leaf) for leaf in _split(row["leaves"])]
    return p.Readings(seq=row["seq"], all=leaves, some=None)


def _split(blob: bytes) -> list[bytes]:
    return [blob[at : at + LEAF_LENGTH] for at in range(0, len(blob), LEAF_LENGTH)]
