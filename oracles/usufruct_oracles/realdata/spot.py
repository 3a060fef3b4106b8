"""EPF: day-ahead prices of four power exchanges by the hour, EUR per MWh, some below zero.

Stamps are naive and every day has 24 of them, also where the clock changes: the repeated hour has one price, the mean
of its two. A negative price is a price; a tariff row cannot hold one (protocol §1), so what buys at spot has to say
what happens then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from usufruct.errors import InputError
from usufruct_oracles.realdata.tables import local_time, number, read_rows

FOLDER = "epf_prices"
"""Name of the data set's folder."""
PRICES = "electricity-short.csv"
"""The file of prices."""
WITH_FORECASTS = "electricity-short-with-ex-vars.csv.gz"
"""The same prices with forecasts of load and generation."""
ZONES = {"BE": "Europe/Brussels", "DE": "Europe/Berlin", "FR": "Europe/Paris", "NP": "Europe/Oslo"}
"""Time zone of each market."""

_MILLS_PER_EURO = 1000
_DAY = 24


@dataclass(frozen=True, slots=True)
class Market:
    """The prices of a market: EUR per MWh by naive start of the hour, in order."""

    name: str
    prices: Mapping[datetime, Decimal]

    @property
    def negative(self) -> int:
        """Hours with a price below zero."""
        return sum(price < 0 for price in self.prices.values())

    @property
    def clock_changes(self) -> list[str]:
        """Days on which the clock changes though the file has 24 hours of them."""
        place = ZoneInfo(ZONES[self.name])
        days = sorted({each.date() for each in self.prices})
        found = []
        for day in days:
            start = datetime(day.year, day.month, day.day, tzinfo=place)
            length = (start + timedelta(days=1)).timestamp() - start.timestamp()
            if length != _DAY * 3600:
                found.append(day.isoformat())
        return found

    def mills(self, start: datetime) -> int:
        """The price of an hour in thousandths of a euro per MWh, exact.

        Raises:
            InputError: The price has more than three decimals.
        """
        mills = self.prices[start] * _MILLS_PER_EURO
        if mills != mills.to_integral_value():
            raise _bad(start.isoformat(), self.prices[start], "at most three decimals")
        return int(mills)

    def moments(self) -> dict[int, int]:
        """Thousandths of a euro per MWh by unix seconds of the hour.

        Hours that the clock skips are left out, of a repeated one the first is meant.
        """
        place = ZoneInfo(ZONES[self.name])
        times = {start: local_time(start, place) for start in self.prices}
        return {
            int(time.timestamp()): self.mills(start)
            for start, time in times.items()
            if time is not None
        }


def markets(data_dir: Path) -> list[Market]:
    """The markets, by name.

    Raises:
        InputError: A file is malformed, a stamp stands there twice, or the two files differ.
    """
    first = _read(data_dir / FOLDER / PRICES)
    second = _read(data_dir / FOLDER / WITH_FORECASTS)
    if first != second:
        raise _bad("files", WITH_FORECASTS, f"the prices of {PRICES}")
    return [Market(name, first[name]) for name in sorted(first)]


def _read(path: Path) -> dict[str, dict[datetime, Decimal]]:
    found: dict[str, dict[datetime, Decimal]] = defaultdict(dict)
    for row in list(read_rows(path))[1:]:
        name, stamp, price = _columns(row, path)
        if stamp in found[name]:
            raise _bad("ds", f"{name} {stamp}", f"each hour once in {path.name}")
        found[name][stamp] = number(price, path)
    return dict(found)


def _columns(row: Sequence[str], path: Path) -> tuple[str, datetime, str]:
    try:
        stamp = datetime.fromisoformat(row[1])
    except (ValueError, IndexError) as error:
        raise _bad("ds", ",".join(row), f"market, naive time, price in {path.name}") from error
    if row[0] not in ZONES or stamp.tzinfo is not None:
        raise _bad("unique_id", ",".join(row[:2]), f"one of {', '.join(ZONES)}, naive time")
    return row[0], stamp, row[2]


def _bad(field: str, value: object, rule: str) -> InputError:
    return InputError(
        "the spot prices are not what they should be",
        field=field,
        value=value,
        rule=rule,
        remedy="get the data set again",
    )
