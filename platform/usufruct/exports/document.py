"""A document before it has a format: titles in two languages, facts, tables whose totals were added up, notes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from usufruct.errors import EvidenceError
from usufruct.money import Currency, format_amount

__all__ = [
    "Amount",
    "Cell",
    "Column",
    "Document",
    "Kind",
    "Table",
    "Text",
    "amount_total",
    "without_controls",
]


class Text(NamedTuple):
    """The same words in English and Chinese."""

    en: str
    zh: str


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    AMOUNT = "amount"
    """Money or units: right-aligned, a number in spreadsheets."""


class Amount(NamedTuple):
    """A whole number of minor units and its decimal places."""

    minor: int
    decimals: int

    def __str__(self) -> str:
        """The plain decimal with all places."""
        return format_amount(self.minor, Currency("", self.decimals))


Cell = str | Amount


class Column(NamedTuple):
    """A column of a table."""

    title: Text
    kind: Kind = Kind.TEXT
    weight: int = 10
    """Share of the page's width."""


_CONTROL: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""Control characters, half characters, and the marks that turn the direction of a text, so that it shows as another."""
_NOTHING: Final = Text("Nothing in this period.", "本期无记录。")


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        title: What it shows.
        columns: Its columns.
        rows: Its rows, each with a cell for every column.
        total: A last row, None if there is nothing to add up.
        empty: What stands there when there are no rows.
    """

    title: Text
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] | None = None
    empty: Text = _NOTHING

    def __post_init__(self) -> None:
        """Checks the shape and adds up what the total claims; EvidenceError if it does not hold."""
        rows = [*self.rows, *([self.total] if self.total else [])]
        if any(len(row) != len(self.columns) for row in rows):
            raise AssertionError(f"a row of {self.title.en!r} has another number of cells")
        if self.total is not None:
            self._add_up(self.total)

    def _add_up(self, total: Sequence[Cell]) -> None:
        for place, claimed in enumerate(total):
            if isinstance(claimed, Amount):
                found = amount_total(row[place] for row in self.rows)
                if found != claimed.minor:
                    raise EvidenceError(
                        f"{self.title.en}: the column {self.columns[place].title.en} does not add up",
                        field=self.columns[place].title.en,
                        value=str(claimed),
                        rule=f"the rows add up to {found} minor units",
                        remedy="compare the ledger with the chain: usufruct reconcile",
                    )


@dataclass(frozen=True, slots=True)
class Document:
    """A document.

    Attributes:
        title: What it is.
        subject: Whom or what it is about, one line.
        facts: Names and values at its head.
        tables: Its tables.
        notes: What a reader should know, at its end.
    """

    title: Text
    subject: str
    facts: Sequence[tuple[Text, str]]
    tables: Sequence[Table]
    notes: Sequence[Text] = ()


FORMATS: Final = ("pdf", "csv", "xlsx")
"""Formats that any document can be written in."""


def without_controls(text: str, keep: str = "") -> str:
    """`text` without control characters and marks of direction, but for those in `keep`."""
    return _CONTROL.sub(lambda found: found[0] if found[0] in keep else "", text)


def amount_total(cells: Iterable[object]) -> int:
    """Sum of the amounts among cells, in minor units."""
    return sum(each.minor for each in cells if isinstance(each, Amount))
