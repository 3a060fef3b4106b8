"""What should be there: the grid of intervals, and the days of session streams."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from usufruct.config import Meter, Stream
from usufruct.core.periods import day_bounds, day_of
from usufruct_oracles.catalog import Catalog


def days_ending_in(catalog: Catalog, from_: int, to: int) -> list[str]:
    """The local days whose end lies in (from, to]: the days a window accounts for."""
    return [day for day, (_, end) in _days(catalog, from_, to) if from_ < end <= to]


def expected(catalog: Catalog, stream: Stream, from_: int, to: int) -> int:
    """Intervals that end in (from, to], or meter-days for streams without intervals."""
    meters = catalog.meters_of(stream)
    if stream.measure != "interval":
        return len(meters) * len(days_ending_in(catalog, from_, to))
    return sum(
        len(interval_ends(meter, bounds, from_, to))
        for _, bounds in _days(catalog, from_, to)
        for meter in meters
    )


def days_around(catalog: Catalog, from_: int, to: int) -> list[tuple[int, int]]:
    """Start and end of the local days that share time with (from, to]."""
    return [bounds for _, bounds in _days(catalog, from_, to)]


def interval_ends(meter: Meter, day: tuple[int, int], from_: int, to: int) -> range:
    """Ends of the meter's intervals of a local day, as far as they lie in (from, to].

    Intervals are counted from local midnight; on days of 23 or 25 hours there are as many as fit.
    """
    step = meter.interval
    if step is None:
        return range(0)
    start, end = day
    first = max(1, (from_ - start) // step + 1)
    last = (min(end, to) - start) // step
    return range(start + first * step, start + last * step + 1, step)


def _days(catalog: Catalog, from_: int, to: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """The local days that share time with (from, to], with their bounds."""
    day = day_of(from_, catalog.timezone)
    while True:
        bounds = day_bounds(day, catalog.timezone)
        if bounds[0] >= to:
            return
        yield day.isoformat(), bounds
        day += timedelta(days=1)
