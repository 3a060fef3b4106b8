"""Statements, tax summaries and registers of a real chain's ledger: they add up, and they are whole or not there."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import delete, select
from tests.integration.exports.conftest import BARB, CARL, DAVE, EVE, Office
from tests.integration.platform.kit import HOLDERS

from usufruct.contracts import address, revenue_right
from usufruct.errors import ConfigError, EvidenceError, InputError
from usufruct.exports.account import read_account
from usufruct.exports.calendar import Calendar, Window
from usufruct.exports.register import read_register
from usufruct.ledger import models as m

_MAIN = "import sys; from usufruct.cli import main; sys.argv[0] = 'usufruct'; main()"


def raw(wallet: str) -> bytes:
    return bytes.fromhex(wallet[2:])


def everything(office: Office) -> Window:
    return Window("all", 0, office.kit.now() + 1, 1)


def test_what_an_account_says_is_what_the_contracts_say(office: Office) -> None:
    with office.database.read() as connection:
        for wallet in HOLDERS:
            account = read_account(connection, raw(wallet), everything(office))
            for each in account.balances:
                code = "SR" if each.symbol == "LVPPS" else "JR"
                assert each.opening == 0
                assert each.closing == office.kit.ask(code, revenue_right.claimable(wallet))
                assert each.units == office.kit.ask(code, revenue_right.balance_of(wallet))
                assert each.opening + each.income + each.moved - each.paid == each.closing


def test_windows_that_follow_each_other_join_to_the_unit(office: Office) -> None:
    now = office.kit.now()
    cuts = [0, office.kit.start + 86_400, office.kit.start + 2 * 86_400, now - 100, now + 1]
    with office.database.read() as connection:
        for wallet in HOLDERS:
            closing: dict[int, int] = {}
            for start, end in pairwise(cuts):
                account = read_account(connection, raw(wallet), Window("w", start, end, 1))
                for each in account.balances:
                    assert each.opening == closing.get(each.series, 0)
                    closing[each.series] = each.closing


def test_a_period_s_payouts_of_all_wallets_are_what_was_distributed(office: Office) -> None:
    with office.database.read() as connection:
        shares: dict[tuple[str, int], int] = {}
        wholes: dict[tuple[str, int], int] = {}
        for wallet in HOLDERS:
            for each in read_account(connection, raw(wallet), everything(office)).earned:
                key = (each.symbol, each.period)
                shares[key] = shares.get(key, 0) + each.amount
                wholes[key] = each.distributed
    assert set(shares) == {("LVPPS", 1), ("LVPPJ", 1)}
    for key, whole in wholes.items():
        assert 0 <= whole - shares[key] < len(HOLDERS)  # fractions stay for the next distribution


def test_a_recovered_wallet_s_money_moves_and_both_accounts_add_up(office: Office) -> None:
    kit = office.kit
    new = address(b"\xbb" * 20)
    owed = kit.ask("SR", revenue_right.claimable(BARB))
    assert owed
    kit.lose(BARB, new, 2, "SR")
    office.follow()
    with office.database.read() as connection:
        old = read_account(connection, raw(BARB), everything(office))
        fresh = read_account(connection, raw(str(new)), everything(office))
    assert [each.moved for each in old.balances] == [-owed]
    assert [each.moved for each in fresh.balances] == [owed]
    assert fresh.balances[0].closing == kit.ask("SR", revenue_right.claimable(new))


def test_a_ledger_that_does_not_add_up_makes_no_statement(office: Office, tmp_path: Path) -> None:
    with office.database.write() as connection:
        connection.execute(delete(m.payment))
    with pytest.raises(EvidenceError, match="does not add up"):
        office.ok("statement", CARL, "--period", "1", "--out", str(tmp_path / "x.pdf"))
    assert not list(tmp_path.glob("*x.pdf*"))


def test_a_statement_is_written_in_three_formats(office: Office, tmp_path: Path) -> None:
    for name in ("pdf", "csv", "xlsx"):
        path = tmp_path / f"statement.{name}"
        office.ok("statement", CARL, "--period", office.month, "--format", name, "--out", str(path))
        assert path.stat().st_mode & 0o077 == 0
    pdf = PdfReader(tmp_path / "statement.pdf").pages[0].extract_text()
    assert "102.333321" in pdf
    assert office.month in pdf
    rows = list(csv.reader(io.StringIO((tmp_path / "statement.csv").read_text("utf-8-sig"))))
    paid = {row[7] for row in rows if len(row) == 8 and row[7].startswith("po_")}
    assert paid == {f"po_lvpps_1_{CARL[2:].lower()}", f"po_lvppj_1_{CARL[2:].lower()}"}


def test_a_wallet_that_never_held_anything_has_an_empty_statement(
    office: Office, tmp_path: Path
) -> None:
    path = tmp_path / "empty.csv"
    stranger = "0x" + "77" * 20
    office.ok("statement", stranger, "--period", "1", "--format", "csv", "--out", str(path))
    assert "never held units" in path.read_text("utf-8-sig")


def test_bad_input_is_named_and_nothing_is_written(office: Office, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "x.pdf"))
    with pytest.raises(InputError, match="address"):
        office.ok("statement", "0x12", "--period", "1", *out)
    for period in ("0", "2026-13", "1999-01", "next", "9" * 30):
        with pytest.raises(InputError, match="period"):
            office.ok("statement", CARL, "--period", period, *out)
    with pytest.raises(InputError, match="year"):
        office.ok("tax-summary", CARL, "--year", "26", *out)
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        office.ok("statement", CARL, "--period", "1", "--out", str(blocked / "x.pdf"))
    assert not list(tmp_path.glob("x.pdf*"))


def test_the_year_of_a_tax_summary_is_the_sum_of_its_payouts(
    office: Office, tmp_path: Path
) -> None:
    path = tmp_path / "tax.csv"
    year = office.month[:4]
    office.ok("tax-summary", CARL, "--year", year, "--format", "csv", "--out", str(path))
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
    facts = {row[0]: row[1] for row in rows if len(row) == 2}
    with office.database.read() as connection:
        window = Calendar(office.month, "UTC").year(year)
        account = read_account(connection, raw(CARL), window)
        wallet = connection.execute(
            select(m.wallet.c.id).where(m.wallet.c.address == raw(CARL))
        ).scalar_one()
        paid = connection.execute(
            select(m.payment.c.amount).where(m.payment.c.wallet == wallet)
        ).scalars()
        assert sum(paid) == sum(each.paid for each in account.balances)
    assert facts["Income credited 入账收益"].split(" ")[0].replace(".", "") == str(
        sum(each.amount for each in account.earned)
    )


# --- The register ---


def test_a_register_is_the_chain_s_and_its_hashes_hold(office: Office, tmp_path: Path) -> None:
    block = office.kit.client.block_number()
    office.kit.act("JR", revenue_right.transfer(DAVE, 33), EVE)
    office.follow()
    office.ok("register", "LVPPJ", "--out", str(tmp_path))
    office.ok("register", "ser_lvppj", "--block", str(block), "--out", str(tmp_path))
    now, then = (
        json.loads((tmp_path / f"register_lvppj_block-{each}.json").read_bytes())
        for each in (office.kit.client.block_number(), block)
    )
    units = {each["wallet"]: int(each["units"]) for each in now["register"]["holders"]}
    for wallet in HOLDERS:
        assert units.get(str(wallet), 0) == office.kit.ask("JR", revenue_right.balance_of(wallet))
    assert now["register"]["supply"] == str(sum(units.values())) == "1000000"
    old = {each["wallet"]: int(each["units"]) for each in then["register"]["holders"]}
    assert old[str(DAVE)] + 33 == units[str(DAVE)]
    for body in (now, then):
        content = json.dumps(body["register"], sort_keys=True, separators=(",", ":"))
        assert sha256(content.encode()).hexdigest() == body["hash"]
    table = (tmp_path / f"register_lvppj_block-{block}.csv").read_bytes()
    assert sha256(table).hexdigest() == then["csv_sha256"]
    page = PdfReader(tmp_path / f"register_lvppj_block-{block}.pdf").pages[0].extract_text()
    assert str(EVE) in page


def test_a_register_as_of_a_day_to_come_or_of_nothing_is_refused(office: Office) -> None:
    with pytest.raises(InputError, match="as of"):
        office.ok("register", "LVPPJ", "--as-of", "2099-01-01")
    with pytest.raises(InputError, match="block"):
        office.ok("register", "LVPPJ", "--block", "99999999")
    with pytest.raises(InputError, match="series"):
        office.ok("register", "NOPE")
    with office.database.write() as connection:
        connection.execute(delete(m.checkpoint).where(m.checkpoint.c.units == 333_333))
    with office.database.read() as connection, pytest.raises(EvidenceError, match="add up"):
        read_register(connection, "LVPPJ")


# --- Crashes ---


@pytest.mark.parametrize("at", ["export.drafted", "export.stored"])
def test_killed_while_writing_the_file_is_the_old_one_or_the_new_one(
    office: Office, tmp_path: Path, at: str
) -> None:
    path = tmp_path / "out" / "statement.csv"
    path.parent.mkdir()
    path.write_bytes(b"the old one")
    command = ["statement", CARL, "--period", "1", "--format", "csv", "--out", str(path)]
    places = ["--state", str(office.state), "--community", str(office.community)]
    done = subprocess.run(
        [sys.executable, "-c", _MAIN, *command, *places],
        env={**os.environ, "USUFRUCT_CRASH_AT": at},
        check=False,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL
    whole = path.read_bytes()
    assert (whole == b"the old one") == (at == "export.drafted")
    office.ok(*command)
    assert b"102.333321" in path.read_bytes()
