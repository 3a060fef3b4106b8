"""What a comparison of ledger and chain found."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Difference", "Report"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that is not the same in both places."""

    what: str
    ledger: object
    chain: object

    def __str__(self) -> str:
        return f"{self.what}: the ledger has {self.ledger}, the chain {self.chain}"


@dataclass(slots=True)
class Report:
    """What was compared and what differs."""

    block: int
    series: int = 0
    accounts: int = 0
    streams: int = 0
    offerings: int = 0
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def same(self, what: str, ledger: object, chain: object) -> None:
        """Notes a difference unless both are equal."""
        if ledger != chain:
            self.differences.append(Difference(what, ledger, chain))
