"""ACN-Data: charging sessions at Caltech and JPL. Times carry offsets, energy is kWh, a session ends at departure.

Some sessions deliver more than was requested; the energy is what the station measured, so it counts, and the report
says how many there are. Stations that were seen in the month are taken to have been alive on all of its days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from usufruct.errors import InputError
from usufruct_oracles.realdata.tables import number, read_rows

FOLDER = "acn_data"
"""Name of the data set's folder."""
SITES = ("caltech", "jpl")
"""Sites whose sessions are read."""

_ARRIVAL, _DEPARTURE, _REQUESTED, _DELIVERED, _STATION = range(5)
_WIDTH = 8


@dataclass(frozen=True, slots=True)
class Session:
    """A charging session.

    Attributes:
        station: Site and station, e.g. `caltech-CA-305`.
        start: Arrival, unix seconds.
        end: Departure.
        delivered: kWh.
        requested: kWh.
    """

    station: str
    start: int
    end: int
    delivered: Decimal
    requested: Decimal


def sessions(data_dir: Path, month: str, from_: int, to: int) -> list[Session]:
    """The sessions that end in (from_, to], the bounds of `month`, by station and start.

    Raises:
        InputError: A file is malformed, or no file has sessions of that time.
    """
    found = []
    for site in SITES:
        for path in sorted((data_dir / FOLDER).glob(f"{site}_*.csv.gz")):
            for row in list(read_rows(path))[1:]:
                session = session_of(site, row, path)
                if from_ < session.end <= to:
                    found.append(session)
    if not found:
        raise InputError(
            "the charging data do not cover the month",
            field="month",
            value=month,
            rule="2019-05 to 2019-12, 2020-02 to 2020-05 or 2021-05 to 2021-08",
            remedy="choose another month",
        )
    return sorted(found, key=lambda each: (each.station, each.start))


def session_of(site: str, row: list[str], path: Path) -> Session:
    """The session in a row of a site's file.

    Raises:
        InputError: Another number of columns, or times without offsets.
    """
    try:
        start, end = (datetime.fromisoformat(row[at]) for at in (_ARRIVAL, _DEPARTURE))
    except (ValueError, IndexError):
        start = end = datetime.min  # noqa: DTZ901 - without an offset, refused below
    if len(row) != _WIDTH or start.tzinfo is None or end.tzinfo is None:
        raise InputError(
            f"not a session in {path.name}",
            field="row",
            value=",".join(row),
            rule=f"{_WIDTH} columns, arrival and departure with offsets",
            remedy="get the data set again",
        )
    return Session(
        station=f"{site}-{row[_STATION]}",
        start=int(start.timestamp()),
        end=int(end.timestamp()),
        delivered=number(row[_DELIVERED], path),
        requested=number(row[_REQUESTED] or "0", path),
    )
