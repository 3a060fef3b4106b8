"""Documents as CSV and XLSX, safe to open in a spreadsheet: what looks like a formula stays text."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from typing import Any, Final

from usufruct.exports.document import Amount, Cell, Document, Table, Text, without_controls

__all__ = ["plain_csv", "safe", "to_csv", "to_xlsx"]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
"""First characters that make a spreadsheet take a cell for a formula or a command (OWASP, CSV injection)."""
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_EXACT_DIGITS: Final = 15
"""Decimal digits that a spreadsheet's number keeps exactly."""
_CREATED: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Stands in the file's properties, so that equal content gives equal bytes."""
_MOST_WIDTH: Final = 48


def safe(text: str) -> str:
    """`text` without control characters, quoted where a spreadsheet would compute it."""
    clean = without_controls(text, keep="\t\n\r")
    if clean.lstrip(" ").startswith(_FORMULA) and not _NUMBER.fullmatch(clean):
        return "'" + clean
    return clean


def to_csv(document: Document) -> bytes:
    """All facts and tables in UTF-8 with a byte order mark, parts separated by an empty line (RFC 4180)."""
    rows: list[list[str]] = [[_both(document.title), document.subject]]
    rows += [[_both(name), value] for name, value in document.facts]
    for table in document.tables:
        rows += [[], [_both(table.title)], *_table_rows(table)]
    rows += [[], *([_both(note)] for note in document.notes)]
    return _csv(rows)


def plain_csv(table: Table) -> bytes:
    """One table with a line of English headings, for programs."""
    heads = [each.title.en for each in table.columns]
    return _csv([heads, *([str(cell) for cell in row] for row in table.rows)])


def _table_rows(table: Table) -> list[list[str]]:
    if not table.rows:
        return [[_both(table.empty)]]
    heads = [_both(each.title) for each in table.columns]
    rows = [[str(cell) for cell in row] for row in table.rows]
    last = [[str(cell) for cell in table.total]] if table.total else []
    return [heads, *rows, *last]


def _csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def to_xlsx(document: Document) -> bytes:
    """A workbook: a sheet with the facts and one for each table. Nothing in it is computed or linked.

    Amounts are numbers where a spreadsheet keeps all their digits, else text.
    """
    import xlsxwriter  # noqa: PLC0415  # an import that only workbooks need

    out = io.BytesIO()
    # In memory: the library's own temporary files would hold names and amounts.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"title": document.title.en, "created": _CREATED.replace(tzinfo=None)})
    writer = _Sheets(book)
    writer.front(document)
    for number, table in enumerate(document.tables, 1):
        writer.table(number, table)
    book.close()
    return out.getvalue()


class _Sheets:
    """Writes the sheets of one workbook."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._head = book.add_format(
            {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        self._bold = book.add_format({"bold": True})
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._wrapped = book.add_format({"text_wrap": True, "valign": "top"})

    def front(self, document: Document) -> None:
        """The facts and the notes."""
        sheet = self._book.add_worksheet("Summary 摘要")
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 70, self._wrapped)
        sheet.write_string(0, 0, _both(document.title), self._title)
        sheet.write_string(1, 0, _clean(document.subject), self._bold)
        row = 3
        for name, value in document.facts:
            sheet.write_string(row, 0, _both(name))
            sheet.write_string(row, 1, _clean(value))
            row += 1
        for note in document.notes:
            row += 1
            sheet.write_string(row, 0, _clean(note.en))
            sheet.write_string(row, 1, _clean(note.zh))

    def table(self, number: int, table: Table) -> None:
        """A table, its headings frozen."""
        sheet = self._book.add_worksheet(f"{number} {table.title.en}"[:31])
        sheet.write_string(0, 0, _both(table.title), self._title)
        rows = [*table.rows, *([table.total] if table.total and table.rows else [])]
        for place, column in enumerate(table.columns):
            sheet.write_string(2, place, _both(column.title), self._head)
            widest = max((len(str(row[place])) for row in rows), default=0)
            sheet.set_column(place, place, min(max(widest, 12) + 2, _MOST_WIDTH))
        for line, row in enumerate(rows, 3):
            last = bool(table.total) and line == len(rows) + 2
            for place, cell in enumerate(row):
                self._cell(sheet, line, place, cell, bold=last)
        sheet.freeze_panes(3, 0)

    def _cell(self, sheet: Any, line: int, place: int, cell: Cell, *, bold: bool) -> None:
        if isinstance(cell, Amount) and len(str(abs(cell.minor))) <= _EXACT_DIGITS:
            form = "#,##0" + ("." + "0" * cell.decimals if cell.decimals else "")
            shape = self._book.add_format({"num_format": form, "bold": bold})
            sheet.write_number(line, place, cell.minor / 10**cell.decimals, shape)
        else:
            sheet.write_string(line, place, _clean(str(cell)), self._bold if bold else None)


def _clean(text: str) -> str:
    return without_controls(text, keep="\t\n\r")


def _both(text: Text) -> str:
    return f"{text.en} {text.zh}" if text.zh else text.en
