"""The cash leg: from payouts on the chain to bank transfers and back by their confirmations, each cent once."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.integration.exports.conftest import ADAM, BARB, CARL, Office

from usufruct.contracts import address
from usufruct.errors import ConfigError, InputError
from usufruct.exports.bank.pain import check_message
from usufruct.exports.bank.pay import Order, due
from usufruct.exports.bank.payees import load_payees
from usufruct.exports.calendar import Calendar
from usufruct.ledger import models as m
from usufruct.money import Currency

_MAIN = "import sys; from usufruct.cli import main; sys.argv[0] = 'usufruct'; main()"
BOOK = """
[debtor]
name = "Agent"
iban = "DE89370400440532013000"
currency = "USD"
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "payees.toml"
    entries = [
        f'[[payee]]\nwallet = "{wallet}"\nname = "{name}"\naccount = "{n}"\nwithholding = "{tax}"\n'
        for n, (wallet, name, tax) in enumerate(
            ((ADAM, "Adam", "0%"), (BARB, "Barb", "0%"), (CARL, "Carl", "12.5%")), 1
        )
    ]
    path.write_text(BOOK + "\n".join(entries))
    return path


def order(book: Path, *more: str) -> list[str]:
    return ["bank", "pay", "--period", "1", "--payees", str(book), "--execution", "2026-12-10",
            "--depth", "0", *more]  # fmt: skip


def pay(office: Office, book: Path, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(office.ok(*order(book, "--json", *more)))
    return found


def booked(transfers: Sequence[dict[str, Any]], sign: str = "DBIT", start: int = 0) -> bytes:
    entries = "".join(
        f'<Ntry><Amt Ccy="{each["currency"]}">{int(each["net"]) // 100}.{int(each["net"]) % 100:02}</Amt>'
        f"<CdtDbtInd>{sign}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><AcctSvcrRef>{sign}{start + n}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{each['end_to_end']}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
        for n, each in enumerate(transfers)
    )
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>'
        f"<Ntfctn><Id>N</Id>{entries}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()


def verdicts(office: Office, tmp_path: Path, content: bytes, code: int = 0) -> list[str]:
    path = tmp_path / "camt.xml"
    path.write_bytes(content)
    result = office.run("bank", "confirm", str(path))
    assert result.exit_code == code, result.output
    return [line.split()[0] for line in result.output.splitlines()]


def test_only_what_was_paid_on_the_chain_is_transferred_once_and_exactly(
    office: Office, book: Path, tmp_path: Path
) -> None:
    made = pay(office, book)
    transfers = made["transfers"]
    # Barb was never paid on the chain, so the bank does not pay either.
    assert [each["wallet"] for each in transfers] == [str(ADAM), str(CARL), str(CARL)]
    assert [each["net"] for each in transfers] == ["54000", "7875", "1079"]
    assert [each["withheld"] for each in transfers] == ["0", "1125", "154"]
    assert transfers[2]["gross"] == "12333321"
    assert transfers[2]["carry_out"] == "3321"
    (path,) = made["files"]
    content = Path(path).read_bytes()
    check_message(content)
    assert Path(path).stat().st_mode & 0o077 == 0
    assert re.findall(r"<Ustrd>(\S+) ", content.decode()) == [each["payout"] for each in transfers]
    again = pay(office, book)
    assert again["files"] == again["transfers"] == []
    assert [(each["wallet"], each["amount"]) for each in again["waiting"]] == [
        (str(BARB), "270000000")
    ]
    assert "waiting   po_lvpps_1_" in office.ok(*order(book))
    office.kit.claim("SR", BARB)
    office.follow()
    (late,) = pay(office, book)["transfers"]
    assert late["wallet"] == str(BARB)
    cash = json.loads(office.ok("bank", "status", "--json"))
    assert int(cash["gross"]) == (int(cash["net"]) + int(cash["withheld"])) * 10_000 + 3321
    assert cash["differences"] == []


def test_what_a_lost_wallet_earned_goes_to_the_payee_who_was_paid(
    office: Office, tmp_path: Path
) -> None:
    kit, new = office.kit, [address(bytes([0xB0 + n]) * 20) for n in range(2)]
    for lost, replacement in pairwise((BARB, *new)):
        kit.lose(lost, replacement, 2, "SR")
    office.follow()
    only_last = tmp_path / "last.toml"
    only_last.write_text(BOOK + f'[[payee]]\nwallet = "{new[1]}"\nname = "Barb"\naccount = "9"\n')
    found = pay(office, only_last)
    assert found["transfers"] == []
    assert [each["amount"] for each in found["waiting"]] == ["270000000"]
    kit.claim("SR", new[1])
    office.follow()
    (made,) = pay(office, only_last)["transfers"]
    assert (made["wallet"], made["net"]) == (str(BARB), "27000")
    assert made["payout"] == f"po_lvpps_1_{BARB[2:].lower()}"
    assert pay(office, only_last)["transfers"] == []
    # A book that still names the lost wallets pays the one that was paid, and nothing twice.
    every = tmp_path / "every.toml"
    every.write_text(
        BOOK
        + "\n".join(
            f'[[payee]]\nwallet = "{wallet}"\nname = "Barb {n}"\naccount = "{n}"\n'
            for n, wallet in enumerate((BARB, *new))
        )
    )
    assert pay(office, every)["transfers"] == []
    with office.database.read() as connection:
        window = Calendar(office.month, "UTC").period("1")
        asked = Order(window, load_payees(every), Currency("USDX", 6), "2026-12-10", 0, 0)
        assert [(payee.name, each.amount) for payee, each in due(connection, asked)] == [
            ("Barb 2", 270_000_000)
        ]
    cash = json.loads(office.ok("bank", "status", "--json"))
    assert (cash["gross"], cash["differences"]) == ("270000000", [])


def test_payouts_of_funds_are_transferred_in_the_month_of_their_credit(
    office: Office, book: Path
) -> None:
    with office.database.write() as connection:
        of_fund = m.series.c.slug == "lvppj"
        connection.execute(update(m.series).where(of_fund).values(stream=None))
        credited = connection.execute(
            select(m.block.c.timestamp)
            .join(m.log, m.log.c.block == m.block.c.number)
            .join(m.distribution, m.distribution.c.pos == m.log.c.pos)
            .join(m.series, m.series.c.id == m.distribution.c.series)
            .where(of_fund, m.distribution.c.number == 1)
        ).scalar_one()
    month = datetime.fromtimestamp(credited, UTC).strftime("%Y-%m")
    arguments = order(book, "--json")
    arguments[arguments.index("--period") + 1] = month
    transfers = json.loads(office.ok(*arguments))["transfers"]
    (fund,) = [each for each in transfers if each["payout"].startswith("po_lvppj_1_")]
    assert (fund["wallet"], fund["gross"]) == (str(CARL), "12333321")
    later = datetime.fromtimestamp(credited + 40 * 86_400, UTC).strftime("%Y-%m")
    arguments[arguments.index(month)] = later
    assert json.loads(office.ok(*arguments))["transfers"] == []


def test_payments_that_are_not_final_wait(office: Office, book: Path) -> None:
    arguments = order(book, "--json")
    arguments[arguments.index("--depth") + 1] = "1000"
    assert json.loads(office.ok(*arguments))["transfers"] == []


def test_confirmations_count_once_and_what_does_not_fit_is_listed(
    office: Office, book: Path, tmp_path: Path
) -> None:
    adam, carl, rest = pay(office, book)["transfers"]
    assert verdicts(office, tmp_path, booked([adam])) == ["matched"]
    assert verdicts(office, tmp_path, booked([adam])) == ["duplicate"]  # the same file again
    assert verdicts(office, tmp_path, booked([adam], start=7)) == ["duplicate"]  # told anew
    stranger = {**carl, "end_to_end": "UNKNOWN"}
    assert verdicts(office, tmp_path, booked([stranger], start=8), 1) == ["unmatched"]
    cheap = {**carl, "net": "7874"}
    assert verdicts(office, tmp_path, booked([cheap], start=9), 1) == ["mismatch"]
    foreign = {**carl, "currency": "EUR"}
    assert verdicts(office, tmp_path, booked([foreign], start=10), 1) == ["mismatch"]
    status = office.run("bank", "status", "--json")
    assert status.exit_code == 1
    body = json.loads(status.output)
    assert [each[0] for each in body["bookings_left"]] == ["unmatched", "mismatch", "mismatch"]
    assert (body["confirmed"], body["open"]) == (
        adam["net"],
        str(int(carl["net"]) + int(rest["net"])),
    )


def test_what_the_bank_returns_can_be_paid_again_once(
    office: Office, book: Path, tmp_path: Path
) -> None:
    adam, *_ = pay(office, book)["transfers"]
    assert verdicts(office, tmp_path, booked([adam])) == ["matched"]
    assert verdicts(office, tmp_path, booked([adam], "CRDT")) == ["returned"]
    assert verdicts(office, tmp_path, booked([adam], "CRDT", 5)) == ["duplicate"]
    assert pay(office, book)["transfers"] == []
    book.write_text(book.read_text().replace('account = "1"', 'account = "99"'))
    (again,) = pay(office, book, "--again")["transfers"]
    assert (again["payout"], again["attempt"], again["net"]) == (adam["payout"], 2, adam["net"])
    assert again["end_to_end"] != adam["end_to_end"]
    assert pay(office, book, "--again")["transfers"] == []
    assert verdicts(office, tmp_path, booked([again])) == ["matched"]
    body = json.loads(office.ok("bank", "status", "--json"))
    assert (body["confirmed"], body["returned"]) == (adam["net"], "0")
    assert body["differences"] == []


def test_reversals_and_parts_are_never_taken_for_a_payment(
    office: Office, book: Path, tmp_path: Path
) -> None:
    adam, carl, _ = pay(office, book)["transfers"]

    def reversed_(content: bytes) -> bytes:
        return content.replace(b"<Sts>", b"<RvslInd>true</RvslInd><Sts>")

    # A part of the money, and then the rest of it, are two bookings that fit nothing.
    half = {**adam, "net": "27000"}
    assert verdicts(office, tmp_path, booked([half]), 1) == ["mismatch"]
    assert verdicts(office, tmp_path, booked([half], start=1), 1) == ["mismatch"]
    assert verdicts(office, tmp_path, booked([carl], start=2)) == ["matched"]
    # The debit is reversed: the money is back. That reversal is reversed: nobody is paid by our word.
    assert verdicts(office, tmp_path, reversed_(booked([carl], "CRDT"))) == ["returned"]
    assert verdicts(office, tmp_path, reversed_(booked([carl], start=3)), 1) == ["unmatched"]
    body = json.loads(office.run("bank", "status", "--json").output)
    assert (body["confirmed"], body["returned"]) == ("0", carl["net"])
    less = {**adam, "net": "53900"}  # returned after the bank's charges
    assert verdicts(office, tmp_path, booked([less], "CRDT", 4), 1) == ["mismatch"]
    wrong = booked([adam], start=5).replace(b"<Sts>", b"<RvslInd>maybe</RvslInd><Sts>")
    with pytest.raises(InputError, match="RvslInd"):
        verdicts(office, tmp_path, wrong)


def test_a_notification_that_is_not_whole_changes_nothing(
    office: Office, book: Path, tmp_path: Path
) -> None:
    adam, carl, _ = pay(office, book)["transfers"]
    content = booked([adam, carl]).replace(b'<Amt Ccy="USD">78.75', b'<Amt Ccy="USD">x')
    with pytest.raises(InputError):
        verdicts(office, tmp_path, content)
    assert verdicts(office, tmp_path, booked([adam])) == ["matched"]


def test_a_payout_that_changed_after_its_transfer_is_told(office: Office, book: Path) -> None:
    pay(office, book)
    with office.database.write() as connection:
        connection.execute(
            update(m.payout).where(m.payout.c.amount == 12_333_321).values(amount=12_333_320)
        )
    result = office.run("bank", "status")
    assert result.exit_code == 1
    assert (
        "was paid as 12333321 minor units and is 12333320 minor units in the ledger"
        in result.output
    )


@pytest.mark.parametrize("at", ["bank.noted", "bank.drafted", "bank.stored"])
def test_killed_while_paying_the_next_run_writes_the_same_file_and_pays_nothing_twice(
    office: Office, book: Path, tmp_path: Path, at: str
) -> None:
    folder = tmp_path / "files"
    places = ["--state", str(office.state), "--community", str(office.community)]
    command = [sys.executable, "-c", _MAIN, *order(book, "--out", str(folder)), *places]
    killed = subprocess.run(
        command, env={**os.environ, "USUFRUCT_CRASH_AT": at}, check=False, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL
    before = [each.read_bytes() for each in folder.glob("*.xml")]
    found = pay(office, book, "--out", str(folder))
    assert found["transfers"] == []
    (path,) = folder.glob("*.xml")
    check_message(path.read_bytes())
    assert before in ([], [path.read_bytes()])
    assert path.read_bytes().count(b"<CdtTrfTxInf>") == 3


def test_two_at_once_pay_once(office: Office, book: Path, tmp_path: Path) -> None:
    places = ["--state", str(office.state), "--community", str(office.community)]
    command = [sys.executable, "-c", _MAIN, *order(book, "--json"), *places]

    def run(_: int) -> list[Any]:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return list(json.loads(done.stdout)["transfers"])

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(run, range(2)))
    assert sorted(len(each) for each in found) == [0, 3]


def test_transfers_and_tax_stand_on_statement_and_tax_summary(
    office: Office, book: Path, tmp_path: Path
) -> None:
    pay(office, book)
    path = tmp_path / "s.csv"
    out = ("--format", "csv", "--out", str(path))
    office.ok("statement", CARL, "--period", "1", *out)
    text = path.read_text("utf-8-sig")
    assert "Bank transfers" in text
    assert "78.75,made" in text
    year = datetime.now(UTC).strftime("%Y")
    office.ok("tax-summary", CARL, "--year", year, *out)
    assert "12.50 %" in path.read_text("utf-8-sig")
    assert "Tax withheld from bank transfers 银行转账代扣税,12.79" in path.read_text("utf-8-sig")


def test_a_bad_day_or_book_is_named(office: Office, book: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="day"):
        office.ok(*[each if each != "2026-12-10" else "10.12.2026" for each in order(book)])
    with pytest.raises(ConfigError, match="payee book"):
        office.ok(*order(tmp_path / "none.toml"))
