"""Methods of the extra `[forecast]`: AutoETS and AutoARIMA of statsforecast, where it is installed."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import numpy as np

from usufruct.finance.forecast.methods import METHODS, Floats, Forecaster

__all__ = ["available"]

_EXTRA = {"AutoETS": "AutoETS", "AutoARIMA": "AutoARIMA"}


def available() -> list[str]:
    """Names of all methods that can be used here; those of the extra are added when it is installed."""
    if importlib.util.find_spec("statsforecast") is not None:
        for name, model in _EXTRA.items():
            METHODS.setdefault(name, Forecaster(name, _method(model), 2))
    return list(METHODS)


def _method(model: str) -> Any:
    def run(values: Floats, season: int, horizon: int) -> Floats:
        models = importlib.import_module("statsforecast.models")
        made = getattr(models, model)(season_length=season)
        return np.asarray(made.forecast(y=values, h=horizon)["mean"], dtype=np.float64)

    return run
