"""What is treacherous in the public data sets, counted over every file of them.

A month's conversion meets only what lies in that month; the survey reads everything and says how often each trap is
there and what is done about it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from usufruct.errors import InputError
from usufruct_oracles.realdata import acn, citylearn, parking, rain, spot, tariffs
from usufruct_oracles.realdata.tables import local_time, number, read_rows
from usufruct_oracles.sources.espi import parse

ESPI_FOLDER = "espi"
"""Name of the folder of Green Button files."""
DRESDEN = "Europe/Berlin"
"""Time zone of the garages."""

_CALIFORNIA = "America/Los_Angeles"
_HOURS, _QUARTERS = 8760, 35_040
_YEARLY_MM = (200, 2500)
_PER_CENT, _MM_PER_M = 100, 1000
_QUARTERS_OF_23_HOURS = 92
_UNSEEN = "NOT a real tariff"


@dataclass(frozen=True, slots=True)
class Caught:
    """A trap.

    Attributes:
        data_set: Name of the folder.
        trap: A name that stays the same.
        count: How often it is there.
        told: What it is, and what is done about it.
    """

    data_set: str
    trap: str
    count: int
    told: str

    def line(self) -> str:
        """The trap for people."""
        return f"{self.data_set}: {self.trap} ({self.count}): {self.told}"


def survey(data_dir: Path) -> list[Caught]:
    """The traps of all data sets, by data set.

    Raises:
        InputError: A data set is missing or is not what it should be.
    """
    return [each for look in _LOOKS for each in look(data_dir) if each.count]


def _citylearn(data_dir: Path) -> Iterator[Caught]:
    name, folder = citylearn.FOLDER, data_dir / citylearn.FOLDER
    homes = citylearn.homes(data_dir)
    total = sum((sum(home.energy, Decimal(0)) for home in homes), Decimal(0))
    naive = sum(
        (sum(home.energy, Decimal(0)) * _MM_PER_M / home.nameplate for home in homes), Decimal(0)
    )
    yield Caught(
        name,
        "pv-per-kilowatt",
        len(homes),
        f"solar_generation is W per kW of nameplate: {total:.0f} kWh a year; as Wh it would be {naive:.0f} kWh",
    )
    yield Caught(
        name,
        "hour-24-first",
        len(homes),
        "the first row is the midnight that ends July: hour 0 of 1 August",
    )
    for month in range(1, 13):
        citylearn.check_prices(data_dir, month)
    yield Caught(
        name, "no-year", _HOURS, "rows have no year; all prices agree with weekdays of 2016/17"
    )
    lengths = [len(list(read_rows(each))) - 1 for each in sorted(folder.glob("charger_*.csv.gz"))]
    beyond = sum(each - (_HOURS if each < _QUARTERS else _QUARTERS) for each in lengths)
    mixed = sum(each >= _QUARTERS for each in lengths)
    yield Caught(
        name,
        "charger-rows-beyond-the-year",
        beyond,
        "chargers run on after the last hour; left out",
    )
    yield Caught(
        name,
        "charger-quarter-hours",
        mixed,
        f"of {len(lengths)} chargers so many have quarter-hours, not hours",
    )
    carbon = [
        number(row[0], folder) for row in list(read_rows(folder / "carbon_intensity.csv.gz"))[1:]
    ]
    weather = list(read_rows(folder / "weather.csv.gz"))[1:]
    _require(len(carbon) == len(weather) == _HOURS, name, len(carbon), f"{_HOURS} hours")
    yield Caught(
        name,
        "no-stamps",
        len(carbon) + len(weather),
        "carbon and weather rows have no time: the n-th hour",
    )


def _sessions(data_dir: Path) -> Iterator[Caught]:
    name, folder = acn.FOLDER, data_dir / acn.FOLDER
    over, total, unasked, offsets, other = 0, 0, 0, set[str](), 0
    place = ZoneInfo(_CALIFORNIA)
    seen: set[tuple[str, ...]] = set()
    twice = 0
    for site in acn.SITES:
        for path in sorted(folder.glob(f"{site}_*.csv.gz")):
            for row in list(read_rows(path))[1:]:
                session = acn.session_of(site, row, path)
                total += 1
                over += bool(row[2]) and session.delivered > session.requested
                unasked += not row[2]
                offsets.add(row[0][-6:])
                local = datetime.fromtimestamp(session.start, place)
                other += local.isoformat()[-6:] != row[0][-6:]
                key = (site, *row)
                twice += key in seen
                seen.add(key)
    yield Caught(
        name,
        "over-delivered",
        over,
        f"of {total} sessions so many delivered more than requested; they count, as measured",
    )
    yield Caught(
        name,
        "local-offsets",
        len(offsets),
        f"times carry {', '.join(sorted(offsets))}; read as moments",
    )
    yield Caught(
        name,
        "offset-of-another-season",
        other,
        "arrivals whose offset is not the zone's at that moment",
    )
    yield Caught(
        name, "nothing-requested", unasked, "sessions without a requested energy count as they are"
    )
    yield Caught(
        name, "repeated-sessions", twice, "rows that stand there twice; the journal takes one"
    )
    carbon = list(read_rows(folder / "moer_SGIP_CAISO_SCE_2020-08.csv.gz"))[1:]
    stamps = [datetime.fromisoformat(row[0]) for row in carbon]
    _require(all(each.tzinfo is not None for each in stamps), name, "naive", "offsets")
    gaps = sum((b - a).total_seconds() != 300 for a, b in pairwise(stamps))  # noqa: PLR2004 - five minutes
    _require(not gaps, name, gaps, "five minutes between rows")
    yield Caught(
        name,
        "utc-beside-local",
        len(stamps),
        "emission rates are stamped in UTC, sessions beside them in local time",
    )


def _tariffs(data_dir: Path) -> Iterator[Caught]:
    name = tariffs.FOLDER
    paths = sorted((data_dir / name).glob("*.json"))
    made_up = [each for each in paths if _UNSEEN in each.read_text(encoding="utf-8")]
    demand = 0
    for path in paths:
        prices = tariffs.prices_of(path)
        _require(bool(prices.rules), name, path.name, "a schedule")
        schedule = json.loads(path.read_text(encoding="utf-8"))["schedule"]
        demand += any(each.get("demand_charge") for each in schedule)
    yield Caught(
        name,
        "made-up-tariff",
        len(made_up),
        f"{', '.join(each.name for each in made_up)} says that it is no real one",
    )
    yield Caught(
        name,
        "demand-charge",
        demand,
        f"of {len(paths)} tariffs; a charge on power is not priced here",
    )


def _parking(data_dir: Path) -> Iterator[Caught]:
    name, place = parking.FOLDER, ZoneInfo(DRESDEN)
    rows = below = above = skipped = repeated = 0
    for garage in parking.SPACES:
        path = data_dir / name / f"{garage}.csv.gz"
        for stamp, text in read_rows(path):
            share, time = number(text, path), datetime.fromisoformat(stamp)
            rows += 1
            below += share < 0
            above += share > _PER_CENT
            skipped += local_time(time, place) is None
            first, second = (time.replace(tzinfo=place, fold=fold).utcoffset() for fold in (0, 1))
            repeated += first != second and local_time(time, place) is not None
    yield Caught(name, "naive-stamps", rows, f"no offsets; they are {DRESDEN}")
    yield Caught(
        name, "times-that-do-not-exist", skipped, "lie in hours that the clock skips; left out"
    )
    yield Caught(
        name,
        "times-that-are-two",
        repeated,
        "lie in hours that the clock repeats, and stand there once; taken as the first",
    )
    yield Caught(
        name, "below-nothing", below, "per cent below 0; rejected by validation as negative"
    )
    yield Caught(
        name, "above-all", above, "per cent above 100; rejected by validation as implausible"
    )


def _rain(data_dir: Path) -> Iterator[Caught]:
    name, folder = rain.FOLDER, data_dir / rain.FOLDER
    for file, trap, unit, factor in (
        ("vlissingen_prec_hourly.csv.gz", "hourly-rain-in-metres", "m", _MM_PER_M),
        ("rain_260.csv.gz", "daily-rain-in-millimetres", "mm", 1),
    ):
        depths, first, last = _depths(folder / file)
        years = Decimal((last - first).days) / Decimal("365.25")
        yearly = sum(depths, Decimal(0)) * factor / years
        _require(
            _YEARLY_MM[0] < yearly < _YEARLY_MM[1],
            name,
            f"{yearly:.0f} mm",
            f"{_YEARLY_MM} mm a year",
        )
        told = f"no unit in the file; in {unit} it is {yearly:.0f} mm a year, which a gauge there can have"
        yield Caught(name, trap, len(depths), told)
    swapped, _, _ = _depths(folder / "vlissingen_evap_hourly.csv.gz")
    header = next(iter(read_rows(folder / "vlissingen_evap_hourly.csv.gz")))
    yield Caught(
        name,
        "header-of-evaporation",
        int(header[0] == "EVH"),
        f"header {','.join(header)} stands one column too far left; {len(swapped)} rows read by place",
    )
    noisy = sum(len(row[1]) > 12 for row in read_rows(folder / "rain_260.csv.gz"))  # noqa: PLR2004 - digits of a gauge
    yield Caught(name, "binary-noise", noisy, "such as 5.800000000000001; rounded to seven places")


def _depths(path: Path) -> tuple[list[Decimal], datetime, datetime]:
    rows = list(read_rows(path))[1:]
    first, last = (datetime.fromisoformat(rows[at][0]) for at in (0, -1))
    return [number(row[1], path) for row in rows], first, last


def _spot(data_dir: Path) -> Iterator[Caught]:
    name, found = spot.FOLDER, spot.markets(data_dir)
    for market in found:
        _require(len(market.moments()) == len(market.prices), name, market.name, "hours that exist")
    negative = {each.name: each.negative for each in found if each.negative}
    told = ", ".join(f"{market} {count}" for market, count in negative.items())
    yield Caught(
        name,
        "negative-prices",
        sum(negative.values()),
        f"{told}; kept as they are, no tariff row may hold one",
    )
    days = sorted({day for each in found for day in each.clock_changes})
    yield Caught(
        name,
        "24-hours-where-the-clock-changes",
        len(days),
        f"{', '.join(days)}: the repeated hour has one price",
    )
    yield Caught(
        name,
        "naive-stamps",
        sum(len(each.prices) for each in found),
        "no offsets; the zone of each market",
    )


def _green_button(data_dir: Path) -> Iterator[Caught]:
    name = ESPI_FOLDER
    for path in sorted((data_dir / name).glob("*.xml")):
        feed = parse(path.read_bytes())
        days: dict[str, int] = {}
        for point in feed.usage_points:
            for each in (reading for series in point.meter_readings for reading in series.readings):
                if point.time is not None:
                    day = point.time.local(each.start).date().isoformat()
                    days[day] = days.get(day, 0) + 1
        short = [day for day, count in days.items() if count == _QUARTERS_OF_23_HOURS]
        unstated = sum(not each.qualities for each in feed.readings)
        refused = sum(len(each.refused) for each in feed.meter_readings)
        total = sum((each.total for each in feed.meter_readings), Fraction(0))
        yield Caught(
            name,
            "days-of-23-hours",
            len(short),
            f"{', '.join(short)} has 92 quarter-hours and is complete",
        )
        yield Caught(
            name,
            "no-quality",
            unstated,
            f"of {len(feed.readings)} readings state none: valid by ESPI; {total} Wh in all",
        )
        yield Caught(
            name, "refused", refused, "readings that contradict one another or cannot be read"
        )


def _require(holds: bool, data_set: str, value: object, rule: str) -> None:
    if not holds:
        raise InputError(
            f"{data_set} is not what it should be",
            field=data_set,
            value=value,
            rule=rule,
            remedy="get the data set again",
        )


_LOOKS: Final[tuple[Callable[[Path], Iterator[Caught]], ...]] = (
    _citylearn,
    _sessions,
    _tariffs,
    _parking,
    _rain,
    _spot,
    _green_button,
)
