"""Forecast methods that need no further package: seasonal naive, and exponential smoothing.

ETS is the additive Holt–Winters method (Hyndman/Athanasopoulos, Forecasting: Principles and Practice,
§8.3) with a damped trend; its parameters minimise the squared one-step errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from usufruct.finance.numbers import refused

__all__ = ["METHODS", "Forecaster", "Method", "ets", "forecaster", "seasonal_naive"]

Floats = npt.NDArray[np.float64]
Method = Callable[[Floats, int, int], Floats]
"""Values, season length, horizon → forecast of each period of the horizon."""

_PENALTY: Final = 1e12


@dataclass(frozen=True, slots=True)
class Forecaster:
    """A method with its name.

    Attributes:
        name: Its name.
        method: The method.
        least: Least number of seasons it needs.
    """

    name: str
    method: Method
    least: int


def seasonal_naive(values: Floats, season: int, horizon: int) -> Floats:
    """The value of the same season a cycle ago; with a season of 1 the last value."""
    last = values[-season:]
    return np.asarray(last[np.arange(horizon) % season])


def ets(values: Floats, season: int, horizon: int) -> Floats:
    """Additive level, damped trend and season."""
    scale = float(np.abs(values).max()) or 1.0
    scaled = values / scale
    start = np.array([0.3, 0.05, 0.1, 0.95])

    def loss(parameters: Floats) -> float:
        errors, _ = _smooth(scaled, season, parameters)
        total = float(errors @ errors)
        return total if np.isfinite(total) else _PENALTY

    bounds = [(1e-4, 1.0), (1e-4, 1.0), (1e-4, 1.0), (0.8, 0.999)]
    found = minimize(loss, start, method="L-BFGS-B", bounds=bounds)
    _, (level, trend, seasons) = _smooth(scaled, season, found.x)
    damping = found.x[3] ** np.arange(1, horizon + 1)
    ahead = level + trend * np.cumsum(damping)
    return np.asarray((ahead + seasons[np.arange(horizon) % season]) * scale)


def _smooth(
    values: Floats, season: int, parameters: Floats
) -> tuple[Floats, tuple[float, float, Floats]]:
    """One-step errors, and level, trend and the seasons to come."""
    alpha, beta, gamma, phi = parameters
    first = values[:season]
    level = float(first.mean())
    cycles = len(values) // season
    trend = 0.0
    if cycles > 1:
        trend = float(values[season : 2 * season].mean() - level) / season
    seasons = list(first - level) if season > 1 else [0.0]
    errors = np.empty(len(values) - season)
    for at in range(season, len(values)):
        before, slope, pattern = level, phi * trend, seasons[at % season]
        error = values[at] - (before + slope + pattern)
        level = before + slope + alpha * error
        trend = slope + alpha * beta * error
        if season > 1:
            seasons[at % season] = pattern + gamma * error
        errors[at - season] = error
    turn = len(values) % season
    return errors, (level, trend, np.array(seasons[turn:] + seasons[:turn]))


_ALL: Final = (Forecaster("seasonal naive", seasonal_naive, 1), Forecaster("ETS", ets, 2))
METHODS: Final = {each.name: each for each in _ALL}
"""The methods of the core by name."""


def forecaster(name: str, values: Sequence[float], season: int, horizon: int) -> Floats:
    """The forecast of the named method.

    Raises:
        InputError: Unknown method, too few or non-finite values, or a season or horizon below 1.
    """
    known = METHODS.get(name)
    if known is None:
        raise refused("method", name, "one of " + ", ".join(METHODS), "name one of these")
    if season < 1 or horizon < 1:
        raise refused("season", season, "season and horizon ≥ 1", "correct them")
    data = np.asarray(values, dtype=np.float64)
    if not np.isfinite(data).all():
        raise refused("values", "not finite", "finite numbers without gaps", "fill or cut the gaps")
    if len(data) < max(known.least * season, 2):
        raise refused(
            "values",
            f"{len(data)} periods",
            f"at least {max(known.least * season, 2)}: {name} needs {known.least} whole seasons",
            "give a longer history",
        )
    return known.method(data, season, horizon)
