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


def test_the_footer_has_only_characters_of_its_font() -> None:
    (page,) = pages(to_pdf(document()))
    assert "Page1of1|第1页/共1页" in page.replace(" ", ""), "what a font lacks is a box in print"


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


def fonts(content: bytes) -> dict[str, bool]:
    """Names of the fonts of the first page, and whether each is embedded."""
    found = {}
    resources = PdfReader(io.BytesIO(content)).pages[0]["/Resources"]
    for each in resources["/Font"].values():
        font = each.get_object()
        below = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        told = below.get("/FontDescriptor")
        inside = told is not None and "/FontFile2" in told.get_object()
        found[str(font["/BaseFont"]).partition("+")[2] or str(font["/BaseFont"])] = inside
    return found


def test_chinese_is_embedded_so_that_every_reader_shows_it() -> None:
    content = to_pdf(document())
    embedded = {name: inside for name, inside in fonts(content).items() if "Helvetica" not in name}
    assert embedded
    assert all(embedded.values())
    assert len(content) < 60_000, "only the characters that are shown"
    assert content == to_pdf(document())


def test_a_rare_character_is_left_to_the_reader_s_font() -> None:
    (page,) = pages(to_pdf(document(1, "龘龖")))
    assert "龘龖" in page.replace(" ", "")
    found = fonts(to_pdf(document(1, "龘龖")))
    assert [inside for name, inside in found.items() if "STSong" in name] == [False]


def test_a_font_that_is_none_is_refused(tmp_path: Path) -> None:
    font = tmp_path / "font.ttf"
    font.write_bytes(b"no font")
    with pytest.raises(ConfigError, match="font"):
        to_pdf(document(), font)
