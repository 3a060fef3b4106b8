"""The files of receipts and range evidence: what they hold comes back, and nothing else is taken for them."""

import json

import pytest

from usufruct.core.commitments import commit
from usufruct.core.encoding import ReadingLeaf, open_quantity
from usufruct.core.leaf_proofs import AnchoredLeaves, LeafProof
from usufruct.core.merkle import MerkleTree
from usufruct.core.range_evidence import RangeEvidence, context_of, make_range
from usufruct.core.range_proofs import verify_range
from usufruct.core.receipts import Opening, Receipt, rows_of
from usufruct.core.tariffs import CalendarRule, PriceRow, Tariff
from usufruct.core.typed_data import Batch, Statement
from usufruct.errors import InputError

HOUR = 3600
START = 1_790_006_400
TARIFF = Tariff(
    id="t",
    stream="VPP",
    currency="USDX",
    base_unit="Wh",
    timezone="Asia/Shanghai",
    rows=(PriceRow("day", 540_000, 1000), PriceRow("night", 210_000, 1000)),
    calendar=(CalendarRule("day", (), (), 480, 1320), CalendarRule("night")),
)
OPENINGS = [Opening(1_000 + at, 10**30 + at) for at in range(24)]
LEAVES = [
    ReadingLeaf(
        each.field(), bytes(32), 1, at, START + HOUR * (at + 1), HOUR, 7, 0, 0, 0, 19
    ).encode()
    for at, each in enumerate(OPENINGS)
]
TREE = MerkleTree(LEAVES)
BATCH = Batch(1, 1, bytes(32), START, START + 86_400, 0, 24, True, TREE.root, bytes(32))
ANCHORED = AnchoredLeaves(
    31_337,
    "0x" + "11" * 20,
    {1: BATCH},
    [LeafProof(1, leaf, tuple(TREE.path(at))) for at, leaf in enumerate(LEAVES)],
)
STATEMENT = Statement(
    1, 1, 1, START, START + 86_400, bytes(32), bytes(32), bytes(32), 9, -2,
    TARIFF.hash(), 10_000, 0, bytes(32), bytes(32),
)  # fmt: skip
RECEIPT = Receipt(
    ANCHORED, "0x" + "22" * 20, 7, STATEMENT, TARIFF, OPENINGS, rows_of(TARIFF, ANCHORED, OPENINGS)
)


def test_a_receipt_is_read_as_it_was_written():
    assert Receipt.read(RECEIPT.written()) == RECEIPT


def test_money_is_rounded_down_once_for_each_row():
    rows = {row.row: row for row in RECEIPT.rows}
    assert sum(row.count for row in rows.values()) == 24
    for index, price in ((0, 540_000), (1, 210_000)):
        row = RECEIPT.rows[index]
        assert row.amount == row.quantity * price // 1000
    assert rows_of(TARIFF, AnchoredLeaves(1, "", {}, []), []) == []


def test_openings_are_shown_nowhere_but_in_the_file():
    assert "Opening(" not in repr(RECEIPT)
    assert "ReceiptRow(" not in repr(RECEIPT)
    assert Opening(5, None).field() == open_quantity(5)
    assert Opening(5, 6).field() == commit(5, 6)


def test_range_evidence_is_read_as_it_was_written_and_shows_no_quantity():
    openings = {at: (each.quantity, each.blinding) for at, each in enumerate(OPENINGS)}
    evidence = make_range(ANCHORED, openings, 20)
    again = RangeEvidence.read(evidence.written())
    assert again == evidence
    assert verify_range(again.commitment, 20, context_of(again.anchored), again.proof)
    total = sum(each.quantity for each in OPENINGS)
    assert str(total) not in evidence.written().decode()


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"kind": "usufruct/range"},
        {"meter": -1},
        {"meter": "7"},
        {"openings": [{"quantity": 5, "blinding": None}]},
        {"openings": [{"quantity": "5", "blinding": "0x" + "ff" * 32}]},
        {"rows": [{"row": "day"}]},
        {"leaves": [{"batch": 1, "leaf": "0x00", "path": []}]},
        {"batches": [{}]},
        {"more": 1},
    ],
)
def test_other_documents_are_no_receipts(change):
    with pytest.raises(InputError):
        Receipt.read(json.dumps(json.loads(RECEIPT.written()) | change).encode())


@pytest.mark.parametrize(
    "change", [{"bits": 0}, {"bits": 64}, {"v": 0}, {"kind": "x"}, {"proof": 5}]
)
def test_other_documents_are_no_range_evidence(change):
    openings = {0: (OPENINGS[0].quantity, OPENINGS[0].blinding)}
    one = AnchoredLeaves(ANCHORED.chain_id, ANCHORED.anchor, {1: BATCH}, ANCHORED.leaves[:1])
    document = json.loads(make_range(one, openings, 11).written())
    with pytest.raises(InputError):
        RangeEvidence.read(json.dumps(document | change).encode())
