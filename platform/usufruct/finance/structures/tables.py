"""The file of a structure: which tables and keys it has (examples/cmbs.toml shows one)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from usufruct.config.values import Code, Month
from usufruct.finance.fields import Amount, Rate, Table, Text, Years

__all__ = [
    "CapacityTable",
    "ConcessionTable",
    "CurrencyTable",
    "GraphTable",
    "HolderTable",
    "LockedTable",
    "LockupTable",
    "PayerTable",
    "PoolTable",
    "RightTable",
    "ShelfTable",
    "StageTable",
    "StepTable",
    "StructureTable",
    "TaxTable",
    "TrancheTable",
    "TriggerTable",
]

_Units = Annotated[int, Field(ge=1, lt=2**48)]
_Account = Annotated[int, Field(ge=1, le=31)]


class CurrencyTable(Table):
    """The currency of all amounts."""

    code: Code
    decimals: Annotated[int, Field(ge=0, le=18)]


class PayerTable(Table):
    """Somebody who pays into the pool."""

    name: Text
    share: Rate
    defaulted: bool = False


class PoolTable(Table):
    """What pays: one stream, or the streams that somebody wants to put together."""

    streams: Annotated[list[Code], Field(min_length=1)]
    receipts: list[Amount] = Field(default_factory=list)
    receipt: Amount | None = None
    growth: Rate | None = None
    value: Amount | None = None
    payers: list[PayerTable] = Field(default_factory=list)
    vacancy: Rate | None = None
    most_vacancy: Rate | None = None


class ShelfTable(Table):
    """A registered amount and its draws."""

    amount: Amount
    draws: list[Amount]


class HolderTable(Table):
    """Who holds units of a tranche."""

    name: Text
    units: _Units


class TrancheTable(Table):
    """A tranche: a series of its rank."""

    code: Code
    rank: Literal["senior", "mezzanine", "junior", "residual"]
    notional: Amount | None = None
    rate: Rate | None = None
    amortisation: Literal["bullet", "level", "equal"] = "bullet"
    puts: list[Years] = Field(default_factory=list)
    holders: Annotated[list[HolderTable], Field(min_length=1)]


class StepTable(Table):
    """A step of the waterfall, in order."""

    label: Text
    kind: Literal[
        "fixed",
        "percent_of_receipts",
        "percent_of_available",
        "reserve",
        "interest",
        "principal",
        "due",
        "residual",
    ]
    payee: Text | None = None
    tranche: Code | None = None
    amount: Amount | None = None
    share: Rate | None = None
    account: _Account | None = None
    draws: _Account | None = None
    when: Text | None = None


class TriggerTable(Table):
    """A condition that switches steps."""

    name: Code
    kind: Literal["coverage", "dscr"]
    before: Text
    dues: Annotated[list[Text], Field(min_length=1)]
    threshold: Rate
    cure: Rate | None = None


class GraphTable(Table):
    """Who owns which share of whose income, for a look-through."""

    owners: dict[str, dict[str, Rate]]
    income: dict[str, Amount]
    payout: dict[str, Rate] = Field(default_factory=dict)
    public: list[str] = Field(default_factory=list)
    debt: Amount | None = None
    net_assets: Amount | None = None
    in_abs: Rate | None = None


class CapacityTable(Table):
    """What a fund of funds can move."""

    parent: Amount
    shares: Annotated[list[Rate], Field(min_length=1)]


class ConcessionTable(Table):
    """A concession of the kind ROT."""

    investment: Amount
    term: Years
    right: Text
    income: Amount
    horizon: Years


class TaxTable(Table):
    """Stepped tax sharing."""

    base: Amount
    taxes: Annotated[list[Amount], Field(min_length=1)]
    rebates: list[Rate]
    town: Rate
    clock: Literal["fixed", "vintage"]


class RightTable(Table):
    """A right to a stratum of a parcel."""

    holder: Text
    parcel: Text
    stratum: Text
    first: date
    last: date
    exclusive: bool = True


class LockedTable(Table):
    """A holder of a public issue."""

    name: Text
    share: Rate
    role: Literal["owner", "strategic", "public"]


class LockupTable(Table):
    """When which share of a public REIT may be sold."""

    listed: date
    holders: Annotated[list[LockedTable], Field(min_length=1, max_length=200)]


class StageTable(Table):
    """A stage that the asset has entered, with the hashes of its documents."""

    name: Text
    documents: dict[str, Text] = Field(default_factory=dict)


class StructureTable(Table):
    """The whole file."""

    schema_: Literal[1] = Field(alias="schema")
    title: Text
    kind: Literal["abs", "reit", "fund_of_funds", "ppp"]
    currency: CurrencyTable
    first_period: Month
    periods: Annotated[int, Field(ge=1, le=600)]
    per_year: Literal[1, 2, 4, 12] = 1
    pool: PoolTable | None = None
    shelf: ShelfTable | None = None
    tranche: list[TrancheTable] = Field(default_factory=list)
    step: list[StepTable] = Field(default_factory=list)
    trigger: list[TriggerTable] = Field(default_factory=list)
    declared: dict[str, Rate] = Field(default_factory=dict)
    graph: GraphTable | None = None
    capacity: CapacityTable | None = None
    concession: ConcessionTable | None = None
    tax: TaxTable | None = None
    right: list[RightTable] = Field(default_factory=list)
    lockup: LockupTable | None = None
    stage: list[StageTable] = Field(default_factory=list)
