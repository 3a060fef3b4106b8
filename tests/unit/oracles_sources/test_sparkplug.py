"""Sparkplug B: aliases from births, sequence numbers, rebirths, and readings that need nothing but their record."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.oracles import kit
from tests.unit.oracles_sources.sparkplug_kit import birth, data, death

from usufruct.errors import InputError
from usufruct_oracles.sources.sparkplug import (
    Metric,
    decode_sparkplug,
    parse_payload,
    sparkplug_record,
)
from usufruct_oracles.sources.sparkplug_host import (
    Found,
    MetricRule,
    SparkplugHost,
    rebirth_command,
    state_payload,
    state_topic,
)
from usufruct_oracles.sources.sparkplug_proto import (
    DOUBLE,
    FLOAT,
    INT8,
    INT32,
    INT64,
    STRING,
    UINT64,
    payload_class,
)
from usufruct_oracles.validation.rows import Row

HOME = kit.meter("home-01")
RULES = (
    MetricRule("g/n/d", "Energy", HOME.code, "kWh", 900, "end"),
    MetricRule("g/n", "Own", HOME.code, "kWh", 900, "start"),
)
REBIRTH = "spBv1.0/g/NCMD/n"


def born(tmp_path: Path) -> SparkplugHost:
    host = SparkplugHost(RULES, tmp_path)
    host.receive("spBv1.0/g/NBIRTH/n", birth(0, {"Own": 1}, bdseq=3))
    host.receive("spBv1.0/g/DBIRTH/n/d", birth(1, {"Energy": 7}))
    return host


def ddata(
    host: SparkplugHost,
    seq: int | None,
    *,
    value: float = 1.5,
    alias: int | str = 7,
    again: bool = False,
) -> Found:
    return host.receive("spBv1.0/g/DDATA/n/d", data(seq, {alias: (1_800_000, value)}), again=again)


def rows(found: Found) -> list[Row]:
    return [row for _, raw in found.records for row in decode_sparkplug(raw, HOME)]


def test_an_alias_means_what_the_birth_said(tmp_path: Path) -> None:
    found = ddata(born(tmp_path), 2)
    (row,) = rows(found)
    assert (found.rebirth, found.problems) == ("", ())
    assert (row.start, row.duration, row.unit, row.quality, row.fault) == (900, 900, "kWh", 0, None)
    assert row.value is not None
    assert Fraction(row.value.numerator, 10**row.value.places) == Fraction("1.5")


def test_a_metric_by_name_and_one_of_the_node_itself_are_read(tmp_path: Path) -> None:
    host = born(tmp_path)
    assert len(rows(ddata(host, 2, alias="Energy"))) == 1
    (row,) = rows(host.receive("spBv1.0/g/NDATA/n", data(3, {1: (1_800_000, 2)})))
    assert row.start == 1800


def test_births_hold_states_and_no_readings(tmp_path: Path) -> None:
    host = SparkplugHost(RULES, tmp_path)
    assert host.receive("spBv1.0/g/NBIRTH/n", birth(0, {"Own": 1})).records == ()


def test_sequence_numbers_begin_anew_after_255(tmp_path: Path) -> None:
    host = born(tmp_path)
    assert [ddata(host, (2 + each) % 256).problems for each in range(300)] == [()] * 300


def test_a_gap_asks_for_a_rebirth_and_the_reading_counts(tmp_path: Path) -> None:
    found = ddata(born(tmp_path), 9)
    assert found.rebirth == REBIRTH
    assert "9 instead of 2" in found.problems[0]
    assert len(rows(found)) == 1


@pytest.mark.parametrize("seq", [None, 256, 100_000])
def test_a_message_without_a_sequence_number_asks_for_a_rebirth(
    tmp_path: Path, seq: int | None
) -> None:
    assert ddata(born(tmp_path), seq).rebirth == REBIRTH


def test_what_is_delivered_again_is_no_gap(tmp_path: Path) -> None:
    host = born(tmp_path)
    ddata(host, 2)
    assert ddata(host, 2, again=True).problems == ()


def test_an_unknown_alias_asks_for_a_rebirth(tmp_path: Path) -> None:
    found = ddata(born(tmp_path), 2, alias=8)
    assert (found.records, found.rebirth) == ((), REBIRTH)


def test_births_are_on_disk_and_a_new_host_knows_them(tmp_path: Path) -> None:
    born(tmp_path)
    found = ddata(SparkplugHost(RULES, tmp_path), 40)
    assert (len(rows(found)), found.problems) == (1, ())


def test_a_new_birth_forgets_old_aliases(tmp_path: Path) -> None:
    host = born(tmp_path)
    host.receive("spBv1.0/g/NBIRTH/n", birth(0, {}, bdseq=4))
    host.receive("spBv1.0/g/DBIRTH/n/d", birth(1, {"Energy": 70}))
    assert ddata(host, 2).rebirth == REBIRTH
    assert len(rows(ddata(host, 3, alias=70))) == 1


def test_a_death_of_this_session_counts_and_one_of_an_earlier_does_not(tmp_path: Path) -> None:
    host = born(tmp_path)
    assert host.receive("spBv1.0/g/NDEATH/n", death(2)).problems == ()
    assert ddata(host, 2).problems == ()
    assert host.receive("spBv1.0/g/NDEATH/n", death(3)).problems == ("the edge node is offline",)
    assert ddata(host, 3).rebirth == REBIRTH


@pytest.mark.parametrize(
    "topic",
    [
        "spBv1.0/g/NDATA",
        "spBv1.0/g/DDATA/n",
        "spBv1.0/g/NDATA/n/d",
        "spBv1.0/g/XDATA/n",
        "a/b/NDATA/n",
    ],
)
def test_other_topics_are_refused(tmp_path: Path, topic: str) -> None:
    with pytest.raises(InputError, match="edge node"):
        SparkplugHost(RULES, tmp_path).receive(topic, b"")


def record(kind: int, *, stamp: str = "end", **fields: object) -> bytes:
    message = payload_class()(timestamp=1_800_000, seq=0)
    message.metrics.add(alias=7, **fields)
    metric = Metric("Energy", 7, kind, "kWh", 900, stamp)
    return sparkplug_record(metric, message.SerializeToString())


@pytest.mark.parametrize(
    ("kind", "fields", "value"),
    [
        (DOUBLE, {"double_value": 0.1}, "0.1"),
        (FLOAT, {"float_value": 0.1}, "0.1"),
        (INT32, {"int_value": 2**32 - 5}, "-5"),
        (INT8, {"int_value": 251}, "-5"),
        (INT64, {"long_value": 2**64 - 5}, "-5"),
        (UINT64, {"long_value": 12}, "12"),
        (STRING, {"string_value": "12.5"}, "12.5"),
        (DOUBLE, {"datatype": INT64, "long_value": 3}, "3"),
    ],
)
def test_values_are_exact(kind: int, fields: dict[str, object], value: str) -> None:
    (row,) = decode_sparkplug(record(kind, **fields), HOME)
    assert row.fault is None
    assert row.value is not None
    assert Fraction(row.value.numerator, 10**row.value.places) == Fraction(value)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (DOUBLE, {"is_null": True}),
        (DOUBLE, {}),
        (DOUBLE, {"double_value": float("nan")}),
        (DOUBLE, {"double_value": float("inf")}),
        (DOUBLE, {"double_value": 1e300}),
        (INT32, {"double_value": 1.0}),
        (STRING, {"string_value": "1,5"}),
        (DOUBLE, {"double_value": 1.0, "timestamp": 1_800_500}),
    ],
)
def test_what_is_no_reading_has_its_fault(kind: int, fields: dict[str, object]) -> None:
    (row,) = decode_sparkplug(record(kind, **fields), HOME)
    assert row.fault is not None


@pytest.mark.parametrize(("code", "quality"), [(192, 0), (0, 10), (500, 10)])
def test_quality_that_is_not_good_is_questionable(code: int, quality: int) -> None:
    message = payload_class()(timestamp=1_800_000)
    metric = message.metrics.add(alias=7, double_value=1.0)
    metric.properties.keys.append("Quality")
    metric.properties.values.add(type=INT32, int_value=code)
    raw = sparkplug_record(Metric("E", 7, DOUBLE, "kWh", 900, "end"), message.SerializeToString())
    assert [row.quality for row in decode_sparkplug(raw, HOME)] == [quality]


@given(st.binary(max_size=200))
def test_decoder_and_parser_take_any_bytes(payload: bytes) -> None:
    assert isinstance(decode_sparkplug(payload, HOME), list)
    assert isinstance(
        decode_sparkplug(sparkplug_record(Metric("E", 7, DOUBLE, "kWh", 1, "end"), payload), HOME),
        list,
    )


def test_commands_and_states_are_as_the_specification_has_them() -> None:
    command = parse_payload(rebirth_command(1_800))
    (metric,) = command.metrics
    assert (metric.name, metric.boolean_value, metric.timestamp) == (
        "Node Control/Rebirth",
        True,
        1_800_000,
    )
    assert state_topic("h") == "spBv1.0/STATE/h"
    assert state_payload(1_800, online=True) == b'{"online":true,"timestamp":1800000}'


def test_the_wire_format_is_that_of_the_public_proto() -> None:
    """Bytes written by hand from sparkplug_b.proto: timestamp 1, metric 2 {alias 2, double 13}, seq 3."""
    found = parse_payload(bytes.fromhex("08e807" + "120b" + "1007" + "69000000000000f83f" + "1805"))
    (metric,) = found.metrics
    assert (found.timestamp, found.seq, metric.alias, metric.double_value) == (1000, 5, 7, 1.5)
