"""The rent book: receipts settle invoices, what is unpaid stays receivable, what is too much is credit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.oracles import kit

from usufruct.core.encoding import canonical_json
from usufruct.errors import InputError
from usufruct_oracles.sources.papers.folder import RentRolls
from usufruct_oracles.sources.papers.receipts import decode_receipts
from usufruct_oracles.sources.papers.rents import Book, parse_roll
from usufruct_oracles.sources.sealing import SCHEME, Sealer, dev_key
from usufruct_oracles.validation.rows import Row

FLAT = replace(kit.meter("home-01"), unit="cent", interval=None, scheme=SCHEME)
ZONE = "Asia/Shanghai"


def roll(
    period: str,
    invoices: Sequence[tuple[str, int]] = (),
    payments: Sequence[tuple[str, int, Sequence[str]]] = (),
    *,
    leases: bool = False,
    invoice_period: str = "",
) -> bytes:
    lease = {"lease": "L", "meter": FLAT.code, "from": "2026-09", "to": "2027-08", "rent": 1000}
    return canonical_json(
        {
            "form": "roll/1",
            "period": period,
            "leases": [lease] if leases else [],
            "invoices": [
                {
                    "invoice": name,
                    "lease": "L",
                    "period": invoice_period or period,
                    "amount": amount,
                }
                for name, amount in invoices
            ],
            "payments": [
                {
                    "receipt": name,
                    "lease": "L",
                    "received": f"{period}-05T10:00:{number:02d}+08:00",
                    "amount": amount,
                    "invoices": list(named),
                }
                for number, (name, amount, named) in enumerate(payments)
            ],
        }
    )


def book(*rolls: tuple[str, bytes]) -> Book:
    found = Book(ZONE)
    for period, data in rolls:
        found.add(parse_roll(data, period))
    return found


def rows(found: Book) -> list[Row]:
    return [row for _, raw in found.receipts for row in decode_receipts(raw, FLAT)]


def income(found: Book) -> list[int]:
    return [row.value.numerator if row.value else -1 for row in rows(found)]


SEPTEMBER = roll("2026-09", [("I-9", 1000)], [("R-1", 1000, ())], leases=True)


def test_a_receipt_settles_its_invoice() -> None:
    found = book(("2026-09", SEPTEMBER))
    assert (income(found), found.receivables, found.refused) == ([1000], [], [])
    assert dict(found.credits) == {"L": 0}


def test_part_of_a_payment_leaves_the_rest_receivable() -> None:
    found = book(("2026-09", roll("2026-09", [("I-9", 1000)], [("R-1", 400, ())], leases=True)))
    assert income(found) == [400]
    assert [(each.name, each.open) for each in found.receivables] == [("I-9", 600)]
    assert json.loads(found.report())["receivables"] == [["I-9", "L", "2026-09", 600]]


def test_what_is_paid_too_much_is_credit_and_settles_the_next_invoice() -> None:
    september = roll("2026-09", [("I-9", 1000)], [("R-1", 1700, ())], leases=True)
    once = book(("2026-09", september))
    assert (income(once), once.credits["L"]) == ([1000], 700)
    later = book(
        ("2026-09", september), ("2026-10", roll("2026-10", [("I-10", 1000)], [("R-2", 300, ())]))
    )
    assert income(later) == [1000, 700, 300]
    assert (later.credits["L"], later.receivables) == (0, [])
    assert rows(later)[1].end == kit.bounds("2026-10-01")[0] + 1


def test_a_named_invoice_comes_first_then_the_oldest() -> None:
    found = book(
        ("2026-09", roll("2026-09", [("I-9", 1000)], leases=True)),
        ("2026-10", roll("2026-10", [("I-10", 1000)], [("R-1", 1200, ["I-10"])])),
    )
    assert [(each.name, each.open) for each in found.receivables] == [("I-9", 800)]


def test_one_receipt_twice_is_a_duplicate() -> None:
    twice = roll("2026-09", [("I-9", 1000)], [("R-1", 500, ()), ("R-1", 500, ())], leases=True)
    again = roll("2026-10", [("I-10", 1000)], [("R-1", 500, ())])
    found = book(("2026-09", twice), ("2026-10", again))
    assert income(found) == [500]
    assert len([each for each in found.refused if "R-1" in each]) == 2


@pytest.mark.parametrize(
    "data",
    [
        roll("2026-08", [("I-8", 1000)], leases=True),
        roll("2026-09", [("I-8", 1000)], invoice_period="2026-08"),
    ],
)
def test_the_rent_roll_of_another_month_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="2026-08"):
        parse_roll(data, "2026-09")


def test_invoices_without_a_lease_of_another_rent_or_twice_are_refused() -> None:
    found = book(
        ("2026-08", roll("2026-08", [("I-8", 1000)], leases=True)),
        (
            "2026-09",
            roll("2026-09", [("I-9", 999), ("I-10", 1000), ("I-10", 1000), ("I-11", 1000)]),
        ),
    )
    assert [each.name for each in found.receivables] == ["I-10"]
    assert [each.partition(":")[0] for each in found.refused] == [
        "invoice I-8",
        "invoice I-9",
        "invoice I-10 is a duplicate",
        "invoice I-11",
    ]


@given(
    st.lists(st.integers(0, 3000), max_size=6),
    st.lists(st.integers(0, 3000), max_size=6),
)
def test_money_is_income_or_credit_to_the_unit(first: list[int], second: list[int]) -> None:
    def paid(amounts: list[int], start: int) -> list[tuple[str, int, Sequence[str]]]:
        return [(f"R-{start + number}", amount, ()) for number, amount in enumerate(amounts)]

    found = book(
        ("2026-09", roll("2026-09", [("I-9", 1000)], paid(first, 0), leases=True)),
        ("2026-10", roll("2026-10", [("I-10", 1000)], paid(second, 100))),
    )
    assert all(row.fault is None for row in rows(found))
    assert sum(income(found)) + found.credits["L"] == sum(first) + sum(second)
    billed = sum(each.amount for each in found.invoices.values())
    assert sum(income(found)) + sum(each.open for each in found.receivables) == billed


def test_a_receipt_whose_sums_do_not_hold_is_refused() -> None:
    raw = book(("2026-09", SEPTEMBER)).receipts[0][1]
    for before, after in (
        (b'"amount":1000', b'"amount":1001'),
        (b"0,1000]", b"1,1000]"),
        (b"2026-09", b"2026-13"),
    ):
        (only,) = decode_receipts(raw.replace(before, after), FLAT)
        assert only.fault is not None


def test_the_source_delivers_receipts_until_they_are_taken_and_reports(tmp_path: Path) -> None:
    (tmp_path / "rolls").mkdir()
    (tmp_path / "rolls" / "2026-09.json").write_bytes(SEPTEMBER)
    (tmp_path / "rolls" / "2026-10.json").write_bytes(SEPTEMBER)
    source = RentRolls(
        tmp_path / "rolls", tmp_path / "report.json", Sealer({FLAT.code: FLAT}, dev_key), ZONE
    )
    messages = list(source.poll())
    assert [each.form for each in messages] == ["receipt/1"]
    assert list(source.poll()) == messages
    source.taken(messages)
    assert list(source.poll()) == []
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["refused"][0].startswith("2026-10.json: period=2026-09")
