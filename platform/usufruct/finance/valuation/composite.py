"""Composite value (P0): V = V_base + Σ_i λ_i · Σ_t E[CF_it] / (1 + r_i)^t.

λ_i = maturity · policy · (1 − volatility), each factor in [0, 1] with its author and reason. A risk that the discount
rate already counts may not be counted in λ as well. The paper also writes the sum without time, one
year's flow times λ: that form exists here only under its label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from usufruct.finance.numbers import ONE, ZERO, exact, factor, refused
from usufruct.finance.roots import value_at

__all__ = ["FACTORS", "Composite", "Factor", "Mode", "StreamValue", "Technology", "composite"]

FACTORS: Final = ("maturity", "policy", "volatility")
"""The factors of λ; each stands for the risk of its name."""

Mode = Literal["present_value", "literal"]
"""`literal` is the paper's own form: one year's flow times λ, not discounted."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of λ.

    Attributes:
        value: In [0, 1].
        author: Who set it.
        reason: Why.
    """

    value: Decimal
    author: str
    reason: str


@dataclass(frozen=True, slots=True)
class Technology:
    """A stream as it is valued.

    Attributes:
        code: Code of the stream.
        flows: Expected cash flows of year 1, 2, …
        rate: Discount rate r_i.
        factors: The factors of λ by name; a missing one counts as no discount.
        risks_in_rate: Risks that r_i counts, by the names of `FACTORS`.
    """

    code: str
    flows: Sequence[Decimal]
    rate: Decimal
    factors: Mapping[str, Factor]
    risks_in_rate: frozenset[str] = frozenset()

    @property
    def weight(self) -> Decimal:
        """λ_i.

        Raises:
            InputError: A factor is unknown, outside [0, 1], without author or reason, or counted twice.
        """
        for name, each in self.factors.items():
            _check(self, name, each)
        values = {name: each.value for name, each in self.factors.items()}
        return (
            values.get("maturity", ONE)
            * values.get("policy", ONE)
            * (ONE - values.get("volatility", ZERO))
        )


@dataclass(frozen=True, slots=True)
class StreamValue:
    """What one stream adds.

    Attributes:
        code: Code of the stream.
        weight: λ_i.
        present: Σ_t E[CF_it] / (1 + r_i)^t, or the first year's flow in the literal mode.
        value: λ_i times that.
    """

    code: str
    weight: Decimal
    present: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class Composite:
    """The composite value with its parts.

    Attributes:
        mode: How the streams' flows were counted.
        base: V_base.
        streams: What each stream adds.
    """

    mode: Mode
    base: Decimal
    streams: tuple[StreamValue, ...]

    @property
    def value(self) -> Decimal:
        """V."""
        return self.base + sum((each.value for each in self.streams), ZERO)


def composite(
    base: Decimal, technologies: Sequence[Technology], mode: Mode = "present_value"
) -> Composite:
    """The composite value of a base asset and its streams.

    Raises:
        InputError: A base below 0, no flows, a stream twice, a bad rate, or a factor that is refused.
    """
    if base < 0:
        raise refused("base", base, "the base value is not negative", "correct the value")
    codes = [each.code for each in technologies]
    for code in codes:
        if codes.count(code) > 1:
            raise refused("streams", code, "each stream counts once", "merge the two entries")
    with exact():
        return Composite(mode, base, tuple(_value(each, mode) for each in technologies))


def _value(each: Technology, mode: Mode) -> StreamValue:
    if not each.flows:
        raise refused(f"{each.code}.flows", "none", "at least one year", "give the expected flows")
    weight = each.weight
    years = [(Decimal(year), flow) for year, flow in enumerate(each.flows, 1)]
    present = each.flows[0] if mode == "literal" else value_at(each.rate, years)
    return StreamValue(each.code, weight, present, weight * present)


def _check(technology: Technology, name: str, each: Factor) -> None:
    field = f"{technology.code}.{name}"
    if name not in FACTORS:
        raise refused(field, each.value, "a factor is " + ", ".join(FACTORS), "rename the factor")
    factor(each.value, field, "P0: λ = maturity · policy · (1 − volatility)")
    if not each.author.strip() or not each.reason.strip():
        raise refused(
            field, each.value, "a factor has an author and a reason", "say who set it and why"
        )
    neutral = ZERO if name == "volatility" else ONE
    if name in technology.risks_in_rate and each.value != neutral:
        raise refused(
            field,
            each.value,
            f"the discount rate of {technology.code} counts the risk {name} already (risk_counted_in)",
            f"set {name} to {neutral}, or take the risk out of the rate",
        )
