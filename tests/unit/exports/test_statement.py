"""A statement explains itself in both languages."""

from __future__ import annotations

from datetime import UTC
from types import SimpleNamespace
from typing import Any

from usufruct.exports.account import Movement
from usufruct.exports.document import Document
from usufruct.exports.statement import statement_document
from usufruct.fonts import register_chinese
from usufruct.money import Currency


def statement(**parts: Any) -> Document:
    calendar = SimpleNamespace(day=str, timezone=UTC, name=lambda number: f"month {number}")
    project: Any = SimpleNamespace(title="Town", calendar=calendar)
    empty: dict[str, Any] = {"earned": (), "balances": (), "movements": ()}
    account: Any = SimpleNamespace(
        **(empty | parts),
        wallet="0x" + "11" * 20,
        window=SimpleNamespace(name="2026-09", start=0, end=1),
        known=SimpleNamespace(block=1, time=1, hash=b"\1" * 32),
    )
    return statement_document(project, Currency("USDX", 6), account)


def test_a_statement_says_why_a_month_paid_in_the_next_one_shows_nothing_moved() -> None:
    (note,) = [each for each in statement().notes if "may show zero" in each.en]
    assert "首个表格" in note.zh
    assert {ord(each) for each in note.zh} <= register_chinese()


def test_what_a_fund_pays_is_of_no_month_wherever_it_is_told() -> None:
    movements = [
        Movement("income", 1, "POOL", 2, 5, 0, 1, b"", of_fund=True),
        Movement("income", 2, "SOLAR", 2, 5, 0, 2, b""),
        Movement("payment", 2, "SOLAR", None, -5, 0, 3, b""),
    ]
    (table,) = [
        each for each in statement(movements=movements).tables if each.title.en == "Movements"
    ]
    assert [row[3] for row in table.rows] == ["#2", "month 2", ""]
