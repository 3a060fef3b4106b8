"""Series, holdings, distributions and payouts."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import ConfigDict, Field, RootModel

from usufruct.api.schemas.common import (
    KNOWN_AT,
    Model,
    Money,
    Page,
    Period,
    Place,
    SeriesRef,
    Stamped,
)
from usufruct.api.schemas.evidence import (
    DisputeBody,
    HistoryEvent,
    SettlementBody,
    StatementBody,
    StatementVersion,
    TariffRef,
)
from usufruct.proof import schema as proof_schema

RECORD_DATE: Final[Any] = Field(
    description="who held units at this time is paid; RFC 3339", examples=["2026-09-30T16:00:00Z"]
)
RECORD_DATE_SCHEDULED: Final[Any] = Field(
    description="false where no date was set and the distribution itself decided"
)
PAYMENT_DATE: Final[Any] = Field(
    description="when the money arrived and could be claimed", examples=["2026-10-04T01:00:00Z"]
)


class Holding(Model):
    """One wallet's position in one series."""

    object: Literal["holding"]
    wallet: str = Field(examples=["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"])
    series: SeriesRef
    units: str = Field(examples=["600000"])
    decimals: int = Field(description="decimals of the units")
    earned: Money = Field(description="all income so far")
    paid: Money = Field(description="of that, paid out")
    claimable: Money = Field(description="of that, not yet paid out")


class Holdings(Page):
    """Holdings of a wallet."""

    data: list[Holding]
    holdings_as_of_block: int


class Holders(Page):
    """Holders of a series."""

    data: list[Holding]
    holders_as_of_block: int


class PositionBody(Model):
    """Where one wallet stands in one series."""

    id: str = Field(examples=["pos_lvpps_bcd4042de499d14e55001ccbb24a551f3b954096"])
    object: Literal["position"]
    wallet: str
    series: SeriesRef
    units: str
    decimals: int = Field(description="decimals of the units")
    accrued: Money = Field(description="all income so far")
    paid: Money = Field(description="of that, paid out")
    claimable: Money = Field(description="of that, not yet paid out")
    withheld: Money = Field(description="of that, while the registry stands in the way")
    arrears: Money = Field(description="share of what the waterfall still owes the series")


class Positions(Page):
    """Positions."""

    data: list[PositionBody]


class LookThroughLine(Model):
    """A series behind a holder's units."""

    series: SeriesRef
    through: list[str] = Field(description="units of the funds on the way, the nearest first")
    units: str = Field(description="held by the last fund on the way, or by the holder")
    units_outstanding: str
    share: str = Field(description="of the series' income, of 10^18")


class LookThrough(Stamped):
    """What is behind a wallet's or a fund's units."""

    object: Literal["look-through"]
    holder: str = Field(description="the wallet, or the fund")
    units_of: SeriesRef | None = Field(description="the fund's own units")
    lines: list[LookThroughLine]
    streams: list[str] = Field(description="streams of the series; shares are of a series alone")


class Dust(Stamped):
    """Fractions of minor units, which each holder keeps for later distributions."""

    object: Literal["dust"]
    series: SeriesRef
    distributed: Money
    accrued: Money = Field(description="whole minor units of all payouts")
    dust: Money
    accounts: int = Field(description="holders that ever had a payout; each keeps less than one")


class FundIncome(Model):
    """What a fund was paid before it passed its income on."""

    series: SeriesRef
    amount: Money
    paid: Place


class PayoutBody(Model):
    """One holder's share of one distribution."""

    id: str = Field(examples=["po_lvpps_1_bcd4042de499d14e55001ccbb24a551f3b954096"])
    object: Literal["payout"]
    wallet: str
    series: SeriesRef
    distribution: str = Field(examples=["dist_lvpps_1"])
    period: Period
    units: str = Field(description="held at the record date")
    amount: Money
    record_date: str = RECORD_DATE
    record_date_scheduled: bool = RECORD_DATE_SCHEDULED
    payment_date: str = PAYMENT_DATE
    status: Literal["accrued", "paid"]
    accrued: Place = Field(description="the distribution")
    paid: Place | None = Field(description="the payment that included it")


class Payouts(Page):
    """Payouts."""

    data: list[PayoutBody]


class SeriesClaim(Model):
    """What may be claimed in one series."""

    series: SeriesRef
    claimable: Money


class Withheld(Model):
    """Why a payment would be withheld."""

    reason: str
    detail: str
    until: str | None
    remedy: str


class Claimable(Stamped):
    """What a wallet may claim."""

    object: Literal["claimable"]
    wallet: str
    total: Money
    by_series: list[SeriesClaim]
    claimable_as_of_block: int
    withheld: Withheld | None = Field(description="why the registry would withhold a payment now")


class Arithmetic(Model):
    """The exact computation of a payout."""

    formula: str
    units: str
    supply: str
    distributed: str
    rate: str = Field(
        description="minor units for each unit, as an exact fraction",
        examples=["900000000/1000000"],
    )
    accumulator_before: str = Field(description="money of all distributions before")
    accumulator_after: str
    numerator_before: str = Field(description="the holder's income before, times the supply")
    numerator_after: str
    earned_before: str
    earned_after: str
    amount: str


class Skip(Model):
    """Why a page of payments passed over the wallet."""

    reason: str
    detail: str
    skipped: Place


class RecordRef(Model):
    """The record date that decided whose income a distribution is."""

    id: str = Field(examples=["rec_lvpps_1"])
    record_date: str
    announced: Place


class RulesRef(Model):
    """The waterfall's rules that were applied."""

    version: int
    effective_at: str
    recorded: Place


class KpiValue(Model):
    """A KPI that the rules look at."""

    kpi: int = Field(description="place in the statement's KPIs")
    value_bp: int | None
    rule: dict[str, Any] = Field(description="floor, target, cap and weight in the rules")
    statement: str = Field(description="which attests the value")


class Coverage(Model):
    """How much of the period was measured."""

    coverage_bp: int
    required_bp: int = Field(description="by the stream's terms")
    estimated_bp: int
    allowed_estimated_bp: int
    statement: str = Field(description="which attests both")
    expected: str | None = Field(description="readings, by the batches; null without evidence")
    covered: str | None
    estimated: str | None = Field(description="base units, of all that was measured")


class BatchSummary(Model):
    """The batches behind a statement."""

    count: int
    readings: str
    first: str | None
    last: str | None
    evidence_missing: int
    evidence_known_at: str | None = KNOWN_AT
    last_head: str | None
    anchored: Place | None = Field(description="the last of them")


class PayoutDetail(PayoutBody, Stamped):
    """A payout with its explanation."""

    sentence: str = Field(
        examples=[
            "540.000000 USDX for 2026-09: 600000 of 1000000 units of LVPPS (60.0000 %) of 900.000000 USDX."
        ]
    )
    arithmetic: Arithmetic
    units_since: Place | None = Field(description="the log since which the wallet held the units")
    record: RecordRef | None = Field(description="null where the distribution itself decided")
    withheld: Skip | None
    settlement: SettlementBody | None
    rules: RulesRef | None
    kpis: list[KpiValue]
    statement: StatementBody | None
    versions: list[StatementVersion] = Field(description="of the statement, newest first")
    history: list[HistoryEvent]
    disputes: list[DisputeBody] = Field(description="of every version, in order")
    tariff: TariffRef | None = Field(description="the log that registered the tariff's hash")
    coverage: Coverage | None
    batches: BatchSummary | None
    fund_income: list[FundIncome] | None = Field(
        description="of units of a fund: what it was paid since its distribution before; else null"
    )
    proof: str


class Proof(RootModel[dict[str, Any]]):
    """A payout proof."""

    model_config = ConfigDict(json_schema_extra={"externalSchema": proof_schema()["$id"]})


class DistributionBody(Model):
    """Money that arrived for all holders of a series."""

    id: str = Field(examples=["dist_lvpps_1"])
    object: Literal["distribution"]
    series: SeriesRef
    number: int
    period: Period
    amount: Money
    record_date: str = RECORD_DATE
    record_date_scheduled: bool = RECORD_DATE_SCHEDULED
    payment_date: str = PAYMENT_DATE
    units_outstanding: str
    accumulator_before: str
    accumulator_after: str
    settlement: str | None = Field(description="null for units of a fund", examples=["set_1_1"])
    distributed: Place


class Distributions(Page):
    """Distributions."""

    data: list[DistributionBody]


class DistributionDetail(DistributionBody, Stamped):
    """A distribution with the sum of its payouts."""

    holders: int
    payouts_total: Money
    fractions: Money = Field(description="carried for the holders to or from other distributions")


class Term(Model):
    """First and last period that a series is paid for."""

    first: Period
    last: Period


class TransferWindow(Model):
    """When units may move: the first `length_s` seconds of every `every_s`, counted from the lock-up."""

    every_s: int
    length_s: int


class SeriesBody(Model):
    """A series of income rights."""

    id: str = Field(examples=["ser_lvpps"])
    object: Literal["series"]
    symbol: str
    name: str
    code: str | None
    address: str
    stream: str | None = Field(description="null for units of a fund")
    rank: Literal["senior", "mezzanine", "junior", "residual"]
    term: Term
    decimals: int
    allowed_classes: list[str]
    allowed_countries: list[int] = Field(description="ISO 3166-1 numeric; empty means any")
    minimum_ticket: str
    locked_until: str | None
    holder_cap: int | None = Field(description="participants that may hold units")
    country_cap: int | None = Field(description="participants of one country that may hold units")
    transfer_window: TransferWindow | None
    tail: int = Field(description="periods after the term in which arrears may still be paid")
    holders_vote_on_rules: bool
    units: str = Field(description="issued; what income is divided by, also after redemptions")
    units_redeemed: str
    sealed: bool
    closed: bool
    transfers_paused: bool
    distributed: Money = Field(description="all money that ever arrived")
    distributions: int
    last_period: Period | None
    created: Place


class RecordBody(Model):
    """When it is decided who is paid for a period."""

    id: str = Field(examples=["rec_lvpps_1"])
    object: Literal["record"]
    period: Period
    record_date: str = RECORD_DATE
    status: Literal["announced", "waiting", "paid", "without-income"] = Field(
        description="waiting: passed, its money is to come; without-income: none came and none can"
    )
    distribution: str | None = Field(examples=["dist_lvpps_1"])
    announced: Place


class Records(Page):
    """Record dates of a series."""

    data: list[RecordBody]


class SeriesList(Page):
    """Series."""

    data: list[SeriesBody]


class Series(SeriesBody, Stamped):
    """One series."""
