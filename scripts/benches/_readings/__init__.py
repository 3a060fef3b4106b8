"""A community of many meters and its signed day files, for benches that need readings by the million."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from tests.support.communities import HOME, VPP, Series, document

from usufruct.config import Community, Meter, load_community
from usufruct.core.periods import day_bounds
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.records import csv_bytes, signatures_bytes
from usufruct_oracles.sources.writing import sign_day

FIRST = date(2027, 2, 1)
"""First day of the first period."""
STEP = 900
"""Seconds of an interval: quarter-hours."""
A_DAY = 86_400 // STEP
"""Readings of a meter's day."""
STREAM = "VPP"


def make_community(folder: Path, meters: int, *, privacy: str = "committed") -> Community:
    """A community with one stream of so many quarter-hourly meters."""
    homes = replace(HOME, first_id=101, count=meters, interval="15m")
    stream = replace(
        VPP, id=1, meters=(homes,), privacy=privacy, series=Series("VPP-A", "Sun", "VSUN")
    )
    file = folder / "community.toml"
    file.write_text(document("BENCH", [stream]))
    return load_community(file)


def day_files(community: Community, days: int) -> Iterator[SourceFile]:
    """The stream's signed files of the first days, one after another."""
    meters = catalog_of(community).meters_of(community.streams[0])
    for number in range(days):
        day = (FIRST + timedelta(days=number)).isoformat()
        lines = {each.code: _lines(each, day, number) for each in meters}
        signed = [sign_day(each, day, lines[each.code]) for each in meters]
        text = (line for own in lines.values() for line in own)
        yield SourceFile(
            "bench", STREAM, day, csv_bytes(text), signatures_bytes(STREAM, day, signed)
        )


def end_of(community: Community, days: int) -> int:
    """End of the last of the first days, unix seconds."""
    day = (FIRST + timedelta(days=days - 1)).isoformat()
    return day_bounds(day, community.project.timezone)[1]


def _lines(meter: Meter, day: str, number: int) -> list[str]:
    found = []
    for at in range(A_DAY):
        hour, minute = divmod(at * STEP // 60, 60)
        value = (meter.id * 7919 + number * 104_729 + at * 31) % 2000
        start = f"{day}T{hour:02d}:{minute:02d}:00+08:00"
        found.append(f"{meter.code},{start},{STEP},{value // 1000}.{value % 1000:03d},kWh,0")
    return found
