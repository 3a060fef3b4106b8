"""Structures: the figures of P2, conservation, and refusals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.errors import InputError
from usufruct.finance.structures.concession import RIGHTS, Concession
from usufruct.finance.structures.debt import Shelf, level_payment, put_dates, schedule
from usufruct.finance.structures.lookthrough import PUBLIC_FLOOR, Graph, capacity
from usufruct.finance.structures.stages import STAGES, Asset, Registry, Right

FEN = 100
WAN = 10_000 * FEN
YI = 100_000_000 * FEN
RATE = Decimal("0.0399")

# --- P2: CMBS ---


def test_p2_cmbs_coupon_of_a_bullet() -> None:
    found = schedule("bullet", 10 * YI, RATE, 20)
    assert {each.interest for each in found} == {3_990 * WAN}
    assert [each.principal for each in found] == [0] * 19 + [10 * YI]


def test_p2_cmbs_level_annuity() -> None:
    assert round(level_payment(10 * YI, RATE, 20) / WAN, 2) == 7351.66
    found = schedule("level", 10 * YI, RATE, 20)
    assert len({each.total for each in found[:-1]}) == 1
    assert abs(found[-1].total - found[0].total) <= 20


def test_p2_cmbs_equal_principal() -> None:
    found = schedule("equal", 10 * YI, RATE, 20)
    assert found[0].total == 8_990 * WAN
    assert found[-1].total == 5_199 * WAN + WAN // 2


def test_p2_cmbs_put_dates() -> None:
    assert put_dates([3, 3, 3, 3, 3, 3, 2], 20) == (3, 6, 9, 12, 15, 18, 20)
    with pytest.raises(InputError, match="puts"):
        put_dates([3, 3], 20)


def test_p2_cmbs_a_fourth_draw_is_refused() -> None:
    shelf = Shelf(30 * YI)
    for _ in range(3):
        shelf = shelf.draw(10 * YI)
    assert shelf.left == 0
    with pytest.raises(InputError, match="draw 4") as caught:
        shelf.draw(10 * YI)
    assert "at most what is left of the shelf, 0" in (caught.value.rule or "")


@given(
    st.sampled_from(["bullet", "level", "equal"]),
    st.integers(1, 10**15),
    st.integers(0, 2_000),
    st.integers(1, 120),
    st.sampled_from([1, 2, 4, 12]),
)
def test_principal_sums_to_the_notional(
    kind: str, notional: int, points: int, periods: int, per_year: int
) -> None:
    found = schedule(kind, notional, Decimal(points) / 10_000, periods, per_year)  # type: ignore[arg-type]
    assert sum(each.principal for each in found) == notional
    assert found[-1].outstanding == 0
    assert all(each.principal >= 0 and each.interest >= 0 for each in found)


# --- P2: look-through ---

REIT = {
    "tenants": {"mall": Fraction(3, 5), "office": Fraction(2, 5)},
    "mall": {"company A": Fraction(1)},
    "office": {"company A": Fraction(1, 3), "company B": Fraction(2, 3)},
    "company A": {"plan": Fraction(1)},
    "company B": {"plan": Fraction(4, 5), "sponsor": Fraction(1, 5)},
    "plan": {"fund": Fraction(1)},
    "fund": {"Ada": Fraction(1, 2), "Ben": Fraction(1, 3), "Cid": Fraction(1, 6)},
}


@given(st.integers(0, 10**15), st.integers(90, 100))
def test_p2_every_layer_passes_on_to_the_unit(income: int, payout: int) -> None:
    graph = Graph(REIT, {"fund": Fraction(payout, 100)}, {"fund": PUBLIC_FLOOR})
    found = graph.pass_through({"tenants": income})
    assert sum(found.final.values()) + sum(found.kept.values()) == income
    for holder, share in graph.shares("tenants").items():
        assert abs(found.final[holder] - share * income) < len(REIT)


def test_p2_step_by_step_is_the_product_of_the_matrices() -> None:
    graph = Graph(REIT)
    order = graph.order()
    place = {node: at for at, node in enumerate(order)}
    step = np.zeros((len(order), len(order)))
    for node in order:
        for owner, share in REIT.get(node, {node: Fraction(1)}).items():
            step[place[node], place[owner]] = float(share)
    product = np.linalg.matrix_power(step, len(order))
    for holder, share in graph.shares("tenants").items():
        assert product[place["tenants"], place[holder]] == pytest.approx(float(share))


def test_p2_circles_shares_and_floors_are_refused() -> None:
    with pytest.raises(InputError, match="owners") as caught:
        Graph({"a": {"b": Fraction(1)}, "b": {"c": Fraction(1)}, "c": {"a": Fraction(1)}}).check()
    assert str(caught.value.value).count("→") == 3
    with pytest.raises(InputError, match="shares of a"):
        Graph({"a": {"b": Fraction(11, 10)}}).check()
    with pytest.raises(InputError, match="payout of fund"):
        Graph(REIT, {"fund": Fraction(89, 100)}, {"fund": PUBLIC_FLOOR}).check()


def test_p2_capacity_of_a_fund_of_funds() -> None:
    assert capacity(100 * YI, [Fraction(2, 5), Fraction(1, 4)]) == 1_000 * YI
    with pytest.raises(InputError, match="shares"):
        capacity(100 * YI, [Fraction(0)])


# --- P2: concession, stages, strata ---


@pytest.mark.parametrize("right", RIGHTS)
def test_p2_a_concession_pays_nothing_after_its_term(right: str) -> None:
    concession = Concession(2_993_765 * FEN * 100, 33, right)
    years = concession.years([100] * 40)
    assert [each.paid for each in years] == [100] * 33 + [0] * 7
    assert all(each.paid + each.handed_back == each.income for each in years)


def test_p2_stages_are_not_skipped() -> None:
    asset = Asset("mill")
    with pytest.raises(InputError, match="stage"):
        asset.enter("产业重构", {})
    for stage, needed in STAGES.items():
        with pytest.raises(InputError, match="documents"):
            asset.enter(stage, {})
        asset = asset.enter(stage, dict.fromkeys(needed, "0xabc"))
        assert asset.stage_name == stage
    with pytest.raises(InputError, match="stage"):
        asset.enter("机制创新", {})


def test_p2_exclusive_rights_do_not_overlap() -> None:
    registry = Registry().grant(Right("Ada", "P1", "below", date(2026, 1, 1), date(2030, 1, 1)))
    registry = registry.grant(Right("Ben", "P1", "surface", date(2026, 1, 1), date(2030, 1, 1)))
    registry = registry.grant(Right("Cid", "P1", "below", date(2030, 1, 1), date(2031, 1, 1)))
    with pytest.raises(InputError, match="right") as caught:
        registry.grant(Right("Dee", "P1", "below", date(2029, 12, 31), date(2030, 6, 1)))
    assert "Ada" in (caught.value.rule or "")
    shared = Right("Eve", "P2", "above", date(2026, 1, 1), date(2027, 1, 1), exclusive=False)
    assert len(registry.grant(shared).grant(shared).rights) == 5
