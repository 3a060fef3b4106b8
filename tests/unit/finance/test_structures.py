"""Structures: the figures of P2, conservation, and refusals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.errors import InputError
from usufruct.finance.structures.cli import load_structure
from usufruct.finance.structures.concession import RIGHTS, Concession
from usufruct.finance.structures.deal import compile_deal
from usufruct.finance.structures.debt import Shelf, level_payment, put_dates, schedule
from usufruct.finance.structures.export import export
from usufruct.finance.structures.lockup import Locked, calendar
from usufruct.finance.structures.lookthrough import PUBLIC_FLOOR, Graph, capacity
from usufruct.finance.structures.report import simulation_report
from usufruct.finance.structures.stages import STAGES, Asset, Registry, Right

EXAMPLES = Path(__file__).parents[3] / "examples"
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
    for number, (stage, needed) in enumerate(STAGES.items(), 1):
        with pytest.raises(InputError, match="documents"):
            asset.enter(stage, {})
        asset = asset.enter(stage, dict.fromkeys(needed, "0xabc"))
        assert asset.stage == number
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


# --- REIT calendar, and what the examples show ---


def test_a_reit_releases_the_owners_fifth_last() -> None:
    owners = [Locked("A", Decimal("0.3"), "owner"), Locked("B", Decimal("0.1"), "owner")]
    others = [Locked("C", Decimal("0.2"), "strategic"), Locked("D", Decimal("0.4"), "public")]
    found = calendar(date(2026, 3, 31), [*owners, *others])
    assert [(each.day.isoformat(), each.name, each.share) for each in found] == [
        ("2026-03-31", "D", Decimal("0.4")),
        ("2027-03-31", "C", Decimal("0.2")),
        ("2029-03-31", "A", Decimal("0.15")),
        ("2029-03-31", "B", Decimal("0.05")),
        ("2031-03-31", "A", Decimal("0.15")),
        ("2031-03-31", "B", Decimal("0.05")),
    ]
    assert calendar(date(2028, 2, 29), [Locked("A", Decimal(1), "owner")])[-1].day == date(
        2033, 2, 28
    )


@given(st.lists(st.integers(1, 1_000), min_size=1, max_size=6))
def test_a_lock_up_releases_every_share_once(weights: list[int]) -> None:
    total = sum(weights)
    owners = [Fraction(each, total) for each in weights]
    holders = [
        Locked(f"O{at}", Decimal(each.numerator) / each.denominator, "owner")
        for at, each in enumerate(owners[:-1])
    ]
    rest = 1 - sum((each.share for each in holders), Decimal(0))
    holders.append(Locked("last", rest, "owner"))
    found = calendar(date(2026, 1, 1), holders)
    assert abs(sum((each.share for each in found), Decimal(0)) - 1) < Decimal("1e-25")
    fifth = sum((each.share for each in found if each.months == 60), Decimal(0))
    assert abs(fifth - Decimal("0.2")) < Decimal("1e-25")


@pytest.mark.parametrize(
    ("name", "label", "value"),
    [
        ("reit.toml", "leverage", "130%"),
        ("reit.toml", "in the ABS", "92%"),
        ("reit.toml", "original owner: 20%", "from 2031-03-31"),
        ("ppp.toml", "handed back", "2 700万 CNY"),
        ("ppp.toml", "rebate of year 2", "55万 CNY"),
        ("ppp.toml", "stages entered", "2 of 4"),
        ("fund-of-funds.toml", "capacity", "1 000亿 CNY"),
        ("cmbs.toml", "put dates", "after year 3, 6, 9, 12, 15, 18, 20"),
    ],
)
def test_an_example_shows_the_capability(name: str, label: str, value: str) -> None:
    report = simulation_report(load_structure(EXAMPLES / name))
    figures = {each.label: each.text for part in report.sections for each in part.figures}
    assert figures[label] == value


def test_what_the_fixed_clock_says_of_the_same_taxes(tmp_path: Path) -> None:
    path = tmp_path / "ppp.toml"
    text = (EXAMPLES / "ppp.toml").read_text("utf-8")
    path.write_text(text.replace('clock = "vintage"', 'clock = "fixed"'), "utf-8")
    report = simulation_report(load_structure(path))
    rebates = [
        each.text for part in report.sections for each in part.figures if "rebate" in each.label
    ]
    assert rebates == ["50万 CNY", "40万 CNY", "0 CNY", "0 CNY"]


def test_an_export_is_numbered_by_the_project(tmp_path: Path) -> None:
    text = (EXAMPLES / "pack-structure.toml").read_text("utf-8")
    path = tmp_path / "s.toml"
    path.write_text(
        text.replace("per_year = 1", "per_year = 12").replace('"attested"', '"1m"'), "utf-8"
    )
    deal = compile_deal(load_structure(path))
    names = ("owners", "operator", "Ada Fund", "Ben Pension", "Cid", "Dee")
    accounts = dict.fromkeys(names, "dev:1")
    own = export(deal, "PARKING", accounts)
    later = export(deal, "PARKING", accounts, "2026-07")
    assert "{ period = 2, amount" in own
    assert "{ period = 2, amount" not in later
    assert "{ period = 4, amount" in later
    with pytest.raises(InputError, match="first_period"):
        export(deal, "PARKING", accounts, "2026-10")
    with pytest.raises(InputError, match="accounts"):
        export(deal, "PARKING", {})
