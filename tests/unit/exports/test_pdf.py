"""Documents as PDF: both languages can be read, and nothing in a name is taken for markup."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pypdf import PdfReader

from usufruct.errors import ConfigError
from usufruct.exports.document import Amount, Column, Document, Kind, Table, Text
from usufruct.exports.pdf import to_pdf


def document(count: int = 1, name: str = "x") -> Document:
    rows = [(f"{name} {number}", Amount(number, 6)) for number in range(count)]
    total = Amount(sum(range(count)), 6)
    table = Table(
        Text("Income of the period", "本期收益"),
        (Column(Text("Name", "名称")), Column(Text("Amount", "金额"), Kind.AMOUNT)),
        rows,
        ("Total 合计", total),
    )
    return Document(Text("Statement of account", "账户对账单"), "Linden Court 林登苑", (), [table])


def pages(content: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def test_both_languages_are_in_it() -> None:
    (page,) = pages(to_pdf(document()))
    for words in (
        "Statement of account",
        "账户对账单",
        "林登苑",
        "本期收益",
        "合计",
        "Page 1 of 1",
        "第1页/共1页",
    ):
        assert words in page.replace(" ", "") or words in page


def test_long_tables_repeat_their_headings_and_count_their_pages() -> None:
    found = pages(to_pdf(document(400)))
    assert len(found) > 3
    for number, page in enumerate(found, 1):
        assert f"Page {number} of {len(found)}" in page
        assert "Amount" in page
    assert "0.079800" in found[-1]


@pytest.mark.parametrize(
    "name", ["<b>bold", "a & b", "</para>", "<img src='file:///etc/passwd'/>", "\x00\x1b[31m"]
)
def test_names_are_never_markup(name: str) -> None:
    (page,) = pages(to_pdf(document(1, name)))
    shown = "".join(each for each in name if each.isprintable())
    assert shown in page


def test_a_font_that_is_none_is_refused(tmp_path: Path) -> None:
    font = tmp_path / "font.ttf"
    font.write_bytes(b"no font")
    with pytest.raises(ConfigError, match="font"):
        to_pdf(document(), font)
