"""What the doctor says of one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from usufruct.errors import UsufructError

__all__ = ["Check", "Finding", "Level", "guarded"]


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; nothing has to be done."""
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement.

    Attributes:
        part: node, clock, database, keys, roles, contracts, lag.
        what: What was looked at.
        level: How bad it is.
        text: What was found.
        remedy: What to do about it; empty where nothing is.
    """

    part: str
    what: str
    level: Level
    text: str
    remedy: str = ""


Check = Callable[[], Iterator[Finding]]


def guarded(part: str, what: str, check: Check) -> list[Finding]:
    """The findings of a check; one that cannot be made is itself a finding, with the error's remedy."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except UsufructError as error:
        found.append(
            Finding(part, what, Level.FAIL, error.rule or error.message, error.remedy or "")
            if error.field is None
            else Finding(part, what, Level.FAIL, error.one_line(), error.remedy or "")
        )
    return found
