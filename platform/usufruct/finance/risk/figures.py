"""What a simulation says: quantiles, VaR and CVaR of distributable income, diversification, losses of tranches.

VaR at confidence c is how far the c-worst income lies below the mean; CVaR how far the mean of all that are as bad
or worse does. Both are of one year's distributable income.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from usufruct.finance.numbers import refused
from usufruct.finance.risk.model import Floats, Paths
from usufruct.finance.risk.vectors import Outcome
from usufruct.finance.structures.deal import Deal

__all__ = ["Loss", "Tail", "diversification", "present_values", "tail_of", "tranche_losses"]


@dataclass(frozen=True, slots=True)
class Tail:
    """The lower end of a distribution.

    Attributes:
        mean: Its mean.
        quantile: What it falls below in 1 − confidence of all cases.
        var: mean − quantile.
        cvar: mean − mean of what is not above the quantile.
    """

    mean: float
    quantile: float
    var: float
    cvar: float


@dataclass(frozen=True, slots=True)
class Loss:
    """How a tranche fares.

    Attributes:
        tranche: Its code.
        probability: Share of paths in which it ever gets less than was due in a period.
        expected: Mean share of what was due over its whole life that is never paid.
    """

    tranche: str
    probability: float
    expected: float


def tail_of(values: Floats, confidence: float) -> Tail:
    """The lower tail.

    Raises:
        InputError: The confidence is not between 0 and 1, or there are no values.
    """
    if not 0 < confidence < 1 or not values.size:
        raise refused("confidence", confidence, "between 0 and 1", "write it like 95%")
    flat = np.sort(values.ravel())
    # The lower empirical quantile: a value that occurred.
    at = max(int(np.ceil((1 - confidence) * flat.size)) - 1, 0)
    mean, quantile = float(flat.mean()), float(flat[at])
    return Tail(mean, quantile, mean - quantile, mean - float(flat[: at + 1].mean()))


def diversification(paths: Paths, year: int) -> float:
    """Σ deviations of the streams over the deviation of all of them, in a year from 1; infinite if they cancel.

    Raises:
        InputError: No such year.
    """
    if not 1 <= year <= paths.income.shape[1]:
        raise refused("year", year, f"1 to {paths.income.shape[1]}", "name a simulated year")
    income = paths.income[:, year - 1, :]
    whole = float(income.sum(axis=1).std())
    parts = float(income.std(axis=0).sum())
    if whole == 0:
        return 1.0 if parts == 0 else float("inf")
    return parts / whole


def present_values(paths: Paths, rate: float) -> Floats:
    """Present value of all years' income by path, paid at the end of each year."""
    factors = (1 + rate) ** -np.arange(1, paths.income.shape[1] + 1)
    return np.asarray(paths.total @ factors)


def tranche_losses(deal: Deal, outcome: Outcome) -> list[Loss]:
    """How each tranche with scheduled payments fares over the paths."""
    losses = []
    for code in deal.schedules:
        places = [
            place
            for place, step in enumerate(deal.table.step)
            if step.tranche == code and step.kind in {"interest", "principal", "due"}
        ]
        due, paid = outcome.due[places].sum(axis=0), outcome.paid[places].sum(axis=0)
        scheduled = sum(each.total for each in deal.schedules[code])
        unpaid = 1 - paid.sum(axis=1) / scheduled
        losses.append(Loss(code, float((paid < due).any(axis=1).mean()), float(unpaid.mean())))
    return losses
