"""A settled period of a village: real leaves, real signatures, indexed, with its evidence in the ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import insert, select
from tests.support.anvil import Anvil
from tests.support.ledgers import migrated
from tests.support.village import Village, residual, step

from usufruct import proof
from usufruct.chain.client import ChainClient
from usufruct.contracts import Address, address
from usufruct.contracts import offering as of
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_extension as se
from usufruct.contracts import settlement_currency as sc
from usufruct.contracts import waterfall as wf
from usufruct.core import typed_data
from usufruct.core.commitments import N, blinding, commit, meter_secret
from usufruct.core.correction_sums import Base, Opened, build_corrections
from usufruct.core.corrections import Corrections, Revision
from usufruct.core.encoding import ZERO_HASH, ReadingLeaf, open_quantity
from usufruct.core.keccak import keccak256
from usufruct.core.manifests import Manifest, ManifestLine
from usufruct.core.merkle import tree_root
from usufruct.core.statements import (
    StatementLine,
    coverage_bp,
    estimated_bp,
    gross,
    kpi_vector,
    line_document,
    lines_from_manifests,
    lines_root,
)
from usufruct.core.tariffs import CalendarRule, PriceRow, Tariff
from usufruct.index.chain import NodeChain
from usufruct.index.indexer import Indexer
from usufruct.ledger import models as m
from usufruct.ledger.database import Database

DAY = 86_400
HOUR = 3_600
METERS = 2
SECRET = b"village privacy secret"
TARIFF = Tariff(
    id="village",
    stream="S1",
    currency="USDV",
    base_unit="Wh",
    timezone="Asia/Shanghai",
    rows=(
        PriceRow("peak", 540_000, 1_000),
        PriceRow("base", 210_000, 1_000),
        PriceRow("never", 7, 3),
    ),
    calendar=(CalendarRule("peak", (), (), 840, 1_020), CalendarRule("base", (), (), 0, 1_440)),
)


@dataclass
class Settled:
    """What a test of proofs needs.

    Attributes:
        village: The project.
        database: The ledger with all evidence.
        series: The series that was paid.
        holders: Its holders.
    """

    village: Village
    database: Database
    series: Address
    holders: list[Address]

    def proof(self, number: int, holder: str, readings: proof.Scope = "sample") -> bytes:
        """Proof of a holder's share of the series' distribution `number`."""
        at = self.village.at
        with self.database.read() as connection:
            wallet = connection.execute(
                select(m.wallet.c.id).where(m.wallet.c.address == bytes.fromhex(holder[2:]))
            ).scalar_one()
            pos = connection.execute(
                select(m.distribution.c.pos).where(m.distribution.c.number == number)
            ).scalar_one()
            return proof.build(
                connection,
                self.village.client.chain_id,
                proof.Contracts(
                    at["SettlementCurrency"],
                    at["SeriesFactory"],
                    at["Waterfall"],
                    at["StatementBook"],
                    at["StreamRegistry"],
                    at["TelemetryAnchor"],
                ),
                payout_pos=pos,
                wallet=wallet,
                readings=readings,
            )


def settle_periods(
    anvil: Anvil,
    folder: Path,
    *,
    committed: bool,
    periods: int = 2,
    corrected: bool = False,
    offered: bool = False,
) -> Settled:
    """Two-day periods of hourly readings of two meters, with transfers in between.

    Every second period has a record date, and a sale between it and the money. Where readings are `corrected`, the
    first period is stated in two versions, and the second corrects that correction and readings of both periods.
    Where units are `offered`, an offering is open that two of the holders have subscribed to.
    """
    village = Village(ChainClient(anvil.url))
    first_block = village.client.block_number()
    holders = [address(a) for a in village.client.rpc("eth_accounts")][1:4]
    village.admit(holders)
    start = village.now() // DAY * DAY
    village.open_stream(1, start, TARIFF.hash(), committed=committed)
    series = village.create_series(1, "VIL", dict(zip(holders, (500, 333, 167), strict=True)))
    village.set_rules(1, _steps(village, series), [wf.Kpi(0, 9_000, 9_950, 10_000, 10_000)])
    village.move_to(start + periods * 2 * DAY + 1)
    evidence: list[Stated] = []
    for period in range(1, periods + 1):
        if period % 2 == 0:
            at = village.now() + HOUR
            village.do(series, se.schedule_record(period, at))
            village.move_to(at)
            village.do(series, rr.transfer(holders[0], 33), holders[1])
        evidence += _period(
            village, start, period, committed=committed, before=evidence if corrected else None
        )
        village.settle(1, period)
        village.do(series, rr.transfer(holders[1], 101 * period), holders[0])
        village.do(series, rr.claim_for(holders[2]))
    if offered:
        _offer(village, holders)
    database = migrated(f"sqlite:///{folder / 'ledger.db'}")
    identity = {
        "chain_id": str(village.client.chain_id),
        "currency": "USDV:6",
        "contract.TelemetryAnchor": village.at["TelemetryAnchor"],
    }
    Indexer(
        NodeChain(village.client, village.at["Waterfall"]),
        database,
        village.at,
        first_block - 20,
        identity,
    ).catch_up()
    for each in evidence:
        _store(database, village, each)
    return Settled(village, database, series, holders)


def _offer(village: Village, holders: list[Address]) -> None:
    """100 units at 2 USDV; the second and the third holder have subscribed 140, the first has the money to."""
    places = village.at["SettlementCurrency"], [village.at["SeriesFactory"]]
    where = village.put("Offering", of.deploy_data(village.at["AccessManager"], *places))
    series, _ = village.new_series(1, "NEWV")
    now = village.now()
    terms = of.Terms(
        series, now, now + 30 * DAY, address("0x" + "77" * 20), now + 40 * DAY, True, 2_000_000, 50, 100, 5, 90
    )  # fmt: skip
    village.do("Offering", of.open(terms))
    for holder, units in zip(holders, (0, 80, 60), strict=True):
        village.do("SettlementCurrency", sc.mint(holder, 10**9))
        if units:
            village.do("SettlementCurrency", sc.approve(where, 10**9), holder)
            village.do("Offering", of.subscribe(1, units), holder)


def _steps(village: Village, series: Address) -> list[wf.Step]:
    payee, nobody = address("0x" + "77" * 20), address(bytes(20))
    return [
        step(wf.StepKind.PERCENT_OF_RECEIPTS, payee, bp=600),
        step(wf.StepKind.FIXED, payee, 100_000, account=1),
        step(wf.StepKind.KPI_FEE, payee, 5_000, bp=250),
        step(wf.StepKind.RESERVE, nobody, 50_000, account=2),
        residual(series, to_series=True),
        residual(village.admin, to_series=False),
    ]


Evidence = tuple[Manifest, list[bytes], bytes]


@dataclass
class Stated:
    """One version of a period's statement."""

    batches: list[Evidence]
    lines: list[StatementLine]
    statement: typed_data.Statement
    document: Corrections | None = None


def _period(
    village: Village, start: int, period: int, *, committed: bool, before: list[Stated] | None
) -> list[Stated]:
    from_ = start + (period - 1) * 2 * DAY
    first_head = typed_data.head_of(village.cursors[1])
    batches = [
        _batch(village, from_ + DAY * day, committed=committed, closes=day == 1) for day in (0, 1)
    ]
    manifests = [batch[0] for batch in batches]
    lines = lines_from_manifests(TARIFF, manifests, committed=committed)
    statement = typed_data.Statement(
        1, period, 1, from_, from_ + 2 * DAY, first_head, typed_data.head_of(village.cursors[1]),
        lines_root(lines), gross(lines), 0, TARIFF.hash(), coverage_bp(manifests), estimated_bp(manifests),
        kpi_vector({0: coverage_bp(manifests)}), ZERO_HASH,
    )  # fmt: skip
    found = [Stated(batches, lines, statement)]
    if before is not None and period == 1:
        village.attest(statement)
        village.move_to(village.now() + HOUR)
        found.append(_corrected(found[0], [], committed=committed, version=2))
    elif before is not None:
        found = [_corrected(found[0], before, committed=committed, version=1)]
    village.attest(found[-1].statement)
    village.fund(1, found[-1].statement.gross + found[-1].statement.adjustments)
    return found


def _corrected(plain: Stated, before: list[Stated], *, committed: bool, version: int) -> Stated:
    """The statement with three corrections of its period's readings, and three more of the period before."""
    bases = [
        (
            Base(plain.statement.period, TARIFF, plain.lines),
            _opened(plain, 0, (1, 20, 40), committed=committed),
        )
    ]
    if before:
        last = before[-1]
        assert last.document is not None
        made = [each.new for each in last.document.revisions()]
        again = _open(made[0], 77, committed=committed)
        opened = [again, *_opened(last, 1, (3, 30), committed=committed)]
        bases.append((Base(last.statement.period, TARIFF, last.lines, [last.document]), opened))
    document = build_corrections(
        stream=1, period=plain.statement.period, version=version, gross=plain.statement.gross,
        carried=0, found=bases,
    )  # fmt: skip
    assert document is not None
    statement = replace(
        plain.statement,
        version=version,
        adjustments=document.adjustment,
        documents=document.hash(),
    )
    return Stated(plain.batches, plain.lines, statement, document)


def _opened(stated: Stated, batch: int, places: Sequence[int], *, committed: bool) -> list[Opened]:
    leaves = stated.batches[batch][1]
    return [_open(leaves[at], 100 * at, committed=committed) for at in places]


def _open(old: bytes, value: int, *, committed: bool) -> Opened:
    """The next revision of a reading, with another value."""
    leaf = ReadingLeaf.decode(old)
    hidden = [
        blinding(meter_secret(SECRET, leaf.meter), 1, leaf.meter, leaf.end, HOUR, rev)
        for rev in (leaf.rev, leaf.rev + 1)
    ]
    known = _value(leaf.end, leaf.meter) if leaf.rev == 0 else 100  # what the first document says
    new = replace(
        leaf,
        quantity=commit(value, hidden[1]) if committed else open_quantity(value),
        record=keccak256(b"correction" + old),
        rev=leaf.rev + 1,
    )
    return Opened(
        Revision(old, new.encode(), "meter-fault"),
        value - known,
        (hidden[1] - hidden[0]) % N if committed else None,
    )


def _value(end: int, meter: int) -> int:
    return (end // HOUR * 37 + meter * 11) % 4_000


def _batch(village: Village, from_: int, *, committed: bool, closes: bool) -> Evidence:
    cursor = village.cursors[1]
    leaves: list[bytes] = []
    sums: dict[str, list[int]] = {}
    ends = [(from_ + HOUR * hour, meter) for hour in range(1, 25) for meter in range(1, METERS + 1)]
    for end, meter in ends:
        value = _value(end, meter)
        blind = blinding(meter_secret(SECRET, meter), 1, meter, end, HOUR, 0)
        field = commit(value, blind) if committed else open_quantity(value)
        record = keccak256(b"%d/%d" % (meter, end))
        leaf = ReadingLeaf(
            field, record, 1, cursor.next + len(leaves), end, HOUR, meter, 0, 0, 0, 19
        )
        leaves.append(leaf.encode())
        total = sums.setdefault(TARIFF.rows[TARIFF.row_index_at(end - HOUR)].id, [0, 0, 0])
        total[0], total[1], total[2] = total[0] + 1, total[1] + value, total[2] + blind
    manifest = _manifest(cursor, from_, leaves, sums, committed=committed)
    village.anchor(1, from_ + DAY, len(leaves), manifest.root, manifest.content(), closes=closes)
    return manifest, leaves, typed_data.head_of(village.cursors[1])


def _manifest(
    cursor: typed_data.Cursor,
    from_: int,
    leaves: list[bytes],
    sums: dict[str, list[int]],
    *,
    committed: bool,
) -> Manifest:
    lines = tuple(
        ManifestLine(row.id, *sums[row.id][:2], sums[row.id][2] % N if committed else None)
        for row in TARIFF.rows
        if row.id in sums
    )
    quantity = sum(line.quantity for line in lines)
    return Manifest(
        stream=1, seq=cursor.seq + 1, from_=from_, to=from_ + DAY, first=cursor.next, count=len(leaves),
        root=tree_root(leaves), expected=len(leaves), covered=len(leaves), quantity=quantity, estimated=0, lines=lines,
    )  # fmt: skip


def _store(database: Database, village: Village, stated: Stated) -> None:
    statement = stated.statement
    digest = typed_data.statement_digest(
        typed_data.Domain(village.client.chain_id, village.at["StatementBook"]), statement
    )
    bitmap, blob = village.signatures(digest)
    shown = [line_document(line) for line in stated.lines]
    with database.write() as connection:
        for manifest, leaves, head in stated.batches if statement.version == 1 else ():
            connection.execute(
                insert(m.batch_evidence).values(
                    head=head,
                    manifest=manifest.canonical().decode(),
                    leaves=b"".join(leaves),
                    source="test",
                )
            )
        connection.execute(
            insert(m.statement_evidence).values(
                digest=digest,
                lines=json.dumps(shown),
                tariff=TARIFF.canonical().decode(),
                signatures=blob,
                signers=hex(bitmap),
                table_=json.dumps(village.table),
                corrections=stated.document.canonical().decode() if stated.document else None,
                source="test",
            )
        )
