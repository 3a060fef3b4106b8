"""Activating stock assets (P2): the stages an asset goes through, and who holds which stratum of a parcel when.

资源锁定 → 空间再造 → 产业重构 → 机制创新: a stage is entered from the one before, with its
documents. Rights are (parcel, stratum, term); two exclusive rights may not overlap in all three.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

from usufruct.finance.numbers import refused

__all__ = ["STAGES", "STRATA", "Asset", "Registry", "Right"]

STAGES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "资源锁定": ("title", "survey"),
        "空间再造": ("plan", "permit"),
        "产业重构": ("leases", "operator"),
        "机制创新": ("cash flow audit", "structure"),
    }
)
"""The stages in order, and the documents that each needs."""
STRATA: Final = ("below", "surface", "above")
"""Strata of a parcel."""


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset on its way.

    Attributes:
        name: Its name.
        stage: Number of stages entered, 0 before the first.
        documents: Hashes of its documents by name.
    """

    name: str
    stage: int = 0
    documents: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def enter(self, stage: str, documents: Mapping[str, str]) -> Asset:
        """The asset in its next stage.

        Raises:
            InputError: An unknown stage, one that is not the next, or missing documents.
        """
        names = list(STAGES)
        if stage not in names:
            raise refused("stage", stage, "one of " + ", ".join(names), "name one of these")
        if names.index(stage) != self.stage:
            following = (
                names[self.stage] if self.stage < len(names) else "none: it is in the last one"
            )
            raise refused(
                "stage", stage, f"stages are not skipped; the next is {following}", "enter that"
            )
        known = {**self.documents, **documents}
        missing = [name for name in STAGES[stage] if not known.get(name)]
        if missing:
            raise refused(
                "documents",
                ", ".join(missing),
                f"the stage {stage} needs " + ", ".join(STAGES[stage]),
                "attach them",
            )
        return Asset(self.name, self.stage + 1, MappingProxyType(known))


@dataclass(frozen=True, slots=True)
class Right:
    """A right to a stratum of a parcel.

    Attributes:
        holder: Who holds it.
        parcel: The parcel.
        stratum: below, surface or above.
        first: First day.
        last: Day after its last day.
        exclusive: Whether nobody else may hold the same.
    """

    holder: str
    parcel: str
    stratum: str
    first: date
    last: date
    exclusive: bool = True

    def meets(self, other: Right) -> bool:
        """Whether both are to the same stratum of the same parcel on some day."""
        same = (self.parcel, self.stratum) == (other.parcel, other.stratum)
        return same and self.first < other.last and other.first < self.last


@dataclass(frozen=True, slots=True)
class Registry:
    """The rights that were granted."""

    rights: tuple[Right, ...] = ()

    def grant(self, right: Right) -> Registry:
        """The registry with one right more.

        Raises:
            InputError: An unknown stratum, a term without days, or an exclusive right that overlaps.
        """
        if right.stratum not in STRATA:
            raise refused(
                "stratum", right.stratum, "one of " + ", ".join(STRATA), "name one of these"
            )
        if right.first >= right.last:
            raise refused(
                "term", f"{right.first} to {right.last}", "at least a day", "correct the term"
            )
        for other in self.rights:
            if right.meets(other) and (right.exclusive or other.exclusive):
                raise refused(
                    "right",
                    f"{right.parcel} {right.stratum} {right.first} to {right.last}",
                    f"no overlap with the right of {other.holder}, {other.first} to {other.last}",
                    "choose another stratum or term, or let both be shared",
                )
        return Registry((*self.rights, right))
