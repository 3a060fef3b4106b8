"""How a community's income is mixed: concentration, the roll-up to REIT classes, and what mixing takes off its risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import numpy as np

from usufruct.finance.numbers import ZERO, exact, refused

__all__ = ["ROLL_UP", "Mix", "diversification_ratio", "mix", "roll_up"]

ROLL_UP: Final[Mapping[str, str]] = MappingProxyType(
    {
        "SUBUNIT": "space",
        "PARKING": "space",
        "STORAGE": "energy",
        "VPP": "energy",
        "WATER": "public service",
        "DATA": "data",
    }
)
"""The REIT class of each technology: six become four (P0)."""
_NOISE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of an income.

    Attributes:
        shares: By name; they sum to 1.
        concentration: Herfindahl–Hirschman index Σ share², from 1/n to 1.
    """

    shares: Mapping[str, Decimal]
    concentration: Decimal

    @property
    def effective(self) -> Decimal:
        """How many equal parts would be as concentrated: 1 / concentration."""
        with exact():
            return 1 / self.concentration


def mix(incomes: Mapping[str, Decimal]) -> Mix:
    """The shares of each part.

    Raises:
        InputError: An income below 0, or nothing in all.
    """
    total = sum(incomes.values(), ZERO)
    if total <= 0 or any(each < 0 for each in incomes.values()):
        raise refused("incomes", total, "incomes are not negative and not all 0", "correct them")
    with exact():
        shares = {name: each / total for name, each in incomes.items()}
        return Mix(shares, sum((each * each for each in shares.values()), ZERO))


def roll_up(incomes: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Incomes by REIT class.

    Raises:
        InputError: An unknown technology.
    """
    found = dict.fromkeys(dict.fromkeys(ROLL_UP.values()), ZERO)
    for name, income in incomes.items():
        if name not in ROLL_UP:
            raise refused("stream", name, "one of " + ", ".join(ROLL_UP), "name its technology")
        found[ROLL_UP[name]] += income
    return found


def diversification_ratio(
    weights: Sequence[float], deviations: Sequence[float], correlation: Sequence[Sequence[float]]
) -> float:
    """Σ w·σ over the deviation of the whole (Choueifaty/Coignard 2008): 1 if nothing is diversified.

    Raises:
        InputError: Sizes differ, a deviation is negative or all are 0, or the matrix is no correlation matrix.
    """
    w, sigma, rho = np.array(weights), np.array(deviations), np.array(correlation)
    n = len(w)
    if sigma.shape != (n,) or rho.shape != (n, n) or (sigma < 0).any() or not (w * sigma).any():
        raise refused(
            "deviations", len(sigma), f"{n} deviations ≥ 0, not all 0", "correct the sizes"
        )
    if not np.allclose(rho, rho.T) or not np.allclose(np.diag(rho), 1.0):
        raise refused(
            "correlation", n, "a symmetric matrix with ones on its diagonal", "correct it"
        )
    if np.linalg.eigvalsh(rho).min() < -_NOISE:
        raise refused(
            "correlation", n, "a positive semidefinite matrix", "no such streams can exist"
        )
    parts = w * sigma
    whole = float(np.sqrt(max(parts @ rho @ parts, 0.0)))
    return float("inf") if whole == 0 else float(parts.sum()) / whole
