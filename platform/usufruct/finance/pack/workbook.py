"""The dossier as a workbook; what a reader would check is a formula, with the figure it comes to beside it.

Texts are written as texts, whatever they begin with: nothing that stands in a file becomes a formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from usufruct.errors import InputError
from usufruct.finance.measures import irr, npv
from usufruct.finance.numbers import exact
from usufruct.finance.pack.model import Dossier
from usufruct.finance.structures.simulate import Projection
from usufruct.finance.valuation.moves import dcf_incomes, discount, incomes_of
from usufruct.finance.valuation.tables import DcfTable, FlowsTable

__all__ = ["workbook"]

_OPTIONS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_CREATED: Final = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""A fixed moment: the same dossier gives the same bytes."""
_NARROW, _WIDE = 14, 44


@dataclass(frozen=True, slots=True)
class _Formats:
    head: Any
    money: Any
    rate: Any
    sum: Any
    wrap: Any


def workbook(dossier: Dossier) -> bytes:
    """The file."""
    out = BytesIO()
    book = xlsxwriter.Workbook(out, _OPTIONS)
    book.set_properties({"title": dossier.title, "author": "Usufruct", "created": _CREATED})
    formats = _Formats(
        head=book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        money=book.add_format({"num_format": "#,##0.00"}),
        rate=book.add_format({"num_format": "0.00%"}),
        sum=book.add_format({"num_format": "#,##0.00", "bold": True, "top": 1}),
        wrap=book.add_format({"text_wrap": True, "valign": "top"}),
    )
    _figures(book.add_worksheet("Figures"), formats, dossier)
    table = dossier.valuation
    if table is not None and table.flows is not None:
        _flows(book.add_worksheet("Investment"), formats, table.flows)
    if table is not None and table.dcf is not None:
        _dcf(book.add_worksheet("DCF"), formats, table.dcf)
    if dossier.projection is not None:
        _waterfall(book.add_worksheet("Waterfall"), formats, dossier.projection)
        _holders(book.add_worksheet("Holders"), formats, dossier.projection)
    if dossier.receipts:
        _statements(book.add_worksheet("Statements"), formats, dossier)
    book.close()
    return out.getvalue()


def _head(sheet: Any, formats: _Formats, row: int, titles: Sequence[str]) -> None:
    for column, title in enumerate(titles):
        sheet.write_string(row, column, title, formats.head)


def _figures(sheet: Any, formats: _Formats, dossier: Dossier) -> None:
    _head(sheet, formats, 0, ("Chapter", "Part", "Figure", "Value", "Unit", "Source", "Note"))
    sheet.set_column(0, 1, _NARROW + 6)
    sheet.set_column(2, 2, _WIDE)
    sheet.set_column(3, 3, _NARROW + 8)
    sheet.set_column(5, 6, _WIDE)
    sheet.freeze_panes(1, 0)
    row = 1
    for chapter in dossier.chapters:
        for part in chapter.parts:
            for each in part.entries:
                figure = each.figure
                texts = {0: chapter.title, 1: part.title, 2: figure.label, 4: figure.unit}
                for column, text in (texts | {5: each.words, 6: figure.note}).items():
                    sheet.write_string(row, column, text)
                if isinstance(figure.value, str):
                    sheet.write_string(row, 3, figure.value)
                else:
                    look = formats.rate if figure.unit == "%" else formats.money
                    sheet.write_number(row, 3, float(figure.value), look)
                row += 1


def _flows(sheet: Any, formats: _Formats, table: FlowsTable) -> None:
    """The yearly flows with NPV and IRR as formulas."""
    flows = [-table.investment, *incomes_of(table)]
    sheet.set_column(0, 1, _NARROW + 8)
    sheet.write_string(0, 0, "Discount rate", formats.head)
    sheet.write_number(0, 1, float(table.rate), formats.rate)
    _head(sheet, formats, 3, ("Year", "Flow"))
    for year, flow in enumerate(flows):
        sheet.write_number(4 + year, 0, year)
        sheet.write_number(4 + year, 1, float(flow), formats.money)
    last = 4 + len(flows)
    with exact():
        worth = npv(table.rate, flows)
    sheet.write_string(1, 0, "NPV", formats.head)
    sheet.write_formula(1, 1, f"=B5+NPV(B1,B6:B{last})", formats.money, float(worth))
    try:
        rate = irr(flows)
    except InputError:
        return  # the dossier tells why there is none
    sheet.write_string(2, 0, "IRR", formats.head)
    sheet.write_formula(2, 1, f"=IRR(B5:B{last})", formats.rate, float(rate))


def _dcf(sheet: Any, formats: _Formats, table: DcfTable) -> None:
    """Discounted cash flow year by year; value = Σ + terminal value."""
    found, incomes = discount(table), dcf_incomes(table)
    sheet.set_column(0, 3, _NARROW + 6)
    sheet.write_string(0, 0, "Discount rate", formats.head)
    sheet.write_number(0, 1, float(table.rate), formats.rate)
    _head(sheet, formats, 4, ("Year", "NOI", "Factor", "Present value"))
    for year, income in enumerate(incomes, 1):
        row = 4 + year
        with exact():
            factor = (1 + table.rate) ** -year
        sheet.write_number(row, 0, year)
        sheet.write_number(row, 1, float(income), formats.money)
        sheet.write_formula(row, 2, f"=(1+$B$1)^-A{row + 1}", None, float(factor))
        sheet.write_formula(
            row, 3, f"=B{row + 1}*C{row + 1}", formats.money, float(income * factor)
        )
    last = 5 + len(incomes)
    sheet.write_string(1, 0, "Value of the years", formats.head)
    sheet.write_formula(1, 1, f"=SUM(D6:D{last})", formats.money, float(found.flows))
    sheet.write_string(2, 0, "Terminal value, at the end", formats.head)
    sheet.write_number(2, 1, float(found.exit_value), formats.money)
    sheet.write_string(3, 0, "Value", formats.head)
    sheet.write_formula(3, 1, f"=B2+B3*C{last}", formats.money, float(found.value))


def _waterfall(sheet: Any, formats: _Formats, projection: Projection) -> None:
    """What every step paid in every period; the last column is 0 wherever nothing is lost or made."""
    steps = [each.label for each in projection.deal.table.step]
    unit = projection.deal.currency.unit
    sheet.set_column(0, 0, _NARROW)
    sheet.set_column(1, len(steps) + 3, _NARROW)
    sheet.freeze_panes(1, 1)
    _head(sheet, formats, 0, ("Period", "Receipts", *steps, "Out of reserves", "Check: 0"))
    for row, (receipts, result) in enumerate(
        zip(projection.receipts, projection.results, strict=True), 1
    ):
        sheet.write_number(row, 0, row)
        paid = [line.paid for line in result.lines]
        for column, amount in enumerate((receipts, *paid, result.released_total), 1):
            sheet.write_number(row, column, amount / unit, formats.money)
        first, last = xl_rowcol_to_cell(row, 2), xl_rowcol_to_cell(row, len(steps) + 1)
        out = xl_rowcol_to_cell(row, len(steps) + 2)
        formula = (
            f"=ROUND(B{row + 1}+{out}-SUM({first}:{last}),{projection.deal.currency.decimals})"
        )
        sheet.write_formula(row, len(steps) + 3, formula, formats.money, 0)
    columns = [projection.receipts, *zip(*_paid(projection), strict=True)]
    columns.append(tuple(each.released_total for each in projection.results))
    _totals(sheet, formats, len(projection.receipts) + 1, [sum(each) / unit for each in columns])


def _paid(projection: Projection) -> list[tuple[int, ...]]:
    return [tuple(line.paid for line in each.lines) for each in projection.results]


def _holders(sheet: Any, formats: _Formats, projection: Projection) -> None:
    """Every holder's and payee's payout of every period."""
    unit = projection.deal.currency.unit
    columns = [(f"{holder}, {code}", got) for (code, holder), got in projection.holders.items()]
    columns += list(projection.payees.items())
    sheet.set_column(0, len(columns), _NARROW)
    sheet.freeze_panes(1, 1)
    _head(sheet, formats, 0, ("Period", *(name for name, _ in columns)))
    for row in range(1, len(projection.receipts) + 1):
        sheet.write_number(row, 0, row)
        for column, (_, amounts) in enumerate(columns, 1):
            sheet.write_number(row, column, amounts[row - 1] / unit, formats.money)
    sums = [sum(amounts) / unit for _, amounts in columns]
    _totals(sheet, formats, len(projection.receipts) + 1, sums)


def _statements(sheet: Any, formats: _Formats, dossier: Dossier) -> None:
    titles = ("Statement", "Month", "Version", "Gross", "Distributable", "Status", "Digest")
    _head(sheet, formats, 0, titles)
    sheet.set_column(0, 5, _NARROW)
    sheet.set_column(6, 6, 70)
    unit = 1 if dossier.currency is None else dossier.currency.unit
    for row, (name, each) in enumerate(dossier.receipts.items(), 1):
        for column, text in ((0, name), (1, each.month), (5, each.status), (6, each.digest)):
            sheet.write_string(row, column, text)
        sheet.write_number(row, 2, each.version)
        sheet.write_number(row, 3, each.gross / unit, formats.money)
        sheet.write_number(row, 4, each.distributable / unit, formats.money)
    sums = [
        float(Decimal(sum(getattr(each, name) for each in dossier.receipts.values())) / unit)
        for name in ("gross", "distributable")
    ]
    _totals(sheet, formats, len(dossier.receipts) + 1, sums, first=3)


def _totals(
    sheet: Any, formats: _Formats, row: int, values: Sequence[float], first: int = 1
) -> None:
    """A row of sums."""
    sheet.write_string(row, 0, "Sum", formats.head)
    for column, value in enumerate(values, first):
        name = xl_col_to_name(column)
        sheet.write_formula(row, column, f"=SUM({name}2:{name}{row})", formats.sum, value)
