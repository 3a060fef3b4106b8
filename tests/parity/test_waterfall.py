"""waterfall.py equals WaterfallMath.sol to the unit."""

from random import Random

from hypothesis import given
from tests.parity.conftest import Harness, in_pages
from tests.unit.core.deals import Deal, deals, random_deal

from usufruct.core.waterfall import Line, run

PAGE = 100
SEED = 20_260_901
PERIOD = 7


def solidity(harness: Harness, some: list[Deal]) -> list[tuple[list[Line], int]]:
    """Lines and multipliers as the contract computes them."""
    lines, multipliers = harness.call("waterfalls", *zip(*map(arguments, some), strict=True))
    return [
        ([Line(*line) for line in each], multiplier)
        for each, multiplier in zip(lines, multipliers, strict=True)
    ]


def arguments(deal: Deal) -> tuple[object, object, object]:
    """A deal as the library takes it: rules, terms of the payees, and the start."""
    rules = (
        [(s.kind, s.to_series, s.carries, s.payee, s.amount, s.bp) for s in deal.rules.steps],
        [(k.index, k.floor_bp, k.target_bp, k.cap_bp, k.weight_bp) for k in deal.rules.kpis],
        deal.rules.min_multiplier_bp,
        deal.rules.max_multiplier_bp,
        deal.rules.max_change_bp,
    )
    terms = [
        (0, 0)
        if not step.to_series
        else (PERIOD - 5, PERIOD)
        if active
        else (PERIOD + 1, PERIOD + 9)
        for step, active in zip(deal.rules.steps, deal.active, strict=True)
    ]
    last = deal.last_multiplier
    start = (PERIOD, deal.receipts, deal.kpis, last is not None, last or 0, deal.balances)
    return rules, terms, start


def python(deal: Deal) -> tuple[list[Line], int]:
    """Lines and multiplier as we compute them."""
    result = run(*deal)
    return list(result.lines), result.multiplier_bp


def test_thousands_of_random_deals_have_the_same_lines(harness: Harness, cases: int):
    rng = Random(SEED)
    for page in in_pages(range(cases), PAGE):
        some = [random_deal(rng) for _ in page]
        for deal, theirs in zip(some, solidity(harness, some), strict=True):
            assert python(deal) == theirs, deal


@given(deal=deals())
def test_no_deal_is_found_that_differs(harness: Harness, deal: Deal):
    assert [python(deal)] == solidity(harness, [deal])
