"""Tables of what happened in the month beside its payouts: a late sale, a refusal, a dispute, a fund."""

from __future__ import annotations

import datetime as dt
from typing import Any

from rich.console import Console
from rich.table import Table

from demonstrate.month import Month
from usufruct.money import format_amount


def table(console: Console, title: str, columns: list[str], rows: list[list[object]]) -> None:
    """Print a table; columns that begin with `>` are right aligned."""
    shown = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        shown.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left")
    for row in rows:
        shown.add_row(*(str(cell) for cell in row))
    console.print(shown)


class Events:
    """Shows the month's events and adds them to the summary's facts."""

    def __init__(self, month: Month, console: Console, facts: dict[str, Any]) -> None:
        self._month, self._console, self._facts = month, console, facts

    def show(self) -> None:
        """Print one table for each."""
        facts = {**self._month.market.facts, "fund": self._month.pool.facts}
        if self._month.dispute.facts:
            facts["dispute"] = self._month.dispute.facts
        self._facts["events"] = facts
        rows = [
            *self._sale(facts.get("sale")),
            *self._refusal(facts.get("refused")),
            *self._dispute(facts.get("dispute")),
            *self._fund(facts["fund"]),
        ]
        table(self._console, "Events of the month", ["event", "what happened"], rows)

    def _sale(self, sale: dict[str, Any] | None) -> list[list[object]]:
        if not sale:
            return []
        said = (
            f"{sale['seller']} sold {sale['units_sold']:,} {sale['series']} at {_time(sale['sold_at'])}, after "
            f"the record date {_time(sale['record_date'])}: the month's income of these units is still the "
            f"seller's, the buyer {sale['buyer']} earns from the next month on"
        )
        return [["sale after the record date", said]]

    def _refusal(self, refused: dict[str, Any] | None) -> list[list[object]]:
        if not refused:
            return []
        lifts = f"; lifts on {refused['lifts']}" if refused["lifts"] else ""
        said = (
            f"{refused['units']} {refused['series']} from {refused['from']}: {refused['sentence']} "
            f"({refused['reason']}{lifts})"
        )
        return [["refused transfer", said]]

    def _dispute(self, dispute: dict[str, Any] | None) -> list[list[object]]:
        if not dispute:
            return []
        stated, lines, reward = (
            self._money(dispute[key]) for key in ("stated", "sum_of_lines", "reward")
        )
        said = (
            f"version {dispute['version']} of {dispute['stream']} stated {stated}, its lines add up to {lines}: "
            f"{dispute['challenger']} proved {dispute['fault']} with {dispute['gas']:,} gas, the statement is "
            f"void, and got {reward} out of the operator's bond; version {dispute['version'] + 1} was attested, "
            "settled and paid"
        )
        return [["proven dispute", said]]

    def _fund(self, fund: dict[str, Any]) -> list[list[object]]:
        held = ", ".join(f"{units:,} {code}" for code, units in fund["held"].items())
        said = (
            f"{fund['fund']} holds {held}; the year's income so far is {self._money(fund['income'])}, "
            f"{self._money(fund['passed_on'])} of it were passed on to {fund['units']} this month"
        )
        return [["pool fund", said]]

    def _money(self, minor: str) -> str:
        currency = self._month.community.currency
        return f"{format_amount(int(minor), currency)} {currency.code}"


def _time(time: int) -> str:
    return dt.datetime.fromtimestamp(time, dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
