"""Periods, months and years of a project, and where they begin and end in the ledger."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from usufruct.core.periods import day_bounds, period_bounds, period_name, zone
from usufruct.errors import ConfigError, InputError
from usufruct.ledger.reads.places import BLOCK_AT_TIME, CURSOR
from usufruct.ledger.types import first_position

__all__ = ["AsOf", "Calendar", "Window", "as_of", "ledger_end"]

_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_NUMBER: Final = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_YEAR: Final = re.compile(r"(19|20|21)\d{2}", re.ASCII)
_MONTHS: Final = 12
_MOST_PERIODS: Final = 12_000
"""Periods that have a name and an end: a thousand years, which no project outlives."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time.

    Attributes:
        name: As people call it, `2026-09` or `2026`.
        start: Its first second, unix time.
        end: The first second after it.
        number: Number of the period, None for a year.
    """

    name: str
    start: int
    end: int
    number: int | None = None


@dataclass(frozen=True, slots=True)
class AsOf:
    """A moment of the ledger.

    Attributes:
        block: All up to its end counts.
        time: Chain time.
        end: The position after it.
    """

    block: int
    time: int
    end: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """The project's first period ("YYYY-MM") and time zone."""

    first_period: str
    timezone: str

    def period(self, text: str) -> Window:
        """The period that `text` names: a month, or the period's number.

        Raises:
            InputError: Neither, before the project's first period, or after its last.
        """
        if _NUMBER.fullmatch(text):
            number = int(text)
        elif found := _MONTH.fullmatch(text):
            first = _MONTH.fullmatch(self.first_period)
            assert first is not None
            number = _months(found) - _months(first) + 1
        else:
            number = 0
        if not 1 <= number <= _MOST_PERIODS:
            raise InputError(
                "this is no period",
                field="period",
                value=text,
                rule=f"a month from {self.first_period} on, or a number from 1 to {_MOST_PERIODS}",
                remedy=f"write it like {self.first_period}, or 1",
            )
        start, end = period_bounds(self.first_period, number, self.timezone)
        return Window(period_name(self.first_period, number), start, end, number)

    def year(self, text: str) -> Window:
        """The calendar year that `text` names; InputError if it is none."""
        if not _YEAR.fullmatch(text):
            raise InputError(
                "this is no year",
                field="year",
                value=text,
                rule="four digits",
                remedy="write it like 2026",
            )
        start, _ = day_bounds(f"{text}-01-01", self.timezone)
        _, end = day_bounds(f"{text}-12-31", self.timezone)
        return Window(text, start, end)

    def name(self, number: int) -> str:
        """The month of a period."""
        return period_name(self.first_period, number)

    def day(self, time: int) -> str:
        """The local date and minute of a time."""
        return datetime.fromtimestamp(time, zone(self.timezone)).strftime("%Y-%m-%d %H:%M")


def ledger_end(connection: Connection) -> AsOf:
    """The last block that the ledger has; ConfigError if it has none."""
    row = connection.execute(CURSOR).first()
    if row is None:
        raise ConfigError(
            "the ledger is empty",
            field="database",
            value="",
            rule="the index must have seen the deployment",
            remedy="start usufruct serve with the same database first",
        )
    return AsOf(int(row.block), int(row.timestamp), first_position(int(row.block) + 1))


def as_of(connection: Connection, time: int, known: AsOf | None = None) -> AsOf:
    """The ledger just before `time`, or its end (or what was known, if given) where that has not come so far."""
    last = known or ledger_end(connection)
    if last.time < time:
        return last
    block = int(connection.execute(BLOCK_AT_TIME, {"time": time - 1}).scalar() or 0)
    return AsOf(block, time - 1, first_position(block + 1))


def utc(time: int) -> str:
    """A time in UTC for people."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _months(found: re.Match[str]) -> int:
    return _MONTHS * int(found[1]) + int(found[2])
