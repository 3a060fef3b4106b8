"""A statement explains itself in both languages."""

from __future__ import annotations

from datetime import UTC
from types import SimpleNamespace
from typing import Any

from usufruct.exports.statement import statement_document
from usufruct.fonts import register_chinese
from usufruct.money import Currency


def test_a_statement_says_why_a_month_paid_in_the_next_one_shows_nothing_moved() -> None:
    calendar = SimpleNamespace(day=str, timezone=UTC, name=str)
    project: Any = SimpleNamespace(title="Town", calendar=calendar)
    account: Any = SimpleNamespace(
        earned=(),
        balances=(),
        movements=(),
        wallet="0x" + "11" * 20,
        window=SimpleNamespace(name="2026-09", start=0, end=1),
        known=SimpleNamespace(block=1, time=1, hash=b"\1" * 32),
    )
    notes = statement_document(project, Currency("USDX", 6), account).notes
    (note,) = [each for each in notes if "may show zero" in each.en]
    assert "首个表格" in note.zh
    assert {ord(each) for each in note.zh} <= register_chinese()
