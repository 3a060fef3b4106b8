"""Statements of account beside a bank run."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.support.asking import House, named

from usufruct.api.app import create_app
from usufruct.api.auth.principal import Role
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.contracts import address
from usufruct.exports.bank.journal import (
    CONFIRMATION,
    STATES,
    TRANSFER,
    Journal,
    add_transfers,
    transfers_noted,
)
from usufruct.exports.bank.record import Transfer, end_to_end_id
from usufruct.ledger.models import block
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


def statement(house: House, query: str = "") -> str:
    headers = house.key(Role.AUDITOR)
    path = f"/v1/wallets/{WALLET}/statement?period=1&format=csv{query}"
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


# --- As of an earlier moment -----------------------------------------------------------------------


def confirmed(journal: Journal, verdict: str, known_at: int) -> None:
    """A booking that fits the transfer, as `usufruct bank confirm` notes it."""
    row = {
        "file": "0" * 64,
        "reference": verdict,
        "end_to_end": transfer().end_to_end,
        "amount": "1",
        "currency": "USD",
        "outgoing": verdict == "matched",
        "day": "2026-11-01",
        "verdict": verdict,
        "detail": "",
        "known_at": known_at,
    }
    with journal.exclusive() as connection:
        connection.execute(CONFIRMATION.insert(), row)
        connection.execute(TRANSFER.update().values(state=STATES[verdict]))


def test_transfers_are_what_the_bank_had_said_of_them_by_then(tmp_path: Path) -> None:
    path = tmp_path / "bank.sqlite"
    journal = Journal(path)
    with journal.exclusive() as connection:
        add_transfers(connection, [replace(transfer(), made_at=100)])
    confirmed(journal, "matched", 200)
    confirmed(journal, "returned", 300)

    def states(known: int | None) -> list[str]:
        return [each.state for each in transfers_noted(path, wallet=WALLET, known=known)]

    assert states(None) == ["returned"]
    assert [states(time) for time in (99, 100, 199, 200, 299, 300)] == [
        *([], ["made"], ["made"], ["confirmed"], ["confirmed"], ["returned"]),
    ]


def test_confirmations_from_before_their_time_was_noted_count_always(tmp_path: Path) -> None:
    path = tmp_path / "bank.sqlite"
    journal = Journal(path)
    with journal.exclusive() as connection:
        add_transfers(connection, [transfer()])
    confirmed(journal, "matched", 500)
    with journal.exclusive() as connection:
        connection.exec_driver_sql("ALTER TABLE confirmation DROP COLUMN known_at")
    for _ in range(2):
        (found,) = transfers_noted(path, wallet=WALLET, known=100)
        assert found.state == "confirmed"
        Journal(path)  # a later run adds the column


def test_a_statement_as_of_a_day_before_a_transfer_does_not_tell_of_it(
    house: House, books: Path
) -> None:
    with house.database.read() as connection:
        rows = connection.execute(select(block.c.number, block.c.timestamp)).all()
    (earlier, _), (_, time) = sorted(tuple(row) for row in rows)[-3:-1]
    with Journal(books).exclusive() as connection:
        add_transfers(connection, [replace(transfer(), made_at=time)])
    assert transfer().end_to_end in statement(house)
    assert transfer().end_to_end in statement(house, f"&as_of_block={earlier + 1}")
    assert transfer().end_to_end not in statement(house, f"&as_of_block={earlier}")
