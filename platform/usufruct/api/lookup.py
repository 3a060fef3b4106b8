"""Finds what a request names: series, streams, wallets, and where a page begins."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import Row, bindparam, select

from usufruct.api.moment import Moment
from usufruct.api.params import wallet_bytes
from usufruct.api.problems import Problem, not_found
from usufruct.errors import InputError
from usufruct.ledger import ids
from usufruct.ledger.models import batch, distribution, series, settlement
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
from usufruct.ledger.reads.statements import STATEMENT_POSITION, STREAMS

__all__ = [
    "NEWEST",
    "batch_position",
    "distribution_position",
    "find_series",
    "find_stream",
    "find_wallet",
    "gone",
    "lost_wallets",
    "payout_holder",
    "payout_position",
    "series_number",
    "series_place",
    "series_then",
    "settlement_position",
    "statement_position",
    "stream_number",
    "verdict_place",
    "wallet_place",
]

NEWEST: Final = 1 << 62
"""A position after every possible one."""

_DISTRIBUTION_POS: Final = (
    select(distribution.c.pos)
    .join(series, series.c.id == distribution.c.series)
    .where(series.c.slug == bindparam("slug"), distribution.c.number == bindparam("number"))
)
_BATCH_POS: Final = select(batch.c.pos).where(
    batch.c.stream == bindparam("a"), batch.c.seq == bindparam("b")
)
_SETTLEMENT_POS: Final = select(settlement.c.pos).where(
    settlement.c.stream == bindparam("a"), settlement.c.period == bindparam("b")
)


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


# --- Where a page begins ---------------------------------------------------------------------------


async def payout_position(moment: Moment, starting_after: str | None) -> int:
    """Position of the payout that a page starts after."""
    if starting_after is None:
        return NEWEST
    key = ids.parse_payout_id(starting_after, "starting_after")
    row = await moment.row(_DISTRIBUTION_POS, slug=key.slug, number=key.number)
    return _position(row, starting_after)


async def wallet_place(moment: Moment, starting_after: str | None) -> int:
    """Number of the wallet that a page of holders starts after."""
    if starting_after is None:
        return 0
    found = await find_wallet(moment, starting_after, "starting_after")
    if found is None:
        raise gone(starting_after)
    return found


async def payout_holder(moment: Moment, starting_after: str | None, slug: str, number: int) -> int:
    """Number of the wallet whose payout of a distribution a page starts after."""
    if starting_after is None:
        return 0
    key = ids.parse_payout_id(starting_after, "starting_after")
    if (key.slug, key.number) != (slug, number):
        raise gone(starting_after)
    found = await find_wallet(moment, "0x" + key.wallet.hex())
    if found is None:
        raise gone(starting_after)
    return found


async def series_place(moment: Moment, starting_after: str | None) -> int:
    """Number of the series that a page of holdings starts after."""
    if starting_after is None:
        return 0
    row = await moment.row(SERIES_NUMBER_BY_SLUG, slug=starting_after.removeprefix("ser_"))
    if row is None:
        raise gone(starting_after)
    return int(row.id)


async def distribution_position(moment: Moment, starting_after: str | None) -> int:
    """Position of the distribution that a page starts after."""
    if starting_after is None:
        return NEWEST
    slug, number = ids.parse_distribution_id(starting_after, "starting_after")
    return _position(await moment.row(_DISTRIBUTION_POS, slug=slug, number=number), starting_after)


async def batch_position(moment: Moment, starting_after: str | None) -> int:
    """Position of the batch that a page starts after."""
    if starting_after is None:
        return NEWEST
    a, b = _numbers(starting_after, r"bat_(\d{1,10})_(\d{1,10})", "bat_1_15")
    return _position(await moment.row(_BATCH_POS, a=a, b=b), starting_after)


async def settlement_position(moment: Moment, starting_after: str | None) -> int:
    """Position of the settlement that a page starts after."""
    if starting_after is None:
        return NEWEST
    a, b = _numbers(starting_after, r"set_(\d{1,10})_(\d{1,10})", "set_1_2")
    return _position(await moment.row(_SETTLEMENT_POS, a=a, b=b), starting_after)


async def statement_position(moment: Moment, starting_after: str | None) -> int:
    """Position of the period of the statement that a page starts after."""
    if starting_after is None:
        return NEWEST
    stream, period, version = _numbers(
        starting_after, r"st_(\d{1,10})_(\d{1,10})_v(\d{1,5})", "st_1_2_v1"
    )
    row = await moment.row(STATEMENT_POSITION, stream=stream, period=period, version=version)
    return _position(row, starting_after)


def verdict_place(starting_after: str | None) -> dict[str, Any]:
    """Stream, period and source of the report that a page starts after, by name; empty for the beginning."""
    if starting_after is None:
        return {}
    head, _, source = starting_after.partition("/")
    period, _, source = source.partition("/")
    stream, number = _numbers(f"{head}/{period}", r"str_(\d{1,9})/(\d{1,10})", "str_1/2/worker")
    return {"last_stream": stream, "last_period": number, "last_source": source}


def _numbers(text: str, pattern: str, example: str) -> list[int]:
    match = re.fullmatch(pattern, text, re.ASCII)
    if match is None:
        raise InputError(
            "this is not where a page of this list can begin",
            field="starting_after",
            value=text,
            rule=f"an id of this list, like {example}",
            remedy="pass on `next` of the page before",
        )
    return [int(part) for part in match.groups()]


def _position(row: Row[Any] | None, starting_after: str) -> int:
    if row is None:
        raise gone(starting_after)
    return int(row.pos)


def gone(starting_after: str) -> Problem:
    """The problem that a page cannot start after something that is not there."""
    return not_found(
        "object", "starting_after", starting_after, "begin again without starting_after"
    )
