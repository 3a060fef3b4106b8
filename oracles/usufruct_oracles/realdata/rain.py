"""Rain of the pastas data: hours at Vlissingen in *metres*, days at De Bilt in millimetres.

The two files differ in unit by a factor of 1000 and neither says so in its header. An hour is stamped with its end,
a day with its date; both are naive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from usufruct.errors import InputError
from usufruct_oracles.realdata.tables import number, read_rows

FOLDER = "rain_pastas"
"""Name of the data set's folder."""

_HOURLY, _DAILY = "vlissingen_prec_hourly.csv.gz", "rain_260.csv.gz"
_MM_PER_M = 1000
# Sums of tenths of a millimetre carry the noise of binary fractions.
_PRECISION = Decimal("0.0000001")


@dataclass(frozen=True, slots=True)
class Rain:
    """Rain of one gauge.

    Attributes:
        gauge: Name of the gauge.
        unit: Unit of the depths, `m` or `mm`.
        interval: Seconds of an interval.
        depths: Depth by naive start of the interval.
    """

    gauge: str
    unit: str
    interval: int
    depths: dict[datetime, Decimal]

    def in_mm(self) -> Rain:
        """The same rain in millimetres."""
        if self.unit == "mm":
            return self
        depths = {start: depth * _MM_PER_M for start, depth in self.depths.items()}
        return Rain(self.gauge, "mm", self.interval, depths)


def hourly(data_dir: Path, month: str) -> Rain:
    """The hours of a month at Vlissingen, in metres, as the file has them.

    Raises:
        InputError: The file is malformed or does not cover the month.
    """
    hour = timedelta(hours=1)
    return Rain("vlissingen", "m", 3600, _depths(data_dir / FOLDER / _HOURLY, month, hour))


def daily(data_dir: Path, month: str) -> Rain:
    """The days of a month at De Bilt, in millimetres.

    Raises:
        InputError: The file is malformed or does not cover the month.
    """
    return Rain("debilt", "mm", 86_400, _depths(data_dir / FOLDER / _DAILY, month, timedelta(0)))


def _depths(path: Path, month: str, back: timedelta) -> dict[datetime, Decimal]:
    found = {}
    for stamp, text in list(read_rows(path))[1:]:
        start = datetime.fromisoformat(stamp) - back
        if start.strftime("%Y-%m") == month:
            found[start] = number(text, path).quantize(_PRECISION)
    if not found:
        raise InputError(
            f"{path.name} does not cover the month",
            field="month",
            value=month,
            rule="2019-01 to 2022-12 by the hour, 1980-01 to 2020-03 by the day",
            remedy="choose another month or the other gauge",
        )
    return found
