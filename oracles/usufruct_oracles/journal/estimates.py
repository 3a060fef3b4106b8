"""Estimates of a window (protocol §4b): made when its batch is built, stored once it is anchored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, delete, insert, select

from usufruct.config import Meter, Stream
from usufruct.core.encoding import canonical_json, load_json
from usufruct.core.manifests import Manifest
from usufruct.money import BASIS
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.estimation import Estimate, estimates
from usufruct_oracles.intervals import days_around, interval_ends
from usufruct_oracles.journal.schema import batches, readings
from usufruct_oracles.journal.schema import estimates as table
from usufruct_oracles.validation.rules import COUNTED, ESTIMATED

_FEW = 500

Measured = tuple[int, int, int, int]
"""Meter, end, quantity and quality of a reading that counts."""


def estimates_of(
    connection: Connection,
    catalog: Catalog,
    stream: Stream,
    window: tuple[int, int],
    counting: Sequence[Measured],
    meters: Collection[int],
) -> list[Estimate]:
    """The estimates of a window by end and meter, as many as the stream's bound leaves room for.

    Args:
        connection: The journal.
        catalog: The community.
        stream: The stream.
        window: (from, to].
        counting: The readings of the window that count.
        meters: Numbers of the meters that may be estimated.
    """
    rule = stream.estimation
    if rule is None or stream.measure != "interval":
        return []
    there: dict[int, dict[int, int | None]] = {}
    for meter_id, end, quantity, quality in counting:
        there.setdefault(meter_id, {})[end] = quantity if quality in COUNTED else None
    found: list[Estimate] = []
    for meter in catalog.meters_of(stream):
        if meter.id not in meters or meter.interval is None:
            continue
        lookup = _Anchored(connection, stream, meter, window[0])
        for bounds in days_around(catalog, *window):
            wanted = [
                end
                for end in interval_ends(meter, bounds, *window)
                if end <= meter.calibrated_until
            ]
            found += estimates(
                rule,
                meter,
                catalog.timezone,
                stream.id,
                wanted,
                there.get(meter.id, {}),
                lookup,
            )
    found.sort(key=lambda each: (each.end, each.meter))
    return list(_within_bound(connection, catalog, stream, window, counting, found))


class _Anchored:
    """Measured and anchored quantities of a meter that end until the window's start."""

    def __init__(self, connection: Connection, stream: Stream, meter: Meter, from_: int) -> None:
        self._connection = connection
        self._stream = stream
        self._meter = meter
        self._from = from_

    def __call__(self, ends: Sequence[int]) -> Mapping[int, int]:
        earlier = [each for each in ends if each <= self._from][:_FEW]
        query = select(readings.c.end, readings.c.quantity).where(
            readings.c.meter == self._meter.id,
            readings.c.end.in_(earlier),
            readings.c.duration == self._meter.interval,
            readings.c.rev == 0,
            readings.c.stream == self._stream.id,
            readings.c.quality.in_(sorted(COUNTED)),
            readings.c.seq.is_not(None),
        )
        return {int(end): int(q) for end, q in self._connection.execute(query)} if earlier else {}


def _within_bound(
    connection: Connection,
    catalog: Catalog,
    stream: Stream,
    window: tuple[int, int],
    counting: Sequence[Measured],
    found: Iterable[Estimate],
) -> Iterator[Estimate]:
    """As many as keep the estimated share of the period so far within the stream's bound.

    A batch is final: one estimate too many would keep the period from ever being stated.
    """
    start = catalog.period_bounds(max(1, catalog.period_of(window[1] - 1)))[0]
    query = select(batches.c.manifest).where(
        batches.c.stream == stream.id, batches.c["from"] >= start, batches.c.to <= window[0]
    )
    manifests = [Manifest.from_json(each) for (each,) in connection.execute(query)]
    total = sum(each.quantity for each in manifests) + sum(each[2] for each in counting)
    share = sum(each.estimated for each in manifests) + sum(
        each[2] for each in counting if each[3] in ESTIMATED
    )
    for each in found:
        if BASIS * (share + each.quantity) > stream.max_estimated_bp * (total + each.quantity):
            continue
        share, total = share + each.quantity, total + each.quantity
        yield each


# --- Once they are anchored ---


def keep_estimates(
    connection: Connection, found: Sequence[Estimate], first: Mapping[bytes, int]
) -> None:
    """Stores the estimates of an anchored batch.

    Args:
        connection: Within the transaction that records the batch.
        found: Its estimates.
        first: Number of each in the stream, by its record.
    """
    rows = [
        {
            "stream": each.stream,
            "meter": each.meter,
            "end": each.end,
            "duration": each.duration,
            "quantity": each.quantity,
            "quality": each.quality,
            "method": each.method,
            "inputs": canonical_json(list(each.inputs)).decode(),
            "seq": first[each.record],
        }
        for each in found
    ]
    if rows:
        connection.execute(insert(table), rows)


def forget_estimates(connection: Connection, stream: int, first: int) -> None:
    """Takes back the estimates from number `first` on."""
    connection.execute(delete(table).where(table.c.stream == stream, table.c.seq >= first))


def kept_estimates(
    connection: Connection, stream: Stream, window: tuple[int, int]
) -> list[Estimate]:
    """The anchored estimates of a window, by end and meter."""
    query = (
        select(table)
        .where(table.c.stream == stream.id, table.c.end > window[0], table.c.end <= window[1])
        .order_by(table.c.end, table.c.meter)
    )
    return [
        Estimate(
            stream=row["stream"],
            meter=row["meter"],
            end=row["end"],
            duration=row["duration"],
            quantity=row["quantity"],
            quality=row["quality"],
            method=row["method"],
            inputs=_ends(row["inputs"]),
        )
        for row in connection.execute(query).mappings()
    ]


def _ends(text: str) -> tuple[int, ...]:
    found = load_json(text.encode())
    return tuple(each for each in found if isinstance(each, int)) if isinstance(found, list) else ()
