"""Documents as CSV and XLSX: exact, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from usufruct.errors import EvidenceError
from usufruct.exports.document import Amount, Column, Document, Kind, Table, Text
from usufruct.exports.pdf import to_pdf
from usufruct.exports.tables import plain_csv, safe, to_csv, to_xlsx
from usufruct.money import Currency, parse_amount

EVIL = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =HYPERLINK(\"http://x\")", "|calc", "%0A=1",
    "=cmd|' /C calc'!A0", "＝1+1", "＋1", "－1", "＠SUM(A1)", "\u202e=1", "\x00=1", "\ufeff=1", "\x9f=1", " \u2067=1",
]  # fmt: skip


def document(rows: list[tuple[str, Amount]]) -> Document:
    total = Amount(sum(each.minor for _, each in rows), 6)
    table = Table(
        Text("Lines", "明细"),
        (Column(Text("Name", "名称")), Column(Text("Amount", "金额"), Kind.AMOUNT)),
        rows,
        ("Total", total),
    )
    return Document(Text("Paper", "文件"), "about", ((Text("Fact", "事实"), "=evil()"),), [table])


@pytest.mark.parametrize("text", EVIL)
def test_what_looks_like_a_formula_stays_text(text: str) -> None:
    assert safe(text).startswith("'")
    rows = [(text, Amount(1, 6))]
    for row in csv.reader(io.StringIO(to_csv(document(rows)).decode("utf-8-sig"))):
        for cell in row:
            assert cell == "" or cell[0] not in "=+-@\t\r" or re.fullmatch(r"-?[0-9.]+", cell)
    sheets = xlsx(to_xlsx(document(rows)))
    assert all("<f>" not in each and "<hyperlink" not in each for each in sheets.values())


HIDDEN = ("\u202e", "\u2066", "\u200f", "\x00", "\x07", "\x9b", "\ufeff", "\ufffe")


@pytest.mark.parametrize("mark", HIDDEN, ids=ascii)
def test_no_document_shows_a_name_as_another(mark: str) -> None:
    name = f"Ada{mark}fdp.exe{mark}"
    made = document([(name, Amount(1, 6))])
    assert mark not in to_csv(made).decode("utf-8-sig")
    assert "Adafdp.exe" in to_csv(made).decode("utf-8-sig")
    with zipfile.ZipFile(io.BytesIO(to_xlsx(made))) as book:
        texts = [book.read(each).decode() for each in book.namelist() if each.endswith(".xml")]
    assert not any(mark in each or f"_x{ord(mark):04X}_" in each for each in texts)
    assert any("Adafdp.exe" in each for each in texts)
    words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(to_pdf(made))).pages)
    assert "Adafdp.exe" in words


def test_negative_amounts_are_numbers_and_not_quoted() -> None:
    assert safe("-12.50") == "-12.50"
    assert safe("plain") == "plain"


def xlsx(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return {
            name: book.read(name).decode()
            for name in book.namelist()
            if name.startswith("xl/worksheets/sheet")
        }


@given(st.lists(st.integers(-(10**18), 10**18), min_size=1, max_size=8))
def test_amounts_survive_csv_and_xlsx_to_the_unit(minors: list[int]) -> None:
    made = document([("x", Amount(each, 6)) for each in minors])
    rows = list(csv.reader(io.StringIO(plain_csv(made.tables[0]).decode("utf-8-sig"))))
    usdx = Currency("USDX", 6)
    assert [parse_amount(row[1], usdx, signed=True) for row in rows[1:]] == minors
    content = to_xlsx(made)
    cells = re.findall(
        r'<c r="B(\d+)"[^>]*?(t="s")?><v>([^<]*)</v>', xlsx(content)["xl/worksheets/sheet2.xml"]
    )
    numbers = {int(line): value for line, kind, value in cells if not kind}
    for line, minor in enumerate(minors, 4):
        if len(str(abs(minor))) <= 15:
            assert round(Decimal(numbers[line]) * 10**6) == minor
        else:
            assert line not in numbers  # text: a spreadsheet would round it


def test_a_total_that_the_rows_do_not_add_up_to_is_refused() -> None:
    with pytest.raises(EvidenceError, match="does not add up"):
        Table(
            Text("Lines", ""),
            (Column(Text("Amount", ""), Kind.AMOUNT),),
            [(Amount(1, 2),), (Amount(2, 2),)],
            (Amount(4, 2),),
        )


def test_equal_content_gives_equal_bytes() -> None:
    made = document([("林登苑 <b>&", Amount(12_345_678, 6))])
    assert to_xlsx(made) == to_xlsx(made)
    assert to_pdf(made) == to_pdf(made)
    assert to_csv(made) == to_csv(made)
