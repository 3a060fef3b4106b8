"""What a replay starts from and what it finds; plain data, so that any source of readings will do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from usufruct.core.statements import StatementLine
from usufruct.core.tariffs import Tariff
from usufruct.core.typed_data import Statement
from usufruct.core.waterfall import Line, Rules, Start


@dataclass(frozen=True, slots=True)
class Reading:
    """An anchored reading.

    Attributes:
        seq: Its number in the stream.
        meter: Id of its meter.
        row: Place of its price row in the tariff.
        quantity: Base units; None where only a commitment to it is known.
    """

    seq: int
    meter: int
    row: int
    quantity: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """Another value for a reading.

    Attributes:
        meter: Id of the meter.
        seq: Number of the reading in the stream.
        value: Base units; None to leave it out.
    """

    meter: int
    seq: int
    value: int | None


@dataclass(frozen=True, slots=True)
class Holder:
    """A holder's share of a distribution as the chain paid it."""

    wallet: str
    units: int
    before: int
    """Numerator before the distribution (protocol §9)."""
    amount: int


@dataclass(frozen=True, slots=True)
class Paid:
    """What a series was paid in the period.

    Attributes:
        address: The series.
        symbol: Its symbol.
        amount: What was distributed, minor units.
        supply: Units issued.
        holders: Every holder's share.
    """

    address: str
    symbol: str
    amount: int
    supply: int
    holders: Sequence[Holder]


@dataclass(frozen=True, slots=True)
class Settled:
    """A settlement as the chain made it, and what it started from.

    Attributes:
        rules: The rules in force.
        start: What it started from.
        required: What was to be paid in, with the shortfall brought forward.
        brought: That shortfall.
        lines: One for each step.
        multiplier_bp: The operator's multiplier.
        breached: Bit i: trigger i was breached.
        series: What each series was paid.
    """

    rules: Rules
    start: Start
    required: int
    brought: int
    lines: Sequence[Line]
    multiplier_bp: int
    breached: int
    series: Sequence[Paid]


@dataclass(frozen=True, slots=True)
class Period:
    """A period as it was stated.

    Attributes:
        statement: The statement; the settled version where the period is settled.
        tariff: Its tariff.
        lines: Its lines.
        readings: Its anchored readings.
        settled: Its settlement, None before.
    """

    statement: Statement
    tariff: Tariff
    lines: Sequence[StatementLine]
    readings: Sequence[Reading] = field(repr=False)
    settled: Settled | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be another: readings, and prices (minor units) by price row."""

    changes: Sequence[Change] = ()
    prices: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figures:
    """A period's money, as it was or as it would be.

    Attributes:
        lines: Quantity and amount by price row.
        gross: Sum of the amounts.
        adjustments: Of the statement: corrections of what was stated.
        distributable: Gross and adjustments.
        required: What was to be paid in, 0 before the settlement.
        receipts: What was paid in.
        steps: The waterfall's lines.
        multiplier_bp: The operator's multiplier.
        breached: Triggers breached, as bits.
        series: Amount by address of the series.
        payouts: Amount by series and wallet.
    """

    lines: Mapping[str, tuple[int, int]]
    gross: int
    adjustments: int
    distributable: int
    required: int = 0
    receipts: int = 0
    steps: Sequence[Line] = ()
    multiplier_bp: int = 0
    breached: int = 0
    series: Mapping[str, int] = field(default_factory=dict)
    payouts: Mapping[tuple[str, str], int] = field(default_factory=dict)
