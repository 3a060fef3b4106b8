"""JSON readings of simple devices: exact numbers, strict keys."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.oracles import kit

from usufruct_oracles.sources.json_readings import decode_json

HOME = kit.meter("home-01")
GOOD = '{"start": "2026-09-10T00:00:00+08:00", "duration_s": 900, "value": 0.1, "unit": "kWh"}'


def test_numbers_are_their_digits() -> None:
    data = GOOD.replace("0.1", "123456789012.123456789")
    (row,) = decode_json(data.encode(), HOME)
    assert row.fault is None
    assert row.value is not None
    assert (row.value.numerator, row.value.places) == (123_456_789_012_123_456_789, 9)
    assert (row.start, row.duration, row.quality) == (kit.bounds()[0], 900, 0)


def test_a_list_of_readings_is_read_in_order_and_units_are_converted() -> None:
    one = json.loads(GOOD)
    other = {**one, "start": 900, "value": "250", "unit": "Wh", "quality": 8}
    rows = decode_json(json.dumps({"readings": [one, other]}).encode(), HOME)
    assert [row.number for row in rows] == [1, 2]
    assert rows[1].value is not None
    assert Fraction(rows[1].value.numerator, 10 ** rows[1].value.places) == Fraction("0.25")
    assert (rows[1].start, rows[1].unit, rows[1].quality) == (900, "kWh", 8)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("0.1", "1e3"),
        ("0.1", '"NaN"'),
        ("0.1", "null"),
        ("0.1", "true"),
        ("900", "900.5"),
        ("900", "0"),
        ("900", '"900"'),
        ("+08:00", ""),
        ('"kWh"', "1"),
        ('"unit"', '"Unit"'),
        ("}", ', "quality": 256}'),
        ("}", ', "more": 1}'),
    ],
)
def test_a_reading_that_breaks_the_form_has_its_fault(before: str, after: str) -> None:
    (row,) = decode_json(GOOD.replace(before, after, 1).encode(), HOME)
    assert (row.number, row.fault is not None) == (1, True)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"NaN",
        b'{"a":1,"a":1}',
        b"[" * 100_000,
        b" " * 300_000,
        json.dumps({"readings": [1] * 1001}).encode(),
    ],
)
def test_a_payload_that_is_no_document_is_one_row(payload: bytes) -> None:
    (row,) = decode_json(payload, HOME)
    assert (row.number, row.fault is not None) == (0, True)


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(
        lambda v: json.dumps(v).encode()
    )
)
def test_the_decoder_takes_anything(payload: bytes) -> None:
    assert all(row.fault is not None for row in decode_json(payload, HOME))
