"""The file of a pack: what goes into the dossier (examples/pack.toml shows one)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from usufruct.config.values import Code
from usufruct.finance.fields import Table, Text

__all__ = ["ForecastTable", "PackTable"]

_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]


class ForecastTable(Table):
    """How the attested income of the stream is forecast."""

    season: Annotated[int, Field(ge=1, le=366)] = 12
    horizon: Annotated[int, Field(ge=1, le=120)] = 12
    origins: Annotated[int, Field(ge=1, le=500)] = 12


class PackTable(Table):
    """The whole file; paths are relative to it."""

    schema_: Literal[1] = Field(alias="schema")
    title: Text
    name: _Name = "asset-pack"
    community: Text | None = None
    ledger: Text | None = None
    stream: Code | None = None
    annualise: bool = False
    valuation: Text | None = None
    score: Text | None = None
    structure: Text | None = None
    assumptions: Text | None = None
    forecast: ForecastTable | None = None
