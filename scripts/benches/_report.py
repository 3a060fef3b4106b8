"""How every bench tells what it measured: a table for people, and as the last line one of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        name: What was measured.
        value: The figure.
        unit: Its unit, e.g. `CPU s` or `×`.
        target: What it should be, as text for people, e.g. `≥ 4`; None where there is no target.
        ok: Whether it meets the target; true where there is none.
    """

    name: str
    value: float
    unit: str
    target: str | None = None
    ok: bool = True


def at_least(name: str, value: float, unit: str, least: float) -> Row:
    """A figure that should not be below `least`."""
    return Row(name, value, unit, f"≥ {least:,g}", value >= least)


def at_most(name: str, value: float, unit: str, most: float) -> Row:
    """A figure that should not be above `most`."""
    return Row(name, value, unit, f"≤ {most:,g}", value <= most)


def best_of(runs: int, measure: Callable[[], float]) -> float:
    """The smallest of several measurements: what is least disturbed by other work."""
    return min(measure() for _ in range(runs))


def _shown(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def report(bench: str, rows: Sequence[Row]) -> None:
    """Prints the table, then `{"bench": …, "rows": [{name, value, unit, target, ok}]}`."""
    table = Table(title=f"bench {bench}")
    for title in ("what", "value", "unit", "target", "ok"):
        table.add_column(title, justify="right" if title == "value" else "left")
    for row in rows:
        mark = "" if row.target is None else "yes" if row.ok else "no"
        table.add_row(row.name, _shown(row.value), row.unit, row.target or "", mark)
    Console().print(table)
    figures = [
        {
            "name": row.name,
            "value": row.value,
            "unit": row.unit,
            "target": row.target,
            "ok": row.ok,
        }
        for row in rows
    ]
    print(json.dumps({"bench": bench, "rows": figures}, ensure_ascii=False), flush=True)
