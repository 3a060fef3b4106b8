"""A column of a CSV file, forecast by each method, with each method's errors over rolling origins."""

from __future__ import annotations

import csv
import math
from decimal import Decimal
from pathlib import Path

from usufruct.config.tables import read_text
from usufruct.finance.attested import Feed, statements_section
from usufruct.finance.forecast.errors import rolling
from usufruct.finance.forecast.methods import forecaster
from usufruct.finance.forecast.packages import available
from usufruct.finance.numbers import refused
from usufruct.finance.report import Figure, Report, Section

__all__ = ["read_column", "study", "study_receipts"]


def read_column(path: Path, column: str) -> list[float]:
    """The numbers of a column, in order.

    Raises:
        ConfigError: The file cannot be read.
        InputError: No such column, or a line without a number: a missing period is not a zero.
    """
    lines = read_text(path, "check the path; the file is CSV with a header").splitlines()
    rows = csv.DictReader(lines)
    names = rows.fieldnames or []
    if column not in names:
        raise refused(
            "--column", column, "one of " + ", ".join(names), "name a column of the header"
        )
    values = []
    for number, row in enumerate(rows, 2):
        text = (row[column] or "").strip()
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise refused(
                f"line {number}", text, f"a number in {column}", "fill the missing period"
            )
        values.append(value)
    return values


def study(path: Path, column: str, season: int, horizon: int, origins: int) -> Report:
    """The forecasts and their errors.

    Raises:
        InputError: The column cannot be forecast that way.
    """
    values = read_column(path, column)
    return _study(
        f"{path.name}: {column}", values, f"{len(values)} periods", season, horizon, origins
    )


def study_receipts(feed: Feed, season: int, horizon: int, origins: int) -> Report:
    """The same of a stream's attested income, distributable, period by period.

    Raises:
        InputError: The stream is unknown, has no attested period, or cannot be forecast that way.
    """
    receipts = feed.of("")
    values = [each.distributable / feed.currency.unit for each in receipts]
    title = f"{receipts[0].stream}: attested income"
    source = f"{len(values)} attested statements"
    report = _study(title, values, source, season, horizon, origins)
    return Report(title, [statements_section(receipts, feed.currency), *report.sections])


def _study(
    title: str, values: list[float], source: str, season: int, horizon: int, origins: int
) -> Report:
    errors = Section(f"Errors over {origins} origins, {horizon} periods ahead")
    ahead = Section("Forecast")
    for name in available():
        found = rolling(name, values, season, horizon, origins)
        note = f"sMAPE {100 * found.smape:.2f}%, pinball {found.pinball:.4g}"
        errors.figures.append(_figure(name, found.mase, "MASE, below 1 beats seasonal naive", note))
        forecast = forecaster(name, values, season, horizon)
        for at, value in enumerate(forecast, 1):
            ahead.figures.append(_figure(f"{name}, +{at}", float(value), source))
    return Report(title, [errors, ahead])


def _figure(label: str, value: float, source: str, note: str = "") -> Figure:
    return Figure(label, Decimal(f"{value:.6g}"), "", source, note)
