"""Statements of account beside a bank run."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.asking import House, named

from usufruct.api.app import create_app
from usufruct.api.auth.principal import Role
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.contracts import address
from usufruct.exports.bank.journal import Journal, add_transfers
from usufruct.exports.bank.record import Transfer, end_to_end_id
from usufruct.money import Currency

WALLET = address(named(1))


@pytest.fixture
def books(house: House, tmp_path: Path) -> Path:
    """A bank journal with one transfer, which the service tells of."""
    path = tmp_path / "bank.sqlite"
    labels = Labels(project="Test", first_period="2026-09")
    house.service = replace(
        house.service, bank_journal=path, render=Renderer(Currency("USDX", 6), labels)
    )
    house.app = create_app(house.service)
    return path


def transfer() -> Transfer:
    payout = f"po_s1_1_{WALLET[2:].lower()}"
    return Transfer(
        *(end_to_end_id(payout, 1), "USUFRUCT-2026-09-0001", payout, 1, str(WALLET), "2026-09"),
        *(10_000, 0, 0, 0, 0, 1, "USD", "Holder", "1", "", 1, "made"),
    )


def statement(house: House) -> str:
    headers = house.key(Role.AUDITOR)
    path = f"/v1/wallets/{WALLET}/statement?period=1&format=csv"
    answer = house.ask(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_statement_of_account_does_not_wait_for_a_bank_run(house: House, books: Path) -> None:
    journal = Journal(books)
    with journal.exclusive() as connection:
        add_transfers(connection, [transfer()])
    with journal.exclusive() as connection:
        add_transfers(connection, [])
        began = time.monotonic()
        assert transfer().end_to_end in statement(house)
        assert time.monotonic() - began < 10  # the run would be waited for for thirty seconds


def test_a_statement_of_account_makes_no_journal(house: House, books: Path) -> None:
    statement(house)
    assert not books.exists()
    books.touch()  # as left by whoever was stopped while making one
    assert "po_s1" not in statement(house).partition("Bank transfers")[2]
    assert books.read_bytes() == b""
