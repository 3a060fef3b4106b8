"""What assumptions may be: shares within [0, 1], nothing below zero that cannot be, only streams of the file."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from typing import Final

from usufruct.finance.numbers import factor, refused
from usufruct.finance.risk.tables import AssumptionsTable, ScenarioTable, StreamRisk

__all__ = ["check_ranges"]

_AMOUNT: Final = Decimal(10**15)
"""Up to here a binary fraction still holds every minor unit, and no simulated sum overflows."""
_VOLATILITY: Final = Decimal(5)
_FACTOR: Final = Decimal(1000)
_AMOUNTS: Final = ("volume", "price", "cost")
_SHARES: Final = ("occupancy", "occupancy_memory", "default_rate", "recovery_rate")
_VOLATILITIES: Final = ("occupancy_deviation", "price_volatility", "volume_volatility")


def check_ranges(table: AssumptionsTable) -> None:
    """All assumptions lie where the model has a meaning for them.

    Raises:
        InputError: One does not; its key is named.
    """
    for code, risk in table.stream.items():
        _check_stream(f"stream.{code}", risk)
    for at, scenario in enumerate(table.scenario):
        _check_scenario(f"scenario.{at}", scenario, table)
    if not -1 < table.rate <= 1:
        raise refused("rate", table.rate, "a rate above -100% and at most 100%", "correct it")


def _check_stream(place: str, risk: StreamRisk) -> None:
    for name in _AMOUNTS:
        _require(f"{place}.{name}", getattr(risk, name), _AMOUNT)
    for name in _SHARES:
        factor(getattr(risk, name), f"{place}.{name}")
    for name in _VOLATILITIES:
        _require(f"{place}.{name}", getattr(risk, name), _VOLATILITY)
    if not -1 < risk.price_growth <= 1:
        rule = "yearly growth above -100% and at most 100%"
        raise refused(f"{place}.price_growth", risk.price_growth, rule, "correct it")


def _check_scenario(place: str, scenario: ScenarioTable, table: AssumptionsTable) -> None:
    if scenario.from_year > table.years:
        rule = f"one of the {table.years} simulated years"
        raise refused(f"{place}.from_year", scenario.from_year, rule, "start earlier")
    for key, value in _factors(scenario):
        _require(f"{place}.{key}", value, _FACTOR)
    for code in chain(scenario.price, scenario.volume, scenario.cost, scenario.off):
        if code not in table.stream:
            raise refused(place, code, "a stream of the file", "add the stream or remove it here")


def _factors(scenario: ScenarioTable) -> Iterator[tuple[str, Decimal]]:
    for name in ("price", "volume", "cost"):
        for code, value in getattr(scenario, name).items():
            yield f"{name}.{code}", value


def _require(field: str, value: Decimal, most: Decimal) -> None:
    if not 0 <= value <= most:
        raise refused(field, f"{value:.9g}", f"not negative, at most {most:,}", "correct it")
