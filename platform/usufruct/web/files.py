"""Which statements of account and tax summaries a wallet's page offers."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from usufruct.api.moment import Moment
from usufruct.api.render import Json
from usufruct.core.periods import period_of

__all__ = ["files"]

_MOST: Final = 120
"""Periods that a page offers: ten years of months."""


def files(moment: Moment, payouts: list[Json]) -> Json | None:
    """Periods and calendar years, the newest first, and the period that comes chosen: that of the newest payout.

    None where the project's calendar is not known, or its first period has not begun.
    """
    labels = moment.render.labels
    if labels.first_period is None:
        return None
    last = period_of(labels.first_period, moment.time, str(labels.timezone))
    periods = [moment.render.period(n) for n in range(last, max(0, last - _MOST), -1)]
    if not periods:
        return None
    paid = [each["period"]["month"] for each in payouts]
    this_year = datetime.fromtimestamp(moment.time, labels.timezone).year
    return {
        "periods": periods,
        "chosen": next((month for month in paid if month), periods[0]["month"]),
        "running": periods[0]["month"],
        "years": list(range(this_year, int(periods[-1]["month"][:4]) - 1, -1)),
    }
