"""Random deals within the bounds of RuleCheck.sol, for the laws here and the parity with Solidity.

One generator serves both: Hypothesis steers its randomness for the laws, and a seeded Random makes
thousands a second for the parity.
"""

from dataclasses import replace
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from usufruct.core.statements import MISSING, kpi_vector
from usufruct.core.waterfall import (
    Entry,
    Kpi,
    Rules,
    Start,
    Step,
    StepKind,
    Term,
    Trigger,
    TriggerKind,
    When,
)

MAX_AMOUNT = 2**57
MAX_RECEIPTS = 2**62 - 1
MAX_U64 = 2**64 - 1
PERIOD = 7
NOBODY = "0x" + "00" * 20
PAYEES = ["0x" + f"{number:02x}" * 20 for number in range(1, 6)]
FIXED = (StepKind.FIXED, StepKind.DUE)
AMOUNTS = (*FIXED, StepKind.RESERVE, StepKind.KPI_FEE)
SHARES = (StepKind.PERCENT_OF_RECEIPTS, StepKind.PERCENT_OF_AVAILABLE, StepKind.KPI_FEE)
TO_SERIES = (StepKind.RESIDUAL, StepKind.PERCENT_OF_AVAILABLE)


class Deal(NamedTuple):
    """Arguments of `waterfall.run`."""

    rules: Rules
    start: Start


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
        payee=NOBODY if kind == StepKind.RESERVE else rng.choice(PAYEES),
        amount=number(rng, MAX_AMOUNT) if kind in AMOUNTS else 0,
        bp=number(rng, 10_000) if kind in SHARES else 0,
    )


def with_accounts(rng: Random, steps: list[Step]) -> list[Step]:
    """Accounts for reserves and arrears, some shared, and reserves that cover shortfalls."""
    accounts: dict[tuple[bool, str], list[int]] = {}
    found = []
    for step in steps:
        reserve, account = step.kind == StepKind.RESERVE, 0
        if reserve or (step.kind in FIXED and rng.random() < 0.6):
            mine = accounts.setdefault((reserve, step.payee), [])
            taken = sum(map(len, accounts.values()))
            if not mine or rng.random() < 0.5:
                mine.append(taken + 1)
            account = rng.choice(mine)
        found.append(replace(step, account=account))
    reserves = [step.account for step in found if step.kind == StepKind.RESERVE]
    return [
        replace(step, draw_from=rng.choice(reserves))
        if reserves and step.kind in FIXED and rng.random() < 0.4
        else step
        for step in found
    ]


def with_triggers(rng: Random, steps: list[Step]) -> tuple[list[Step], tuple[Trigger, ...]]:
    """Triggers whose dues always take part, and steps after them that they switch."""
    triggers = []
    always: set[int] = set()
    for _ in range(rng.choice((0, 0, 1, 2, 8))):
        at = rng.randrange(len(steps))
        dues = [p for p in range(at, len(steps)) if steps[p].kind in FIXED and rng.random() < 0.7]
        if not dues or rng.random() < 0.2:
            triggers.append(Trigger(TriggerKind.OPEN_DISPUTE))
            continue
        always.update(dues)
        threshold = 1 + number(rng, 0xFFFE)
        cure = min(0xFFFF, threshold + number(rng, 5_000))
        kind = rng.choice((TriggerKind.COVERAGE, TriggerKind.DSCR))
        triggers.append(Trigger(kind, at, sum(1 << p for p in dues), threshold, cure))
    for place in range(len(steps) - 1):
        usable = [t for t, trigger in enumerate(triggers) if trigger.step <= place]
        if usable and place not in always and rng.random() < 0.6:
            when = rng.choice((When.BREACHED, When.SOUND))
            steps[place] = replace(steps[place], when=when, trigger=rng.choice(usable))
    return steps, tuple(triggers)


def random_schedule(rng: Random, steps: list[Step]) -> tuple[Entry, ...]:
    """Amounts by period for some Due steps, in order."""
    return tuple(
        Entry(place, period, number(rng, MAX_AMOUNT))
        for place, step in enumerate(steps)
        if step.kind == StepKind.DUE and rng.random() < 0.4
        for period in sorted(rng.sample(range(1, 15), rng.randint(1, 4)))
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
    steps = with_accounts(rng, [*steps, Step(StepKind.RESIDUAL, False, rng.choice(PAYEES))])
    steps, triggers = with_triggers(rng, steps)
    low, high = sorted((number(rng, 0xFFFF), number(rng, 0xFFFF)))
    return Rules(
        steps=tuple(steps),
        kpis=random_kpis(rng) if fees else (),
        triggers=triggers,
        schedule=random_schedule(rng, steps),
        min_multiplier_bp=low,
        max_multiplier_bp=high,
        max_change_bp=number(rng, 10_000),
    )


def random_balances(rng: Random, steps: tuple[Step, ...]) -> dict[int, int]:
    """Arrears or reserves that the accounts could hold."""
    reserves = {step.account: step.kind == StepKind.RESERVE for step in steps if step.account}
    return {
        account: number(rng, MAX_AMOUNT if reserve else MAX_U64)
        for account, reserve in reserves.items()
    }


def random_term(rng: Random) -> Term:
    """A term that includes the period, has just ended or has not begun."""
    first = rng.choice((1, PERIOD - 3, PERIOD, PERIOD + 1))
    to = max(first, rng.choice((PERIOD - 2, PERIOD, PERIOD + 4)))
    return Term(first, to, to + rng.randint(0, 3))


def random_deal(rng: Random) -> Deal:
    """Rules and a period's start."""
    rules = random_rules(rng)
    places = rng.sample(range(16), rng.randint(0, 16))
    return Deal(
        rules=rules,
        start=Start(
            period=PERIOD,
            receipts=number(rng, MAX_RECEIPTS),
            kpis=kpi_vector({place: number(rng, MISSING - 1) for place in places}),
            terms=[random_term(rng) if step.to_series else None for step in rules.steps],
            balances=random_balances(rng, rules.steps),
            last_multiplier=rng.choice((None, number(rng, 0xFFFF))),
            breached=rng.randrange(256),
            disputed=rng.random() < 0.5,
        ),
    )


def deals() -> st.SearchStrategy[Deal]:
    """Deals that Hypothesis can make smaller."""
    return st.randoms(use_true_random=False).map(random_deal)
