"""The file of assumptions: what a simulation stands on, and the hash under which it can be anchored.

Whoever publishes the hash before an offering cannot edit the forecast afterwards. The hash is Keccak-256 of the
canonical JSON of everything in the file, numbers as exact texts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field

from usufruct.core.encoding import canonical_json
from usufruct.core.keccak import keccak256
from usufruct.finance.fields import Amount, Rate, Table, Text, Years
from usufruct.finance.numbers import exact

__all__ = ["CODES", "AssumptionsTable", "Code", "ScenarioTable", "StreamRisk", "assumptions_hash"]

Code = Literal["SUBUNIT", "PARKING", "STORAGE", "VPP", "WATER", "DATA"]
"""Technologies of streams."""
CODES: Final[tuple[Code, ...]] = get_args(Code)
"""All of them, in their order."""


class StreamRisk(Table):
    """A stream: what it earns in a first full year, and how that moves.

    Attributes:
        volume: Units of a year at full occupancy.
        price: Of a unit.
        cost: Of a year, not covered by anything.
        occupancy: Mean share of the volume that is used.
        occupancy_deviation: Its yearly deviation around the mean.
        occupancy_memory: What part of a deviation remains a year later.
        price_growth: Yearly drift of the price.
        price_volatility: Yearly volatility of the price.
        volume_volatility: Yearly deviation of the volume.
        default_rate: Chance of a year without income beginning.
        recovery_rate: Chance that it ends after a year.
    """

    volume: Amount
    price: Amount
    cost: Amount = Decimal(0)
    occupancy: Rate = Decimal(1)
    occupancy_deviation: Rate = Decimal(0)
    occupancy_memory: Rate = Decimal(0)
    price_growth: Rate = Decimal(0)
    price_volatility: Rate = Decimal(0)
    volume_volatility: Rate = Decimal(0)
    default_rate: Rate = Decimal(0)
    recovery_rate: Rate = Decimal(1)


class ScenarioTable(Table):
    """A stress: factors on prices, volumes and costs from a year on, streams that are switched off by policy."""

    name: Text
    clause: Text
    from_year: Years = 1
    price: dict[Code, Rate] = Field(default_factory=dict)
    volume: dict[Code, Rate] = Field(default_factory=dict)
    cost: dict[Code, Rate] = Field(default_factory=dict)
    off: list[Code] = Field(default_factory=list)


class AssumptionsTable(Table):
    """The whole file."""

    schema_: Literal[1] = Field(alias="schema")
    title: Text
    author: Text
    currency: Text
    years: Annotated[int, Field(ge=1, le=100)] = 30
    paths: Annotated[int, Field(ge=100, le=200_000)] = 10_000
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    rate: Rate
    confidence: Rate = Decimal("0.95")
    stream: dict[Code, StreamRisk]
    correlation: dict[Code, dict[Code, Rate]] = Field(default_factory=dict)
    scenario: list[ScenarioTable] = Field(default_factory=list)


def assumptions_hash(table: AssumptionsTable) -> bytes:
    """The hash that is anchored (32 bytes)."""
    return keccak256(canonical_json(_plain(table.model_dump(by_alias=True))))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        with exact():
            return format(value.normalize(), "f")
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
