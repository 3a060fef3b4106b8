"""Mapped tables: every refused row has its reason, every taken cell its exact value."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.oracles import kit

from usufruct.errors import ConfigError, InputError
from usufruct_oracles.sources.imports import Imported
from usufruct_oracles.sources.stamps import Stamp
from usufruct_oracles.sources.table_cells import FORM, How, decode_table, table_record
from usufruct_oracles.sources.table_import import TableImporter
from usufruct_oracles.sources.table_mapping import load_mapping
from usufruct_oracles.sources.tables import read_csv
from usufruct_oracles.validation.rows import Row
from usufruct_oracles.validation.verdicts import Rule

HOME = kit.meter("home-01")
METERS = {each.code: each for each in kit.community().meters}

LONG = """
[table]
delimiter = ";"
decimal = ","
[start]
column = "from"
format = "%d.%m.%Y %H:%M"
zone = "Europe/Berlin"
repeated = "sequence"
[duration]
constant = "1h"
[value]
column = "Menge"
unit = "Wh"
multiplier = "1000"
[quality]
column = "status"
codes = { "" = 0, "E" = 8 }
[meter]
column = "id"
codes = { "DE1" = "home-01", "DE2" = "home-02" }
[rows]
art = ["Lieferung"]
"""


def imported(tmp_path: Path, mapping: str, data: bytes) -> Imported:
    path = tmp_path / "mapping.toml"
    path.write_text(mapping)
    return TableImporter(load_mapping(path), METERS)(data)


def rows_of(found: Imported) -> list[Row]:
    assert found.form == FORM
    return [row for cut in found.cuts for row in decode_table(cut.raw, METERS[cut.meter])]


def values(rows: list[Row]) -> list[tuple[str, int | None, int | None, str]]:
    return [
        (
            row.meter,
            row.start,
            None if row.value is None else row.value.quantity(Fraction(1000)),
            row.unit,
        )
        for row in rows
    ]


def test_a_long_table_becomes_records_of_meters_and_days(tmp_path: Path) -> None:
    data = (
        b"id;art;from;Menge;status\n"
        b"DE1;Lieferung;01.01.2019 00:00;1,5;\n"
        b"DE2;Lieferung;01.01.2019 00:00;0,25;E\n"
        b"DE1;Bezug;01.01.2019 00:00;9;\n"
        b"DE1;Lieferung;02.01.2019 00:00;2;\n"
        b"DE9;Lieferung;01.01.2019 00:00;1;\n"
        b"DE1;Lieferung;kaputt\n"
    )
    found = imported(tmp_path, LONG, data)
    assert [cut.meter for cut in found.cuts] == ["home-01", "home-01", "home-02"]
    assert found.passed_over == 1
    assert [(each.place, each.reason.partition(";")[0]) for each in found.refused] == [
        (7, "3 cells instead of 5"),
        (6, "unknown meter 'DE9'"),
    ]
    rows = rows_of(found)
    assert values(rows) == [
        ("home-01", 1_546_297_200, 1500, "kWh"),
        ("home-01", 1_546_383_600, 2000, "kWh"),
        ("home-02", 1_546_297_200, 250, "kWh"),
    ]
    assert [row.quality for row in rows] == [0, 0, 8]
    assert all(row.fault is None and row.duration == 3600 for row in rows)


def test_a_table_exported_again_repeats_its_records(tmp_path: Path) -> None:
    head = b"id;art;from;Menge;status\n"
    first = b"DE1;Lieferung;01.01.2019 00:00;1,5;\n"
    second = b"DE1;Lieferung;02.01.2019 00:00;1,5;\n"
    once = imported(tmp_path, LONG, head + first)
    again = imported(tmp_path, LONG, head + first + second)
    assert again.cuts[:1] == once.cuts
    assert len(again.cuts) == 2


def test_a_record_holds_no_cell_of_another_meter(tmp_path: Path) -> None:
    data = (
        b"id;art;from;Menge;status\nDE1;Lieferung;01.01.2019 00:00;1,5;\n"
        b"DE2;Lieferung;01.01.2019 00:00;7,77;\n"
    )
    found = imported(tmp_path, LONG, data)
    assert b"7,77" not in found.cuts[0].raw
    assert b"DE2" not in found.cuts[0].raw


def test_the_repeated_hour_of_a_long_table_counts_twice(tmp_path: Path) -> None:
    times = ["01:00", "02:00", "02:00", "03:00"]
    lines = "".join(f"DE1;Lieferung;27.10.2019 {each};1;\n" for each in times)
    found = imported(tmp_path, LONG, f"id;art;from;Menge;status\n{lines}".encode())
    starts = [row.start for row in rows_of(found) if row.start is not None]
    assert [each - starts[0] for each in starts] == [0, 3600, 7200, 10_800]


WIDE = """
[start]
column = "time"
zone = "UTC"
[duration]
constant = "15m"
[value]
unit = "Wh"
per_kw = true
places = 9
[meter]
columns = { "a" = "home-01", "b" = "home-02" }
"""


def test_a_wide_table_has_a_reading_for_each_meter_scaled_by_its_nameplate(tmp_path: Path) -> None:
    found = imported(
        tmp_path, WIDE, b"time,a,b,c\n2019-01-01 00:00,120.5,1e-3,9\n2019-01-01 00:15,,5,9\n"
    )
    first, broken, small, other = rows_of(found)
    kilowatts = Fraction(HOME.nameplate, 1000)
    assert first.value is not None
    assert Fraction(first.value.numerator, 10**first.value.places) == Fraction("0.1205") * kilowatts
    assert broken.fault is not None
    assert broken.fault.rule is Rule.NOT_A_NUMBER
    assert small.fault is None
    assert other.start == 1_546_301_700


def test_binary_noise_is_rounded_only_when_the_mapping_says_so(tmp_path: Path) -> None:
    data = b"time,a,b\n2019-01-01 00:00,0.30000000000000004,1\n"
    exact = imported(
        tmp_path, WIDE.replace("places = 9\n", "").replace("per_kw = true\n", ""), data
    )
    fault = rows_of(exact)[0].fault
    assert fault is not None
    assert "9 places" in fault.detail
    rounded = rows_of(imported(tmp_path, WIDE.replace("per_kw = true\n", ""), data))[0]
    assert rounded.value is not None
    assert rounded.value.quantity(Fraction(10**6)) == 300


BOTH = """
[start]
column = "arrival"
[end]
column = "departure"
[value]
column = "kwh"
unit = "kWh"
[meter]
constant = "home-01"
"""


def test_start_and_end_give_the_duration_and_must_be_in_order(tmp_path: Path) -> None:
    data = (
        b"arrival,departure,kwh\n2019-01-01 00:00+01:00,2019-01-01 02:30+01:00,3.5\n"
        b"2019-01-01 03:00+01:00,2019-01-01 03:00+01:00,1\n"
    )
    good, bad = rows_of(imported(tmp_path, BOTH, data))
    assert (good.duration, good.fault) == (9000, None)
    assert bad.fault is not None
    assert "not after" in bad.fault.detail


def test_an_end_and_24_00_give_the_start(tmp_path: Path) -> None:
    mapping = BOTH.replace('[start]\ncolumn = "arrival"\n', "").replace(
        'column = "departure"', 'column = "departure"\nzone = "Asia/Shanghai"\nmidnight24 = true'
    )
    mapping += '[duration]\ncolumn = "minutes"\nunit = "m"\n'
    data = b"departure,minutes,kwh\n2026-09-10 24:00,15,1\n2026-09-10 24:00,x,1\n"
    good, bad = rows_of(imported(tmp_path, mapping, data))
    assert (good.end, good.duration) == (kit.bounds("2026-09-10")[1], 900)
    assert bad.fault is not None


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "columns"),
        (b"id;id\n1;2\n", "columns"),
        (b"id;art\n", "columns"),
        (b"\xff\xfe;\n", "encoding"),
        (b"a\0b;\n", "bytes"),
        (b"x" * 70_000, "line"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path: Path, data: bytes, field: str) -> None:
    with pytest.raises(InputError) as caught:
        imported(tmp_path, LONG, data)
    assert caught.value.field == field


def test_broken_quotes_refuse_their_line_alone() -> None:
    table = read_csv(b'a,b\n1,"2"x\n\n3,4\n', delimiter=",", header=1, encoding="utf-8")
    assert [row for _, row in table.rows] == [["3", "4"]]
    assert [number for number, _ in table.refused] == [2, 3]


def test_columns_without_a_header_have_numbers() -> None:
    table = read_csv(b"1,2\n3,4\n", delimiter=",", header=0, encoding="utf-8")
    assert table.columns == ("1", "2")
    assert len(table.rows) == 2


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ("[start]", "[strat]", "strat"),
        ('delimiter = ";"', 'delimiter = "::"', "table.delimiter"),
        ('zone = "Europe/Berlin"', 'zone = "Europe/Bärlin"', "start.zone"),
        ('repeated = "sequence"', 'repeated = "guess"', "start.repeated"),
        ('constant = "1h"', 'constant = "1 hour"', "duration.constant"),
        ('multiplier = "1000"', 'multiplier = "0"', "value.multiplier"),
        ('multiplier = "1000"', "multiplier = 1000", "value.multiplier"),
        ('"E" = 8', '"E" = 256', "quality.codes"),
        ('"DE1" = "home-01"', '"DE1" = 1', "meter.codes"),
        ('column = "id"\n', 'column = "id"\nconstant = "home-01"\n', "meter.column"),
        ('[duration]\nconstant = "1h"\n', "", "duration.constant"),
        ('unit = "Wh"\n', "", "value.unit"),
        ('art = ["Lieferung"]', 'art = "Lieferung"', "rows.art"),
        ("[value]", "[value]\nprecision = 3", "value.precision"),
    ],
)
def test_a_wrong_mapping_names_the_line(
    tmp_path: Path, before: str, after: str, field: str
) -> None:
    path = tmp_path / "mapping.toml"
    assert before in LONG
    path.write_text(LONG.replace(before, after, 1))
    with pytest.raises(ConfigError) as caught:
        load_mapping(path)
    assert caught.value.field == field
    assert caught.value.remedy


def test_parquet_and_csv_of_the_same_table_give_the_same_readings(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet  # noqa: PLC0415 - after the check that it is there

    table = pyarrow.table({"time": ["2019-01-01 00:00"], "a": [120.5], "b": [Decimal("1.25")]})
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    mapping = '[table]\nformat = "parquet"\n' + WIDE
    found = rows_of(imported(tmp_path, mapping, buffer.getvalue()))
    csv = rows_of(imported(tmp_path, WIDE, b"time,a,b\n2019-01-01 00:00,120.5,1.25\n"))
    assert values(found) == values(csv)


def test_bytes_that_are_no_parquet_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(InputError, match="not a table"):
        imported(tmp_path, '[table]\nformat = "parquet"\n' + WIDE, b"PAR1 nothing PAR1")


def test_parquet_without_its_extra_names_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ConfigError) as caught:
        imported(tmp_path, '[table]\nformat = "parquet"\n' + WIDE, b"PAR1")
    assert "usufruct[parquet]" in caught.value.one_line()


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff", b"{}", b"[]\n", b'{"v":1}\n["a"]\n', b"x" * 1000, b"null\nnull\n"],
)
def test_a_payload_that_is_no_record_is_one_row_with_its_fault(payload: bytes) -> None:
    (only,) = decode_table(payload, HOME)
    assert (only.number, only.meter) == (0, "home-01")
    assert only.fault is not None
    assert only.fault.rule is Rule.MALFORMED


@given(st.binary(max_size=300))
def test_the_decoder_never_raises(payload: bytes) -> None:
    assert isinstance(decode_table(payload, HOME), list)


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**9)), min_size=1, max_size=20),
    st.sampled_from([".", ","]),
    st.fractions(min_value="1/1000", max_value=1000, max_denominator=1000),
)
def test_cells_are_read_as_they_were_written(
    cells: list[tuple[int, int]], decimal: str, scale: Fraction
) -> None:
    how = replace(How(Stamp("unix"), None, 60, "kWh"), decimal=decimal, scale=scale, places=9)
    texts = [
        [str(at), "", "", f"{value // 1000}{decimal}{value % 1000:03d}", "17"]
        for at, value in cells
    ]
    rows = decode_table(table_record(how, texts), HOME)
    for row, (at, value) in zip(rows, cells, strict=True):
        assert (row.start, row.duration, row.quality, row.fault) == (at, 60, 17, None)
        assert row.value is not None
        found = Fraction(row.value.numerator, 10**row.value.places)
        assert abs(found - Fraction(value, 1000) * scale) <= Fraction(1, 2 * 10**9)
