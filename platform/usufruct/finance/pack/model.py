"""What a dossier holds: chapters of parts of entries, each entry with its source; nothing else may appear."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from usufruct.finance.attested import Receipt
from usufruct.finance.files import AnyT, Loaded
from usufruct.finance.pack.charts import Drawing
from usufruct.finance.report import Figure, Section
from usufruct.finance.structures.simulate import Projection
from usufruct.finance.valuation.tables import ValuationTable
from usufruct.money import Currency

__all__ = ["Chapter", "Dossier", "Entry", "Part", "part_of"]

_STATEMENT: Final = "statement "


@dataclass(frozen=True, slots=True)
class Entry:
    """A figure with its source.

    Attributes:
        figure: The figure.
        source: Where it comes from, as pack.json says it.
    """

    figure: Figure
    source: dict[str, Any]

    @property
    def words(self) -> str:
        """The source for people."""
        on = self.source.get("on", ())
        keys = f"{on[0]['file']}: {', '.join(each['key'] for each in on)}" if on else ""
        parts = [self.source.get("formula", ""), keys, _span(self.source.get("statements", ()))]
        return "; ".join(each for each in parts if each)


@dataclass(slots=True)
class Part:
    """Entries under one title, with flags and charts."""

    title: str
    entries: list[Entry]
    flags: list[str] = field(default_factory=list)
    charts: list[Drawing] = field(default_factory=list)


@dataclass(slots=True)
class Chapter:
    """A chapter with its Chinese title."""

    title: str
    chinese: str
    parts: list[Part]


@dataclass(slots=True)
class Dossier:
    """A whole dossier.

    Attributes:
        title: Its title.
        name: Name under which it is anchored.
        chapters: Its chapters.
        receipts: Attested statements that it stands on, by name.
        currency: The ledger's currency, None without a ledger.
        inputs: The files that it was made from, by name.
        valuation: The valuation, for the workbook.
        projection: The simulated structure, for the workbook.
    """

    title: str
    name: str
    chapters: list[Chapter] = field(default_factory=list)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    currency: Currency | None = None
    inputs: dict[str, bytes] = field(default_factory=dict)
    valuation: ValuationTable | None = None
    projection: Projection | None = None

    @property
    def flags(self) -> list[str]:
        """The flags of all parts."""
        parts = (part for chapter in self.chapters for part in chapter.parts)
        return [flag for part in parts for flag in part.flags]


def part_of(section: Section, loaded: Loaded[AnyT], charts: list[Drawing] | None = None) -> Part:
    """A section of a report as a part; figures without a source are left out."""
    entries = [
        Entry(figure, source)
        for figure in section.figures
        if (source := _source(figure, loaded)) is not None
    ]
    return Part(section.title, entries, list(section.flags), charts or [])


def _source(figure: Figure, loaded: Loaded[AnyT]) -> dict[str, Any] | None:
    source: dict[str, Any]
    if figure.statements:
        source = {"kind": "statement", "statements": list(figure.statements)}
        if not figure.source.startswith(_STATEMENT):
            source |= {"kind": "formula", "formula": figure.source}
        return source
    on = [
        {"file": loaded.name, "key": key, "hash": found}
        for key in figure.keys
        if (found := loaded.key_hash(key)) is not None
    ]
    if not on:
        return None
    source = {"kind": "assumption", "on": on}
    if figure.source != "assumption":
        source = {"kind": "formula", "formula": figure.source, "on": on}
    names = sorted(
        {(each.stream, each.period) for key in figure.keys for each in loaded.receipts(key)}
    )
    if names:
        source["statements"] = [f"{stream}/{period}" for stream, period in names]
    return source


def _span(names: list[str]) -> str:
    if not names:
        return ""
    if len(names) == 1:
        return f"statement {names[0]}"
    return f"{len(names)} statements, {names[0]} to {names[-1]}"
