"""The replay of random small communities: the chain's figures without a change, exactly what hangs on it with one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.deals import Deal, deals

from usufruct.core import waterfall
from usufruct.core.accrual import payout
from usufruct.core.encoding import ZERO_HASH
from usufruct.core.statements import StatementLine, gross, kpi_vector
from usufruct.core.tariffs import CalendarRule, PriceRow, Tariff
from usufruct.core.typed_data import Statement
from usufruct.core.waterfall import MAX_U64
from usufruct.errors import InputError
from usufruct.money import mul_div_down
from usufruct.replay.engine import as_paid, moved, replay
from usufruct.replay.model import Asked, Change, Holder, Paid, Period, Reading, Settled
from usufruct.replay.report import asked_of

ROWS = ("day", "night")


@dataclass(frozen=True)
class Numbers:
    """Whole numbers that a period is made of."""

    quantities: list[tuple[int, int]]
    prices: tuple[int, int]
    units: list[int]
    before: list[int]
    adjustments: int
    brought: int
    short: int


NUMBERS = st.builds(
    Numbers,
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10**6)), min_size=1, max_size=12),
    st.tuples(st.integers(0, 10**5), st.integers(0, 10**5)),
    st.lists(st.integers(1, 10**4), min_size=1, max_size=5),
    st.lists(st.integers(0, 10**12), min_size=5, max_size=5),
    st.integers(-(10**6), 10**6),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
)


def period_of(numbers: Numbers, deal: Deal) -> Period:
    """A period as a chain would have settled it by the deal's rules."""
    tariff = Tariff(
        id="t", stream="S", currency="USDX", base_unit="Wh", timezone="Asia/Shanghai",
        rows=tuple(PriceRow(row, price, 7) for row, price in zip(ROWS, numbers.prices, strict=True)),
        calendar=(CalendarRule("day", (), (), 0, 1_440),),
    )  # fmt: skip
    readings = [
        Reading(seq, 1 + seq % 3, row, q) for seq, (row, q) in enumerate(numbers.quantities)
    ]
    sums = [sum(each.quantity or 0 for each in readings if each.row == at) for at in (0, 1)]
    lines = [
        StatementLine(
            at, row.id, row.price, row.per, sums[at], mul_div_down(sums[at], row.price, row.per), None, 1
        )
        for at, row in enumerate(tariff.rows)
    ]  # fmt: skip
    total = gross(lines)
    adjustments = max(numbers.adjustments, -total)
    statement = Statement(
        1, deal.start.period, 1, 0, 1, ZERO_HASH, ZERO_HASH, ZERO_HASH, total, adjustments,
        tariff.hash(), 10_000, 0, kpi_vector({}), ZERO_HASH,
    )  # fmt: skip
    required = min(total + adjustments + numbers.brought, MAX_U64)
    start = replace(deal.start, receipts=max(0, required - numbers.short))
    result = waterfall.run(deal.rules, start)
    paid = waterfall.payments(deal.rules, result)
    named = sorted({step.payee for step in deal.rules.steps if step.to_series})
    settled = Settled(
        deal.rules, start, required, numbers.brought, result.lines, result.multiplier_bp,
        result.breached, [paid_to(numbers, each, paid.get(each, 0)) for each in named],
    )  # fmt: skip
    return Period(statement, tariff, lines, readings, settled)


def paid_to(numbers: Numbers, series: str, amount: int) -> Paid:
    supply = sum(numbers.units)
    holders = [
        Holder(f"0x{at:040x}", units, before, payout(before, units, amount, supply))
        for at, (units, before) in enumerate(zip(numbers.units, numbers.before, strict=False))
    ]
    return Paid(series, series[:4], amount, supply, holders)


@given(NUMBERS, deals())
def test_without_a_change_every_figure_is_reproduced(numbers: Numbers, deal: Deal) -> None:
    period = period_of(numbers, deal)
    assert moved(as_paid(period), replay(period, Asked()), {}) == []


@given(NUMBERS, deals(), st.data())
def test_a_changed_reading_is_the_period_as_it_would_have_been(
    numbers: Numbers, deal: Deal, data: st.DataObject
) -> None:
    """Replaying a change is settling the changed community, as far as it was paid in full."""
    numbers = replace(numbers, short=0)
    period = period_of(numbers, deal)
    at = data.draw(st.integers(0, len(numbers.quantities) - 1))
    value = data.draw(st.integers(0, 10**6))
    changed = list(numbers.quantities)
    changed[at] = changed[at][0], value
    other = period_of(replace(numbers, quantities=changed), deal)
    if other.statement.adjustments != period.statement.adjustments:
        return  # a statement takes off no more than it has
    found = replay(period, Asked([Change(1 + at % 3, at, value)]))
    assert moved(found, as_paid(other), {}) == []


@given(NUMBERS, deals())
def test_a_dropped_reading_is_one_of_nothing(numbers: Numbers, deal: Deal) -> None:
    period = period_of(numbers, deal)
    dropped = replay(period, Asked([Change(1, 0, None)]))
    assert dropped == replay(period, Asked([Change(1, 0, 0)]))
    assert dropped.gross <= period.statement.gross


@given(NUMBERS, deals())
def test_another_price_moves_its_row_alone(numbers: Numbers, deal: Deal) -> None:
    period = period_of(numbers, deal)
    found = replay(period, Asked(prices={"day": 11}))
    lines = as_paid(period).lines
    assert found.lines["night"] == lines["night"]
    assert found.lines["day"] == (lines["day"][0], mul_div_down(lines["day"][0], 11, 7))


PERIOD = period_of(
    Numbers([(0, 10), (1, 20)], (5, 3), [1, 2], [0] * 5, 0, 0, 0),
    Deal(
        waterfall.Rules((waterfall.Step(waterfall.StepKind.RESIDUAL, True, "0x" + "01" * 20),)),
        waterfall.Start(1, 0, kpi_vector({}), [None]),
    ),
)


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (Asked([Change(1, 9, 1)]), "anchored reading"),
        (Asked([Change(2, 0, 1)]), "reading 0 is of meter 1"),
        (Asked([Change(1, 0, 2**63)]), "base units"),
        (Asked([Change(1, 0, 1), Change(1, 0, 2)]), "changed once"),
        (Asked(prices={"noon": 1}), "price row"),
    ],
)
def test_what_cannot_be_changed_is_refused(asked: Asked, word: str) -> None:
    with pytest.raises(InputError, match=word):
        replay(PERIOD, asked)


def test_a_hidden_reading_is_not_guessed() -> None:
    hidden = replace(PERIOD, readings=[replace(each, quantity=None) for each in PERIOD.readings])
    assert moved(as_paid(hidden), replay(hidden, Asked()), {}) == []
    with pytest.raises(InputError, match="committed"):
        replay(hidden, Asked([Change(1, 0, 1)]))


def test_a_period_that_is_not_settled_ends_with_its_statement() -> None:
    open_ = replace(PERIOD, settled=None)
    found = moved(as_paid(open_), replay(open_, Asked([Change(1, 0, 0)])), {})
    assert {each.part for each in found} == {"line", "statement"}


def test_options_name_readings_and_rows() -> None:
    found = asked_of(["home-01/3=5"], ["7/4"], ["day=9"], {"home-01": 31})
    assert list(found.changes) == [Change(31, 3, 5), Change(7, 4, None)]
    assert found.prices == {"day": 9}


@pytest.mark.parametrize(
    ("values", "drops", "prices"),
    [
        (["home-01=5"], [], []),
        (["home-01/3"], [], []),
        (["home-01/3=-5"], [], []),
        (["home-01/3=1e3"], [], []),
        (["nobody/3=5"], [], []),
        ([], ["home-01"], []),
        ([], [], ["day"]),
        ([], [], ["day=x"]),
    ],
)
def test_malformed_options_are_refused(
    values: list[str], drops: list[str], prices: list[str]
) -> None:
    with pytest.raises(InputError, match="cannot be replayed"):
        asked_of(values, drops, prices, {"home-01": 31})
