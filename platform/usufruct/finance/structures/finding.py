"""What a check of a structure finds."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from usufruct.errors import InputError
from usufruct.finance.numbers import refused, shown

__all__ = ["Finding", "flag", "outside", "percent", "refusal"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a reader must know.

    Attributes:
        verdict: "refused" if the structure may not be used as it is, "flag" if it should be looked at.
        clause: Where the rule comes from.
        error: Field, value, rule and remedy.
    """

    verdict: Literal["refused", "flag"]
    clause: str
    error: InputError

    @property
    def words(self) -> str:
        """Field, value, rule and remedy in one line."""
        return self.error.one_line()


def refusal(clause: str, error: InputError) -> Finding:
    """The finding that the structure may not be used as it is."""
    return Finding("refused", clause, error)


def flag(clause: str, error: InputError) -> Finding:
    """The finding that something should be looked at."""
    return Finding("flag", clause, error)


def percent(share: Decimal) -> str:
    """A share as findings tell it."""
    return f"{shown(share * 100)}%"


def outside(field: str, share: Decimal) -> Finding:
    """The finding that a share is none."""
    error = refused(field, percent(share), "a share lies in [0%, 100%]", "correct it")
    return refusal("shares", error)
