"""Numbers of the finance engine: exact decimals, written as people write them.

Amounts are texts such as `"25亿"`, `"29937.65万"`, `"1_000.50"` or plain integers; rates are `"5%"` or `"0.05"`.
Binary floating point never stands for money that is promised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext
from typing import Final

from usufruct.errors import InputError

__all__ = [
    "ONE",
    "SCALES",
    "ZERO",
    "exact",
    "factor",
    "parse_number",
    "parse_rate",
    "refused",
    "shown",
    "spread",
]

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
SCALES: Final = {
    "": ONE,
    "万": Decimal(10**4),
    "亿": Decimal(10**8),
    "k": Decimal(10**3),
    "m": Decimal(10**6),
    "bn": Decimal(10**9),
}
"""Factors that may stand behind a number."""

_NUMBER: Final = re.compile(
    r"([+-]?)([0-9]{1,30}(?:_[0-9]{3})*)(?:\.([0-9]{1,30}))?\s*(万|亿|k|m|bn)?", re.ASCII
)
_CONTEXT: Final = Context(prec=50, traps=[InvalidOperation, DivisionByZero, Overflow])
_PERCENT: Final = Decimal(100)


@contextmanager
def exact() -> Iterator[None]:
    """Fifty digits inside: what is divided or raised to a power is right far below any minor unit."""
    with localcontext(_CONTEXT):
        yield


def refused(field: str, value: object, rule: str, remedy: str) -> InputError:
    """The error for an input that a formula cannot take."""
    return InputError(f"{field} is not allowed", field=field, value=value, rule=rule, remedy=remedy)


def parse_number(value: object, field: str = "amount") -> Decimal:
    """An exact decimal from an integer, a Decimal or a text such as `"25亿"`.

    Raises:
        InputError: Something else; a float too, since its digits are not what was written.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, Decimal) and value.is_finite():
        return value
    match = _NUMBER.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise refused(
            field,
            value,
            "a number written as text, such as 25亿, 1234.56 or 29937.65万",
            "write digits with at most one point, in quotes, with 万, 亿, k, m or bn behind them",
        )
    sign, whole, places, scale = match.groups()
    number = Decimal(f"{sign}{whole.replace('_', '')}.{places or '0'}")
    with exact():
        return (number * SCALES[scale or ""]).normalize() + ZERO


def parse_rate(value: object, field: str = "rate") -> Decimal:
    """A rate as a fraction of one, from `"5%"`, `"0.05"` or `"1/15"`.

    Raises:
        InputError: Something else.
    """
    text = value.strip() if isinstance(value, str) else ""
    over, slash, under = text.partition("/")
    with exact():
        if text.endswith("%"):
            return parse_number(text[:-1], field) / _PERCENT
        if slash and parse_number(under, field) > 0:
            return parse_number(over, field) / parse_number(under, field)
    return parse_number(value, field)


def factor(value: Decimal, field: str, clause: str = "") -> Decimal:
    """`value`, which is a factor from 0 to 1.

    Raises:
        InputError: It is not; `clause` names where the factor is defined.
    """
    if not ZERO <= value <= ONE:
        where = f" ({clause})" if clause else ""
        raise refused(field, value, f"a factor lies in [0, 1]{where}", "correct the factor")
    return value


def shown(value: Decimal, places: int = 4) -> str:
    """A plain decimal for people, without trailing zeros, with thin groups of three."""
    with exact():
        rounded = round(value, places)
    text = f"{rounded:,f}".replace(",", " ")
    return text.rstrip("0").rstrip(".") if "." in text else text


def spread(total: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """Whole units of `total` in proportion to `weights`, by cumulated floors: they sum to the total.

    Raises:
        InputError: Weights are negative or all zero, or the total is negative.
    """
    whole = sum(weights)
    if total < 0 or whole <= 0 or min(weights) < 0:
        raise refused("weights", weights, "weights are not negative and not all 0", "correct them")
    parts, passed, before = [], 0, 0
    for weight in weights:
        passed += weight
        upto = total * passed // whole
        parts.append(upto - before)
        before = upto
    return tuple(parts)
