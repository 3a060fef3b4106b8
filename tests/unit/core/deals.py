"""Random deals within the bounds of RuleCheck.sol, for the laws here and the parity with Solidity."""

from typing import NamedTuple

from hypothesis import strategies as st

from usufruct.core.statements import MISSING, kpi_vector
from usufruct.core.waterfall import Kpi, Rules, Step, StepKind

MAX_STEP_AMOUNT = 2**57
MAX_RECEIPTS = 2**62 - 1
NOBODY = "0x" + "00" * 20
PAYEES = ["0x" + f"{number:02x}" * 20 for number in range(1, 6)]
HOLDS = (StepKind.FIXED, StepKind.DUE)


class Deal(NamedTuple):
    """Arguments of `waterfall.run`."""

    rules: Rules
    receipts: int
    balances: list[int]
    kpis: bytes
    last_multiplier: int | None
    active: list[bool]


amounts = (
    st.integers(0, 100) | st.integers(0, 10**9) | st.integers(0, MAX_STEP_AMOUNT) | st.just(0)
)
shares = st.integers(0, 10_000) | st.sampled_from([0, 1, 9_999, 10_000])
kpi_vectors = st.dictionaries(st.integers(0, 15), st.integers(0, MISSING - 1)).map(kpi_vector)
balances = st.just(0) | amounts | st.integers(0, 2**64 - 1)


@st.composite
def steps(draw, kind):
    """A step of that kind, with the fields it does not use at zero."""
    has_amount = kind in (*HOLDS, StepKind.RESERVE, StepKind.KPI_FEE)
    shared = (StepKind.PERCENT_OF_RECEIPTS, StepKind.PERCENT_OF_AVAILABLE, StepKind.KPI_FEE)
    may_be_series = kind in (StepKind.RESIDUAL, StepKind.PERCENT_OF_AVAILABLE)
    return Step(
        kind=kind,
        to_series=kind == StepKind.DUE or (may_be_series and draw(st.booleans())),
        carries=kind in HOLDS and draw(st.booleans()),
        payee=NOBODY if kind == StepKind.RESERVE else draw(st.sampled_from(PAYEES)),
        amount=draw(amounts) if has_amount else 0,
        bp=draw(shares) if kind in shared else 0,
    )


@st.composite
def kpi_sets(draw):
    """KPIs whose weights sum to 10 000."""
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), max_size=4)))
    weights = [b - a for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)]
    found = []
    for weight in weights:
        floor = draw(st.integers(0, 0xFFFF))
        target = draw(st.integers(0, 0xFFFF).filter(lambda each, floor=floor: each != floor))
        cap = draw(st.integers(0, 0xFFFF) | st.just(10_000))
        found.append(Kpi(draw(st.integers(0, 15)), floor, target, cap, weight))
    return tuple(found)


@st.composite
def rule_sets(draw):
    """Valid rules with up to ten steps."""
    kinds = draw(st.lists(st.sampled_from(StepKind), max_size=9))
    fees = [place for place, kind in enumerate(kinds) if kind == StepKind.KPI_FEE]
    kinds = [kind for place, kind in enumerate(kinds) if place not in fees[1:]]
    low, high = sorted(draw(st.tuples(*[st.integers(0, 0xFFFF) | shares] * 2)))
    last = Step(StepKind.RESIDUAL, False, False, draw(st.sampled_from(PAYEES)), 0, 0)
    return Rules(
        steps=(*(draw(steps(kind)) for kind in kinds), last),
        kpis=draw(kpi_sets()) if fees else (),
        min_multiplier_bp=low,
        max_multiplier_bp=high,
        max_change_bp=draw(st.just(0) | shares),
    )


@st.composite
def deals(draw):
    """Rules and a period's start, with the balances a waterfall could have."""
    rules = draw(rule_sets())
    held = [
        draw(amounts) if step.kind == StepKind.RESERVE else draw(balances) if step.carries else 0
        for step in rules.steps
    ]
    active = [not step.to_series or draw(st.booleans()) for step in rules.steps]
    receipts = draw(st.integers(0, 10_000) | amounts | st.integers(0, MAX_RECEIPTS))
    last = draw(st.none() | st.integers(0, 0xFFFF))
    return Deal(rules, receipts, held, draw(kpi_vectors), last, active)
