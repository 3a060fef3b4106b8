"""The file of a valuation: which tables and keys it has (examples/p0-table2.toml shows one)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from usufruct.finance.fields import Amount, Rate, Table, Text, Years
from usufruct.finance.numbers import ZERO

__all__ = [
    "BandTable",
    "ClaimTable",
    "CompositeTable",
    "DatedTable",
    "DcfTable",
    "DebtTable",
    "FactorTable",
    "FlowsTable",
    "HeadlineTable",
    "HeldTable",
    "RampTable",
    "RangeTable",
    "RightTable",
    "SaleTable",
    "SensitivityTable",
    "StreamTable",
    "TornadoTable",
    "UnitTable",
    "ValuationTable",
]

_Factor = Literal["maturity", "policy", "volatility"]


class UnitTable(Table):
    """What is valued: its size."""

    area_m2: Amount
    households: Annotated[int, Field(ge=0)] = 0


class FlowsTable(Table):
    """An investment and its yearly incomes: either a list, or one income for some years."""

    investment: Amount
    incomes: list[Amount] = Field(default_factory=list)
    income: Amount | None = None
    years: Years | None = None
    growth: Rate = ZERO
    rate: Rate


class HeldTable(Table):
    """A hold-led value: exactly what the method takes, named."""

    method: Text
    numerator: Text
    amount: Amount
    rate: Rate


class RightTable(Table):
    """A right that ends."""

    income: Amount
    rate: Rate
    years: Years


class RampTable(Table):
    """An incubation: the part earned in the first year, and the years until all is."""

    start: Rate
    years: Years


class DcfTable(Table):
    """Discounted cash flow of a stable income, after a ramp, with a terminal value."""

    income: Amount
    years: Years
    rate: Rate
    growth: Rate = ZERO
    terminal_cap: Rate | None = None
    selling_cost: Rate = ZERO
    ramp: RampTable | None = None


class FactorTable(Table):
    """A factor of λ with its author and reason."""

    value: Rate
    author: Text
    reason: Text


class StreamTable(Table):
    """A stream of a composite value."""

    code: Text
    flows: list[Amount]
    rate: Rate
    factors: dict[_Factor, FactorTable] = Field(default_factory=dict)
    risk_counted_in_rate: list[_Factor] = Field(default_factory=list)


class CompositeTable(Table):
    """A base asset and the streams on it."""

    base: Amount
    mode: Literal["present_value", "literal"] = "present_value"
    stream: list[StreamTable]


class SaleTable(Table):
    """A sale-led price."""

    cost: Amount
    revenue: Amount
    development: Amount
    profit_rate: Rate
    progress: Rate
    base: Literal["cost", "revenue"] = "cost"
    kind: Literal["renewal", "other"] = "renewal"


class HeadlineTable(Table):
    """An announced figure for the plausibility panel."""

    name: Text
    amount: Amount
    per: Literal["area", "area·month", "household", "household·month"] = "area"


class BandTable(Table):
    """A band of one's own."""

    low: Amount
    high: Amount
    unit: Text
    source: Text


class ClaimTable(Table):
    """A figure that somebody states, to be derived again."""

    what: Literal["payback", "total_income", "value"]
    amount: Amount
    label: Text


class RangeTable(Table):
    """An input and the values it takes."""

    input: Text
    values: Annotated[list[Rate], Field(min_length=1, max_length=15)]


class SensitivityTable(Table):
    """A table of two inputs of one part of the file."""

    of: Literal["dcf", "flows", "sale"]
    rows: RangeTable
    columns: RangeTable


class TornadoTable(Table):
    """Bounds of each input of one part of the file, moved alone."""

    of: Literal["dcf", "flows", "sale"]
    bounds: Annotated[
        dict[str, Annotated[list[Rate], Field(min_length=2, max_length=2)]], Field(min_length=1)
    ]


class DebtTable(Table):
    """A debt year by year: cash available for it, EBITDA, what is due, and what the asset is worth."""

    cash: Annotated[list[Amount], Field(min_length=1)]
    ebitda: Annotated[list[Amount], Field(min_length=1)]
    interest: Annotated[list[Amount], Field(min_length=1)]
    principal: Annotated[list[Amount], Field(min_length=1)]
    value: Amount
    rate: Rate
    least_icr: Amount


class DatedFlowTable(Table):
    """A flow on a day."""

    day: date
    amount: Amount


class DatedTable(Table):
    """Flows on days, the first of them today."""

    day_count: Text
    rate: Rate
    flow: Annotated[list[DatedFlowTable], Field(min_length=1)]


class ValuationTable(Table):
    """The whole file."""

    schema_: Literal[1] = Field(alias="schema")
    title: Text
    currency: Text
    unit: UnitTable
    flows: FlowsTable | None = None
    held: list[HeldTable] = Field(default_factory=list)
    right: list[RightTable] = Field(default_factory=list)
    dcf: DcfTable | None = None
    composite: CompositeTable | None = None
    sale: SaleTable | None = None
    debt: DebtTable | None = None
    dated: DatedTable | None = None
    headline: list[HeadlineTable] = Field(default_factory=list)
    band: dict[str, BandTable] = Field(default_factory=dict)
    claim: list[ClaimTable] = Field(default_factory=list)
    sensitivity: SensitivityTable | None = None
    tornado: TornadoTable | None = None
