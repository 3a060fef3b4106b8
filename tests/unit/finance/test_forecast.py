"""Forecasts: what must come out of patterns that are known, and measures by hand."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from usufruct.errors import InputError
from usufruct.finance.forecast.errors import mase, pinball, rolling, smape
from usufruct.finance.forecast.methods import METHODS, forecaster
from usufruct.finance.forecast.packages import available
from usufruct.finance.forecast.study import read_column, study

MONTHS = 72
PATTERN = np.array([5, 7, 9, 12, 15, 18, 20, 19, 15, 11, 8, 6], dtype=float)
RISING = np.tile(PATTERN, 6) + 0.3 * np.arange(MONTHS)


def test_seasonal_naive_repeats_the_last_season() -> None:
    ahead = forecaster("seasonal naive", RISING.tolist(), 12, 15)
    assert ahead.tolist() == [*RISING[-12:], *RISING[-12:-9]]


def test_ets_follows_season_and_trend() -> None:
    ahead = forecaster("ETS", RISING.tolist(), 12, 12)
    coming = PATTERN + 0.3 * np.arange(MONTHS, MONTHS + 12)
    assert np.abs(ahead - coming).max() < 1.0
    naive = forecaster("seasonal naive", RISING.tolist(), 12, 12)
    assert np.abs(ahead - coming).mean() < np.abs(naive - coming).mean() / 3


def test_measures_by_hand() -> None:
    history = np.array([1.0, 2.0, 4.0, 7.0])
    actual, forecast = np.array([10.0, 0.0]), np.array([8.0, 0.0])
    assert mase(actual, forecast, history, 1) == pytest.approx(1.0 / 2.0)
    assert smape(actual, forecast) == pytest.approx((2 * 2 / 18) / 2)
    assert pinball(actual, forecast, 0.9) == pytest.approx((0.9 * 2 + 0) / 2)
    with pytest.raises(InputError, match="history"):
        mase(actual, forecast, np.ones(5), 1)


def test_rolling_origins_tell_methods_apart() -> None:
    noisy = RISING + np.random.default_rng(3).normal(0, 0.2, MONTHS)
    errors = {name: rolling(name, noisy.tolist(), 12, 6, 10) for name in ("seasonal naive", "ETS")}
    assert errors["ETS"].mase < errors["seasonal naive"].mase
    assert errors["ETS"].smape < errors["seasonal naive"].smape
    assert all(0 < each.pinball < 1 for each in errors.values())
    with pytest.raises(InputError, match="origins"):
        rolling("ETS", noisy.tolist(), 12, 6, 60)


@pytest.mark.parametrize(
    ("name", "values", "season"),
    [
        ("prophet", [1.0] * 24, 12),
        ("ETS", [1.0] * 23, 12),
        ("ETS", [float("nan")] * 24, 12),
        ("ETS", [1.0] * 24, 0),
    ],
)
def test_what_cannot_be_forecast_is_refused(name: str, values: list[float], season: int) -> None:
    with pytest.raises(InputError):
        forecaster(name, values, season, 3)


def test_the_extra_adds_methods_where_it_is_installed() -> None:
    names = available()
    assert names[:2] == ["seasonal naive", "ETS"]
    if importlib.util.find_spec("statsforecast") is None:
        assert names == list(METHODS)[:2]
    else:
        assert {"AutoETS", "AutoARIMA"} <= set(names)


def test_a_missing_period_is_not_a_zero(tmp_path: Path) -> None:
    path = tmp_path / "income.csv"
    path.write_text("month,income\n1,10\n2,\n")
    with pytest.raises(InputError, match="line 3"):
        read_column(path, "income")
    with pytest.raises(InputError, match="--column"):
        read_column(path, "rent")


def test_a_file_is_forecast_by_every_method(tmp_path: Path) -> None:
    path = tmp_path / "income.csv"
    path.write_text("income\n" + "\n".join(map(str, RISING)) + "\n")
    errors, ahead = study(path, "income", 12, 3, 4).sections
    assert [each.label for each in errors.figures][:2] == ["seasonal naive", "ETS"]
    assert len(ahead.figures) == 3 * len(errors.figures)
