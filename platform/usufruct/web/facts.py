"""What several pages ask of the ledger, in the API's form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from usufruct.api.documents import statement, stream
from usufruct.api.moment import Moment
from usufruct.api.offerings import offering
from usufruct.api.render import Json
from usufruct.api.starts import NEWEST
from usufruct.contracts.objective_disputes import Fault
from usufruct.core.periods import period_bounds
from usufruct.ledger import ids
from usufruct.ledger.reads.disputes import DISPUTES, FAULTS
from usufruct.ledger.reads.offerings import offerings_page
from usufruct.ledger.reads.offices import ESCROW
from usufruct.ledger.reads.series import SERIES_PAGE, distributions_page
from usufruct.ledger.reads.statements import STREAMS, settlements_page, statements_page

__all__ = [
    "MOST",
    "bounds",
    "disputes",
    "distributions",
    "escrow",
    "faults",
    "offerings",
    "series_list",
    "settlements",
    "statements",
    "streams",
    "unit_of",
]

MOST: Final = 200
"""Rows of a kind that a page shows at most."""
_DISPUTES: Final = 100


async def streams(moment: Moment) -> dict[str, Json]:
    """All streams by id."""
    rows = await moment.rows(STREAMS)
    return {each["id"]: each for each in (stream(moment.render, row) for row in rows)}


async def series_list(moment: Moment) -> tuple[list[Json], bool]:
    """All series in the order of their creation, at most 200; whether there are more."""
    rows = await moment.rows(SERIES_PAGE, after=0, limit=MOST + 1)
    return [moment.render.series(row) for row in rows[:MOST]], len(rows) > MOST


async def distributions(moment: Moment, *, stream_number: int | None = None) -> list[Json]:
    """Distributions, newest first, at most 200."""
    query = distributions_page(by_stream=stream_number is not None)
    given = {} if stream_number is None else {"stream": stream_number}
    rows = await moment.rows(query, before=NEWEST, limit=MOST, **given)
    return [moment.render.distribution(row) for row in rows]


async def offerings(moment: Moment, *, series: int | None = None) -> list[Json]:
    """Offerings, newest first, at most 200."""
    query = offerings_page(by_series=series is not None)
    given = {} if series is None else {"series": series}
    values = {"before": NEWEST, "end": moment.end, "limit": MOST, **given}
    return [offering(moment.render, row, moment.time) for row in await moment.rows(query, **values)]


async def settlements(moment: Moment, *, stream_number: int | None = None) -> list[Json]:
    """Settlements, newest first, at most 200."""
    query = settlements_page(by_stream=stream_number is not None)
    given = {} if stream_number is None else {"stream": stream_number}
    rows = await moment.rows(query, before=NEWEST, limit=MOST, **given)
    return [moment.render.settlement(row) for row in rows]


async def statements(
    moment: Moment,
    *,
    stream_number: int | None = None,
    period: int | None = None,
    status: str | None = None,
    limit: int = MOST,
    detailed: bool = False,
) -> list[Json]:
    """The newest version of each period's statement, newest first."""
    query = statements_page(
        by_stream=stream_number is not None, by_period=period is not None, status=status
    )
    asked = {"stream": stream_number, "period": period}
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    rows: Sequence[Any] = await moment.rows(
        query, before=NEWEST, limit=limit, known=moment.known, **given
    )
    return [statement(moment.render, row, moment.time, detailed=detailed) for row in rows]


def unit_of(stated: Json) -> str | None:
    """The base unit of a detailed statement's quantities; None where its tariff is not known here."""
    return stated["tariff"]["base_unit"] if stated["tariff"] else None


async def disputes(moment: Moment, voiding: list[Json]) -> list[Json]:
    """What happened to disputed statements, newest first, at most 100, with the fault that voided one, of `voiding`."""
    proven = {(each["place"]["transaction"], each["stream"]): each for each in voiding}
    found = [
        {
            "kind": row.kind,
            "stream": ids.stream_id(row.stream),
            "period": moment.render.period(row.period),
            "version": row.version,
            "hash": "0x" + row.hash.hex() if row.hash else None,
            "place": moment.render.place(row),
        }
        for row in await moment.rows(DISPUTES, limit=_DISPUTES)
    ]
    return [each | {"fault": _fault_of(each, proven)} for each in found]


def _fault_of(event: Json, proven: dict[tuple[str, str], Json]) -> str | None:
    if event["kind"] != "voided":
        return None
    found = proven.get((event["place"]["transaction"], event["stream"]))
    return None if found is None else str(found["kind"])


async def faults(moment: Moment) -> list[Json]:
    """Faults that were proven to the chain, newest first, at most 100."""
    return [
        {
            "kind": Fault(row.kind).name.lower().replace("_", "-"),
            "stream": ids.stream_id(row.stream),
            "period": moment.render.period(row.period),
            "place": moment.render.place(row),
        }
        for row in await moment.rows(FAULTS, limit=_DISPUTES)
    ]


async def escrow(moment: Moment, stream_number: int) -> int:
    """What lies in escrow for a stream, minor units."""
    row = await moment.row(ESCROW, stream=stream_number)
    assert row is not None
    return int(row.funded or 0) - int(row.settled or 0)


def bounds(moment: Moment, period: int) -> tuple[int, int] | None:
    """First second of a period and first second after it; None where the project's calendar is not known."""
    labels = moment.render.labels
    if labels.first_period is None:
        return None
    return period_bounds(labels.first_period, period, str(labels.timezone))
