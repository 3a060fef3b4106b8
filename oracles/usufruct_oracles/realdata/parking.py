"""Garages of Dresden: occupancy every 15 minutes, in per cent of the spaces.

The figures come from ParkAPI's folder `forecast_data`: they repeat within the hour, go below 0 and above 100, and are
what the city's forecast said rather than what a barrier counted. They serve as readings here all the same, since
they have the shape of a real garage; values below 0 are rejected by validation, as they should be. Times are
naive and mean the quarter hour that begins then. The data do not say how many spaces there are: `SPACES` is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from usufruct.errors import InputError
from usufruct_oracles.realdata.tables import number, read_rows

FOLDER = "parking_dresden"
"""Name of the data set's folder."""
SPACES = {
    "dresdenaltmarkt": 400,
    "dresdencentrumgalerie": 1050,
    "dresdencitycenter": 250,
    "dresdenkarstadt": 265,
    "dresdenwoehrlflorentinum": 264,
}
"""Spaces of each garage: assumed, of the size that the city's parking pages show."""

_DAY_ROWS = 96


@dataclass(frozen=True, slots=True)
class Garage:
    """A garage: its name, spaces, and per cent occupied by naive start of the quarter hour."""

    name: str
    spaces: int
    occupancy: dict[datetime, Decimal]


def garages(data_dir: Path, month: str) -> list[Garage]:
    """The garages whose data cover the month "YYYY-MM", by name.

    Raises:
        InputError: A file is malformed, or none covers the month.
    """
    found = []
    for name, spaces in SPACES.items():
        path = data_dir / FOLDER / f"{name}.csv.gz"
        occupancy = {
            datetime.fromisoformat(row[0]): number(row[1], path)
            for row in read_rows(path)
            if row[0].startswith(month)
        }
        if len(occupancy) >= _DAY_ROWS:
            found.append(Garage(name, spaces, occupancy))
    if not found:
        raise InputError(
            "the parking data do not cover the month",
            field="month",
            value=month,
            rule="2015-11 to 2016-12, or 2019-01 to 2019-12",
            remedy="choose another month",
        )
    return found
