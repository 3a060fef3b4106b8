"""Where a page begins that goes on after an object, in a list in its own order. One rule holds for all lists.

What cannot be an id of the list is refused as a parameter (422). An id that names nothing the list had at the moment
asked for is not found (404): a page from the beginning instead would be taken for the rest.
"""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import Row, bindparam, select

from usufruct.api.auth.journal import ENTRY
from usufruct.api.events.feed import EVENT
from usufruct.api.moment import Moment
from usufruct.api.params import wallet_bytes
from usufruct.api.problems import Problem, not_found
from usufruct.errors import InputError
from usufruct.ledger import ids
from usufruct.ledger.models import (
    batch,
    distribution,
    holder,
    payout,
    record,
    series,
    settlement,
    verdict_report,
    wallet,
)
from usufruct.ledger.reader import AsyncReader
from usufruct.ledger.reads.offerings import OFFERING, SUBSCRIPTION
from usufruct.ledger.reads.rows import Query
from usufruct.ledger.reads.series import SERIES_NUMBER_BY_SLUG
from usufruct.ledger.reads.statements import STATEMENT_POSITION

__all__ = [
    "NEWEST",
    "batch_position",
    "distribution_position",
    "entry_number",
    "event_number",
    "gone",
    "holder_place",
    "holding_place",
    "offering_position",
    "payout_holder",
    "payout_position",
    "position_place",
    "record_period",
    "series_place",
    "settlement_position",
    "statement_position",
    "subscription_place",
    "verdict_place",
]

NEWEST: Final = 1 << 62
"""A position after every possible one."""
_FIELD: Final = "starting_after"

_DISTRIBUTION: Final = (
    select(distribution.c.pos)
    .join(series, series.c.id == distribution.c.series)
    .where(series.c.slug == bindparam("slug"), distribution.c.number == bindparam("number"))
)
_PAYOUT: Final = (
    _DISTRIBUTION.join(payout, payout.c.pos == distribution.c.pos)
    .join(wallet, wallet.c.id == payout.c.wallet)
    .where(wallet.c.address == bindparam("address"))
    .add_columns(payout.c.wallet)
)
_HOLDER: Final = (
    select(holder.c.pos, holder.c.series, holder.c.wallet)
    .join(series, series.c.id == holder.c.series)
    .join(wallet, wallet.c.id == holder.c.wallet)
    .where(wallet.c.address == bindparam("address"))
)
_HOLDER_BY_SLUG: Final = _HOLDER.where(series.c.slug == bindparam("slug"))
_HOLDER_OF_SERIES: Final = _HOLDER.where(holder.c.series == bindparam("series"))
_BATCH: Final = select(batch.c.pos).where(
    batch.c.stream == bindparam("a"), batch.c.seq == bindparam("b")
)
_SETTLEMENT: Final = select(settlement.c.pos).where(
    settlement.c.stream == bindparam("a"), settlement.c.period == bindparam("b")
)
_RECORD: Final = (
    select(record.c.pos)
    .where(record.c.series == bindparam("series"), record.c.period == bindparam("period"))
    .order_by(record.c.pos)
    .limit(1)
)
_VERDICT: Final = select(verdict_report.c.stream).where(
    verdict_report.c.stream == bindparam("last_stream"),
    verdict_report.c.period == bindparam("last_period"),
    verdict_report.c.source == bindparam("last_source"),
    verdict_report.c.known_at <= bindparam("known"),
)


# --- Series and those who hold them ----------------------------------------------------------------


async def series_place(moment: Moment, after: str | None) -> int:
    """Number of the series that a page of series starts after."""
    if after is None:
        return 0
    row = await moment.row(SERIES_NUMBER_BY_SLUG, slug=_slug(after))
    return int(_there(moment, row, after).id)


async def holding_place(moment: Moment, after: str | None, address: str) -> int:
    """Number of the series whose holding of the wallet at `address` a page starts after."""
    if after is None:
        return 0
    held = {"slug": _slug(after), "address": wallet_bytes(address)}
    return int(_there(moment, await moment.row(_HOLDER_BY_SLUG, **held), after).series)


async def holder_place(moment: Moment, after: str | None, number: int) -> int:
    """Number of the wallet that a page of holders of series `number` starts after."""
    if after is None:
        return 0
    held = {"series": number, "address": wallet_bytes(after, _FIELD)}
    return int(_there(moment, await moment.row(_HOLDER_OF_SERIES, **held), after).wallet)


async def position_place(moment: Moment, after: str) -> Row[Any]:
    """Series and wallet, by their numbers, of the position that a page starts after."""
    slug, address = ids.parse_position_id(after, _FIELD)
    row = await moment.row(_HOLDER_BY_SLUG, slug=slug, address=address)
    return _there(moment, row, after)


async def record_period(moment: Moment, after: str | None, slug: str, number: int) -> int:
    """Period of the record date of a series, by slug and number, that a page starts after."""
    if after is None:
        return NEWEST
    named, period = ids.parse_record_id(after, _FIELD)
    row = await moment.row(_RECORD, series=number, period=period) if named == slug else None
    _there(moment, row, after)
    return period


# --- Money -----------------------------------------------------------------------------------------


async def payout_position(moment: Moment, after: str | None, wallet_number: int | None) -> int:
    """Position of the payout that a page of a wallet's starts after."""
    if after is None:
        return NEWEST
    row = await _payout(moment, after)
    if row.wallet != wallet_number:
        raise gone(after)
    return int(row.pos)


async def payout_holder(moment: Moment, after: str | None, position: int) -> int:
    """Number of the wallet whose payout of the distribution at `position` a page starts after."""
    if after is None:
        return 0
    row = await _payout(moment, after)
    if row.pos != position:
        raise gone(after)
    return int(row.wallet)


async def _payout(moment: Moment, after: str) -> Row[Any]:
    key = ids.parse_payout_id(after, _FIELD)
    named = {"slug": key.slug, "number": key.number, "address": key.wallet}
    return _there(moment, await moment.row(_PAYOUT, **named), after)


async def distribution_position(moment: Moment, after: str | None) -> int:
    """Position of the distribution that a page starts after."""
    if after is None:
        return NEWEST
    slug, number = ids.parse_distribution_id(after, _FIELD)
    row = await moment.row(_DISTRIBUTION, slug=slug, number=number)
    return int(_there(moment, row, after).pos)


async def settlement_position(moment: Moment, after: str | None) -> int:
    """Position of the settlement that a page starts after."""
    if after is None:
        return NEWEST
    a, b = _numbers(after, r"set_(\d{1,10})_(\d{1,10})", "set_1_2")
    return int(_there(moment, await moment.row(_SETTLEMENT, a=a, b=b), after).pos)


# --- Primary offerings ----------------------------------------------------------------------------


async def offering_position(moment: Moment, after: str | None) -> int:
    """Position of the offering that a page starts after."""
    if after is None:
        return NEWEST
    number = ids.parse_offering_id(after, _FIELD)
    row = await moment.row(OFFERING, offering=number, end=moment.end)
    return int(_there(moment, row, after).pos)


async def subscription_place(
    moment: Moment, after: str | None, *, offering: int | None, wallet: int | None
) -> int:
    """Position of the first lot of the subscription that a page of an offering's, a wallet's or both's starts after."""
    if after is None:
        return 0
    number, address = ids.parse_subscription_id(after, _FIELD)
    row = await moment.row(SUBSCRIPTION, offering=number, address=address, end=moment.end)
    if row is None or offering not in (None, number) or wallet not in (None, row.wallet_id):
        raise gone(after)
    return int(row.first_pos)


# --- Evidence --------------------------------------------------------------------------------------


async def batch_position(moment: Moment, after: str | None) -> int:
    """Position of the batch that a page starts after."""
    if after is None:
        return NEWEST
    a, b = _numbers(after, r"bat_(\d{1,10})_(\d{1,10})", "bat_1_15")
    return int(_there(moment, await moment.row(_BATCH, a=a, b=b), after).pos)


async def statement_position(moment: Moment, after: str | None) -> int:
    """Position of the period of the statement that a page starts after."""
    if after is None:
        return NEWEST
    parts = _numbers(after, r"st_(\d{1,10})_(\d{1,10})_v(\d{1,5})", "st_1_2_v1")
    named = dict(zip(("stream", "period", "version"), parts, strict=True))
    return int(_there(moment, await moment.row(STATEMENT_POSITION, **named), after).first)


async def verdict_place(moment: Moment, after: str | None) -> dict[str, Any]:
    """Stream, period and source of the report that a page starts after, by name; empty for the beginning."""
    if after is None:
        return {}
    head, _, source = after.partition("/")
    period, _, source = source.partition("/")
    stream, number = _numbers(f"{head}/{period}", r"str_(\d{1,9})/(\d{1,10})", "str_1/2/worker")
    place = {"last_stream": stream, "last_period": number, "last_source": source}
    nameless = "\0" in source  # PostgreSQL has no such text to compare with
    if nameless or await moment.row(_VERDICT, **place, known=moment.known) is None:
        raise gone(after)
    return place


# --- Numbered entries ------------------------------------------------------------------------------


async def event_number(reader: AsyncReader, after: str | None) -> int:
    """Number of the event that a page starts after."""
    return 0 if after is None else await _number(reader, EVENT, after)


async def entry_number(reader: AsyncReader, after: str | None) -> int:
    """Number of the entry of the access log that a page starts after."""
    return NEWEST if after is None else await _number(reader, ENTRY, after)


async def _number(reader: AsyncReader, query: Query, after: str) -> int:
    if not await reader.rows(query, {"number": int(after)}):
        raise gone(after)
    return int(after)


# --- What they share -------------------------------------------------------------------------------


def gone(after: str) -> Problem:
    """The problem that an id names nothing on the list."""
    return not_found("object", _FIELD, after, "begin again without starting_after")


def _there(moment: Moment, row: Row[Any] | None, after: str) -> Row[Any]:
    """The row that an id named, if the ledger had it at the moment."""
    if row is None or row.pos >= moment.end:
        raise gone(after)
    return row


def _slug(after: str) -> str:
    """The series that an id names; nothing can begin after what is no id."""
    if re.fullmatch(r"ser_[a-z0-9]{1,32}(?:-[0-9]{1,9})?", after, re.ASCII) is None:
        raise _no_id(after, "ser_lvpps")
    return after.removeprefix("ser_")


def _numbers(text: str, pattern: str, example: str) -> list[int]:
    match = re.fullmatch(pattern, text, re.ASCII)
    if match is None:
        raise _no_id(text, example)
    return [int(part) for part in match.groups()]


def _no_id(text: str, example: str) -> InputError:
    return InputError(
        "this is not where a page of this list can begin",
        field=_FIELD,
        value=text,
        rule=f"an id of this list, like {example}",
        remedy="pass on `next` of the page before",
    )
