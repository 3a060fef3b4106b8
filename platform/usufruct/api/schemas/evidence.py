"""Streams, batches, statements, settlements and verdicts."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from usufruct.api.schemas.common import KNOWN_AT, Model, Money, Page, Period, Place, Stamped


class StreamBody(Model):
    """An income stream."""

    id: str = Field(examples=["str_1"])
    object: Literal["stream"]
    number: int
    code: str = Field(examples=["VPP"])
    kind: str
    starts: str
    challenge_window_seconds: int
    funding_grace_seconds: int
    min_coverage_bp: int
    max_estimated_bp: int
    readings: Literal["committed", "open"]
    depends_on: list[str]
    opened: Place


class Streams(Page):
    """Streams."""

    data: list[StreamBody]


class TariffRef(Model):
    """A registered tariff."""

    hash: str
    valid_from: str
    registered: Place


class RulesBody(Model):
    """A recorded rule set of the waterfall."""

    version: int
    effective_at: str
    recorded: Place
    steps: list[dict[str, Any]]
    kpis: list[dict[str, Any]]
    triggers: list[dict[str, Any]]
    schedule: list[dict[str, Any]]
    min_multiplier_bp: int
    max_multiplier_bp: int
    max_change_bp: int


class Funding(Place):
    """Money that came in for a stream."""

    from_: str = Field(alias="from")
    amount: Money
    escrow_after: Money


class StreamDetail(StreamBody, Stamped):
    """A stream with its tariffs, rules and latest funding."""

    tariffs: list[TariffRef]
    rules: list[RulesBody]
    funding: list[Funding]


class BatchBody(Model):
    """An anchored batch of readings."""

    id: str = Field(examples=["bat_1_15"])
    object: Literal["batch"]
    stream: str
    seq: int
    from_: str = Field(alias="from")
    to: str
    first: str = Field(description="number of its first reading")
    count: int
    closes_period: bool
    root: str
    content: str
    head: str
    evidence: Literal["checked", "missing"] = Field(description="whether it was here by then")
    evidence_known_at: str | None = KNOWN_AT
    anchored: Place


class Batches(Page):
    """Batches."""

    data: list[BatchBody]


class BatchDetail(BatchBody, Stamped):
    """A batch with its manifest."""

    manifest: dict[str, Any] | None


class StatementLine(Model):
    """Quantity and amount of one price row."""

    row: str
    price: Money
    per: str = Field(description="base units that the price is for")
    quantity: str
    readings: int
    amount: Money


class CorrectedRow(Model):
    """What corrections change in one price row of a period."""

    row: str
    stated: str = Field(description="base units in the period's statement")
    before: str = Field(description="base units that earlier documents changed")
    change: str = Field(description="base units that this one changes")
    amount: Money


class CorrectedReading(Model):
    """A further revision of an anchored reading."""

    seq: str
    rev: int
    reason: str
    record: str
    supersedes: str = Field(description="record of the revision before")


class CorrectedPeriod(Model):
    """Corrections of one period's readings."""

    period: Period
    rows: list[CorrectedRow]
    readings: list[CorrectedReading]


class Corrections(Model):
    """What a statement adjusts, and why."""

    carried: Money = Field(description="what earlier statements could not adjust")
    total: Money
    left_to_adjust: Money = Field(description="what later statements adjust, 0 as a rule")
    periods: list[CorrectedPeriod]
    document: dict[str, Any]


class StatementSummary(Model):
    """A period's statement."""

    id: str = Field(examples=["st_1_1_v1"])
    object: Literal["statement"]
    stream: str
    period: Period
    version: int
    status: Literal["attested", "final", "disputed", "voided", "settled", "superseded"]
    from_: str = Field(alias="from")
    to: str
    gross: Money
    adjustments: Money
    distributable: Money
    coverage_bp: int
    estimated_bp: int
    final_at: str
    digest: str
    evidence: Literal["checked", "missing"] = Field(description="whether it was here by then")
    evidence_known_at: str | None = KNOWN_AT
    attested: Place


class StatementBody(StatementSummary):
    """A statement with its lines, tariff and signers, as far as evidence is there."""

    first_head: str
    last_head: str
    lines_root: str
    tariff_hash: str
    documents: str
    kpis_bp: list[int | None]
    lines: list[StatementLine] | None
    tariff: dict[str, Any] | None
    corrections: Corrections | None
    signers: list[str] | None


class Statements(Page):
    """Statements."""

    data: list[StatementSummary]


class StatementVersion(Model):
    """One version of a period's statement."""

    id: str = Field(examples=["st_1_1_v1"])
    version: int
    status: Literal["attested", "final", "disputed", "voided", "settled", "superseded"]
    digest: str
    adjustments: Money
    distributable: Money
    attested: Place


class ProvenFault(Model):
    """A fault that was proven to the chain."""

    id: str
    kind: str = Field(examples=["wrong-amount"])
    challenger: str
    evidence: str = Field(description="hash of the leaf, or of the lines")


class Successor(Model):
    """The version that came after a disputed one."""

    id: str = Field(examples=["st_1_1_v2"])
    distributable: Money


class DisputeBody(Model):
    """A dispute of one version of a statement."""

    id: str = Field(examples=["dis_1_1_v1_1"])
    object: Literal["dispute"]
    stream: str
    period: Period
    statement: str = Field(examples=["st_1_1_v1"])
    version: int
    digest: str
    distributable: Money = Field(description="by the disputed version")
    by: str | None = Field(description="who disputed; null where it was voided without a dispute")
    evidence: str | None = Field(description="hash of what the dispute relies on")
    opened: Place
    status: Literal["open", "dismissed", "lapsed", "upheld"]
    reason: str | None = Field(description="hash of the decision's reasons, or id of the fault")
    decided: Place | None
    fault: ProvenFault | None
    effect: Literal[
        "payment-blocked", "statement-stands", "waits-for-new-statement", "statement-replaced"
    ]
    successor: Successor | None


class Disputes(Page):
    """Disputes."""

    data: list[DisputeBody]


class HistoryEvent(Place):
    """Something that happened to a statement."""

    event: Literal["disputed", "dismissed", "lapsed", "voided", "settled"]
    version: int
    hash: str | None


class StatementDetail(StatementBody, Stamped):
    """A statement with its history."""

    versions: list[StatementVersion]
    disputes: list[DisputeBody]
    history: list[HistoryEvent]
    supersedes: list[str]
    known_as_of_block: int = Field(description="what came later is left out")


class SettlementLine(Model):
    """One step of the waterfall."""

    step: int
    label: str | None
    kind: str | None
    payee: str | None
    to_series: bool | None
    to_this_series: bool | None = Field(None, description="in the explanation of a payout")
    due: Money
    paid: Money
    released: Money
    balance: Money


class SettlementBody(Model):
    """A period's receipts, step by step."""

    id: str = Field(examples=["set_1_1"])
    object: Literal["settlement"]
    stream: str
    period: Period
    rules_version: int
    required: Money
    receipts: Money
    shortfall: Money
    fee_multiplier_bp: int
    triggers_breached: list[int] = Field(description="numbers of the rules' triggers, from 0")
    lines: list[SettlementLine]
    settled: Place


class Settlements(Page):
    """Settlements."""

    data: list[SettlementBody]


class Settlement(SettlementBody, Stamped):
    """One settlement."""


class VerdictReport(Model):
    """What one worker rejected in a period."""

    id: str
    object: Literal["verdicts"]
    stream: str
    period: Period
    source: str
    known_at: str | None = Field(
        description="when this service came to know the report, by the chain's time; null before that was noted"
    )
    report: dict[str, Any]


class Verdicts(Page):
    """Reports on rejected readings."""

    data: list[VerdictReport]
