"""Lock-up calendar of a public REIT: who may sell which share from which day.

The original owner and its related parties take at least a fifth of an issue: that fifth is locked for 60 months from
the listing, what they hold above it for 36; other strategic investors are locked for 12 [law: guidelines on public
infrastructure funds of 2020, art. 18; to be read again before it is relied on].
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from usufruct.finance.numbers import ONE, ZERO, exact, refused

__all__ = ["LEAST_OF_OWNERS", "MONTHS", "ROLES", "Locked", "Release", "calendar"]

LEAST_OF_OWNERS: Final = Decimal("0.2")
"""Least share of the issue that the original owners take."""
MONTHS: Final[Mapping[str, int]] = MappingProxyType(
    {"owner's fifth": 60, "owner": 36, "strategic": 12, "public": 0}
)
"""Months from the listing by what is locked."""
ROLES: Final = ("owner", "strategic", "public")
_YEAR: Final = 12


@dataclass(frozen=True, slots=True)
class Locked:
    """A holder of an issue.

    Attributes:
        name: Its name.
        share: Share of the issue.
        role: One of `ROLES`.
    """

    name: str
    share: Decimal
    role: str


@dataclass(frozen=True, slots=True)
class Release:
    """A share that may be sold from a day on.

    Attributes:
        day: The day.
        name: The holder.
        share: Share of the issue.
        months: Months from the listing.
    """

    day: date
    name: str
    share: Decimal
    months: int


def calendar(listed: date, holders: Sequence[Locked]) -> list[Release]:
    """The releases in the order of their days; owners share the fifth in proportion to what they hold.

    Raises:
        InputError: An unknown role, shares that are not positive or do not sum to 1, or owners below a fifth.
    """
    if listed.year + max(MONTHS.values()) // _YEAR >= MAXYEAR:
        raise refused(
            "lockup.listed", listed, "a day whose locks end in the calendar", "correct it"
        )
    for each in holders:
        if each.role not in ROLES or each.share <= 0:
            raise refused(
                f"lockup.{each.name}",
                f"{each.role} {each.share}",
                "a positive share, role one of " + ", ".join(ROLES),
                "correct it",
            )
    total = sum((each.share for each in holders), ZERO)
    if total != ONE:
        raise refused("lockup.holders", total, "shares that sum to 1", "correct the shares")
    owned = sum((each.share for each in holders if each.role == "owner"), ZERO)
    if owned < LEAST_OF_OWNERS:
        raise refused(
            "lockup.holders",
            owned,
            "original owners take at least 20% of a public REIT's issue [law]",
            "let them take more",
        )
    found = [each for holder in holders for each in _of(listed, holder, owned)]
    return sorted(found, key=lambda each: (each.day, each.name, each.months))


def _of(listed: date, holder: Locked, owned: Decimal) -> list[Release]:
    if holder.role != "owner":
        months = MONTHS[holder.role]
        return [Release(_after(listed, months), holder.name, holder.share, months)]
    with exact():
        fifth = LEAST_OF_OWNERS * holder.share / owned
    parts = (("owner's fifth", fifth), ("owner", holder.share - fifth))
    return [
        Release(_after(listed, MONTHS[kind]), holder.name, share, MONTHS[kind])
        for kind, share in parts
        if share > 0
    ]


def _after(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    year, month = divmod(day.year * _YEAR + day.month - 1 + months, _YEAR)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
