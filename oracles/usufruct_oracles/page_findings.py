"""Pages of OCMF meters that were never received, or bear two records: a device numbers all that it signs.

A page that comes late closes its gap, whenever it comes; so the findings do not depend on the order of arrival.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from sqlalchemy import Connection, Select, select

from usufruct.config import Stream
from usufruct.core.periods import day_of
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.finding import Finding
from usufruct_oracles.journal.schema import messages, readings, records
from usufruct_oracles.sources import ocmf
from usufruct_oracles.sources.messages import device_bytes
from usufruct_oracles.validation.stakes import UNKNOWN
from usufruct_oracles.validation.verdicts import Rule


@dataclass(slots=True)
class _Pages:
    """Pages of one meter: the end of the last reading on each, and what was signed there."""

    ends: dict[ocmf.Page, int] = field(default_factory=dict)
    signed: dict[ocmf.Page, set[bytes]] = field(default_factory=dict)


def page_findings(
    connection: Connection, catalog: Catalog, stream: Stream, window: tuple[int, int]
) -> Iterator[Finding]:
    """What the pagination of a stream's OCMF meters says of the readings that end in (from, to]."""
    pages = _pages_of(connection, stream, window)
    for meter_id, found in sorted(pages.items()):
        meter = catalog.meters_by_id.get(meter_id)
        if meter is None:
            continue
        for page, first, last in _gaps(connection, stream, meter_id, found):
            day = day_of(found.ends[page] - 1, catalog.timezone).isoformat()
            yield _finding(
                Rule.MISSING_PAGES,
                day,
                meter.code,
                last - first + 1,
                f"{ocmf.PageGap(page.context, first, last)} never received",
                "let the station or its operator send the records again: there may be sessions in them",
            )
        for page, signed in sorted(found.signed.items(), key=lambda each: found.ends[each[0]]):
            if len(signed) > 1:
                day = day_of(found.ends[page] - 1, catalog.timezone).isoformat()
                yield _finding(
                    Rule.PAGE_CLASH,
                    day,
                    meter.code,
                    len(signed) - 1,
                    f"{len(signed)} different records on page {page}",
                    "have the device examined: its counter was set back, or its key is in other hands",
                )


def _finding(rule: Rule, day: str, meter: str, count: int, detail: str, remedy: str) -> Finding:
    return Finding(rule, day, meter, count, None, 0, "", detail, remedy, UNKNOWN)


def _pages_of(connection: Connection, stream: Stream, window: tuple[int, int]) -> dict[int, _Pages]:
    found: defaultdict[int, _Pages] = defaultdict(_Pages)
    query = (
        _records(stream)
        .join(readings, readings.c.record_id == records.c.id)
        .add_columns(readings.c.end)
        .where(readings.c.end > window[0], readings.c.end <= window[1])
        .order_by(records.c.id)
    )
    for meter, payload, end in connection.execute(query):
        for record in _read(bytes(payload)):
            pages = found[meter]
            pages.ends[record.page] = max(end, pages.ends.get(record.page, 0))
            pages.signed.setdefault(record.page, set()).add(record.payload)
    return dict(found)


def _gaps(
    connection: Connection, stream: Stream, meter: int, found: _Pages
) -> list[tuple[ocmf.Page, int, int]]:
    """The page behind each gap, and the first and last number that are missing."""
    gaps = _between(found.ends)
    if not gaps:
        return []
    known = dict.fromkeys(found.ends)
    query = _records(stream).where(records.c.meter == meter)
    for _, payload in connection.execute(query, execution_options={"yield_per": 500}):
        known |= dict.fromkeys(each.page for each in _read(bytes(payload)))
    inner = [page for page in known if _in_gap(page, gaps)]
    return _between([*found.ends, *inner])


def _between(pages: Sequence[ocmf.Page] | dict[ocmf.Page, int]) -> list[tuple[ocmf.Page, int, int]]:
    ordered = sorted(set(pages), key=lambda each: (each.context, each.number))
    return [
        (after, before.number + 1, after.number - 1)
        for before, after in pairwise(ordered)
        if before.context == after.context and after.number > before.number + 1
    ]


def _in_gap(page: ocmf.Page, gaps: Sequence[tuple[ocmf.Page, int, int]]) -> bool:
    return any(
        page.context == behind.context and first <= page.number <= last
        for behind, first, last in gaps
    )


def _records(stream: Stream) -> Select[int, bytes]:
    """Meter and payload of the stream's OCMF records whose signature holds."""
    return (
        select(records.c.meter, records.c.payload)
        .join(messages, messages.c.sha256 == records.c.sha256)
        .where(
            records.c.stream == stream.id,
            records.c.verified,
            messages.c.form == ocmf.FORM,
        )
    )


def _read(payload: bytes) -> list[ocmf.Record]:
    try:
        return ocmf.records_in(device_bytes(payload))
    except ocmf.OcmfError:
        return []
