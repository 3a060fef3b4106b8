"""Prices of the data sets as tariff rows and calendar rules of a community file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from usufruct.errors import InputError
from usufruct_oracles.realdata.citylearn import PRICES

FOLDER = "acn_tariffs"
"""Name of the folder of the charging tariffs."""
EV_TARIFF = "sce_tou_ev_4_march_2019.json"
"""Southern California Edison TOU-EV-4 of March 2019; its demand charge is not used."""

_WEEKDAYS = {"WEEKDAYS": (1, 2, 3, 4, 5), "WEEKENDS": (6, 7), "ALL": ()}
_LEVELS = ("peak", "mid", "low", "lowest")
_HOUR_MINUTES, _DAY_MINUTES, _MONTHS = 60, 1440, 12


@dataclass(frozen=True, slots=True)
class Rule:
    """A calendar rule: row, months, weekdays, minutes of the day; empty lists are any."""

    row: str
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    from_: int
    to: int


@dataclass(frozen=True, slots=True)
class Prices:
    """A tariff: USD per kWh by row, and when each row holds; the first rule that matches counts."""

    id: str
    rows: dict[str, Decimal]
    rules: tuple[Rule, ...]


def retail() -> Prices:
    """CityLearn's retail prices."""
    return Prices(
        "citylearn-tou-2022",
        {rule.row: rule.price for rule in PRICES},
        tuple(
            Rule(rule.row, rule.months, rule.weekdays, *(_HOUR_MINUTES * h for h in rule.hours))
            for rule in PRICES
        ),
    )


def charging(data_dir: Path) -> Prices:
    """The charging tariff of `EV_TARIFF`.

    Raises:
        InputError: The file is missing, or has a season that does not consist of whole months.
    """
    return prices_of(data_dir / FOLDER / EV_TARIFF, "sce-tou-ev-4-2019-03")


def prices_of(path: Path, name: str | None = None) -> Prices:
    """The tariff in a file of the data set, by default under the file's name.

    Raises:
        InputError: The file is missing, or has a season that does not consist of whole months.
    """
    try:
        schedule = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)["schedule"]
        rows: dict[str, Decimal] = {}
        rules = tuple(rule for season in schedule for rule in _season(season, schedule, rows))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "the charging tariff cannot be read",
            field=path.name,
            value=str(path),
            rule="a schedule with id, effective_start, effective_end, dow_mask, times, tariffs",
            remedy="set USUFRUCT_DATA to the folder of the data sets",
        ) from error
    return Prices(name or path.stem.replace("_", "-"), rows, rules)


def _season(
    season: dict[str, Any], schedule: Sequence[dict[str, Any]], rows: dict[str, Decimal]
) -> Iterator[Rule]:
    """The rules of one entry; adds the rows it needs."""
    name = season["id"].partition("-")[0].lower()
    prices = {
        Decimal(price)
        for each in schedule
        if each["id"].partition("-")[0].lower() == name
        for price in each["tariffs"]
    }
    levels = dict(zip(sorted(prices, reverse=True), _LEVELS, strict=False))
    months = _months(season["effective_start"], season["effective_end"])
    starts = [int(Decimal(hour) * _HOUR_MINUTES) for hour in season["times"]]
    for start, end, price in zip(
        starts, [*starts[1:], _DAY_MINUTES], season["tariffs"], strict=True
    ):
        row = f"{name}-{levels[Decimal(price)]}"
        rows[row] = Decimal(price)
        yield Rule(row, months, _WEEKDAYS[season["dow_mask"]], start, end)


def _months(first: str, last: str) -> tuple[int, ...]:
    """Months from "06-01" to "09-30", over the new year if need be."""
    (start, first_day), (end, last_day) = (map(int, each.split("-")) for each in (first, last))
    if first_day != 1 or last_day < 28:  # noqa: PLR2004 - no month ends before
        message = f"{first} to {last} are not whole months"
        raise ValueError(message)
    count = (end - start) % _MONTHS + 1
    return tuple((start + each - 1) % _MONTHS + 1 for each in range(count))
