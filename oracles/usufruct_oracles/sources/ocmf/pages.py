"""Pagination: every record of a meter has the next number of its context, so a missing one can be seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from usufruct_oracles.sources.ocmf.model import Page


@dataclass(frozen=True, slots=True)
class PageGap:
    """Pages of one meter that were never received.

    Attributes:
        context: "T" or "F".
        first: First missing number.
        last: Last missing number.
    """

    context: str
    first: int
    last: int

    def __str__(self) -> str:
        if self.first == self.last:
            return f"{self.context}{self.first}"
        return f"{self.context}{self.first} to {self.context}{self.last}"


@dataclass(frozen=True, slots=True)
class PageClash:
    """A page that two different records of one meter bear: one of them is forged, or the counter was set back."""

    page: Page


def page_gaps(pages: Iterable[Page]) -> list[PageGap]:
    """What is missing between the lowest and the highest page of each context of one meter, in order.

    The order of arrival does not matter: a page that comes late closes its gap.
    """
    numbers: dict[str, set[int]] = {}
    for page in pages:
        numbers.setdefault(page.context, set()).add(page.number)
    return [
        PageGap(context, before + 1, after - 1)
        for context in sorted(numbers)
        for before, after in pairwise(sorted(numbers[context]))
        if after > before + 1
    ]


def page_clashes(records: Iterable[tuple[Page, bytes]]) -> list[PageClash]:
    """Pages of one meter under which more than one payload was signed, in order.

    Args:
        records: Page and payload of each record; the same record may come more than once.
    """
    payloads: dict[Page, set[bytes]] = {}
    for page, payload in records:
        payloads.setdefault(page, set()).add(payload)
    clashing = [page for page, found in payloads.items() if len(found) > 1]
    return [
        PageClash(page) for page in sorted(clashing, key=lambda each: (each.context, each.number))
    ]
