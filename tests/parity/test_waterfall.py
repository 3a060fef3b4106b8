"""waterfall.py equals WaterfallMath.sol to the unit."""

from random import Random

from hypothesis import given
from tests.parity.conftest import Harness, in_pages
from tests.unit.core.deals import Deal, deals, random_deal

from usufruct.core.waterfall import Line, Result, run

PAGE = 100
SEED = 20_260_901
LAST_ACCOUNT = 31


def solidity(harness: Harness, some: list[Deal]) -> list[Result]:
    """What the contract computes."""
    (runs,) = harness.call("waterfalls", *zip(*map(arguments, some), strict=True))
    return [
        Result(
            tuple(map(Line.unpack, lines)),
            multiplier,
            breached,
            tuple(ratios),
            {account: balances[account] for account in accounts(deal)},
        )
        for deal, (lines, multiplier, breached, ratios, balances) in zip(some, runs, strict=True)
    ]


def accounts(deal: Deal) -> set[int]:
    """The accounts that the rules use."""
    return {step.account for step in deal.rules.steps if step.account}


def arguments(deal: Deal) -> tuple[object, object, object]:
    """A deal as the library takes it: rules, terms of the payees, and the start."""
    given, start = deal.rules, deal.start
    rules = (
        [
            (s.kind, s.to_series, s.purpose, s.when, s.trigger, s.account, s.draw_from, s.payee, s.amount, s.bp)
            for s in given.steps
        ],
        [(k.index, k.floor_bp, k.target_bp, k.cap_bp, k.weight_bp) for k in given.kpis],
        [(t.kind, t.step, t.dues, t.threshold_bp, t.cure_bp) for t in given.triggers],
        [(e.step, e.from_period, e.amount) for e in given.schedule],
        given.min_multiplier_bp,
        given.max_multiplier_bp,
        given.max_change_bp,
    )  # fmt: skip
    terms = [(t.first, t.to, t.last) if t else (0, 0, 0) for t in start.terms]
    last = start.last_multiplier
    balances = [start.balances.get(account, 0) for account in range(LAST_ACCOUNT + 1)]
    words = (start.period, start.receipts, start.kpis, last is not None, last or 0)
    return rules, terms, (*words, start.breached, start.disputed, balances)


def test_thousands_of_random_deals_have_the_same_lines(harness: Harness, cases: int):
    rng = Random(SEED)
    for page in in_pages(range(cases), PAGE):
        some = [random_deal(rng) for _ in page]
        for deal, theirs in zip(some, solidity(harness, some), strict=True):
            assert run(*deal) == theirs, deal


@given(deal=deals())
def test_no_deal_is_found_that_differs(harness: Harness, deal: Deal):
    assert [run(*deal)] == solidity(harness, [deal])
