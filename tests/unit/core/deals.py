"""Random deals within the bounds of RuleCheck.sol, for the laws here and the parity with Solidity.

One generator serves both: Hypothesis steers its randomness for the laws, and a seeded Random makes
thousands a second for the parity.
"""

from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from usufruct.core.statements import MISSING, kpi_vector
from usufruct.core.waterfall import Kpi, Rules, Step, StepKind

MAX_AMOUNT = 2**57
MAX_RECEIPTS = 2**62 - 1
MAX_U64 = 2**64 - 1
NOBODY = "0x" + "00" * 20
PAYEES = ["0x" + f"{number:02x}" * 20 for number in range(1, 6)]
FIXED = (StepKind.FIXED, StepKind.DUE)
AMOUNTS = (*FIXED, StepKind.RESERVE, StepKind.KPI_FEE)
SHARES = (StepKind.PERCENT_OF_RECEIPTS, StepKind.PERCENT_OF_AVAILABLE, StepKind.KPI_FEE)
TO_SERIES = (StepKind.RESIDUAL, StepKind.PERCENT_OF_AVAILABLE)


class Deal(NamedTuple):
    """Arguments of `waterfall.run`."""

    rules: Rules
    receipts: int
    balances: list[int]
    kpis: bytes
    last_multiplier: int | None
    active: list[bool]


def number(rng: Random, most: int) -> int:
    """A number up to `most`, of any magnitude, and often at an edge."""
    if rng.random() < 0.2:
        return rng.choice((0, 1, most - 1, most))
    return rng.randint(0, min(most, rng.choice((100, 10_000, 10**9, most))))


def random_step(rng: Random, kind: StepKind) -> Step:
    """A step of that kind, with the fields it does not use at zero."""
    return Step(
        kind=kind,
        to_series=kind == StepKind.DUE or (kind in TO_SERIES and rng.random() < 0.5),
        carries=kind in FIXED and rng.random() < 0.5,
        payee=NOBODY if kind == StepKind.RESERVE else rng.choice(PAYEES),
        amount=number(rng, MAX_AMOUNT) if kind in AMOUNTS else 0,
        bp=number(rng, 10_000) if kind in SHARES else 0,
    )


def random_kpis(rng: Random) -> tuple[Kpi, ...]:
    """KPIs whose weights sum to 10 000."""
    cuts = sorted(number(rng, 10_000) for _ in range(rng.randint(0, 4)))
    found = []
    for low, high in zip([0, *cuts], [*cuts, 10_000], strict=True):
        floor, target = number(rng, 0xFFFF), number(rng, 0xFFFF)
        if floor == target:
            target = (floor + 1) % 0x10000
        found.append(Kpi(rng.randint(0, 15), floor, target, number(rng, 0xFFFF), high - low))
    return tuple(found)


def random_rules(rng: Random) -> Rules:
    """Valid rules with up to ten steps."""
    kinds = [rng.choice(list(StepKind)) for _ in range(rng.randint(0, 9))]
    fees = [place for place, kind in enumerate(kinds) if kind == StepKind.KPI_FEE]
    steps = [random_step(rng, kind) for at, kind in enumerate(kinds) if at not in fees[1:]]
    low, high = sorted((number(rng, 0xFFFF), number(rng, 0xFFFF)))
    return Rules(
        steps=(*steps, Step(StepKind.RESIDUAL, False, False, rng.choice(PAYEES), 0, 0)),
        kpis=random_kpis(rng) if fees else (),
        min_multiplier_bp=low,
        max_multiplier_bp=high,
        max_change_bp=number(rng, 10_000),
    )


def random_balance(rng: Random, step: Step) -> int:
    """Arrears or a reserve that the step could have."""
    if step.kind == StepKind.RESERVE:
        return number(rng, MAX_AMOUNT)
    return number(rng, MAX_U64) if step.carries else 0


def random_deal(rng: Random) -> Deal:
    """Rules and a period's start."""
    rules = random_rules(rng)
    places = rng.sample(range(16), rng.randint(0, 16))
    return Deal(
        rules=rules,
        receipts=number(rng, MAX_RECEIPTS),
        balances=[random_balance(rng, step) for step in rules.steps],
        kpis=kpi_vector({place: number(rng, MISSING - 1) for place in places}),
        last_multiplier=rng.choice((None, number(rng, 0xFFFF))),
        active=[not step.to_series or rng.random() < 0.8 for step in rules.steps],
    )


def deals() -> st.SearchStrategy[Deal]:
    """Deals that Hypothesis can make smaller."""
    return st.randoms(use_true_random=False).map(random_deal)
