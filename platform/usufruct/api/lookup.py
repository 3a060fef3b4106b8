"""Finds what a request names: series, streams and wallets."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from usufruct.api.moment import Moment
from usufruct.api.params import wallet_bytes
from usufruct.api.problems import not_found
from usufruct.errors import InputError
from usufruct.ledger.reads.holders import WALLET_ID
from usufruct.ledger.reads.payouts import LOST
from usufruct.ledger.reads.rows import Query
from usufruct.ledger.reads.series import (
    SERIES_AS_OF,
    SERIES_BY_ADDRESS,
    SERIES_BY_SLUG,
    SERIES_NUMBER_BY_ADDRESS,
    SERIES_NUMBER_BY_SLUG,
)
from usufruct.ledger.reads.statements import STREAMS

__all__ = [
    "find_series",
    "find_stream",
    "find_wallet",
    "lost_wallets",
    "series_number",
    "series_then",
    "stream_number",
]


async def find_series(moment: Moment, name: str, field: str = "id") -> Row[Any]:
    """The series with this id, symbol, project code or address; a problem if there is none."""
    return await _named_series(moment, name, field, SERIES_BY_SLUG, SERIES_BY_ADDRESS)


async def series_then(then: Moment, name: str) -> Row[Any]:
    """The same as it stood at a moment that may be an earlier one."""
    row = await find_series(then, name)
    return await then.row(SERIES_AS_OF, series=row.id, end=then.end) or row


async def series_number(moment: Moment, name: str | None, field: str = "series") -> int | None:
    """Ledger number of the series that a filter, or the path, names; a problem if there is none."""
    if name is None:
        return None
    by_slug, by_address = SERIES_NUMBER_BY_SLUG, SERIES_NUMBER_BY_ADDRESS
    return int((await _named_series(moment, name, field, by_slug, by_address)).id)


async def _named_series(
    moment: Moment, name: str, field: str, by_slug: Query, by_address: Query
) -> Row[Any]:
    row = None
    nameless = "\0" in name  # PostgreSQL has no such text to compare with
    if name.startswith("0x"):
        row = await moment.row(by_address, address=wallet_bytes(name, field))
    elif not nameless:
        slug = name.removeprefix("ser_").lower()
        row = await moment.row(by_slug, slug=slug)
        coded = [at for at, code in moment.render.labels.series.items() if code == name]
        if row is None and coded:
            row = await moment.row(by_address, address=bytes.fromhex(coded[0][2:]))
    if row is None or row.pos >= moment.end:
        raise not_found("series", field, name, "GET /v1/series lists them")
    return row


async def find_stream(moment: Moment, name: str, field: str = "stream") -> Row[Any]:
    """The stream with this id, number or code; a problem if there is none or several."""
    wanted = name.removeprefix("str_")
    rows = [
        row
        for row in await moment.rows(STREAMS)
        if row.pos < moment.end and (str(row.id) == wanted or row.code.upper() == name.upper())
    ]
    if len(rows) > 1:
        numbers = ", ".join(str(row.id) for row in rows)
        raise InputError(
            "several streams have this code",
            field=field,
            value=name,
            rule="must name one stream",
            remedy=f"use a number: {numbers}",
        )
    if not rows:
        raise not_found("stream", field, name, "GET /v1/streams lists them")
    return rows[0]


async def stream_number(moment: Moment, name: str | None) -> int | None:
    """Number of the stream that a filter names."""
    return None if name is None else int((await find_stream(moment, name)).id)


async def find_wallet(moment: Moment, text: str, field: str = "address") -> int | None:
    """Ledger number of a wallet; None if the ledger has never seen it. InputError if it is no address."""
    row = await moment.row(WALLET_ID, address=wallet_bytes(text, field))
    return None if row is None else int(row.id)


async def lost_wallets(moment: Moment) -> frozenset[int]:
    """Numbers of all wallets that were lost at any time, looked up once for a block of the ledger."""

    async def found() -> frozenset[int]:
        return frozenset(row.lost for row in await moment.many_rows(LOST))

    return await moment.kept("lost wallets", found)
