"""Register readings: quantities are differences; nothing is lost or made at a rollover, reset or replacement."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.oracles.kit import DAY, at, bounds, community, message, meter, open_messages

from usufruct.core.periods import zone
from usufruct_oracles.sources.registers import FORM, decode_registers
from usufruct_oracles.validation.rows import Row
from usufruct_oracles.validation.verdicts import Rule

HOME = "home-01"
DIGITS = 4
CAPACITY = 10**DIGITS * 1000


def payload(*lines: str, digits: int = DIGITS, code: str = HOME) -> bytes:
    heading = ("usufruct/register/1", meter(code).stream, code, f"{digits},kWh")
    return "".join(f"{line}\n" for line in (*heading, *lines)).encode()


def rows(*lines: str, digits: int = DIGITS) -> list[Row]:
    return list(decode_registers(payload(*lines, digits=digits), meter(HOME)))


def quantities(found: list[Row]) -> list[int]:
    return [
        -1 if row.value is None else row.value.quantity(meter(HOME).multiplier) for row in found
    ]


def test_an_interval_is_the_difference_of_two_moments() -> None:
    found = rows(f"{at(0)},10.5,0", f"{at(1)},12,0", f"{at(2)},12.001,8")
    assert quantities(found) == [1500, 1]
    assert [(row.start, row.duration, row.quality) for row in found] == [
        (bounds()[0], 3600, 0),
        (bounds()[0] + 3600, 3600, 8),
    ]


def test_a_rollover_loses_nothing() -> None:
    assert quantities(rows(f"{at(0)},9999.5,0", f"{at(1)},0.25,0")) == [750]


def test_a_register_that_goes_back_is_refused() -> None:
    [found] = rows(f"{at(0)},500,0", f"{at(1)},499,0")
    assert found.fault is not None
    assert found.fault.rule is Rule.REGISTER_BACKWARDS
    assert "final" in found.fault.remedy


def test_a_replacement_within_an_interval_adds_both_registers() -> None:
    found = rows(
        f"{at(0)},500,0",
        f"{at(0, 20)},501,0,final",
        f"{at(0, 30)},7,0,start",
        f"{at(1)},7.5,0",
        f"{at(2)},9.5,0",
    )
    assert quantities(found) == [1500, 2000]


def test_a_reset_at_the_end_of_an_interval() -> None:
    found = rows(f"{at(0)},500,0", f"{at(1)},501,0,final", f"{at(1)},0,0,start", f"{at(2)},3,0")
    # Between final and start no plain moment was told: the two hours are one interval.
    assert quantities(found) == [4000]
    assert found[0].duration == 7200


def test_a_refused_quality_taints_the_intervals_on_both_sides() -> None:
    found = rows(f"{at(0)},1,0", f"{at(1)},2,14", f"{at(2)},3,17", f"{at(3)},4,0")
    assert [row.quality for row in found] == [14, 14, 17]


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (f"{at(0)},1,0",),
        (f"{at(1)},1,0", f"{at(0)},2,0"),
        (f"{at(0)},1,0", f"{at(0)},2,0"),
        (f"{at(0)},-1,0", f"{at(1)},2,0"),
        (f"{at(0)},10000,0", f"{at(1)},2,0"),
        (f"{at(0)},1,0,start", f"{at(1)},2,0"),
        (f"{at(0)},1,0", f"{at(1)},2,0,final"),
        (f"{at(0)},1,0", f"{at(1)},2,0,final", f"{at(2)},3,0"),
        (f"{at(0)},1,0", f"{at(1)},2,0,start", f"{at(2)},3,0"),
        (f"{at(0)},1,0", f"{at(1)},2,0,other", f"{at(2)},3,0"),
        (f"{at(0)},1,x", f"{at(1)},2,0"),
        ("yesterday,1,0", f"{at(1)},2,0"),
        (f"{at(0)},1,0", f"{at(1)},1e3,0"),
        (f"{at(0)},1", f"{at(1)},2,0"),
    ],
)
def test_what_is_not_register_readings_is_one_malformed_row(lines: tuple[str, ...]) -> None:
    [found] = rows(*lines)
    assert (found.number, found.value) == (0, None)
    assert found.fault is not None
    assert found.fault.rule is Rule.MALFORMED


def test_another_meters_registers_are_refused() -> None:
    other = payload(f"{at(0)},1,0", f"{at(1)},2,0", code="home-02")
    [found] = decode_registers(other, meter(HOME))
    assert found.fault is not None


@given(
    st.integers(0, CAPACITY - 1),
    st.lists(st.integers(0, CAPACITY // 2 - 1), min_size=1, max_size=30),
)
def test_any_number_of_rollovers_conserves_the_total(first: int, steps: list[int]) -> None:
    start, zone_ = bounds()[0], zone(community().project.timezone)
    values = [first]
    for step in steps:
        values.append((values[-1] + step) % CAPACITY)
    lines = [
        f"{datetime.fromtimestamp(start + 3600 * number, zone_).isoformat()},"
        f"{value // 1000}.{value % 1000:03d},0"
        for number, value in enumerate(values)
    ]
    found = rows(*lines)
    assert quantities(found) == steps
    assert all(one.end == other.start for one, other in pairwise(found))


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), min_size=1, max_size=8),
    st.lists(st.integers(0, CAPACITY - 1), min_size=8, max_size=8),
)
def test_any_number_of_replacements_conserves_the_total(
    steps: list[tuple[int, int]], starts: list[int]
) -> None:
    value, minute = 0, 0
    lines = [f"{at(0)},0,0"]
    for (before, after), fresh in zip(steps, starts, strict=False):
        value = (value + before) % CAPACITY
        minute += 10
        lines.append(f"{at(minute // 60, minute % 60)},{value // 1000}.{value % 1000:03d},0,final")
        lines.append(f"{at(minute // 60, minute % 60)},{fresh // 1000}.{fresh % 1000:03d},0,start")
        value = (fresh + after) % CAPACITY
        minute += 10
        lines.append(f"{at(minute // 60, minute % 60)},{value // 1000}.{value % 1000:03d},0")
    assert quantities(rows(*lines)) == [one + other for one, other in steps]


def test_register_messages_are_judged_like_all_others(tmp_path: Path) -> None:
    journal = open_messages(tmp_path)
    lines = [f"{at(hour)},{hour}.5,0" for hour in range(24)]
    lines += [f"{DAY}T24:00:00+08:00,23.75,0"]
    [report] = journal.ingest_messages([message(HOME, payload(*lines), form=FORM)])
    assert (report.accepted, dict(report.rejected)) == (24, {})
