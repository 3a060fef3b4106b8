"""Converters of public data, over made-up files of the same shape; the traps of the real ones are in them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from usufruct.config import load_community
from usufruct.errors import InputError
from usufruct_oracles.realdata import acn, citylearn, parking, rain, tariffs
from usufruct_oracles.realdata.citylearn import PriceRule
from usufruct_oracles.realdata.convert import RealReport, convert_month
from usufruct_oracles.realdata.tables import decimal_text, local_time

HOURS = [datetime(2016, 8, 1) + timedelta(hours=n) for n in range(8760)]  # noqa: DTZ001
FIRST_HOUR = HOURS[0]
EV = {
    "schedule": [
        {
            "id": "Summer-Weekday",
            "effective_start": "06-01",
            "effective_end": "09-30",
            "dow_mask": "WEEKDAYS",
            "times": [0, 8, 12.5, 18, 23],
            "tariffs": [0.05, 0.09, 0.27, 0.09, 0.05],
        },
        {
            "id": "Summer-Weekend",
            "effective_start": "06-01",
            "effective_end": "09-30",
            "dow_mask": "WEEKENDS",
            "times": [0],
            "tariffs": [0.05],
        },
        {
            "id": "Winter",
            "effective_start": "10-01",
            "effective_end": "5-31",
            "dow_mask": "ALL",
            "times": [0],
            "tariffs": [0.06],
        },
    ]
}


def write(path: Path, lines: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(lines) + "\n"
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")


def price(time: datetime) -> str:
    return str(next(rule.price for rule in citylearn.PRICES if rule.matches(time)))


def labels(time: datetime) -> str:
    """Month, hour and weekday as the data set writes them: midnight is hour 24 of the day before."""
    day = time if time.hour else time - timedelta(hours=1)
    return f"{day.month},{time.hour or 24},{day.isoweekday()}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """August 2019: two homes, a garage, a gauge, three charging sessions."""
    folder = tmp_path / "data"
    city = folder / citylearn.FOLDER
    buildings = {
        f"Building_{n}": {
            "energy_simulation": f"Building_{n}.csv",
            "pv": {"attributes": {"nominal_power": 3.0 + n}},
        }
        for n in (1, 2)
    }
    write(city / "schema.json", [json.dumps({"buildings": buildings})])
    rows = [f"{labels(t)},{Decimal(t.month) * 10 + t.hour}" for t in HOURS]
    for name in buildings:
        header = "month,hour,day_type,solar_generation"
        write(city / f"{name}.csv.gz", [header, *rows])
    write(city / "pricing.csv.gz", ["electricity_pricing", *(price(t) for t in HOURS)])
    quarters = (datetime(2019, 8, 1) + timedelta(minutes=15 * n) for n in range(31 * 96))  # noqa: DTZ001
    write(
        folder / parking.FOLDER / "dresdencentrumgalerie.csv.gz",
        (f"{t.isoformat()},{-1 if t.hour == 3 and t.day == 2 else 40}" for t in quarters),
    )
    for name in parking.SPACES:
        if name != "dresdencentrumgalerie":
            write(folder / parking.FOLDER / f"{name}.csv.gz", ["2016-01-01T00:00:00,5"])
    hours = (datetime(2019, 8, 1, 1) + timedelta(hours=n) for n in range(31 * 24))  # noqa: DTZ001
    write(
        folder / rain.FOLDER / "vlissingen_prec_hourly.csv.gz",
        [
            ",RH",
            *(
                f"{t:%Y-%m-%d %H:%M:%S},{'0.00030000000000000003' if t.hour == 1 else '0.0'}"
                for t in hours
            ),
        ],
    )
    days = (datetime(2019, 8, 1) + timedelta(days=n) for n in range(31))  # noqa: DTZ001
    write(
        folder / rain.FOLDER / "rain_260.csv.gz",
        [",RH_260", *(f"{t:%Y-%m-%d},2.5000000000000004" for t in days)],
    )
    head = "arrival,departure,requested,delivered,station_id,session_id,estimated,claimed"
    write(
        folder / acn.FOLDER / "caltech_2019-05-01_2019-08-31.csv.gz",
        [
            head,
            "2019-07-31 23:00:00-07:00,2019-08-01 01:00:00-07:00,9,5.25,CA-1,s,x,True",
            "2019-08-03 09:00:00-07:00,2019-08-03 10:00:00-07:00,2,2.5,CA-1,s,x,True",
            "2019-08-31 23:00:00-07:00,2019-09-01 01:00:00-07:00,9,5,CA-1,s,x,True",
        ],
    )
    write(
        folder / acn.FOLDER / "jpl_2019-05-01_2019-08-31.csv.gz",
        [head, "2019-08-05 12:00:00-07:00,2019-08-05 12:06:00-07:00,90,80.9,AG-1,s,x,True"],
    )
    write(folder / tariffs.FOLDER / tariffs.EV_TARIFF, [json.dumps(EV)])
    return folder


def rows_of(report: RealReport, stream: str, day: str) -> list[list[str]]:
    text = (report.inbox / stream / f"{day}.csv").read_text()
    return [line.split(",") for line in text.splitlines()[1:]]


# --- The traps -----------------------------------------------------------------------------------


def test_pv_is_per_kilowatt_of_nameplate(data: Path) -> None:
    one, two = citylearn.homes(data)
    assert (one.nameplate, two.nameplate) == (4000, 5000)
    noon = citylearn.hour_of(datetime(2019, 8, 5, 12))  # noqa: DTZ001
    assert noon is not None
    # (80 + 12) W/kW · 4 kW · 1 h
    assert one.energy[noon] == Decimal("0.368")
    assert two.energy[noon] == Decimal("0.46")


def test_the_first_row_is_midnight_of_the_first_of_august(data: Path) -> None:
    lines = gzip.decompress((data / citylearn.FOLDER / "Building_1.csv.gz").read_bytes()).decode()
    assert lines.splitlines()[1].startswith("7,24,7,")
    assert citylearn.hour_of(FIRST_HOUR.replace(year=2019)) == 0
    assert citylearn.hour_of(datetime(2020, 7, 31, 23)) == 8759  # noqa: DTZ001
    assert citylearn.hour_of(datetime(2020, 2, 29, 12)) is None  # noqa: DTZ001


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [("7,24,7,", "8,0,1,", "not the year"), ("8,1,1,", "8,2,1,", "not the year")],
)
def test_another_labelling_is_refused(data: Path, old: str, new: str, told: str) -> None:
    path = data / citylearn.FOLDER / "Building_1.csv.gz"
    text = gzip.decompress(path.read_bytes()).decode().replace(old, new, 1)
    path.write_bytes(gzip.compress(text.encode()))
    with pytest.raises(InputError, match=told):
        citylearn.homes(data)


def test_prices_are_checked_against_every_hour(data: Path) -> None:
    assert citylearn.check_prices(data, 8) == 744
    assert citylearn.check_prices(data, 2) == 672
    wrong = (PriceRule("flat", (), (), (0, 24), Decimal("0.22")),)
    with pytest.raises(InputError, match="do not reproduce") as caught:
        citylearn.check_prices(data, 8, wrong)
    assert "0.22 by the rules, for Monday 01 August 16:00" in str(caught.value.rule)


def test_hours_of_rain_are_metres_and_stamped_with_their_end(data: Path) -> None:
    found = rain.hourly(data, "2019-08")
    assert found.unit == "m"
    first = datetime(2019, 8, 1)  # noqa: DTZ001
    assert found.depths[first] == Decimal("0.0003")
    assert found.in_mm().depths[first] == Decimal("0.3")
    assert min(found.depths) == first
    days = rain.daily(data, "2019-08")
    assert (days.unit, days.in_mm().depths[first]) == ("mm", Decimal("2.5"))
    assert days.in_mm() is days


def test_naive_times_that_do_not_exist_are_told() -> None:
    place = ZoneInfo("America/Los_Angeles")
    assert local_time(datetime(2019, 3, 10, 2, 30), place) is None  # noqa: DTZ001
    twice = local_time(datetime(2019, 11, 3, 1, 30), place)  # noqa: DTZ001
    assert twice is not None
    assert twice.utcoffset() == timedelta(hours=-7)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("-0.0", "0"),
        ("1.50", "1.5"),
        ("0.0697333280001", "0.069733328"),
        ("0.0000000019", "0.000000001"),
        ("12E+2", "1200"),
        ("6.977000000000001", "6.977"),
        ("-2", "-2"),
    ],
)
def test_decimals_are_cut_never_rounded_up(value: str, text: str) -> None:
    assert decimal_text(Decimal(value)) == text


def test_charging_prices_become_rows_and_rules(data: Path) -> None:
    prices = tariffs.charging(data)
    assert {row: str(value) for row, value in prices.rows.items()} == {
        "summer-low": "0.05",
        "summer-mid": "0.09",
        "summer-peak": "0.27",
        "winter-peak": "0.06",
    }
    weekday = [rule for rule in prices.rules if rule.weekdays == (1, 2, 3, 4, 5)]
    assert [(rule.from_, rule.to) for rule in weekday] == [
        (0, 480),
        (480, 750),
        (750, 1080),
        (1080, 1380),
        (1380, 1440),
    ]
    winter = next(rule for rule in prices.rules if rule.row == "winter-peak")
    assert winter.months == (10, 11, 12, 1, 2, 3, 4, 5)
    broken = {"schedule": [{**EV["schedule"][0], "effective_start": "06-15"}]}
    write(data / tariffs.FOLDER / tariffs.EV_TARIFF, [json.dumps(broken)])
    with pytest.raises(InputError, match="charging tariff"):
        tariffs.charging(data)


def test_sessions_without_offsets_are_refused(data: Path) -> None:
    path = data / acn.FOLDER / "caltech_2019-05-01_2019-08-31.csv.gz"
    text = gzip.decompress(path.read_bytes()).decode().replace("-07:00", "", 1)
    path.write_bytes(gzip.compress(text.encode()))
    with pytest.raises(InputError, match="not a session"):
        acn.sessions(data, "2019-08", 0, 1 << 40)


# --- The conversion ------------------------------------------------------------------------------


def test_a_month_becomes_a_community_and_a_drop_folder(data: Path, tmp_path: Path) -> None:
    report = convert_month(data, tmp_path / "out")
    community = load_community(report.community_file)
    assert community.project.timezone == "America/Los_Angeles"
    assert report.rows == {"VPP": 2 * 744, "PARKING": 2976, "WATER": 744, "EV": 3}
    assert [meter.code for meter in community.meters if meter.stream == "EV"] == [
        "caltech-CA-1",
        "jpl-AG-1",
    ]
    home = rows_of(report, "VPP", "2019-08-05")[12]
    assert home == ["home-01", "2019-08-05T12:00:00-07:00", "3600", "0.368", "kWh", "0"]
    assert rows_of(report, "WATER", "2019-08-01")[0][3:5] == ["0.3", "mm"]
    assert rows_of(report, "PARKING", "2019-08-02")[12][3:5] == ["-1", "%"]
    # A session belongs to the day in which it ends, the one of the next month is left out.
    assert [row[2:4] for row in rows_of(report, "EV", "2019-08-01")] == [["7200", "5.25"]]
    assert any("1 sessions delivered more than was requested" in note for note in report.notes)
    assert any("2019-08" in note and "no year" in note for note in report.notes)
    vpp = community.stream("VPP").tariff
    assert [row.id for row in vpp.rows] == [rule.row for rule in citylearn.PRICES]


def test_rain_as_found_carries_the_files_unit(data: Path, tmp_path: Path) -> None:
    report = convert_month(data, tmp_path / "out", rain_as_found=True)
    assert rows_of(report, "WATER", "2019-08-01")[0][3:5] == ["0.0003", "m"]
    community = load_community(report.community_file)
    assert next(meter.unit for meter in community.meters if meter.stream == "WATER") == "mm"


def test_daily_rain_is_an_interval_of_a_day(data: Path, tmp_path: Path) -> None:
    report = convert_month(data, tmp_path / "out", daily_rain=True)
    assert rows_of(report, "WATER", "2019-08-01") == [
        ["gauge-debilt", "2019-08-01T00:00:00-07:00", "86400", "2.5", "mm", "0"]
    ]


def test_a_month_that_is_not_covered_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="do not cover the month"):
        convert_month(data, tmp_path / "out", month="2019-07")


def test_a_missing_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read") as caught:
        convert_month(tmp_path, tmp_path / "out")
    assert "USUFRUCT_DATA" in str(caught.value.remedy)
