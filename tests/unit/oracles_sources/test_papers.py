"""Sessions, water, data licences: what counts, and the verdict on what cannot be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.oracles import kit

from usufruct.config import Meter
from usufruct.core.encoding import canonical_json
from usufruct_oracles.sources.papers.folder import DECODERS, DocumentImporter
from usufruct_oracles.sources.papers.levels import decode_levels, retained_litres, volume_at
from usufruct_oracles.sources.papers.licences import decode_licences
from usufruct_oracles.sources.papers.sessions import busiest, decode_sessions
from usufruct_oracles.validation.rows import Row, Value
from usufruct_oracles.validation.verdicts import Rule

BASE = replace(kit.meter("home-01"), interval=None)
SPACES = replace(BASE, unit="s")
STATION = replace(BASE, unit="kWh")
WATER = replace(BASE, unit="L")
QUERIES = replace(BASE, unit="query")
MONEY = replace(BASE, unit="cent")


def at(hour: int, minute: int = 0) -> str:
    return f"2026-09-10T{hour:02d}:{minute:02d}:00+08:00"


def amount(row: Row) -> Fraction | None:
    return None if row.value is None else Fraction(row.value.numerator, 10**row.value.places)


def rule_of(row: Row) -> Rule | None:
    return None if row.fault is None else row.fault.rule


def ev(**changes: object) -> bytes:
    base: dict[str, object] = {
        "form": "session/1",
        "kind": "ev",
        "meter": BASE.code,
        "session": "s-1",
        "arrival": at(8),
        "departure": at(10),
        "energy_wh": 7300,
        "requested_wh": None,
    }
    return canonical_json({**base, **changes})


def garage(sessions: Sequence[Sequence[str]], capacity: int = 2) -> bytes:
    return canonical_json(
        {
            "form": "session/1",
            "kind": "parking",
            "meter": BASE.code,
            "from": at(8),
            "to": at(9),
            "capacity": capacity,
            "sessions": [list(each) for each in sessions],
        }
    )


def test_a_charging_session_is_its_energy_from_arrival_to_departure() -> None:
    (row,) = decode_sessions(ev(), STATION)
    assert (row.duration, amount(row), row.unit, row.fault) == (7200, Fraction("7.3"), "kWh", None)


def test_what_was_requested_goes_along_to_be_compared() -> None:
    (row,) = decode_sessions(ev(requested_wh=7000), STATION)
    assert (row.fault, row.requested) == (None, Value(7, 0))


def test_parking_is_space_seconds_in_the_window() -> None:
    cars = [("a", at(7), at(8, 30)), ("b", at(8, 30), ""), ("c", at(8), at(8, 10))]
    (row,) = decode_sessions(garage(cars), SPACES)
    assert row.fault is None
    assert (amount(row), row.duration) == (1800 + 1800 + 600, 3600)


def test_more_cars_than_spaces_are_refused_with_the_moment() -> None:
    cars = [
        ("a", at(8), at(9)),
        ("b", at(8), at(8, 30)),
        ("c", at(8, 30), ""),
        ("d", at(8, 45), at(8, 50)),
    ]
    (row,) = decode_sessions(garage(cars), SPACES)
    assert rule_of(row) is Rule.IMPLAUSIBLE
    assert row.fault is not None
    assert row.fault.detail.startswith("3 cars on 2 spaces at ")


@pytest.mark.parametrize(
    ("cars", "rule"),
    [
        ([("a", at(8), ""), ("a", at(8), "")], Rule.CONTRADICTED),
        ([("a", at(8, 30), at(8, 20))], Rule.IMPLAUSIBLE),
        ([("a", at(9), "")], Rule.IMPLAUSIBLE),
        ([("a", at(6), at(8))], Rule.IMPLAUSIBLE),
    ],
)
def test_sessions_that_cannot_be_are_refused(cars: list[tuple[str, str, str]], rule: Rule) -> None:
    (row,) = decode_sessions(garage(cars), SPACES)
    assert rule_of(row) is rule


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=12))
def test_the_busiest_moment_is_that_of_counting_every_moment(stays: list[tuple[int, int]]) -> None:
    cars = [(str(number), start, start + length) for number, (start, length) in enumerate(stays)]
    most = max(
        (sum(first <= now < last for _, first, last in cars) for now in range(80)), default=0
    )
    assert busiest(cars)[0] == most


def rain(depths: Sequence[str], unit: str = "mm", resolution: str = "0.1", hours: int = 1) -> bytes:
    return canonical_json(
        {
            "form": "level/1",
            "kind": "rain",
            "meter": BASE.code,
            "area_m2": 50_000,
            "runoff": "0.7",
            "unit": unit,
            "resolution": resolution,
            "readings": [[at(each), at(each + hours), depth] for each, depth in enumerate(depths)],
        }
    )


def test_rain_is_retained_by_ten_h_phi_f() -> None:
    (row,) = decode_levels(rain(["2.4"]), WATER)
    assert amount(row) == 84_000  # 10 · 2.4 mm · 0.7 · 5 hm² = 84 m³
    assert retained_litres(Fraction(1), Fraction(1), 10_000) == 10_000


def test_metres_give_the_same_as_millimetres_when_they_say_so() -> None:
    (row,) = decode_levels(rain(["0.0024"], unit="m", resolution="0.0001"), WATER)
    assert (amount(row), row.fault) == (84_000, None)


def test_metres_under_the_label_of_millimetres_are_caught() -> None:
    (row,) = decode_levels(rain(["0.0024"]), WATER)
    assert rule_of(row) is Rule.IMPLAUSIBLE
    assert row.fault is not None
    assert "metres" in row.fault.remedy


def test_millimetres_under_the_label_of_metres_are_caught() -> None:
    (row,) = decode_levels(rain(["2.4"], unit="m"), WATER)
    assert rule_of(row) is Rule.IMPLAUSIBLE


def level(curve: Sequence[Sequence[int]], *levels: int) -> bytes:
    readings = [
        [at(hour), at(hour + 1), before, after]
        for hour, (before, after) in enumerate(pairwise(levels))
    ]
    return canonical_json(
        {
            "form": "level/1",
            "kind": "level",
            "meter": BASE.code,
            "curve": [list(each) for each in curve],
            "readings": readings,
        }
    )


CURVE = [(0, 0), (1000, 40_000), (3000, 160_000)]


def test_a_rising_level_retains_what_its_curve_says_and_a_falling_one_nothing() -> None:
    rows = decode_levels(level(CURVE, 500, 2000, 1500, 1501), WATER)
    assert [amount(row) for row in rows] == [80_000, 0, 60]


def test_a_level_outside_of_the_curve_is_refused() -> None:
    (row,) = decode_levels(level(CURVE, 500, 3001), WATER)
    assert row.fault is not None
    assert "as the curve goes" in row.fault.detail


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_the_curve_rises_and_meets_its_points(low: int, high: int) -> None:
    low, high = sorted((low, high))
    assert volume_at(CURVE, low) <= volume_at(CURVE, high)
    assert [volume_at(CURVE, each) for each, _ in CURVE] == [each for _, each in CURVE]


def licence(*queries: Sequence[object]) -> bytes:
    return canonical_json(
        {
            "form": "licence/1",
            "meter": BASE.code,
            "licence": "DL-7",
            "purposes": ["credit-model"],
            "valid_from": at(0),
            "valid_to": at(12),
            "price": 250,
            "queries": [list(each) for each in queries],
        }
    )


def test_licensed_queries_earn_their_price() -> None:
    data = licence(("q-1", at(1), "credit-model", 3))
    (money,) = decode_licences(data, MONEY)
    (count,) = decode_licences(data, QUERIES)
    assert (amount(money), amount(count)) == (750, 3)
    assert money.end == kit.bounds()[0] + 3600


def test_what_a_licence_does_not_cover_earns_nothing() -> None:
    rows = decode_licences(
        licence(
            ("q-1", at(1), "credit-model", 1),
            ("q-1", at(2), "credit-model", 1),
            ("q-2", at(12), "credit-model", 1),
            ("q-3", at(3), "advertising", 1),
        ),
        MONEY,
    )
    assert [rule_of(row) for row in rows] == [
        None,
        Rule.CONTRADICTED,
        Rule.MALFORMED,
        Rule.MALFORMED,
    ]


@pytest.mark.parametrize("decode", DECODERS.values())
@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        ev(meter="home-02"),
        ev(departure=at(8)),
        ev(energy_wh=-1),
        ev(arrival="2026-09-10 08:00"),
        ev() + b"\n",
        b'{"form": "session/1"}',
        b"[" * 100_000,
    ],
)
def test_another_payload_is_one_row_with_its_fault(
    decode: Callable[[bytes, Meter], Sequence[Row]], payload: bytes
) -> None:
    (only,) = decode(payload, STATION)
    assert (only.number, rule_of(only)) == (0, Rule.MALFORMED)


@given(st.binary(max_size=200))
def test_decoders_never_raise(payload: bytes) -> None:
    for decode in DECODERS.values():
        assert decode(payload, STATION)


def test_a_document_is_its_own_record() -> None:
    found = DocumentImporter({BASE.code: STATION})(ev())
    assert (found.form, [(each.meter, each.raw) for each in found.cuts]) == (
        "session/1",
        [(BASE.code, ev())],
    )
