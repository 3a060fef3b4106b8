"""What was known at an earlier time: the ledger keeps all versions, and the block in which each came.

An answer as of a block is the one that was given last while that block was the last in the ledger, mark of the block
included. What comes from workers and not from the chain (manifests, lines, tariffs, corrections, reports) counts from
the block that was the last when it came, whose time is kept with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Row

from usufruct.api.moment import Moment
from usufruct.api.params import AsOf, moment_of
from usufruct.api.problems import Problem
from usufruct.api.render import rfc3339
from usufruct.chain.client import ChainClient
from usufruct.ledger.moments import BlockTimes, unknown_time
from usufruct.ledger.reads.places import BLOCK_AT_TIME, TIME_OF_BLOCK

__all__ = [
    "Known",
    "as_known",
    "moment_as_known",
    "refused",
    "statement_as_known",
    "times_by_node",
    "too_late",
]


@dataclass(frozen=True, slots=True)
class Known:
    """The time that is asked for.

    Attributes:
        block: All up to its end was known.
        time: Chain time, unix seconds.
    """

    block: int
    time: int


async def as_known(moment: Moment, query: AsOf) -> Known:
    """The end of the block, or of the day, that the query names; the ledger's last block if it names none."""
    if query.as_of_block is not None and query.as_of_date is not None:
        raise refused("as_of_date", query.as_of_date, "give as_of_block or as_of_date", "drop one")
    if query.as_of_block is not None:
        if query.as_of_block > moment.block:
            raise too_late("as_of_block", query.as_of_block, f"block {moment.block}")
        return Known(query.as_of_block, await _time_of(moment, query.as_of_block))
    if query.as_of_date is None:
        return Known(moment.block, moment.time)
    first, last = moment_of(query.as_of_date, moment.render.labels.timezone)
    if first > moment.time:
        raise too_late("as_of_date", query.as_of_date, rfc3339(moment.time))
    if last >= moment.time:
        return Known(moment.block, moment.time)
    row = await moment.row(BLOCK_AT_TIME, time=last)
    return Known(int(row[0] or 0) if row else 0, last)


async def moment_as_known(moment: Moment, query: AsOf) -> Moment:
    """The moment that the query names, whose end bounds what is read; the same moment if it names none."""
    known = await as_known(moment, query)
    if known == Known(moment.block, moment.time):
        return moment
    return replace(moment, block=known.block, time=known.time, known=known.time)


async def _time_of(moment: Moment, number: int) -> int:
    """Time of a block by the ledger, else by the node."""
    row = await moment.row(TIME_OF_BLOCK, block=number)
    if row is not None:
        return int(row[0])
    told = times_by_node(moment.service.chain)
    if told is None:
        raise unknown_time(number)
    return await run_in_threadpool(told, number)


def times_by_node(node: ChainClient | None) -> BlockTimes | None:
    """What tells the times of blocks that the ledger knows nothing of; None without a node."""
    return None if node is None else lambda number: node.block(number).timestamp


def statement_as_known(
    versions: Sequence[Row[Any]], events: Sequence[Row[Any]], known: Known
) -> tuple[list[Any], list[Row[Any]]]:
    """A period's versions, newest first, and its events, as they were known then.

    Args:
        versions: All versions, newest first.
        events: All events, in order.
        known: The time.
    """
    happened = [each for each in events if each.block <= known.block]
    found: list[Any] = []
    for row in versions:
        if row.block > known.block:
            continue
        own = [each for each in happened if each.version == row.version]
        last = own[-1] if own else None
        then = {
            "newest": not found,
            "event": last.kind if last else None,
            "event_final_at": last.final_at if last else None,
        }
        found.append(SimpleNamespace(**{**row._mapping, **then}))
    return found, happened


def too_late(field: str, value: object, end: str) -> Problem:
    """The problem that the ledger is not that far yet."""
    return refused(
        field, value, f"the ledger ends with {end}", "wait, or ask for an earlier moment"
    )


def refused(field: str, value: object, rule: str, remedy: str) -> Problem:
    """The problem that a moment cannot be asked for."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-parameter",
        f"{field}: {rule}.",
        field=field,
        value=str(value),
        rule=rule,
        remedy=remedy,
    )
