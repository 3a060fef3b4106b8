"""Which corrections a statement takes up: what workers agree on before they sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from usufruct.core.corrections import Corrections


@dataclass(frozen=True, slots=True)
class Cut:
    """Which corrections a statement takes up.

    Attributes:
        others: Documents of the newest statements of the stream's other periods, by period.
        leaves: The corrected leaves that may be stated, None for all that are known.
        as_of: Number of the last file to be taken into account, None for all.
    """

    others: Mapping[int, Corrections]
    leaves: frozenset[bytes] | None = None
    as_of: int | None = None

    def takes(self, leaf: bytes) -> bool:
        """Whether a corrected leaf may be stated."""
        return self.leaves is None or leaf in self.leaves


def leaves_of(document: Corrections | None) -> frozenset[bytes]:
    """The corrected leaves that a document states."""
    return frozenset(each.new for each in document.revisions()) if document else frozenset()
