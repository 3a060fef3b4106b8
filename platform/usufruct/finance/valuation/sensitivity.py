"""How a value moves: tables over two inputs, and a tornado over many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from usufruct.finance.numbers import refused

__all__ = ["Bar", "table", "tornado"]

Inputs = Mapping[str, Decimal]
Model = Callable[[Inputs], Decimal]
"""A value from named inputs."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a tornado.

    Attributes:
        name: The input that moves.
        low: Its low value and what the model gives there.
        high: Its high value and what the model gives there.
    """

    name: str
    low: tuple[Decimal, Decimal]
    high: tuple[Decimal, Decimal]

    @property
    def swing(self) -> Decimal:
        """How far the value moves between the two."""
        return abs(self.high[1] - self.low[1])


def table(
    model: Model,
    inputs: Inputs,
    rows: tuple[str, Sequence[Decimal]],
    columns: tuple[str, Sequence[Decimal]],
) -> list[list[Decimal]]:
    """The model's values with one input by rows and another by columns.

    Raises:
        InputError: An input that the model does not have, or one input twice.
    """
    if rows[0] == columns[0]:
        raise refused("columns", columns[0], "rows and columns move two inputs", "name another one")
    for name in (rows[0], columns[0]):
        _known(name, inputs)
    return [
        [model({**inputs, rows[0]: row, columns[0]: column}) for column in columns[1]]
        for row in rows[1]
    ]


def tornado(
    model: Model, inputs: Inputs, bounds: Mapping[str, tuple[Decimal, Decimal]]
) -> list[Bar]:
    """A bar for each input that moves between its bounds while the others stay; the widest first.

    Raises:
        InputError: An input that the model does not have, or bounds in the wrong order.
    """
    bars = []
    for name, (low, high) in bounds.items():
        _known(name, inputs)
        if low > high:
            raise refused(name, f"{low} to {high}", "low ≤ high", "exchange the two bounds")
        bars.append(
            Bar(name, (low, model({**inputs, name: low})), (high, model({**inputs, name: high})))
        )
    return sorted(bars, key=lambda bar: (-bar.swing, bar.name))


def _known(name: str, inputs: Inputs) -> None:
    if name not in inputs:
        raise refused("input", name, "one of " + ", ".join(inputs), "name one of these inputs")
