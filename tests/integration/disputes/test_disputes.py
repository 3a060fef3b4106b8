"""A fault in what the quorum signed: found off the chain, proven on it, corrected by a successor that pays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from tests.support.anvil import Anvil
from tests.support.ledgers import migrated
from tests.support.village import Village, residual

from usufruct.chain.client import ChainClient
from usufruct.chain.outbox import Outbox
from usufruct.chain.sender import Sender
from usufruct.contracts import meter_registry as mr
from usufruct.contracts import objective_disputes as od
from usufruct.contracts import operator_bond as ob
from usufruct.contracts import settlement_currency as sc
from usufruct.contracts import statement_book as sb
from usufruct.core import typed_data as td
from usufruct.core.encoding import ReadingLeaf, open_quantity
from usufruct.core.manifests import Manifest, ManifestLine
from usufruct.core.merkle import tree_root
from usufruct.core.signing import key_xy, public_key, sign_record
from usufruct.core.statements import build_statement, lines_from_manifests
from usufruct.core.tariffs import CalendarRule, PriceRow, Tariff
from usufruct.disputes.desk import Desk
from usufruct.disputes.evidence import AnchoredBatch, PeriodEvidence, load_period
from usufruct.index.chain import NodeChain
from usufruct.index.indexer import Indexer
from usufruct.keys import dev_account
from usufruct.ledger import models as m

STREAM, DAY = 1, 86_400
REWARD, BOND = 500_000, 2_000_000
METER, SCHEME, METER_KEY = 7, "device-secp256k1", b"\5" * 32
TARIFF = Tariff(
    "flat",
    "S1",
    "USDV",
    "Wh",
    "UTC",
    (PriceRow("all", 3, 2),),
    (CalendarRule("all", (), (), 0, 1440),),
)


@dataclass
class Town:
    """A village with a chamber, a bond, a meter, and one period of one batch."""

    village: Village
    desk: Desk
    sender: Sender
    start: int

    def state(self, leaves: list[bytes], gross: int | None = None) -> PeriodEvidence:
        """Anchors the leaves as a closing batch and attests its statement, with another gross if given."""
        village, to = self.village, self.start + DAY
        quantity = sum(int.from_bytes(ReadingLeaf.decode(leaf).quantity) for leaf in leaves)
        root = tree_root(leaves)
        line = ManifestLine("all", len(leaves), quantity, None)
        count = len(leaves)
        manifest = Manifest(
            STREAM, 1, self.start, to, 0, count, root, count, count, quantity, 0, (line,)
        )
        before = village.cursors[STREAM]
        village.anchor(STREAM, to, count, root, manifest.content(), closes=True)
        batch = td.next_batch(
            before,
            stream=STREAM,
            to=to,
            count=count,
            closes=True,
            root=root,
            content=manifest.content(),
        )
        lines = tuple(lines_from_manifests(TARIFF, [manifest], committed=False))
        heads = (td.head_of(before), td.head_of(village.cursors[STREAM]))
        statement = build_statement(
            stream=STREAM, period=1, version=1, bounds=(self.start, to), heads=heads, tariff=TARIFF,
            lines=lines, manifests=[manifest],
        )  # fmt: skip
        if gross is not None:
            statement = replace(statement, gross=gross)
        village.attest(statement)
        anchored = (AnchoredBatch(batch, tuple(leaves)),)
        return PeriodEvidence(statement, anchored, lines, TARIFF, False)

    def correct(self, evidence: PeriodEvidence, **changes: Any) -> PeriodEvidence:
        """Attests the next version with the changes."""
        version = evidence.statement.version + 1
        statement = replace(evidence.statement, version=version, **changes)
        self.village.attest(statement)
        return replace(evidence, statement=statement)

    def pay(self, amount: int) -> None:
        """Funds and settles the period."""
        self.village.set_rules(STREAM, [residual(self.village.admin, to_series=False)])
        self.village.fund(STREAM, amount)
        self.village.settle(STREAM, 1)

    def status(self) -> sb.Status:
        """Status of the period."""
        found: sb.Record = self.village.ask("StatementBook", sb.record_of(STREAM, 1))
        return found.status

    def leaf(self, seq: int, hour: int, record: bytes, *, quantity: int = 10) -> bytes:
        """A reading of the meter."""
        return ReadingLeaf(
            open_quantity(quantity), record, STREAM, seq, self.start + 3_600 * hour, 3_600, METER, 0, 0, 0, 1
        ).encode()  # fmt: skip


@pytest.fixture
def town(anvil_fresh: Anvil, tmp_path: Path) -> Iterator[Town]:
    village = Village(ChainClient(anvil_fresh.url))
    at = village.at
    start = village.now() - 2 * DAY
    village.open_stream(STREAM, start, TARIFF.hash())
    chamber = village.put(
        "ObjectiveDisputes", od.deploy_data(at["StatementBook"], at["MeterRegistry"])
    )
    bond = village.put(
        "OperatorBond",
        ob.deploy_data(at["AccessManager"], at["SettlementCurrency"], chamber, 14 * DAY),
    )
    village.do("StatementBook", sb.set_chamber(chamber))
    x, y = key_xy(SCHEME, public_key(SCHEME, METER_KEY))
    meter = mr.Registration(
        METER, STREAM, mr.Scheme.DEVICE_SECP256K1, start, start + 900 * DAY, x, y, bytes(32)
    )
    village.do("MeterRegistry", mr.register([meter]))
    village.do("OperatorBond", ob.open(STREAM, village.admin, REWARD))
    village.do("SettlementCurrency", sc.mint(village.admin, BOND))
    village.do("SettlementCurrency", sc.approve(bond, BOND))
    village.do("OperatorBond", ob.deposit(STREAM, BOND))
    desk = Desk(village.client, chamber, at["MeterRegistry"], bond)
    outbox = Outbox(tmp_path / "outbox.sqlite")
    yield Town(village, desk, Sender(village.client, dev_account(3), outbox), start)
    outbox.close()


def record_of(payload: bytes, key: bytes = METER_KEY) -> bytes:
    return payload + sign_record(SCHEME, key, payload)


def sha(record: bytes) -> bytes:
    return sha256(record).digest()


def prove(town: Town, evidence: PeriodEvidence, records: dict[bytes, bytes] | None = None) -> str:
    """Finds one fault, proves it, and is paid for it; says what was found."""
    (found,) = town.desk.scan(evidence, records)
    assert town.desk.submit(town.sender, found)
    assert town.status() is sb.Status.VOIDED
    assert town.desk.reward(town.sender, found.fault) == REWARD
    balance = sc.balance_of(town.sender.address)
    assert town.village.ask("SettlementCurrency", balance) == REWARD
    assert town.desk.scan(evidence, records) == []
    return found.candidate.what


def test_a_wrong_total_is_voided_and_its_successor_pays(town: Town) -> None:
    good = record_of(b"day")
    leaves = [town.leaf(number, number + 1, sha(good)) for number in range(3)]
    evidence = town.state(leaves, gross=46)
    assert prove(town, evidence, {sha(good): good}) == "gross 46, the lines add up to 45"
    corrected = town.correct(evidence, gross=45)
    assert town.desk.scan(corrected, {sha(good): good}) == []
    town.pay(45)
    assert town.status() is sb.Status.SETTLED


def test_a_bad_record_is_voided_and_taken_out_by_an_adjustment(town: Town) -> None:
    good, bad = record_of(b"day"), record_of(b"forged", b"\6" * 32)
    leaves = [town.leaf(0, 1, sha(good)), town.leaf(1, 2, sha(bad)), town.leaf(2, 3, sha(bad))]
    evidence = town.state(leaves)
    records = {sha(each): each for each in (good, bad)}
    (found,) = town.desk.scan(evidence, records)
    assert found.candidate.stake == 30
    assert "not signed" in prove(town, evidence, records)
    corrected = town.correct(evidence, adjustments=-30)
    assert town.desk.scan(corrected, records) == []
    town.pay(15)
    assert town.status() is sb.Status.SETTLED


@pytest.mark.parametrize(
    ("hours", "says"), [((1, 2, 30), "outside its window"), ((1, 3, 2), "wrong order")]
)
def test_bad_readings_are_found_and_proven(
    town: Town, hours: tuple[int, int, int], says: str
) -> None:
    good = sha(record_of(b"day"))
    leaves = [town.leaf(number, hour, good) for number, hour in enumerate(hours)]
    assert says in prove(town, town.state(leaves))


def test_an_honest_period_shows_nothing(town: Town) -> None:
    good = record_of(b"day")
    leaves = [town.leaf(number, number + 1, sha(good)) for number in range(24)]
    assert town.desk.scan(town.state(leaves), {sha(good): good}) == []


def test_the_ledger_knows_evidence_faults_and_rewards(town: Town, tmp_path: Path) -> None:
    good = record_of(b"day")
    leaves = [town.leaf(number, number + 1, sha(good)) for number in range(3)]
    evidence = town.state(leaves, gross=46)
    database = migrated(f"sqlite:///{tmp_path}/ledger.db")
    chain = NodeChain(town.village.client, town.village.at["Waterfall"])
    indexer = Indexer(chain, database, town.village.at, 0, {"chain_id": "31337"})
    indexer.catch_up()
    batch = evidence.batches[0].batch
    manifest = Manifest(
        STREAM, 1, batch.from_, batch.to, 0, 3, batch.root, 3, 3, 30, 0,
        (ManifestLine("all", 3, 30, None),),
    )  # fmt: skip
    assert evidence.lines is not None
    with database.write() as connection:
        head = connection.execute(select(m.batch.c.head)).scalar_one()
        connection.execute(
            insert(m.batch_evidence).values(
                head=head,
                manifest=manifest.canonical().decode(),
                leaves=b"".join(leaves),
                source="worker",
            )
        )
        connection.execute(
            insert(m.statement_evidence).values(
                digest=b"\1" * 32,
                lines="[]",
                tariff=TARIFF.canonical().decode(),
                signatures=b"",
                signers="0x0",
                table_="[]",
                source="worker",
            )
        )
    with database.read() as connection:
        known = replace(evidence.batches[0], manifest=manifest)
        assert load_period(connection, STREAM, 1) == replace(evidence, batches=(known,))
    prove(town, evidence)
    indexer.catch_up()
    with database.read() as connection:
        fault = connection.execute(select(m.fault)).mappings().one()
        bond = connection.execute(select(m.bond_event).order_by(m.bond_event.c.pos)).mappings()
        kinds = [(row["kind"], row["amount"]) for row in bond]
    assert (fault["period"], fault["kind"]) == (1, int(od.Fault.WRONG_TOTAL))
    assert fault["challenger"].hex() == town.sender.address[2:].lower()
    assert kinds == [("opened", str(REWARD)), ("deposited", str(BOND)), ("rewarded", str(REWARD))]
    chain.close()
    database.dispose()
