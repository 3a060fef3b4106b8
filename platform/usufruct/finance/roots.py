"""The rate at which discounted flows are worth nothing: found only where there is exactly one.

A flow after t years is worth a·x^t with x = 1/(1 + r). By Descartes' rule, which holds for real exponents too,
the number of roots x > 0 is at most the number of sign changes, and one change means exactly one root. With
more changes the whole range is searched; flows with none or several rates are refused with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

import numpy as np

from usufruct.finance.numbers import ONE, ZERO, exact, refused

__all__ = ["Timed", "rate_of", "value_at"]

Timed = Sequence[tuple[Decimal, Decimal]]
"""Flows as (years from now, amount), in any order."""

_LOWEST: Final = -0.999999
_HIGHEST: Final = 1e12
_POINTS: Final = 8_000
_STEPS: Final = 200
_TOLERANCE: Final = Decimal("1e-30")
_TOUCHES: Final = 1e-13


def value_at(rate: Decimal, flows: Timed) -> Decimal:
    """Σ a / (1 + rate)^t.

    Raises:
        InputError: The rate is −100% or less.
    """
    if rate <= -1:
        raise refused("rate", rate, "a rate is above −100%", "correct the rate")
    with exact():
        base = ONE + rate
        return sum((amount / base**time for time, amount in flows), ZERO)


def rate_of(flows: Timed, name: str = "IRR") -> Decimal:
    """The one rate above −100% at which the flows are worth nothing, to thirty places.

    Raises:
        InputError: There is no such rate, or more than one; the message says which.
    """
    ordered = sorted((each for each in flows if each[1]), key=lambda each: each[0])
    changes = _sign_changes(ordered)
    if changes == 0:
        raise refused(
            name,
            _summary(ordered),
            "flows that never change sign have no rate of return",
            "give at least one payment out and one in",
        )
    found = _candidates(ordered, changes)
    if len(found) > 1:
        listed = ", ".join(f"{100 * each:.4f}%" for each in found[:4])
        raise refused(
            name,
            listed,
            f"the flows change sign {changes} times and have {len(found)} rates of return",
            "compare net present values at a stated rate instead",
        )
    if not found:
        raise refused(
            name,
            _summary(ordered),
            f"no rate from {100 * _LOWEST:.4f}% to {100 * _HIGHEST:.0e}% makes the flows worth nothing",
            "check the amounts; compare net present values at a stated rate instead",
        )
    return _polished(found[0], ordered)


def _sign_changes(flows: Timed) -> int:
    signs = [amount > 0 for amount in _per_moment(flows)]
    return sum(one != other for one, other in pairwise(signs))


def _per_moment(flows: Timed) -> list[Decimal]:
    by_time: dict[Decimal, Decimal] = {}
    for time, amount in flows:
        by_time[time] = by_time.get(time, ZERO) + amount
    return [by_time[time] for time in sorted(by_time) if by_time[time]]


def _summary(flows: Timed) -> str:
    amounts = [amount for _, amount in flows]
    return f"{len(amounts)} flows, sum {sum(amounts, ZERO)}"


def _candidates(flows: Timed, changes: int) -> list[float]:
    """Rates in the searched range where the value changes sign or touches nothing."""
    from scipy.optimize import brentq  # noqa: PLC0415  # a slow import that only rates need

    times = np.array([float(time) for time, _ in flows])
    amounts = np.array([float(amount) for _, amount in flows])
    sizes = np.log(np.abs(amounts) / np.abs(amounts).max())

    def value(log_base: float) -> float:
        # Scaled by the largest term, so that neither end of the range overflows.
        terms = sizes - times * log_base
        return float(np.sum(np.sign(amounts) * np.exp(terms - terms.max())))

    grid = np.linspace(np.log1p(_LOWEST), np.log1p(_HIGHEST), 2 if changes == 1 else _POINTS)
    values = [value(each) for each in grid]
    found = []
    for at in range(1, len(grid)):
        low, high = values[at - 1], values[at]
        if low == 0.0:
            found.append(float(np.expm1(grid[at - 1])))
        elif low * high < 0:
            found.append(float(np.expm1(brentq(value, grid[at - 1], grid[at], xtol=1e-14))))
        elif at > 1 and _turns(*values[at - 2 : at + 1]):
            found += [float(np.expm1(x)) for x in _near_turn(value, *grid[at - 2 : at + 1])]
    return found


def _turns(before: float, middle: float, after: float) -> bool:
    """Whether the values come nearer to nothing and go away again, all on one side of it."""
    nearer = abs(middle) < abs(before) and abs(middle) <= abs(after)
    return nearer and before * middle > 0 and middle * after > 0


def _near_turn(
    value: Callable[[float], float], low: float, middle: float, high: float
) -> list[float]:
    """The roots between three points of the grid: two, one where two fall together, or none."""
    from scipy.optimize import brentq, minimize_scalar  # noqa: PLC0415  # the same

    sign = np.sign(value(middle))
    turn = minimize_scalar(
        lambda x: sign * value(x), bounds=(low, high), method="bounded", options={"xatol": 1e-12}
    )
    if turn.fun < -_TOUCHES:
        return [float(brentq(value, *ends, xtol=1e-14)) for ends in ((low, turn.x), (turn.x, high))]
    return [float(turn.x)] if turn.fun < _TOUCHES else []


def _polished(start: float, flows: Timed) -> Decimal:
    """Newton's steps in decimals around a root that floating point has found; halves where a step would leave it."""
    with exact():
        rate = Decimal(start)
        width = Decimal("1e-9") * (ONE + abs(rate))
        low, high = rate - width, rate + width
        at_low = value_at(low, flows)
        if at_low * value_at(high, flows) > 0:
            return rate
        for _ in range(_STEPS):
            value, slope = _value_and_slope(rate, flows)
            if value == 0:
                return rate
            if (value > 0) == (at_low > 0):
                low = rate
            else:
                high = rate
            nearer = rate - value / slope if slope else low
            if not low < nearer < high:
                nearer = (low + high) / 2
            if abs(nearer - rate) < _TOLERANCE:
                return nearer
            rate = nearer
        return rate


def _value_and_slope(rate: Decimal, flows: Timed) -> tuple[Decimal, Decimal]:
    base = ONE + rate
    worth = [(time, amount / base**time) for time, amount in flows]
    slope = -sum((time * each for time, each in worth), ZERO) / base
    return sum((each for _, each in worth), ZERO), slope
