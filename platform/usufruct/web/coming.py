"""When a series pays next, and how much: what is known, apart from what is only to be expected.

Known are a statement that was attested, the end of its challenge window, an announced record date, and the first day
on which a payment is possible at all. Expected, and said to be, are a date by how long after their periods' ends
earlier payments came (the median), and an amount by what the wallet's last payments were for each unit, rounded down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Literal

__all__ = ["Coming", "Past", "Stated", "coming", "expected_amount"]

Stage = Literal["over", "running", "awaited", "attested", "final", "disputed"]
_LOOKED_AT = 3


@dataclass(frozen=True, slots=True)
class Past:
    """A distribution of the series: its period's end and when its money came, unix seconds."""

    period_end: int
    paid_at: int


@dataclass(frozen=True, slots=True)
class Stated:
    """The newest statement of the period: its status, and the end of its window in unix seconds."""

    status: str
    final_at: int


@dataclass(frozen=True, slots=True)
class Coming:
    """The next payment of a series.

    Attributes:
        stage: How far its period is.
        earliest: Before this no payment is possible, by what is known; None where nothing is.
        expected: When it is to be expected by the earlier ones; None where there are none.
        payments: How many earlier payments that stands on.
    """

    stage: Stage
    earliest: int | None
    expected: int | None
    payments: int


def coming(
    now: int,
    period: tuple[int, int] | None,
    window: int,
    stated: Stated | None,
    past: Sequence[Past],
    *,
    over: bool,
) -> Coming:
    """The next payment of a series, for a period with these bounds (None: not known) and challenge window.

    Args:
        now: The chain's time.
        period: First second of the period, and first second after it.
        window: Seconds of the challenge window.
        stated: The period's statement, None if there is none.
        past: Distributions of the series, newest first.
        over: Whether the series pays no further period.
    """
    if over:
        return Coming("over", None, None, 0)
    lags = [each.paid_at - each.period_end for each in past[: 2 * _LOOKED_AT]]
    expected = period[1] + median_low(lags) if period is not None and lags else None
    if stated is None or stated.status == "voided":
        ended = period is not None and period[1] <= now
        earliest = None if period is None else max(period[1], now) + window
        return Coming(
            "awaited" if ended else "running", earliest, _after(earliest, expected), len(lags)
        )
    if stated.status == "disputed":
        return Coming("disputed", None, None, 0)
    stage: Stage = "attested" if stated.final_at > now else "final"
    earliest = max(stated.final_at, now)
    return Coming(stage, earliest, _after(earliest, expected), len(lags))


def expected_amount(units: int, past: Sequence[tuple[int, int]]) -> int | None:
    """What `units` would get if each got what it got in the last payments (units, amount), newest first."""
    counted = [each for each in past[:_LOOKED_AT] if each[0]]
    if not counted or not units:
        return None
    return sum(amount for _, amount in counted) * units // sum(held for held, _ in counted)


def _after(earliest: int | None, expected: int | None) -> int | None:
    """An expectation, which cannot lie before what is possible."""
    return None if earliest is None or expected is None else max(earliest, expected)
