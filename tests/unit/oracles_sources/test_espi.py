"""Green Button files: links, units, qualities, duplicates and overlaps, hostile XML."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.oracles_sources.espi_kit import (
    block,
    entry,
    feed,
    reading,
    reading_type,
    series,
    simple,
    usage_point,
)

from usufruct.errors import InputError
from usufruct_oracles.sources.espi import parse


def test_the_public_sample_has_all_its_readings(usufruct_data: Path) -> None:
    found = parse((usufruct_data / "espi" / "test_usage_data.xml").read_bytes())
    (point,) = found.usage_points
    (meter,) = point.meter_readings
    assert (point.service, len(meter.readings), meter.refused, found.problems) == (0, 1340, (), ())
    assert meter.total == 1_391_666
    assert meter.type is not None
    assert (meter.type.unit, meter.type.flow, meter.type.interval_length) == ("Wh", 1, 900)
    assert {each.quality for each in meter.readings} == {0, 7, 8}
    assert meter.readings[0].start == 1_330_578_000
    assert meter.readings[0].cost == 974


def test_the_public_sample_has_a_day_of_23_hours(usufruct_data: Path) -> None:
    found = parse((usufruct_data / "espi" / "test_usage_data.xml").read_bytes())
    time = found.usage_points[0].time
    assert time is not None
    days: dict[object, int] = {}
    for each in found.readings:
        day = time.local(each.start).date().isoformat()
        days[day] = days.get(day, 0) + 1
    assert days["2012-03-11"] == 92
    assert days["2012-03-10"] == days["2012-03-12"] == 96


@pytest.mark.parametrize(
    ("uom", "power", "value", "unit", "exact"),
    [
        (72, 0, 323, "Wh", 323),
        (72, 3, 2, "Wh", 2000),
        (72, -3, 1500, "Wh", Fraction(3, 2)),
        (72, -1, -15, "Wh", Fraction(-3, 2)),
        (31, 6, 36, "Wh", 10_000),
        (42, -3, 12_345, "L", 12_345),
        (134, 0, 7, "L", 7),
        (119, 2, 1, "L", Fraction("2831.6846592")),
        (128, 0, 1, "L", Fraction("3.785411784")),
        (169, -3, 12_000, "Wh", Fraction(12 * 105_480_400, 3600)),
        (132, 6, 1, "Wh", Fraction("1055055852.62") / 3600),
        (38, 3, 5, "W", 5000),
        (111, 0, 4, "count", 4),
        (200, 0, 4, "uom-200", 4),
    ],
)
def test_values_are_exact_in_the_base_unit(
    uom: int, power: int, value: int, unit: str, exact: int | Fraction
) -> None:
    found = parse(simple(reading(0, value), kind=reading_type(uom=uom, power=power)))
    (only,) = found.readings
    kind = found.meter_readings[0].type
    assert kind is not None
    assert (kind.unit, only.exact, only.value) == (unit, exact, value)
    assert only.quantity == exact // 1


def test_several_usage_points_keep_their_readings_apart() -> None:
    found = parse(
        feed(
            usage_point("a", service=0),
            usage_point("b", service=1),
            series(block(reading(0, 1)), point="a"),
            series(block(reading(0, 20)), point="a", meter="2", kind=reading_type(flow=19)),
            series(block(reading(0, 300)), point="b", kind=reading_type(uom=42)),
        )
    )
    totals = [[each.total for each in point.meter_readings] for point in found.usage_points]
    assert totals == [[1, 20], [300_000]]
    assert [each.service for each in found.usage_points] == [0, 1]
    flows = [each.type.flow for each in found.meter_readings if each.type]
    assert flows == [1, 19, 1]


def test_several_blocks_of_one_entry_all_count() -> None:
    both = (
        block(reading(0, 1))
        + '<IntervalBlock xmlns="http://naesb.org/espi">'
        + block(reading(900, 2)).removeprefix("<IntervalBlock>")
    )
    assert parse(feed(usage_point(), series(both))).meter_readings[0].total == 3


def test_absolute_and_relative_links_meet() -> None:
    text = feed(usage_point(), series(block(reading(0, 5)))).decode()
    text = text.replace(
        'rel="related" href="/espi', 'rel="related" href="https://utility.example/espi'
    )
    assert parse(text.encode()).meter_readings[0].total == 5


def test_prefixed_names_and_entries_without_links_are_read() -> None:
    data = (
        '<a:feed xmlns:a="http://www.w3.org/2005/Atom" xmlns:e="http://naesb.org/espi">'
        "<a:entry><a:content><e:UsagePoint/></a:content></a:entry>"
        "<a:entry><a:content><e:MeterReading/></a:content></a:entry>"
        "<a:entry><a:content><e:ReadingType><e:uom>72</e:uom></e:ReadingType></a:content></a:entry>"
        "<a:entry><a:content><e:IntervalBlock><e:IntervalReading><e:timePeriod><e:duration>60</e:duration>"
        "<e:start>60</e:start></e:timePeriod><e:value>9</e:value></e:IntervalReading></e:IntervalBlock>"
        "</a:content></a:entry></a:feed>"
    )
    assert [each.quantity for each in parse(data.encode()).readings] == [9]


def test_a_block_that_belongs_to_nothing_is_reported() -> None:
    stray = entry(block(reading(0, 1)), "/x/1", "/x")
    found = parse(feed(usage_point(), series(), series(meter="2"), stray))
    assert found.readings == ()
    assert any("IntervalBlock x/1 belongs to no MeterReading" in each for each in found.problems)


@pytest.mark.parametrize(
    ("codes", "default", "quality"),
    [
        ((), None, 0),
        ((), 8, 8),
        ((7,), 8, 7),
        ((0, 8), None, 8),
        ((8, 10, 0), None, 10),
        ((17, 18), None, 18),
    ],
)
def test_the_strictest_quality_decides_and_none_means_valid(
    codes: tuple[int, ...], default: int | None, quality: int
) -> None:
    more = "" if default is None else f"<defaultQuality>{default}</defaultQuality>"
    found = parse(simple(reading(0, 1, quality=codes), kind=reading_type(more=more)))
    assert [(each.quality, each.qualities) for each in found.readings] == [(quality, codes)]


def test_cost_tier_and_time_of_use_are_kept() -> None:
    more = "<consumptionTier>2</consumptionTier><tou>1</tou><cpp>3</cpp><cost>97400</cost>"
    (only,) = parse(simple(reading(0, 1, more=more))).readings
    assert (only.cost, only.tier, only.tou, only.cpp) == (97_400, 2, 1, 3)


def test_a_repeated_reading_counts_once() -> None:
    data = feed(usage_point(), series(block(reading(0, 5)), block(reading(0, 5), reading(900, 6))))
    (meter,) = parse(data).meter_readings
    assert meter.total == 11
    assert [(each.number, each.reason) for each in meter.refused] == [(2, "duplicate")]


def test_readings_that_contradict_one_another_are_all_refused() -> None:
    (meter,) = parse(simple(reading(0, 5), reading(0, 6), reading(900, 1))).meter_readings
    assert [each.quantity for each in meter.readings] == [1]
    assert [each.reason for each in meter.refused] == ["conflict", "conflict"]
    assert "values 5, 6" in meter.refused[0].detail


def test_readings_that_share_time_are_all_refused() -> None:
    (meter,) = parse(
        simple(reading(0, 1), reading(600, 2), reading(1500, 3), reading(2400, 4))
    ).meter_readings
    assert [each.quantity for each in meter.readings] == [3, 4]
    assert [each.detail for each in meter.refused] == [
        "shares time with reading 2",
        "shares time with reading 1",
    ]


def test_readings_outside_of_their_block_are_noted_and_count() -> None:
    found = parse(feed(usage_point(), series(block(reading(900, 4), start=0, duration=900))))
    assert [each.quantity for each in found.readings] == [4]
    assert "1 readings lie outside" in found.problems[0]


def test_readings_without_a_period_follow_one_another() -> None:
    bare = "<IntervalReading><value>{}</value></IntervalReading>"
    (meter,) = parse(simple(bare.format(1), bare.format(2))).meter_readings
    assert [(each.start, each.duration, each.value) for each in meter.readings] == [
        (0, 900, 1),
        (900, 900, 2),
    ]


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (reading("1721154384.66136", 1), "start is"),
        (reading(-5, 1), "start is"),
        (reading(0, 1, duration="PT15M"), "duration is"),
        (reading(0, 1, duration=0), "duration 0"),
        (reading(0, "1.5"), "value is"),
        (reading(0, "1e3"), "value is"),
        (reading(0, ""), "value is"),
        (reading(0, 1 << 47), "value is"),
        (reading(0, "٣"), "value is"),
        (reading(0, 1, quality=(256,)), "quality is"),
        (reading(0, 1, more="<cost>free</cost>"), "cost is"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(broken: str, why: str) -> None:
    (meter,) = parse(simple(broken, reading(900, 7))).meter_readings
    assert [each.quantity for each in meter.readings] == [7]
    assert [(each.number, each.reason) for each in meter.refused] == [(1, "unreadable")]
    assert why in meter.refused[0].detail


def test_readings_without_a_type_are_refused() -> None:
    data = (
        simple(reading(0, 1))
        .decode()
        .replace("ReadingType>", "ReadingKind>")
        .replace("<ReadingType ", "<ReadingKind ")
    )
    (meter,) = parse(data.encode()).meter_readings
    assert meter.type is None
    assert [each.reason for each in meter.refused] == ["untyped"]


def test_a_multiplier_beyond_twelve_is_no_type() -> None:
    found = parse(simple(reading(0, 1), kind=reading_type(power=99)))
    assert found.meter_readings[0].type is None
    assert "powerOfTenMultiplier=99" in found.problems[0]


_BOMB = '<!DOCTYPE f [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><feed>&b;</feed>'


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (_BOMB.encode(), "DOCTYPE"),
        (b'<!DOCTYPE f SYSTEM "file:///etc/passwd"><feed/>', "DOCTYPE"),
        (b"<a>" * 100 + b"</a>" * 100, "depth"),
        (b"<a>" + b"x" * 70_000 + b"</a>", "text"),
        (b"<a " + b" ".join(b"a%d='1'" % each for each in range(40)) + b"/>", "attributes"),
        (b"<feed>&undefined;</feed>", "xml"),
        (b"<feed", "xml"),
        (b"", "xml"),
        (b"PK\x03\x04", "xml"),
        (b"<?xml version='1.0' encoding='no-such'?><a/>", "encoding"),
        (b"<feed/>", "feed"),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"/>', "feed"),
        (b"<a>" + b" " * (32 * 1024 * 1024) + b"</a>", "bytes"),
    ],
)
def test_hostile_and_foreign_xml_is_refused(data: bytes, field: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(data)
    assert caught.value.field == field
    assert caught.value.remedy


@given(st.binary(max_size=400))
def test_any_bytes_are_a_feed_or_an_input_error(data: bytes) -> None:
    with pytest.raises(InputError):
        parse(data)


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(-(10**6), 10**6), st.integers(-3, 3)),
        min_size=1,
        max_size=20,
        unique_by=lambda each: each[0],
    ),
    st.integers(-12, 12),
)
def test_what_is_written_is_read(cells: list[tuple[int, int, int]], power: int) -> None:
    data = simple(
        *(reading(900 * at, value) for at, value, _ in cells), kind=reading_type(power=power)
    )
    (meter,) = parse(data).meter_readings
    assert meter.refused == ()
    assert meter.total == sum(value for _, value, _ in cells) * Fraction(10) ** power
