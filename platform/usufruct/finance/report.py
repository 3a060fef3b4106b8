"""Reports of the finance engine: figures that say where they come from, in sections that people can read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from usufruct.finance.numbers import shown

__all__ = ["Figure", "Report", "Section"]

_LARGE = 100
_CENTS, _PLACES = 2, 4


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes:
        label: What it is.
        value: The figure; a text where it is no number.
        unit: Its unit, "" for a pure number.
        source: Formula, assumption or statement that it comes from.
        note: What else a reader should know.
        keys: Dotted keys of the file that it stands on directly.
        statements: Names of attested statements whose very content it is, such as VPP/3.
    """

    label: str
    value: Decimal | int | str
    unit: str
    source: str
    note: str = ""
    keys: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The figure for people; rates as percentages."""
        if isinstance(self.value, str):
            return self.value
        if self.unit == "%":
            return f"{shown(Decimal(self.value) * 100)}%"
        amount = Decimal(self.value)
        for scale, word in ((Decimal(10**8), "亿"), (Decimal(10**4), "万")):
            if self.unit == "CNY" and abs(amount) >= scale:
                return f"{shown(amount / scale)}{word} {self.unit}"
        places = _CENTS if self.unit.isupper() and abs(amount) >= _LARGE else _PLACES
        return f"{shown(amount, places)} {self.unit}".rstrip()

    def plain(self) -> dict[str, Any]:
        """The figure as a JSON object; numbers as exact texts."""
        value = format(self.value, "f") if isinstance(self.value, Decimal) else self.value
        return {
            "label": self.label,
            "value": value if isinstance(value, str) else str(value),
            "unit": self.unit,
            "source": self.source,
            "note": self.note,
        }


@dataclass(slots=True)
class Section:
    """Figures that belong together, and flags on them."""

    title: str
    figures: list[Figure] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """A title and its sections."""

    title: str
    sections: list[Section]

    @property
    def flags(self) -> list[str]:
        """The flags of all sections."""
        return [flag for section in self.sections for flag in section.flags]

    def plain(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {
            "title": self.title,
            "sections": [
                {
                    "title": section.title,
                    "figures": [each.plain() for each in section.figures],
                    "flags": section.flags,
                }
                for section in self.sections
            ],
        }

    def show(self, console: Console) -> None:
        """The report as tables."""
        console.print(f"[bold]{self.title}[/]")
        for section in self.sections:
            console.print(_table(section.title, section.figures))
            for flag in section.flags:
                console.print(f"  [bold yellow]flag[/] {flag}", highlight=False)


def _table(title: str, figures: Iterable[Figure]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("figure")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("from")
    table.add_column("note")
    for each in figures:
        table.add_row(each.label, each.text, each.source, each.note)
    return table
