"""The offices of a community, and who may hold them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["CONTRACT_ROLES", "PEOPLE_ROLES", "ROLES"]

ROLES: Final[tuple[str, ...]] = (
    "admin",
    "registrar",
    "issuer",
    "oracle_admin",
    "treasurer",
    "pauser",
    "guardian",
    "auditor",
    "placement",
    "voting",
    "policy",
    "fund_manager",
    "chamber",
)
"""Offices, in the order of their role numbers: `admin` is AccessManager's own role 0."""
CONTRACT_ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {"placement": "Offering", "voting": "HolderVote", "chamber": "ObjectiveDisputes"}
)
"""Offices that a contract of the project holds, not a person: the contract by office."""
PEOPLE_ROLES: Final[tuple[str, ...]] = tuple(role for role in ROLES if role not in CONTRACT_ROLES)
"""Offices that people hold: the keys of `[roles]`."""
