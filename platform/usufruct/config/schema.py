"""The shape of a community file: which tables and keys there are, and what kind of value each
holds.

References between tables are checked afterwards, in `resolve`. Keys that are not listed here are
refused.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from usufruct.config.values import (
    Account,
    Ascii32,
    BasisPoints,
    Clock,
    Code,
    Day,
    DecimalText,
    Duration,
    KeyText,
    Month,
    Natural,
    Part,
    Payee,
    Ratio,
    Share,
    Text,
    Units,
    Zone,
)

__all__ = [
    "CalendarTable",
    "CommunityTable",
    "KpiTable",
    "MeterGroupTable",
    "MeterTable",
    "OfferingTable",
    "ParticipantTable",
    "SeriesTable",
    "StepTable",
    "StreamTable",
    "TariffTable",
    "TriggerTable",
    "WaterfallTable",
]

_Id32 = Annotated[int, Field(ge=1, lt=2**32)]
_Id64 = Annotated[int, Field(ge=1, lt=2**63)]
_Kind = Literal["SUBUNIT", "PARKING", "STORAGE", "VPP", "WATER", "DATA"]
_Class = Literal["retail", "professional", "institution"]
_Rank = Literal["senior", "mezzanine", "junior", "residual"]
_Scheme = Literal["gateway-secp256k1", "device-secp256k1", "device-p256"]
_BaseUnit = Literal["Wh", "L", "s", "unit"]
_StepAccount = Annotated[int, Field(ge=1, le=31)]
_Country = Annotated[int, Field(ge=1, le=999)]
_StepKind = Literal[
    "fixed",
    "percent_of_receipts",
    "percent_of_available",
    "reserve",
    "kpi_fee",
    "due",
    "residual",
]
_DelayedOffice = Literal["oracle_admin", "treasurer", "policy"]
_Office = (
    _DelayedOffice | Literal["registrar", "issuer", "pauser", "guardian", "auditor", "fund_manager"]
)
_Mode = Literal["open", "filing", "evidence"]
_Accounts = Annotated[list[Account], Field(min_length=1)]
_Vacancy = Annotated[list[Account], Field(default_factory=list)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class ProjectTable(_Table):
    """`[project]`."""

    code: Code
    name: Text
    label: Text
    timezone: Zone
    gfa_m2: Annotated[int, Field(ge=1)]
    households: Natural
    first_period: Month
    salt: Annotated[str, Field(min_length=16, max_length=256)]


class CurrencyTable(_Table):
    """`[currency]`; the shipped currency has 6 decimals."""

    code: Code
    name: Text
    decimals: Literal[6]


class DelaysTable(_Table):
    """`[delays]`."""

    signers: Duration
    rules: Duration
    admin: Duration = 0
    grant: dict[_Office, Duration] = Field(default_factory=dict)
    execution: dict[_DelayedOffice, Duration] = Field(default_factory=dict)
    policy: Duration = 0
    bond: Duration = 0


class VotesTable(_Table):
    """`[votes]`: how holders and owners decide; fixed at deployment."""

    holders: Duration = 14 * 86_400
    approval: Duration = 90 * 86_400
    proposal: Share = 500
    quorum: Part = (1, 3, False)
    majority: Part = (2, 3, False)
    owners: Duration = 30 * 86_400


class JurisdictionTable(_Table):
    """`[jurisdiction]`: what must be filed before units move, at first."""

    mode: _Mode = "open"
    cool_off: Duration = 0


class RolesTable(_Table):
    """`[roles]`: who holds each office; two of them may be vacant."""

    admin: _Accounts
    registrar: _Accounts
    issuer: _Accounts
    oracle_admin: _Accounts
    treasurer: _Accounts
    pauser: _Accounts
    guardian: _Accounts
    auditor: _Accounts
    policy: _Vacancy
    fund_manager: _Vacancy


class OracleTable(_Table):
    """`[oracle]`."""

    threshold: Annotated[int, Field(ge=1)]
    signers: Annotated[list[Account], Field(min_length=1, max_length=255)]


class RowTable(_Table):
    """One price row of a tariff."""

    id: Code
    price: DecimalText
    per: Literal["Wh", "kWh", "MWh", "L", "m3", "s", "min", "h", "unit"]


class CalendarTable(_Table):
    """One calendar rule of a tariff; what is left out matches always."""

    row: Code
    months: list[Annotated[int, Field(ge=1, le=12)]] = []
    weekdays: list[Annotated[int, Field(ge=1, le=7)]] = []
    from_: Annotated[Clock, Field(alias="from")] = 0
    to: Clock = 1440


class TariffTable(_Table):
    """`[stream.tariff]`."""

    id: Code
    rows: Annotated[list[RowTable], Field(min_length=1)]
    calendar: Annotated[list[CalendarTable], Field(min_length=1)]


class EstimationTable(_Table):
    """`[stream.estimation]`."""

    longest_gap: Annotated[int, Field(ge=0, le=96)] = 0
    weeks: Annotated[int, Field(ge=0, le=8)] = 0
    last_year: bool = False


class StreamTable(_Table):
    """`[[stream]]`."""

    id: _Id32
    code: Code
    kind: _Kind
    measure: Literal["interval", "session", "money"]
    base_unit: _BaseUnit
    privacy: Literal["open", "committed"]
    challenge_window: Duration
    funding_grace: Duration
    min_coverage: Share
    max_estimated: Share
    resolution_time: Duration
    unanswered_dispute: Literal["dismiss", "uphold"]
    common_parts: bool = False
    owners_share: Share = 0
    depends_on: list[Code] = []
    estimation: EstimationTable | None = None
    tariff: TariffTable


class _MeterFields(_Table):
    stream: Code
    unit: Text
    multiplier: Ratio
    interval: Duration | None = None
    nameplate: Units
    scheme: _Scheme
    key: KeyText
    calibrated_until: Day


class MeterTable(_MeterFields):
    """`[[meter]]`: a single meter."""

    id: _Id64
    code: Code


class MeterGroupTable(_MeterFields):
    """`[[meters]]`: `count` alike meters named prefix-01, prefix-02, …"""

    prefix: Code
    count: Annotated[int, Field(ge=1, le=100_000)]
    first_id: _Id64


class ParticipantTable(_Table):
    """`[[participant]]`."""

    id: _Id64
    name: Text
    country: _Country
    class_: Annotated[_Class, Field(alias="class")]
    kyc_until: Day
    locked_until: Day | None = None
    wallets: _Accounts


class HolderTable(_Table):
    """One first holder of a series."""

    wallet: Account
    units: Annotated[int, Field(ge=1, lt=2**63)]


class SeriesTable(_Table):
    """`[[series]]`."""

    code: Code
    name: Ascii32
    symbol: Ascii32
    stream: Code
    rank: _Rank
    term: Annotated[list[Month], Field(min_length=2, max_length=2)]
    decimals: Annotated[int, Field(ge=0, le=18)]
    classes: Annotated[list[_Class], Field(min_length=1)]
    countries: Annotated[list[_Country], Field(max_length=8)] = []
    min_ticket: Annotated[int, Field(ge=0, lt=2**48)]
    locked_until: Day | None = None
    tail: Annotated[int, Field(ge=0, le=2**16 - 1)] = 0
    holder_cap: Annotated[int, Field(ge=0, lt=2**32)] = 0
    country_cap: Annotated[int, Field(ge=0, lt=2**32)] = 0
    window_every: Duration | None = None
    window_length: Duration | None = None
    consent: bool = False
    holders: list[HolderTable]


class OfferingTable(_Table):
    """`[[offering]]`: units of a series against money, by subscription; days in the project's time zone."""

    series: Code
    opens: Day
    closes: Day
    deliver_until: Day
    beneficiary: Account
    price: DecimalText
    """Of one unit; units are the smallest parts that the series' `decimals` allow."""
    min_units: Annotated[int, Field(ge=0, lt=2**48)] = 0
    max_units: Annotated[int, Field(ge=1, lt=2**48)]
    min_each: Annotated[int, Field(ge=0, lt=2**48)] = 0
    max_each: Annotated[int, Field(ge=0, lt=2**48)] = 0
    withdrawable: bool
    cancelled: bool = False


class KpiTable(_Table):
    """One KPI of a waterfall."""

    name: Code
    index: Annotated[int, Field(ge=0, le=15)]
    floor: BasisPoints
    target: BasisPoints
    cap: BasisPoints
    weight: Share


class EntryTable(_Table):
    """Amount of a due step from a period on."""

    period: _Id32
    amount: DecimalText


class TriggerTable(_Table):
    """One trigger of a waterfall; steps are named by their labels."""

    name: Code
    kind: Literal["coverage", "dscr", "open_dispute"]
    before: Text | None = None
    dues: list[Text] = []
    threshold: BasisPoints = 0
    cure: BasisPoints | None = None


class StepTable(_Table):
    """One step of a waterfall; which keys it takes depends on `kind`."""

    label: Text
    kind: _StepKind
    payee: Payee | None = None
    amount: DecimalText | None = None
    share: Share | None = None
    account: _StepAccount | None = None
    draws: _StepAccount | None = None
    when: Text | None = None
    purpose: Literal["public_charge", "owners_share"] | None = None
    schedule: Annotated[list[EntryTable], Field(max_length=255)] = []


class WaterfallTable(_Table):
    """`[[waterfall]]`."""

    stream: Code
    multiplier: Annotated[list[BasisPoints], Field(min_length=2, max_length=2)] = [0, 10_000]
    max_change: BasisPoints = 0
    kpis: Annotated[list[KpiTable], Field(max_length=16)] = []
    triggers: Annotated[list[TriggerTable], Field(max_length=8)] = []
    steps: Annotated[list[StepTable], Field(min_length=1, max_length=32)]


class CommunityTable(_Table):
    """The whole file."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    project: ProjectTable
    currency: CurrencyTable
    delays: DelaysTable
    roles: RolesTable
    votes: VotesTable = VotesTable()
    jurisdiction: JurisdictionTable = JurisdictionTable()
    oracle: OracleTable
    stream: Annotated[list[StreamTable], Field(min_length=1)]
    meters: list[MeterGroupTable] = []
    meter: list[MeterTable] = []
    participant: list[ParticipantTable] = []
    series: list[SeriesTable] = []
    offering: list[OfferingTable] = []
    waterfall: list[WaterfallTable] = []
