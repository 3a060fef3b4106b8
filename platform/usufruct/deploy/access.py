"""Which office may call which function: the whole access control of a deployment in one table.

The table is complete: a test compares it with every function that the Solidity sources restrict. A
series has no configuration of its own; its functions are authorised with the address of the factory
as target.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from usufruct.config.model import ROLES
from usufruct.contracts import all_modules
from usufruct.core.keccak import keccak256

__all__ = ["ACCESS", "SERIES_FUNCTIONS", "role_number", "selectors"]

ACCESS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "ParticipantRegistry": {"appointRegistrar": "admin"},
        "StreamRegistry": {"open": "issuer", "setTariff": "issuer"},
        "MeterRegistry": {
            "register": "oracle_admin",
            "rotateKey": "oracle_admin",
            "calibrate": "oracle_admin",
            "retire": "oracle_admin",
        },
        "TelemetryAnchor": {
            "openChain": "oracle_admin",
            "scheduleSigners": "oracle_admin",
            "setPaused": "pauser",
        },
        "StatementBook": {
            "setWaterfall": "admin",
            "dispute": "auditor",
            "dismiss": "guardian",
            "voidStatement": "guardian",
        },
        "SettlementCurrency": {"mint": "treasurer", "setBlocked": "registrar"},
        "SeriesFactory": {"create": "issuer"},
        "Waterfall": {"setRules": "issuer"},
        "Offering": {"open": "issuer", "cancel": "issuer", "setPaused": "pauser"},
        "DvpDesk": {"setPaused": "pauser"},
        "FundFactory": {
            "setUnits": "admin",
            "open": "issuer",
            "admit": "fund_manager",
            "dismiss": "fund_manager",
            "setPayout": "fund_manager",
            "release": "fund_manager",
            "spend": "fund_manager",
        },
        "DisclosureRegistry": {"setDocument": "issuer", "removeDocument": "issuer"},
    }
)
"""Office by contract and function."""

SERIES_FUNCTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"issue": "issuer", "seal": "issuer", "setPaused": "pauser"}
)
"""Office by function of a series (RevenueRight)."""


def role_number(office: str) -> int:
    """Number of an office in AccessManager; the administrators' is 0."""
    return ROLES.index(office)


@cache
def selectors(target: str) -> Mapping[bytes, str]:
    """Office by selector of all functions that are configured for the contract `target`."""
    found = {_selector(target, name): office for name, office in ACCESS[target].items()}
    if target == "SeriesFactory":
        series = SERIES_FUNCTIONS.items()
        found |= {_selector("RevenueRight", name): office for name, office in series}
    return MappingProxyType(found)


def _selector(contract: str, function: str) -> bytes:
    module = next(each for each in all_modules() if contract == each.CONTRACT)
    entries = [
        entry
        for entry in module.artifact().abi
        if entry["type"] == "function" and entry["name"] == function
    ]
    if len(entries) != 1:
        raise LookupError(f"{contract} has {len(entries)} functions {function}")
    types = ",".join(_canonical(each) for each in entries[0]["inputs"])
    return keccak256(f"{function}({types})".encode())[:4]


def _canonical(parameter: Mapping[str, object]) -> str:
    """The type of a parameter as it stands in a signature; structs are written out."""
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    components = parameter["components"]
    if not isinstance(components, list):
        raise TypeError("a tuple has components")
    return (
        "(" + ",".join(_canonical(each) for each in components) + ")" + kind.removeprefix("tuple")
    )
