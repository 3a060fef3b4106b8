"""The waterfall: receipts of a period through an ordered list of steps, as in WaterfallMath.sol.

For each step paid = min(available + what its reserve covers, due + arrears). Always, to the unit:
Σ paid = receipts + Σ released (a reserve's `paid` is what was put in, `released` what was taken out of
a reserve). Triggers are judged within the run, before the steps they switch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from usufruct.core.statements import kpi_values
from usufruct.core.waterfall_rules import (
    Entry,
    Kpi,
    Purpose,
    Rules,
    Step,
    StepKind,
    Term,
    Trigger,
    TriggerKind,
    When,
)
from usufruct.money import BASIS, mul_div_down

__all__ = [
    "MAX_U64",
    "UNBOUNDED",
    "Entry",
    "Kpi",
    "Line",
    "Purpose",
    "Result",
    "Rules",
    "Start",
    "Step",
    "StepKind",
    "Term",
    "Trigger",
    "TriggerKind",
    "When",
    "balances_after",
    "multiplier_bp",
    "payments",
    "run",
    "score_bp",
    "was_disputed",
]

MAX_U64 = 2**64 - 1
"""Largest amount an account holds."""
UNBOUNDED = 2**32 - 1
"""Largest ratio, and that of a trigger without dues."""


@dataclass(frozen=True, slots=True)
class Line:
    """Result of one step, minor units.

    Attributes:
        due: Due in this period with arrears; 0 for a step that takes no part.
        paid: Paid, with what a reserve covered; for a reserve what was put in.
        released: Taken out of a reserve: its own excess, or what covered this step.
        balance: Balance of the step's account after it: arrears, or the reserve.
    """

    due: int
    paid: int
    released: int
    balance: int

    @classmethod
    def unpack(cls, word: int) -> "Line":
        """A line as `Settled` tells it: due, paid, released, balance, 64 bits each from the highest."""
        return cls(*(word >> shift & MAX_U64 for shift in (192, 128, 64, 0)))


@dataclass(frozen=True, slots=True)
class Start:
    """What a settlement starts from, beside the rules.

    Attributes:
        period: Number of the period.
        receipts: Money to be distributed, minor units.
        kpis: The statement's KPI vector (32 bytes).
        terms: For each step the term of the series it pays, None for any other payee.
        balances: Balance by account; an account that is missing is empty.
        last_multiplier: m of the period before, None for the first.
        breached: Bit i: trigger i was breached before.
        disputed: Whether a later statement is disputed or voided.
    """

    period: int
    receipts: int
    kpis: bytes
    terms: Sequence[Term | None]
    balances: Mapping[int, int] = field(default_factory=dict)
    last_multiplier: int | None = None
    breached: int = 0
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """Outcome of a period.

    Attributes:
        lines: One for each step, in order.
        multiplier_bp: The operator's multiplier m.
        breached: Bit i: trigger i is breached.
        ratios_bp: What each trigger was judged on.
        balances: Balance of each account after.
    """

    lines: tuple[Line, ...]
    multiplier_bp: int = 0
    breached: int = 0
    ratios_bp: tuple[int, ...] = ()
    balances: Mapping[int, int] = field(default_factory=dict)

    @property
    def released_total(self) -> int:
        """Σ released from reserves."""
        return sum(line.released for line in self.lines)


def run(rules: Rules, start: Start) -> Result:
    """Distributes the receipts of `start`; ValueError unless there is a term for each step."""
    if len(start.terms) != len(rules.steps):
        raise ValueError(f"{len(rules.steps)} steps, {len(start.terms)} terms")
    passing = _Run(rules, start)
    return passing.result()


def payments(rules: Rules, result: Result) -> dict[str, int]:
    """What each payee gets in the period, reserves left out.

    The waterfall pays each payee once, with all its steps together.
    """
    paid: dict[str, int] = {}
    for step, line in zip(rules.steps, result.lines, strict=True):
        if line.paid and step.kind is not StepKind.RESERVE:
            paid[step.payee] = paid.get(step.payee, 0) + line.paid
    return paid


def balances_after(rules: Rules, lines: Sequence[Line]) -> dict[int, int]:
    """Balance of each account after a settlement, from its lines alone.

    The last step that names an account tells its balance; what later steps drew from it follows.
    """
    balances: dict[int, int] = {}
    for step, line in zip(rules.steps, lines, strict=True):
        if step.account:
            balances[step.account] = line.balance
        if step.draw_from in balances:
            balances[step.draw_from] -= line.released
    return balances


def was_disputed(rules: Rules, breached: int) -> bool:
    """Whether a later statement was disputed in a settlement: its own record of the trigger that watches it."""
    return any(
        trigger.kind is TriggerKind.OPEN_DISPUTE and breached >> number & 1
        for number, trigger in enumerate(rules.triggers)
    )


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


class _Run:
    """A run in progress."""

    def __init__(self, rules: Rules, start: Start) -> None:
        self.rules, self.start = rules, start
        self.multiplier = multiplier_bp(rules, start.kpis, start.last_multiplier)
        self.available = start.receipts
        self.balances = {
            s.account: start.balances.get(s.account, 0) for s in rules.steps if s.account
        }
        # A trigger that the rules no longer have is forgotten.
        self.breached = start.breached & ((1 << len(rules.triggers)) - 1)
        self.ratios = [0] * len(rules.triggers)

    def result(self) -> Result:
        lines = []
        for place, step in enumerate(self.rules.steps):
            self._judge(place)
            line = self._line(place, step)
            lines.append(line)
        return Result(
            tuple(lines), self.multiplier, self.breached, tuple(self.ratios), self.balances
        )

    def _judge(self, place: int) -> None:
        """Judge the triggers of this place on what is available before its step."""
        for number, trigger in enumerate(self.rules.triggers):
            if trigger.step != place:
                continue
            level, ratio = 1, 0 if self.start.disputed else UNBOUNDED
            if trigger.kind is not TriggerKind.OPEN_DISPUTE:
                level = trigger.cure_bp if self.breached >> number & 1 else trigger.threshold_bp
                dues = self._dues(trigger)
                ratio = min(self.available * BASIS // dues, UNBOUNDED) if dues else UNBOUNDED
            self.ratios[number] = ratio
            self.breached = self.breached & ~(1 << number) | (ratio < level) << number

    def _dues(self, trigger: Trigger) -> int:
        """Dues of the trigger's steps; for Coverage with arrears, those of a shared account once."""
        total, accounts = 0, set()
        for place, step in enumerate(self.rules.steps):
            if not trigger.dues >> place & 1 or not self._takes_part(place, step):
                continue
            if not self._in_tail(place):
                total += self._amount(place, step)
            if trigger.kind is TriggerKind.COVERAGE and step.account:
                accounts.add(step.account)
        return total + sum(self.balances[account] for account in accounts)

    def _takes_part(self, place: int, step: Step) -> bool:
        if step.when is not When.ALWAYS:
            wanted = step.when is When.BREACHED
            if bool(self.breached >> step.trigger & 1) != wanted:
                return False
        term = self.start.terms[place]
        if term is None or term.first <= self.start.period <= term.to:
            return True
        return self._in_tail(place) and step.account != 0

    def _in_tail(self, place: int) -> bool:
        term = self.start.terms[place]
        return term is not None and term.to < self.start.period <= term.last

    def _line(self, place: int, step: Step) -> Line:
        # Nothing is left for who takes what is left.
        idle = step.kind is StepKind.RESIDUAL and not self.available
        if idle or not self._takes_part(place, step):
            return Line(0, 0, 0, self.balances.get(step.account, 0))
        if step.kind is StepKind.RESERVE:
            return self._reserve(step)
        return self._pay(step, 0 if self._in_tail(place) else self._due(place, step))

    def _reserve(self, step: Step) -> Line:
        balance = self.balances[step.account]
        released, due = max(balance - step.amount, 0), max(step.amount - balance, 0)
        paid = min(self.available, due)
        self.available += released - paid
        self.balances[step.account] = balance + paid - released
        return Line(due, paid, released, balance + paid - released)

    def _pay(self, step: Step, asked: int) -> Line:
        # Dues that no period can ever pay stop at the width of the accounts.
        due = min(asked + self.balances.get(step.account, 0), MAX_U64)
        paid = min(self.available, due)
        self.available -= paid
        drawn = min(due - paid, self.balances.get(step.draw_from, 0))
        if step.draw_from:
            self.balances[step.draw_from] -= drawn
        if not step.account:
            return Line(due, paid + drawn, drawn, 0)
        self.balances[step.account] = due - paid - drawn
        return Line(due, paid + drawn, drawn, due - paid - drawn)

    def _amount(self, place: int, step: Step) -> int:
        """Amount of a step in this period, by its schedule."""
        amount = step.amount
        for entry in self.rules.schedule:
            if entry.step == place and entry.from_period <= self.start.period:
                amount = entry.amount
        return amount

    def _due(self, place: int, step: Step) -> int:
        receipts = self.start.receipts
        match step.kind:
            case StepKind.PERCENT_OF_RECEIPTS:
                return mul_div_down(receipts, step.bp, BASIS)
            case StepKind.PERCENT_OF_AVAILABLE:
                return mul_div_down(self.available, step.bp, BASIS)
            case StepKind.KPI_FEE:
                pool = mul_div_down(receipts, step.bp, BASIS)
                return step.amount + mul_div_down(self.multiplier, pool, BASIS)
            case StepKind.RESIDUAL:
                return self.available
            case _:
                return self._amount(place, step)
