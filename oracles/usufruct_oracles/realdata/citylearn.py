"""CityLearn 2022: photovoltaic output and retail prices of 17 homes in Fontana, California.

Three things about the files are easy to get wrong, so they are checked here:

* `solar_generation` is W per kW of nameplate; the nameplates are in `schema.json`. Wh of an hour =
  value · kW.
* The first row is labelled month 7, hour 24. Hour h is the hour that begins at h:00, and 24 is the midnight that
  ends the labelled day: row i is the hour that begins i hours after midnight of 1 August. The price of the last row
  of May is already June's, which settles it.
* There is no year. Weekdays are those of August 2016 to July 2017, so prices are checked against that calendar, while
  output is carried over to the same day of the month and hour of the chosen year.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from usufruct.errors import InputError
from usufruct_oracles.realdata.tables import number, read_rows

FOLDER = "citylearn2022"
"""Name of the data set's folder."""

_FIRST = datetime(2016, 8, 1)  # noqa: DTZ001 - the data set's own clock, a zone is given later
_HOURS = 8760
_MIDNIGHT = 24
_PER_KILO = 1000


@dataclass(frozen=True, slots=True)
class Home:
    """A home: its name, nameplate in W, and kWh by hour of the data set's year."""

    name: str
    nameplate: int
    energy: Sequence[Decimal]


@dataclass(frozen=True, slots=True)
class PriceRule:
    """A price of the retail tariff: months, weekdays (1–7), hours [from, to), USD per kWh; empty is any."""

    row: str
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    hours: tuple[int, int]
    price: Decimal

    def matches(self, time: datetime) -> bool:
        """Whether the price holds at a local time."""
        return (
            (not self.months or time.month in self.months)
            and (not self.weekdays or time.isoweekday() in self.weekdays)
            and self.hours[0] <= time.hour < self.hours[1]
        )


_SUMMER = (6, 7, 8, 9)
_EVENING, _DAY = (16, 21), (0, 24)
_WORK, _WEEKEND = (1, 2, 3, 4, 5), (6, 7)
PRICES = (
    PriceRule("summer-weekday-peak", _SUMMER, _WORK, _EVENING, Decimal("0.54")),
    PriceRule("summer-weekend-peak", _SUMMER, _WEEKEND, _EVENING, Decimal("0.40")),
    PriceRule("summer", _SUMMER, (), _DAY, Decimal("0.22")),
    PriceRule("winter-peak", (), (), _EVENING, Decimal("0.50")),
    PriceRule("winter", (), (), _DAY, Decimal("0.21")),
)
"""The retail prices as calendar rules, the first that matches counts; `check_prices` compares them with the file."""


def homes(data_dir: Path) -> list[Home]:
    """The homes in the order of the schema.

    Raises:
        InputError: A file is missing or has not the shape described above.
    """
    folder = data_dir / FOLDER
    return [
        Home(name, int(_PER_KILO * kilowatt), _energy(folder / f"{file}.gz", kilowatt))
        for name, file, kilowatt in _schema(folder / "schema.json")
    ]


def hour_of(time: datetime) -> int | None:
    """Index of the data set's hour for a naive local time of any year; None for 29 February."""
    year = _FIRST.year if time.month >= _FIRST.month else _FIRST.year + 1
    try:
        moved = time.replace(year=year)
    except ValueError:
        return None
    return int((moved - _FIRST) // timedelta(hours=1))


def check_prices(data_dir: Path, month: int, rules: Sequence[PriceRule] = PRICES) -> int:
    """Compares the rules with every hour of a month in the file; returns the number of hours.

    Raises:
        InputError: The rules do not reproduce the file's prices.
    """
    path = data_dir / FOLDER / "pricing.csv.gz"
    rows = list(read_rows(path))[1:]
    _require_length(rows, path)
    checked = 0
    for index, row in enumerate(rows):
        time = _FIRST + timedelta(hours=index)
        if time.month != month:
            continue
        expected = next(rule.price for rule in rules if rule.matches(time))
        found = number(row[0], path)
        if expected != found:
            raise InputError(
                "the calendar rules do not reproduce the prices of the data set",
                field=f"{path.name}, row {index + 2}",
                value=found,
                rule=f"{expected} by the rules, for {time:%A %d %B %H:%M}",
                remedy="correct PRICES in usufruct_oracles.realdata.citylearn",
            )
        checked += 1
    return checked


def _schema(path: Path) -> list[tuple[str, str, Decimal]]:
    """Name, file and nameplate in kW of each home."""
    try:
        schema = json.loads(
            path.read_text(encoding="utf-8"), parse_float=Decimal, parse_int=Decimal
        )
        return [
            (name, each["energy_simulation"], Decimal(each["pv"]["attributes"]["nominal_power"]))
            for name, each in schema["buildings"].items()
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "the schema of the data set cannot be read",
            field="schema.json",
            value=str(path),
            rule="CityLearn 2022 with pv.attributes.nominal_power for each building",
            remedy="set USUFRUCT_DATA to the folder of the data sets",
        ) from error


def _energy(path: Path, kilowatt: Decimal) -> list[Decimal]:
    header, *rows = read_rows(path)
    _require_length(rows, path)
    month, hour, weekday, value = (
        header.index(name) for name in ("month", "hour", "day_type", "solar_generation")
    )
    energy = []
    for index, row in enumerate(rows):
        time = _FIRST + timedelta(hours=index)
        labelled = time if time.hour else time - timedelta(hours=1)
        label = (labelled.month, time.hour or _MIDNIGHT, labelled.isoweekday())
        if label != (int(row[month]), int(row[hour]), int(row[weekday])):
            raise _wrong_label(path, index, label, row)
        energy.append(number(row[value], path) * kilowatt / _PER_KILO)
    return energy


def _require_length(rows: Sequence[object], path: Path) -> None:
    if len(rows) != _HOURS:
        raise InputError(
            f"{path.name} is not a year of hours",
            field="rows",
            value=len(rows),
            rule=f"{_HOURS} rows from midnight of 1 August",
            remedy="get the data set again",
        )


def _wrong_label(path: Path, index: int, label: tuple[int, ...], row: Sequence[str]) -> InputError:
    return InputError(
        f"{path.name} is not the year it should be",
        field=f"row {index + 2}",
        value=",".join(row[:3]),
        rule=f"month, hour, weekday {label}",
        remedy="get the data set again",
    )
