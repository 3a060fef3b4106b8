"""What was known at an earlier time: the ledger keeps all versions, and the block in which each came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Row

from usufruct.api.moment import Moment
from usufruct.api.params import AsOf, moment_of
from usufruct.api.problems import Problem
from usufruct.api.render import rfc3339
from usufruct.ledger.reads.places import BLOCK_AT_TIME, TIME_AT_BLOCK

__all__ = ["Known", "as_known", "statement_as_known"]


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
        raise _refused("as_of_date", query.as_of_date, "give as_of_block or as_of_date", "drop one")
    if query.as_of_block is not None:
        if query.as_of_block > moment.block:
            raise _refused(
                "as_of_block",
                query.as_of_block,
                f"the ledger ends with block {moment.block}",
                "wait, or ask for an earlier block",
            )
        row = await moment.row(TIME_AT_BLOCK, block=query.as_of_block)
        return Known(query.as_of_block, int(row[0] or 0) if row else 0)
    if query.as_of_date is None:
        return Known(moment.block, moment.time)
    first, last = moment_of(query.as_of_date, moment.render.labels.timezone)
    if first > moment.time:
        raise _refused(
            "as_of_date",
            query.as_of_date,
            f"the ledger ends at {rfc3339(moment.time)}",
            "wait, or ask for an earlier time",
        )
    row = await moment.row(BLOCK_AT_TIME, time=last)
    return Known(int(row[0] or 0) if row else 0, min(last, moment.time))


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


def _refused(field: str, value: object, rule: str, remedy: str) -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-parameter",
        f"{field}: {rule}.",
        field=field,
        value=str(value),
        rule=rule,
        remedy=remedy,
    )
