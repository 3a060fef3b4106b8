"""How wrong forecasts were, measured by rolling the origin over the history.

MASE (Hyndman/Koehler 2006) scales by the errors of the seasonal naive method within the history: below 1 is better than
that. sMAPE is the mean of 2·|y − f| / (|y| + |f|). The pinball loss judges quantiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from usufruct.finance.forecast.methods import METHODS, forecaster
from usufruct.finance.numbers import refused

__all__ = ["Errors", "mase", "pinball", "rolling", "smape"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Errors:
    """A method's errors over all origins.

    Attributes:
        method: Its name.
        mase: Mean absolute scaled error.
        smape: Symmetric mean absolute percentage error, 0 to 2.
        pinball: Mean pinball loss of the 10% and 90% quantiles, in units of the values.
        origins: How many forecasts were made.
    """

    method: str
    mase: float
    smape: float
    pinball: float
    origins: int


def mase(actual: Floats, forecast: Floats, history: Floats, season: int) -> float:
    """Mean absolute error over that of the seasonal naive method in the history.

    Raises:
        InputError: The history is no longer than a season, or repeats exactly, so that there is no scale.
    """
    if len(history) <= season:
        raise refused("history", len(history), f"longer than a season of {season}", "give more")
    scale = float(np.abs(history[season:] - history[:-season]).mean())
    if scale == 0:
        raise refused(
            "history", "repeats exactly", "some change from season to season", "use sMAPE"
        )
    return float(np.abs(actual - forecast).mean()) / scale


def smape(actual: Floats, forecast: Floats) -> float:
    """Mean of 2·|y − f| / (|y| + |f|), 0 where both are 0."""
    size = np.abs(actual) + np.abs(forecast)
    parts = np.zeros_like(size)
    np.divide(2 * np.abs(actual - forecast), size, out=parts, where=size > 0)
    return float(parts.mean())


def pinball(actual: Floats, quantile: Floats, level: float) -> float:
    """Mean of max(q·(y − f), (q − 1)·(y − f)).

    Raises:
        InputError: A level that is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise refused("level", level, "between 0 and 1", "correct the level")
    gap = actual - quantile
    return float(np.maximum(level * gap, (level - 1) * gap).mean())


def rolling(name: str, values: Sequence[float], season: int, horizon: int, origins: int) -> Errors:
    """Forecast from each of the last `origins` possible origins, and compare with what came.

    The quantiles of an origin stand on the errors of the origins before it; the first has none to stand on.

    Raises:
        InputError: Too short a history for that many origins, or as for `forecaster`.
    """
    data = np.asarray(values, dtype=np.float64)
    known = METHODS.get(name)
    least = (known.least if known else 1) * season + 1
    first = len(data) - horizon - origins + 1
    if origins < 1 or first < least:
        most = max(len(data) - horizon - least + 1, 0)
        raise refused(
            "origins",
            origins,
            f"at most {most} for this history of {len(data)} periods",
            "take fewer" if most else "take a shorter season or horizon, or a longer history",
        )
    scaled, relative, losses = [], [], []
    before: list[Floats] = []
    for origin in range(first, first + origins):
        history, actual = data[:origin], data[origin : origin + horizon]
        ahead = forecaster(name, history.tolist(), season, horizon)
        scaled.append(mase(actual, ahead, history, season))
        relative.append(smape(actual, ahead))
        if before:
            spread = np.quantile(np.array(before), [0.1, 0.9], axis=0)
            losses.append(pinball(actual, ahead + spread[0], 0.1))
            losses.append(pinball(actual, ahead + spread[1], 0.9))
        before.append(actual - ahead)
    mean_loss = float(np.mean(losses)) if losses else float("nan")
    return Errors(name, float(np.mean(scaled)), float(np.mean(relative)), mean_loss, origins)
