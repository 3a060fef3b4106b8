import json
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core.keccak import keccak256
from usufruct.core.tariffs import CalendarRule, PriceRow, Tariff
from usufruct.errors import InputError

ROWS = (PriceRow("peak", 540_000, 1000), PriceRow("flat", 380_000, 1000), PriceRow("low", 0, 1))
VPP = Tariff(
    id="vpp-tou-2026",
    stream="VPP",
    currency="USDX",
    base_unit="Wh",
    timezone="Asia/Shanghai",
    rows=ROWS,
    calendar=(
        CalendarRule("peak", weekdays=(1, 2, 3, 4, 5), from_=840, to=1020),
        CalendarRule("flat", from_=480, to=1320),
        CalendarRule("low"),
    ),
)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Africa/Monrovia",
]
minutes = st.integers(0, 1439) | st.sampled_from([0, 420, 465, 480, 840, 1020])
rules = st.builds(
    lambda row, months, weekdays, start, length: CalendarRule(
        row, tuple(months), tuple(weekdays), start, min(1440, start + length)
    ),
    row=st.sampled_from(["peak", "flat", "low"]),
    months=st.lists(st.integers(1, 12), max_size=3),
    weekdays=st.lists(st.integers(1, 7), max_size=3),
    start=minutes,
    length=st.integers(1, 1440),
)
tariffs = st.builds(
    lambda timezone, some: replace(VPP, timezone=timezone, calendar=(*some, CalendarRule("low"))),
    st.sampled_from(ZONES),
    st.lists(rules, max_size=4),
)


def row_by_definition(tariff, start):
    local = datetime.fromtimestamp(start, ZoneInfo(tariff.timezone))
    minute = 60 * local.hour + local.minute
    for rule in tariff.calendar:
        fits = not rule.months or local.month in rule.months
        fits = fits and (not rule.weekdays or local.isoweekday() in rule.weekdays)
        if fits and rule.from_ <= minute < rule.to:
            return [row.id for row in tariff.rows].index(rule.row)
    raise AssertionError


@given(tariffs, st.lists(st.integers(0, 2_208_988_800), max_size=20))
def test_rows_follow_the_calendar_at_any_time(tariff, starts):
    for start in starts * 2:
        assert tariff.row_index_at(start) == row_by_definition(tariff, start)


@given(
    tariffs, st.sampled_from(["2026-03-29", "2026-10-25", "2026-10-04", "1972-01-07"]), st.data()
)
def test_rows_are_right_where_the_clock_changes(tariff, day, data):
    noon = int(datetime.fromisoformat(day + "T12:00:00+00:00").timestamp())
    for start in data.draw(st.lists(st.integers(noon - 86_400, noon + 86_400), max_size=30)):
        assert tariff.row_index_at(start) == row_by_definition(tariff, start)


def test_the_example_over_a_week():
    monday = datetime(2026, 9, 7, tzinfo=ZoneInfo("Asia/Shanghai"))

    def row(days, hour, minute=0):
        at = monday + timedelta(days=days, hours=hour, minutes=minute)
        return VPP.rows[VPP.row_index_at(int(at.timestamp()))].id

    assert row(0, 13, 59) == "flat"
    assert row(0, 14) == "peak"
    assert row(0, 16, 59) == "peak"
    assert row(0, 17) == "flat"
    assert row(0, 22) == "low"
    assert row(5, 15) == "flat"


@given(tariffs)
def test_a_tariff_survives_its_document(tariff):
    data = tariff.canonical()
    assert Tariff.from_json(data) == tariff
    assert Tariff.from_json(data).canonical() == data
    assert tariff.hash() == keccak256(data)
    assert json.loads(data)["calendar"][-1] == {
        "row": "low", "months": [], "weekdays": [], "from": 0, "to": 1440,
    }  # fmt: skip


def test_rows_have_places():
    assert [VPP.row_index(row.id) for row in ROWS] == [0, 1, 2]
    with pytest.raises(InputError):
        VPP.row_index("night")


LOW = CalendarRule("low")


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": ()},
        {"rows": (*ROWS, ROWS[0])},
        {"rows": (PriceRow("", 1, 1), *ROWS)},
        {"rows": (*ROWS, PriceRow("x", -1, 1))},
        {"rows": (*ROWS, PriceRow("x", 2**128, 1))},
        {"rows": (*ROWS, PriceRow("x", 1, 0))},
        {"rows": (*ROWS, PriceRow("x", 1, 2**64))},
        {"calendar": ()},
        {"calendar": (CalendarRule("low", to=1439),)},
        {"calendar": (CalendarRule("low", months=(1,)),)},
        {"calendar": (CalendarRule("night"), LOW)},
        {"calendar": (CalendarRule("low", months=(0,)), LOW)},
        {"calendar": (CalendarRule("low", months=(13,)), LOW)},
        {"calendar": (CalendarRule("low", weekdays=(0,)), LOW)},
        {"calendar": (CalendarRule("low", weekdays=(8,)), LOW)},
        {"calendar": (CalendarRule("low", from_=600, to=600), LOW)},
        {"calendar": (CalendarRule("low", from_=1320, to=480), LOW)},
        {"calendar": (CalendarRule("low", to=1441), LOW)},
        {"timezone": "Mars/Olympus"},
    ],
)
def test_a_broken_tariff_is_refused(wrong):
    with pytest.raises(InputError) as caught:
        replace(VPP, **wrong)
    assert caught.value.remedy


def test_one_row_is_enough():
    tariff = replace(VPP, rows=(PriceRow("low", 2**128 - 1, 2**64 - 1),), calendar=(LOW,))
    assert tariff.row_index_at(0) == 0


DOCUMENT = json.loads(VPP.canonical())


@pytest.mark.parametrize(
    "wrong",
    [
        {"v": 2},
        {"v": True},
        {"id": 1},
        {"rows": {}},
        {"rows": [{"id": "a", "price": "1", "per": 1}]},
        {"rows": [{"id": "a", "price": True, "per": 1}]},
        {"rows": [{"id": "a", "price": 1}]},
        {"calendar": [7]},
        {"calendar": [{**DOCUMENT["calendar"][-1], "more": 1}]},
        {"calendar": [{**DOCUMENT["calendar"][-1], "months": "all"}]},
        {"extra": 1},
    ],
)
def test_another_document_is_no_tariff(wrong):
    with pytest.raises(InputError):
        Tariff.from_json(json.dumps({**DOCUMENT, **wrong}).encode())


@pytest.mark.parametrize("wrong", [b"", b"[]", b"null", b"{}"])
def test_no_document_is_no_tariff(wrong):
    with pytest.raises(InputError):
        Tariff.from_json(wrong)
