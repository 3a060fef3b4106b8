"""What a waterfall's rules say: steps, KPIs, triggers, amounts by period, as in IWaterfall."""

from dataclasses import dataclass
from enum import IntEnum

from usufruct.money import BASIS


class StepKind(IntEnum):
    """Kinds of steps, numbered as in IWaterfall."""

    FIXED = 0
    PERCENT_OF_RECEIPTS = 1
    PERCENT_OF_AVAILABLE = 2
    RESERVE = 3
    KPI_FEE = 4
    DUE = 5
    RESIDUAL = 6


class Purpose(IntEnum):
    """What a step is paid for, where the law says who comes first."""

    GENERAL = 0
    PUBLIC_CHARGE = 1
    OWNERS_SHARE = 2


class When(IntEnum):
    """When a step takes part: always, or only while its trigger is breached, or is not."""

    ALWAYS = 0
    BREACHED = 1
    SOUND = 2


class TriggerKind(IntEnum):
    """What a trigger watches.

    Coverage: what is available over dues with arrears. Dscr: over the dues of the period alone.
    OpenDispute: a later statement is disputed or voided.
    """

    COVERAGE = 0
    DSCR = 1
    OPEN_DISPUTE = 2


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        kind: Kind.
        to_series: Whether the payee is a series, paid through its accumulator.
        payee: Receiver's address; the zero address for a reserve.
        amount: Fixed amount, coupon, reserve target or base fee, minor units.
        bp: Share in basis points for percentages and the KPI pool.
        account: Where a reserve lies or arrears are kept, 1 to 31; 0 for none.
        draw_from: Account of the reserve that covers what the step is short of, 0 for none.
        when: When it takes part.
        trigger: Trigger that `when` speaks of.
        purpose: What it is paid for.
    """

    kind: StepKind
    to_series: bool
    payee: str
    amount: int = 0
    bp: int = 0
    account: int = 0
    draw_from: int = 0
    when: When = When.ALWAYS
    trigger: int = 0
    purpose: Purpose = Purpose.GENERAL


@dataclass(frozen=True, slots=True)
class Trigger:
    """A condition that switches steps, judged before step `step` on ⌊available·10⁴/dues⌋.

    Attributes:
        kind: What it watches.
        step: Step at which it is judged.
        dues: Bit i: the due of step i counts.
        threshold_bp: Ratio below which it is breached.
        cure_bp: Ratio from which on it is cured.
    """

    kind: TriggerKind
    step: int = 0
    dues: int = 0
    threshold_bp: int = 0
    cure_bp: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """Amount of the Due step `step` from a period on."""

    step: int
    from_period: int
    amount: int


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
    """Rules of a stream.

    Steps in order, the last a residual; KPIs and the bounds of m; triggers; amounts by period.
    """

    steps: tuple[Step, ...]
    kpis: tuple[Kpi, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    schedule: tuple[Entry, ...] = ()
    min_multiplier_bp: int = 0
    max_multiplier_bp: int = BASIS
    max_change_bp: int = 0


@dataclass(frozen=True, slots=True)
class Term:
    """Periods of a series: first and last of its term, and last in which arrears are paid."""

    first: int
    to: int
    last: int
