"""Which office may call which function: the whole access control of a deployment in one table.

The table is complete: a test compares it with every function that the Solidity sources restrict.
Series and funds have no configuration of their own; their functions are authorised with the address
of their factory as target.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from usufruct.config.offices import ROLES
from usufruct.contracts import all_modules
from usufruct.core.keccak import keccak256
from usufruct.deploy.record import CONTRACTS

__all__ = ["ACCESS", "TARGETS", "role_number", "selectors"]

ACCESS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "ParticipantRegistry": {"appointRegistrar": "admin"},
        "StreamRegistry": {"setOwnerVote": "admin", "open": "issuer", "setTariff": "issuer"},
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
            "setChamber": "admin",
            "dispute": "auditor",
            "dismiss": "guardian",
            "voidStatement": "guardian",
        },
        "SettlementCurrency": {"mint": "treasurer", "setBlocked": "registrar"},
        "DisclosureRegistry": {"setDocument": "issuer", "removeDocument": "issuer"},
        "OperatorBond": {"open": "issuer"},
        "HolderVote": {"propose": "issuer"},
        "OwnerVote": {
            "addUnits": "registrar",
            "moveUnit": "registrar",
            "record": "registrar",
            "propose": "issuer",
        },
        "RevenueRight": {
            "issue": "issuer",
            "place": "placement",
            "seal": "issuer",
        },
        "SeriesExtension": {"scheduleRecord": "issuer", "openSnapshot": "voting"},
        "SeriesStandards": {
            "setFrozenTokens": "registrar",
            "forcedTransfer": "registrar",
            "setAddressFrozen": "registrar",
            "freezePartialTokens": "registrar",
            "unfreezePartialTokens": "registrar",
            "recoveryAddress": "registrar",
            "batchForcedTransfer": "registrar",
            "batchSetAddressFrozen": "registrar",
            "batchFreezePartialTokens": "registrar",
            "batchUnfreezePartialTokens": "registrar",
            "mint": "issuer",
            "burn": "issuer",
            "batchMint": "issuer",
            "batchBurn": "issuer",
            "setCompliance": "admin",
            "pause": "pauser",
            "unpause": "pauser",
        },
        "SeriesFactory": {
            "create": "issuer",
            "createStrips": "issuer",
            "setPolicy": "admin",
            "setDisclosures": "admin",
            "setBaseURI": "issuer",
        },
        "Waterfall": {"setRules": "issuer", "setHolderVote": "admin", "setPaused": "pauser"},
        "ReinvestmentAccount": {"schedule": "issuer", "cancel": "guardian"},
        "JurisdictionPolicy": {
            "scheduleChange": "policy",
            "cancelChange": "policy",
            "recordFiling": "policy",
            "withdrawFiling": "policy",
        },
        "FundFactory": {
            "setUnits": "admin",
            "open": "issuer",
            "admit": "fund_manager",
            "dismiss": "fund_manager",
            "setPayout": "fund_manager",
            "release": "fund_manager",
            "spend": "fund_manager",
        },
        "Offering": {"open": "issuer", "cancel": "issuer", "setPaused": "pauser"},
        "DvpDesk": {"setPaused": "pauser"},
    }
)
"""Office by contract and restricted function."""

_SERIES: Final = ("SeriesFactory", "RevenueRight", "SeriesExtension", "SeriesStandards")
_GOVERNED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "SeriesFactory": _SERIES,
        "FundUnitFactory": _SERIES,
        "FundUnitPolicy": ("JurisdictionPolicy",),
    }
)
"""Targets with the functions of others: a factory speaks for its series, a second policy is like the first."""

TARGETS: Final[tuple[str, ...]] = tuple(
    name for name in CONTRACTS if name in _GOVERNED or (name in ACCESS and name not in _SERIES)
)
"""The contracts of a deployment whose functions are opened to offices."""


def role_number(office: str) -> int:
    """Number of an office in AccessManager; the administrators' is 0."""
    return ROLES.index(office)


@cache
def selectors(target: str) -> Mapping[bytes, str]:
    """Office by selector of all functions that are configured for the contract `target`."""
    return MappingProxyType(
        {
            _selector(contract, function): office
            for contract in _GOVERNED.get(target, (target,))
            for function, office in ACCESS[contract].items()
        }
    )


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
