"""The indicators of P4 at their edges, and the cards."""

from __future__ import annotations

from decimal import Decimal

import pytest

from usufruct.errors import InputError
from usufruct.finance.indicators.mix import diversification_ratio, mix, roll_up
from usufruct.finance.indicators.rules import INDICATORS
from usufruct.finance.indicators.score import Entry, score, score_all
from usufruct.finance.indicators.scorecard import FAMILIES, Part, card

EDGES = [
    ("1.1", {"load": "encouraged", "height": "encouraged"}, 5),
    ("1.1", {"load": "limit", "height": "encouraged"}, 4),
    ("1.1", {"load": "limit", "height": "limit"}, 3),
    ("1.1", {"load": "below", "height": "encouraged"}, 1),
    ("1.1", {"load": "limit", "height": "below"}, 1),
    ("1.1", {"load": "below", "height": "below"}, 0),
    ("1.2", {"state": "installed"}, 5),
    ("1.2", {"state": "reserved"}, 3),
    ("1.2", {"state": "none"}, 0),
    ("2.1", {"housing_min": "10", "retail_min": "10"}, 5),
    ("2.1", {"housing_min": "10.1", "retail_min": "10"}, 4),
    ("2.1", {"housing_min": "15", "retail_min": "15"}, 3),
    ("2.1", {"housing_min": "15.1", "retail_min": "9"}, 2),
    ("2.1", {"housing_min": "20", "retail_min": "15.1"}, 1),
    ("2.1", {"housing_min": "20.1", "retail_min": "1"}, 0),
    ("2.2", {"metro_min": "5", "bus_min": "60"}, 5),
    ("2.2", {"metro_min": "15", "bus_min": "60"}, 3),
    ("2.2", {"metro_min": "15.1", "bus_min": "5"}, 3),
    ("2.2", {"metro_min": "16", "bus_min": "15"}, 1),
    ("2.2", {"metro_min": "16", "bus_min": "15.1"}, 0),
    ("2.3", {"kinds": 5, "breach": "no"}, 5),
    ("2.3", {"kinds": 5, "breach": "yes"}, 0),
    ("2.4", {"nodes": 6}, 5),
    ("3.1", {"area_m2": "5000", "open": "yes"}, 5),
    ("3.1", {"area_m2": "4999.9", "open": "yes"}, 4),
    ("3.1", {"area_m2": "5000", "open": "no"}, 3),
    ("3.1", {"area_m2": "1", "open": "no"}, 2),
    ("3.1", {"area_m2": "0", "open": "yes"}, 0),
    ("3.2", {"kind": "own", "size": "1亿"}, 5),
    ("3.2", {"kind": "own", "size": "3000万"}, 4),
    ("3.2", {"kind": "own", "size": "2999.9万"}, 0),
    ("3.2", {"kind": "third_party", "size": 0}, 3),
    ("3.2", {"kind": "matching", "size": 0}, 2),
    ("3.3", {"agreements": 7}, 5),
    ("3.4", {"spaces": 3}, 3),
    ("4.1", {"to_market": "0.6", "slow_take_up": "no"}, 5),
    ("4.1", {"to_market": "0.61", "slow_take_up": "no"}, 4),
    ("4.1", {"to_market": "1.0", "slow_take_up": "no"}, 1),
    ("4.1", {"to_market": "1.01", "slow_take_up": "no"}, 0),
    ("4.1", {"to_market": "0.5", "slow_take_up": "yes"}, 0),
    ("4.2", {"irr_percent": "4"}, 5),
    ("4.2", {"irr_percent": "4.5"}, 5),
    ("4.2", {"irr_percent": "4.51"}, 4),
    ("4.2", {"irr_percent": "5"}, 4),
    ("4.2", {"irr_percent": "5.01"}, 3),
    ("4.2", {"irr_percent": "3.99"}, 4),
    ("4.2", {"irr_percent": "3"}, 4),
    ("4.2", {"irr_percent": "2.99"}, 3),
    ("4.2", {"irr_percent": "8"}, 1),
    ("4.2", {"irr_percent": "8.01"}, 0),
    ("4.2", {"irr_percent": "0"}, 1),
    ("4.2", {"irr_percent": "-0.01"}, 0),
    ("4.3", {"plan": "yes", "eligible": "yes"}, 5),
    ("4.3", {"plan": "no", "eligible": "yes"}, 4),
    ("4.3", {"plan": "yes", "eligible": "no"}, 2),
    ("4.3", {"plan": "no", "eligible": "no"}, 0),
    ("4.4", {"uplift": "2.5"}, 5),
    ("4.4", {"uplift": "2.49"}, 4),
    ("4.4", {"uplift": "0.5"}, 1),
    ("4.4", {"uplift": "0.49"}, 0),
    ("5.2", {"area_share": "50%"}, 5),
    ("5.2", {"area_share": "49.9%"}, 4),
    ("5.2", {"area_share": "10%"}, 1),
    ("5.2", {"area_share": "9.9%"}, 0),
    ("5.3", {"groups": 0}, 0),
    ("5.4", {"of_income": "5%"}, 4),
    ("5.4", {"of_income": "5.01%"}, 5),
    ("5.4", {"of_income": "1%"}, 0),
    ("5.4", {"of_income": "1.01%"}, 1),
]


@pytest.mark.parametrize(("id_", "facts", "points"), EDGES)
def test_p4_edges(id_: str, facts: dict[str, object], points: int) -> None:
    assert score(id_, Entry(facts, "seen")).points == points


def test_p4_what_the_paper_lost_is_not_scored_and_leaves_the_maximum() -> None:
    entries = {id_: Entry(facts, "seen") for id_, facts, points in reversed(EDGES) if points == 5}
    found = score_all(entries)
    lost = [each.indicator.id for each in found.each if each.indicator.rule is None]
    assert lost == ["1.3", "1.4", "5.1"]
    assert found.maximum == 5 * sum(each.points is not None for each in found.each)
    assert len(INDICATORS) == 20


@pytest.mark.parametrize(
    ("id_", "facts"),
    [
        ("6.1", {}),
        ("1.2", {}),
        ("1.2", {"state": "half"}),
        ("1.2", {"state": "none", "extra": 1}),
        ("2.4", {"nodes": "1.5"}),
        ("2.4", {"nodes": -1}),
    ],
)
def test_facts_that_a_rule_does_not_take_are_refused(id_: str, facts: dict[str, object]) -> None:
    with pytest.raises(InputError):
        score(id_, Entry(facts, "seen"))


def test_evidence_is_needed() -> None:
    with pytest.raises(InputError, match="evidence"):
        score("1.2", Entry({"state": "none"}, " "))


def parts(**scores: str) -> list[Part]:
    return [Part(name, Decimal(value), Decimal("0.25"), "seen") for name, value in scores.items()]


def test_p1_a_family_at_nothing_caps_the_grade() -> None:
    good = card(parts(economic="1", resilience="1", social="1", financial="0.9"), FAMILIES)
    capped = card(parts(economic="1", resilience="0", social="1", financial="1"), FAMILIES)
    assert (good.grade, capped.grade, capped.capped) == ("A", "D", ("resilience",))
    poor = card(parts(economic="0.1", resilience="0", social="0", financial="0"), FAMILIES)
    assert poor.grade == "E"


def test_p1_weights_sum_to_one() -> None:
    uneven = [Part(name, Decimal(1), Decimal("0.3"), "seen") for name in FAMILIES]
    with pytest.raises(InputError, match="weights"):
        card(uneven, FAMILIES)
    with pytest.raises(InputError, match="parts"):
        card(parts(economic="1"), FAMILIES)


def test_p0_six_technologies_roll_up_to_four_classes() -> None:
    incomes = {
        name: Decimal(1) for name in ("SUBUNIT", "PARKING", "STORAGE", "VPP", "WATER", "DATA")
    }
    assert roll_up(incomes) == {"space": 2, "energy": 2, "public service": 1, "data": 1}
    assert abs(mix(incomes).effective - 6) < Decimal("1e-40")
    with pytest.raises(InputError, match="stream"):
        roll_up({"GAS": Decimal(1)})


def test_diversification_of_independent_and_of_equal_streams() -> None:
    independent = diversification_ratio([0.5, 0.5], [0.2, 0.2], [[1, 0], [0, 1]])
    assert independent == pytest.approx(2**0.5)
    assert diversification_ratio([0.5, 0.5], [0.2, 0.2], [[1, 1], [1, 1]]) == pytest.approx(1)
    with pytest.raises(InputError, match="correlation"):
        diversification_ratio([1, 1], [1, 1], [[1, 2], [2, 1]])
