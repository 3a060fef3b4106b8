"""How a file's value moves: a table of two inputs and a tornado, each over the same model as the value itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from usufruct.finance.measures import npv
from usufruct.finance.numbers import ONE, exact, refused, shown
from usufruct.finance.report import Figure, Section
from usufruct.finance.valuation.discounted import Discounted, discounted, ramp
from usufruct.finance.valuation.sensitivity import Bar, tornado
from usufruct.finance.valuation.sensitivity import table as values_of
from usufruct.finance.valuation.sold import SalePrice, sale_price
from usufruct.finance.valuation.tables import (
    DcfTable,
    FlowsTable,
    SaleTable,
    SensitivityTable,
    TornadoTable,
    ValuationTable,
)

__all__ = ["dcf_incomes", "discount", "incomes_of", "moves", "sale", "tornado_bars"]

_Table = DcfTable | FlowsTable | SaleTable
_PERCENT: Final = frozenset(
    ("rate", "growth", "terminal_cap", "selling_cost", "profit_rate", "progress")
)
_INPUTS: Final[Mapping[str, tuple[str, ...]]] = {
    "dcf": ("income", "rate", "growth", "terminal_cap", "selling_cost"),
    "flows": ("investment", "income", "rate", "growth"),
    "sale": ("cost", "revenue", "development", "profit_rate", "progress"),
}


def incomes_of(table: FlowsTable) -> list[Decimal]:
    """The yearly incomes of a flows table.

    Raises:
        InputError: Neither or both of a list and an income with its years.
    """
    if table.incomes and table.income is None and table.years is None:
        return list(table.incomes)
    if table.incomes or table.income is None or table.years is None:
        raise refused(
            "flows",
            "incomes / income, years",
            "either incomes, or income and years",
            "give one of them",
        )
    _require_growth("flows.growth", table.growth)
    with exact():
        return [table.income * (ONE + table.growth) ** year for year in range(table.years)]


def dcf_incomes(table: DcfTable) -> list[Decimal]:
    """Income of each year, after the ramp.

    Raises:
        InputError: A growth out of its range, or as for `ramp`.
    """
    _require_growth("dcf.growth", table.growth)
    if table.ramp is not None:
        return ramp(table.income, table.ramp.start, table.ramp.years, table.years, table.growth)
    with exact():
        return [table.income * (ONE + table.growth) ** year for year in range(table.years)]


def discount(table: DcfTable) -> Discounted:
    """The value by discounted cash flow.

    Raises:
        InputError: As for `dcf_incomes` and `discounted`.
    """
    incomes = dcf_incomes(table)
    with exact():
        following = table.income * (ONE + table.growth) ** table.years
    return discounted(
        incomes,
        table.rate,
        terminal_cap=table.terminal_cap,
        following=following,
        selling_cost=table.selling_cost,
    )


def _require_growth(field: str, growth: Decimal) -> None:
    if not -ONE < growth <= ONE:
        raise refused(field, growth, "yearly growth above -100% and at most 100%", "correct it")


def sale(table: SaleTable) -> SalePrice:
    """The sale-led price."""
    return sale_price(
        table.cost,
        table.revenue,
        table.development,
        table.profit_rate,
        table.progress,
        base=table.base,
        kind=table.kind,
    )


def moves(file: ValuationTable) -> Iterator[Section]:
    """The sections on sensitivity that the file asks for.

    Raises:
        InputError: They move a part or an input that the file does not have.
    """
    if file.sensitivity is not None:
        yield _sensitivity(file, file.sensitivity)
    if file.tornado is not None:
        yield _tornado(file, file.tornado)


def _model(
    file: ValuationTable, of: str
) -> tuple[Callable[[Mapping[str, Decimal]], Decimal], dict[str, Decimal]]:
    table: _Table | None = getattr(file, of)
    if table is None:
        raise refused("of", of, f"the file has [{of}]", f"add [{of}], or move another part")
    found = {name: getattr(table, name) for name in _INPUTS[of]}
    inputs = {name: value for name, value in found.items() if value is not None}

    def value(moved: Mapping[str, Decimal]) -> Decimal:
        return _value(table.model_copy(update=dict(moved)))

    return value, inputs


def _value(table: _Table) -> Decimal:
    if isinstance(table, DcfTable):
        return discount(table).value
    if isinstance(table, SaleTable):
        return sale(table).price
    with exact():
        return npv(table.rate, [-table.investment, *incomes_of(table)])


def _sensitivity(file: ValuationTable, asked: SensitivityTable) -> Section:
    model, inputs = _model(file, asked.of)
    rows, columns = asked.rows, asked.columns
    found = values_of(model, inputs, (rows.input, rows.values), (columns.input, columns.values))
    section = Section(f"Sensitivity of {asked.of}: {rows.input} by {columns.input}")
    for row, line in zip(rows.values, found, strict=True):
        for column, value in zip(columns.values, line, strict=True):
            label = f"{_said(rows.input, row)}, {_said(columns.input, column)}"
            source = f"{asked.of} with both moved"
            section.figures.append(
                Figure(label, value, file.currency, source, "", (asked.of, "sensitivity"))
            )
    return section


def tornado_bars(file: ValuationTable, asked: TornadoTable) -> list[Bar]:
    """The bars of the tornado, the widest first.

    Raises:
        InputError: As for `moves`.
    """
    model, inputs = _model(file, asked.of)
    return tornado(model, inputs, {name: (low, high) for name, (low, high) in asked.bounds.items()})


def _tornado(file: ValuationTable, asked: TornadoTable) -> Section:
    section = Section(f"Tornado of {asked.of}: how far each input alone moves it")
    for bar in tornado_bars(file, asked):
        note = (
            f"{shown(bar.low[1], 0)} at {_said(bar.name, bar.low[0])}, "
            f"{shown(bar.high[1], 0)} at {_said(bar.name, bar.high[0])}"
        )
        keys = (asked.of, f"tornado.bounds.{bar.name}")
        section.figures.append(
            Figure(bar.name, bar.swing, file.currency, "|high − low|", note, keys)
        )
    return section


def _said(name: str, value: Decimal) -> str:
    return f"{name} {shown(value * 100)}%" if name in _PERCENT else f"{name} {shown(value, 2)}"
