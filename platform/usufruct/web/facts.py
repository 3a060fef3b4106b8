"""What several pages ask of the ledger, in the API's form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from usufruct.api.documents import statement, stream
from usufruct.api.lookup import NEWEST
from usufruct.api.moment import Moment
from usufruct.api.render import Json
from usufruct.ledger.reads.series import SERIES_PAGE, distributions_page
from usufruct.ledger.reads.statements import STREAMS, settlements_page, statements_page

__all__ = ["distributions", "series_list", "settlements", "statements", "streams"]

MOST: Final = 200
"""Rows of a kind that a page shows at most."""


async def streams(moment: Moment) -> dict[str, Json]:
    """All streams by id."""
    rows = await moment.rows(STREAMS)
    return {each["id"]: each for each in (stream(moment.render, row) for row in rows)}


async def series_list(moment: Moment) -> list[Json]:
    """All series in the order of their creation, at most 200."""
    rows = await moment.rows(SERIES_PAGE, after=0, limit=MOST)
    return [moment.render.series(row) for row in rows]


async def distributions(moment: Moment, *, stream_number: int | None = None) -> list[Json]:
    """Distributions, newest first, at most 200."""
    query = distributions_page(by_stream=stream_number is not None)
    given = {} if stream_number is None else {"stream": stream_number}
    rows = await moment.rows(query, before=NEWEST, limit=MOST, **given)
    return [moment.render.distribution(row) for row in rows]


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
    status: str | None = None,
    limit: int = MOST,
    detailed: bool = False,
) -> list[Json]:
    """The newest version of each period's statement, newest first."""
    query = statements_page(by_stream=stream_number is not None, status=status)
    given: dict[str, Any] = {} if stream_number is None else {"stream": stream_number}
    rows: Sequence[Any] = await moment.rows(query, before=NEWEST, limit=limit, **given)
    return [statement(moment.render, row, moment.time, detailed=detailed) for row in rows]
