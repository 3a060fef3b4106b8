"""The traps of the real data sets: each is there, is counted over all files, and is told with what is done about it."""

from __future__ import annotations

import gzip
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.oracles import kit

from usufruct.errors import InputError
from usufruct_oracles.realdata import spot
from usufruct_oracles.realdata.beside import write_green_button, write_prices
from usufruct_oracles.realdata.survey import Caught, survey
from usufruct_oracles.sources.espi_records import decode_espi


@pytest.fixture(scope="module")
def caught(usufruct_data: Path) -> dict[tuple[str, str], Caught]:
    return {(each.data_set, each.trap): each for each in survey(usufruct_data)}


@pytest.mark.parametrize(
    ("data_set", "trap", "count", "told"),
    [
        ("citylearn2022", "pv-per-kilowatt", 17, "103425 kWh a year; as Wh it would be 23213 kWh"),
        ("citylearn2022", "hour-24-first", 17, "hour 0 of 1 August"),
        ("citylearn2022", "no-year", 8760, "prices agree"),
        ("citylearn2022", "charger-rows-beyond-the-year", 6136, "left out"),
        ("citylearn2022", "charger-quarter-hours", 6, "of 8 chargers"),
        ("citylearn2022", "no-stamps", 17_520, "n-th hour"),
        ("acn_data", "over-delivered", 1994, "of 27407 sessions"),
        ("acn_data", "local-offsets", 2, "-07:00, -08:00"),
        ("acn_data", "utc-beside-local", 9504, "UTC"),
        ("acn_tariffs", "made-up-tariff", 1, "periods_shifted"),
        ("acn_tariffs", "demand-charge", 3, "not priced"),
        ("parking_dresden", "naive-stamps", 198_984, "Europe/Berlin"),
        ("parking_dresden", "times-that-do-not-exist", 20, "left out"),
        ("parking_dresden", "times-that-are-two", 20, "taken as the first"),
        ("parking_dresden", "below-nothing", 28, "negative"),
        ("parking_dresden", "above-all", 496, "implausible"),
        ("rain_pastas", "hourly-rain-in-metres", 35_064, "in m it is 752 mm a year"),
        ("rain_pastas", "daily-rain-in-millimetres", 14_697, "in mm it is 841 mm a year"),
        ("rain_pastas", "header-of-evaporation", 1, "read by place"),
        ("rain_pastas", "binary-noise", 3325, "rounded"),
        ("epf_prices", "negative-prices", 67, "DE 67"),
        ("epf_prices", "24-hours-where-the-clock-changes", 3, "2017-10-29"),
        ("epf_prices", "naive-stamps", 6720, "zone of each market"),
        ("espi", "days-of-23-hours", 1, "2012-03-11 has 92 quarter-hours"),
        ("espi", "no-quality", 1338, "of 1340 readings"),
    ],
)
def test_each_trap_is_counted_and_told(
    caught: dict[tuple[str, str], Caught], data_set: str, trap: str, count: int, told: str
) -> None:
    found = caught[data_set, trap]
    assert found.count == count
    assert told in found.told
    assert found.line().startswith(f"{data_set}: {trap} ({count}): ")


def test_the_survey_names_every_trap_above_and_none_more(
    caught: dict[tuple[str, str], Caught],
) -> None:
    assert len(caught) == 25
    assert {each for each, _ in caught} == {
        *("acn_data", "acn_tariffs", "citylearn2022", "epf_prices"),
        *("espi", "parking_dresden", "rain_pastas"),
    }


def test_a_missing_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"schema\.json"):
        survey(tmp_path)


def test_green_button_files_become_records_of_days(usufruct_data: Path, tmp_path: Path) -> None:
    count = write_green_button(usufruct_data, tmp_path, kit.community())
    home = kit.community().meters[0]
    records = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    rows = [row for record in records for row in decode_espi(record, home)]
    assert len(records) == count
    assert len(rows) == 1340
    assert all(row.fault is None and row.unit == "kWh" for row in rows)
    total = sum(row.value.quantity(home.multiplier) for row in rows if row.value is not None)
    assert total == 1_391_666


# --- Spot prices ---------------------------------------------------------------------------------


def prices(folder: Path, rows: list[str], other: list[str] | None = None) -> Path:
    (folder / spot.FOLDER).mkdir()
    (folder / spot.FOLDER / spot.PRICES).write_text("\n".join(["unique_id,ds,y", *rows]) + "\n")
    beside = "\n".join(["unique_id,ds,y", *(rows if other is None else other)]) + "\n"

    (folder / spot.FOLDER / spot.WITH_FORECASTS).write_bytes(gzip.compress(beside.encode()))
    return folder


def test_a_price_below_zero_is_a_price(tmp_path: Path) -> None:
    (market,) = spot.markets(prices(tmp_path, ["DE,2017-10-28 00:00:00,-83.04"]))
    start = datetime(2017, 10, 28)  # noqa: DTZ001 - naive, as in the file
    assert (market.prices[start], market.mills(start), market.negative) == (
        Decimal("-83.04"),
        -83_040,
        1,
    )
    assert market.moments() == {1_509_141_600: -83_040}


def test_prices_are_written_by_moment(tmp_path: Path) -> None:
    folder = prices(tmp_path, ["DE,2017-10-28 01:00:00,5", "DE,2017-10-28 00:00:00,4.5"])
    assert write_prices(folder, tmp_path / "out") == {"DE": 2}
    assert (tmp_path / "out" / "DE.json").read_text() == (
        '{"market":"DE","prices":[[1509141600,4500],[1509145200,5000]],"v":1}'
    )


@pytest.mark.parametrize(
    ("rows", "other", "told"),
    [
        (["DE,2017-10-28 00:00:00,1"] * 2, None, "each hour once"),
        (["XX,2017-10-28 00:00:00,1"], None, "one of BE, DE"),
        (["DE,2017-10-28 00:00:00+02:00,1"], None, "naive"),
        (["DE,yesterday,1"], None, "naive time"),
        (["DE,2017-10-28 00:00:00,nan"], None, "decimal"),
        (["DE,2017-10-28 00:00:00,1"], ["DE,2017-10-28 00:00:00,2"], "the prices of"),
    ],
)
def test_other_files_are_refused(
    tmp_path: Path, rows: list[str], other: list[str] | None, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        spot.markets(prices(tmp_path, rows, other))
