"""The waterfall: receipts of a period through an ordered list of steps, as in WaterfallMath.sol.

For each step paid = min(available, due + arrears). Always, to the unit:
Σ paid = receipts + Σ released (a reserve's `paid` is what was put in).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from usufruct.core.statements import kpi_values
from usufruct.money import BASIS, mul_div_down

MAX_U64 = 2**64 - 1
"""Largest amount an account holds."""


class StepKind(IntEnum):
    """Kinds of steps, numbered as in IWaterfall."""

    FIXED = 0
    PERCENT_OF_RECEIPTS = 1
    PERCENT_OF_AVAILABLE = 2
    RESERVE = 3
    KPI_FEE = 4
    DUE = 5
    RESIDUAL = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        kind: Kind.
        to_series: Whether the payee is a series, paid through its accumulator.
        carries: Whether what is not paid stays due as arrears (Fixed and Due only).
        payee: Receiver's address; the zero address for a reserve.
        amount: Fixed amount, coupon, reserve target or base fee, minor units.
        bp: Share in basis points for percentages and the KPI pool.
    """

    kind: StepKind
    to_series: bool
    carries: bool
    payee: str
    amount: int
    bp: int


@dataclass(frozen=True, slots=True)
class Kpi:
    """One KPI of the operator's fee: s = clip((x − floor)/(target − floor), 0, cap).

    Attributes:
        index: Place in the statement's KPI vector.
        floor_bp: Value that earns nothing.
        target_bp: Value that earns 1.0; below the floor means "less is better".
        cap_bp: Largest score.
        weight_bp: Weight; the weights sum to 10 000.
    """

    index: int
    floor_bp: int
    target_bp: int
    cap_bp: int
    weight_bp: int


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules of a stream: steps in order, the last a residual; KPIs and the bounds of m."""

    steps: tuple[Step, ...]
    kpis: tuple[Kpi, ...] = ()
    min_multiplier_bp: int = 0
    max_multiplier_bp: int = BASIS
    max_change_bp: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """Result of one step, minor units.

    Attributes:
        due: Due in this period with arrears.
        paid: Paid; for a reserve what was put in.
        released: Taken out of the reserve into what is available.
        balance: Arrears left, or the reserve's balance after.
    """

    due: int
    paid: int
    released: int
    balance: int


@dataclass(frozen=True, slots=True)
class Result:
    """Outcome of a period.

    Attributes:
        lines: One for each step, in order.
        multiplier_bp: The operator's multiplier m.
    """

    lines: tuple[Line, ...]
    multiplier_bp: int

    @property
    def balances_after(self) -> list[int]:
        """Arrears or reserve balance of each step."""
        return [line.balance for line in self.lines]

    @property
    def paid_total(self) -> int:
        """Σ paid: receipts + Σ released."""
        return sum(line.paid for line in self.lines)

    @property
    def released_total(self) -> int:
        """Σ released from reserves."""
        return sum(line.released for line in self.lines)


def run(
    rules: Rules,
    receipts: int,
    balances: Sequence[int],
    kpis: bytes,
    last_multiplier: int | None,
    active: Sequence[bool],
) -> Result:
    """Distributes `receipts`.

    Args:
        rules: Rules in force.
        receipts: Minor units.
        balances: Arrears or reserve balance of each step before.
        kpis: The statement's KPI vector (32 bytes).
        last_multiplier: m of the period before, None for the first.
        active: For each step whether its series' term includes the period (true for plain payees).
    """
    multiplier = multiplier_bp(rules, kpis, last_multiplier)
    available = receipts
    lines = []
    for step, balance, in_term in zip(rules.steps, balances, active, strict=True):
        line = _line(step, receipts, available, balance, multiplier, in_term=in_term)
        available += line.released - line.paid
        lines.append(line)
    return Result(tuple(lines), multiplier)


def payments(rules: Rules, result: Result) -> dict[str, int]:
    """What each payee gets in the period, reserves left out.

    The waterfall pays each payee once, with all its steps together.
    """
    paid: dict[str, int] = {}
    for step, line in zip(rules.steps, result.lines, strict=True):
        if line.paid and step.kind is not StepKind.RESERVE:
            paid[step.payee] = paid.get(step.payee, 0) + line.paid
    return paid


def multiplier_bp(rules: Rules, kpis: bytes, last: int | None) -> int:
    """The operator's multiplier m: ⌊Σ weight·score / 10⁴⌋ within its bounds; 0 without KPIs.

    The bound on change comes last: after a change of rules m may travel to its new range over
    several periods.
    """
    if not rules.kpis:
        return 0
    values = kpi_values(kpis)
    total = sum(kpi.weight_bp * score_bp(kpi, values[kpi.index]) for kpi in rules.kpis)
    m = _clip(total // BASIS, rules.min_multiplier_bp, rules.max_multiplier_bp)
    if last is None or not rules.max_change_bp:
        return m
    return _clip(m, last - rules.max_change_bp, last + rules.max_change_bp)


def score_bp(kpi: Kpi, value: int | None) -> int:
    """Score of one KPI in basis points, rounded down; a missing value scores 0."""
    if value is None:
        return 0
    # Both differences are negative where less is better; their quotient is not.
    score = (value - kpi.floor_bp) * BASIS // (kpi.target_bp - kpi.floor_bp)
    return _clip(score, 0, kpi.cap_bp)


def _clip(value: int, least: int, most: int) -> int:
    return least if value < least else min(value, most)


def _line(
    step: Step, receipts: int, available: int, balance: int, multiplier: int, *, in_term: bool
) -> Line:
    if not in_term:
        return Line(0, 0, 0, balance)
    if step.kind is StepKind.RESERVE:
        return _reserve(step, balance, available)
    asked = _due(step, receipts, available, multiplier)
    # Dues that no period can ever pay stop at the width of the accounts.
    due = min(asked + balance if step.carries else asked, MAX_U64)
    paid = min(available, due)
    return Line(due, paid, 0, due - paid if step.carries else 0)


def _reserve(step: Step, balance: int, available: int) -> Line:
    if balance > step.amount:
        return Line(0, 0, balance - step.amount, step.amount)
    due = step.amount - balance
    paid = min(available, due)
    return Line(due, paid, 0, balance + paid)


def _due(step: Step, receipts: int, available: int, multiplier: int) -> int:
    match step.kind:
        case StepKind.PERCENT_OF_RECEIPTS:
            return mul_div_down(receipts, step.bp, BASIS)
        case StepKind.PERCENT_OF_AVAILABLE:
            return mul_div_down(available, step.bp, BASIS)
        case StepKind.KPI_FEE:
            pool = mul_div_down(receipts, step.bp, BASIS)
            return step.amount + mul_div_down(multiplier, pool, BASIS)
        case StepKind.RESIDUAL:
            return available
        case _:
            return step.amount
