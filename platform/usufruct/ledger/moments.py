"""Moments of the ledger: where a block or a time ends, and the chain's time there.

What was known at a block also depends on its time, by which a challenge window is over and an identity check has run
out. The ledger knows the times of blocks with logs of ours and of its newest ones; that of any other only a node tells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from sqlalchemy import Connection

from usufruct.errors import InputError
from usufruct.ledger.reads.places import BLOCK_AT_TIME, CURSOR, TIME_OF_BLOCK
from usufruct.ledger.types import first_position

__all__ = ["At", "BlockTimes", "at_block", "at_time", "time_of_block", "unknown_time"]

BlockTimes: TypeAlias = Callable[[int], int]
"""Tells the time of a block of the chain, unix seconds; ChainError if it cannot."""


class At(NamedTuple):
    """A moment of the ledger."""

    end: int
    """The position after everything that has happened."""
    time: int
    """Unix seconds; what identity checks are held against."""


def at_block(connection: Connection, number: int, told: BlockTimes | None = None) -> At | None:
    """The end of a block; None where the ledger is not that far, or is empty.

    `told` is asked for the time of a block that the ledger does not know; InputError if it is missing then.
    """
    here = connection.execute(CURSOR).first()
    if here is None or number > here.block:
        return None
    return At(first_position(number + 1), time_of_block(connection, number, told))


def at_time(connection: Connection, time: int) -> At | None:
    """The end of the last block at or before `time`; None while later blocks at or before it may still come."""
    here = connection.execute(CURSOR).first()
    if here is None or time >= here.timestamp:
        return None
    number = connection.execute(BLOCK_AT_TIME, {"time": time}).scalar()
    return At(0 if number is None else first_position(int(number) + 1), time)


def time_of_block(connection: Connection, number: int, told: BlockTimes | None = None) -> int:
    """The time of a block by the ledger, else as `told`; InputError without that."""
    known = connection.execute(TIME_OF_BLOCK, {"block": number}).scalar()
    if known is not None:
        return int(known)
    if told is None:
        raise unknown_time(number)
    return told(number)


def unknown_time(number: int) -> InputError:
    """The error that nobody here knows the time of a block."""
    return InputError(
        "the time of this block is not known here",
        field="as_of_block",
        value=number,
        rule="a block with an event of the project, one of the newest, or any that a node can be asked for",
        remedy="name a time instead, or ask a service that has a node",
    )
