"""Separated duties: which offices nobody may hold together.

The access manager refuses such a grant; a file that asks for one is refused before anything is
sent. A test compares this table with the contract's.
"""

from __future__ import annotations

from typing import Final

from usufruct.config.offices import CONTRACT_ROLES, ROLES

__all__ = ["excluded", "excluded_mask"]

_PAIRS: Final = frozenset(
    frozenset((office, other))
    for office, others in {
        "admin": "oracle_admin treasurer guardian auditor policy fund_manager",
        "registrar": "treasurer auditor fund_manager",
        "issuer": "oracle_admin treasurer guardian auditor policy fund_manager",
        "oracle_admin": "treasurer guardian auditor fund_manager",
        "treasurer": "auditor fund_manager",
        "guardian": "auditor fund_manager",
        "auditor": "fund_manager",
        "policy": "fund_manager",
    }.items()
    for other in others.split()
)


def excluded(office: str, other: str) -> bool:
    """Whether one address may not hold both offices; a contract's office goes with none."""
    if office == other:
        return False
    return bool({office, other} & set(CONTRACT_ROLES)) or frozenset((office, other)) in _PAIRS


def excluded_mask(office: str) -> int:
    """The offices that `office` excludes, one bit each, as the access manager says it."""
    return sum(1 << number for number, other in enumerate(ROLES) if excluded(office, other))
