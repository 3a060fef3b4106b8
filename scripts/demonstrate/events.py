"""What happened in the month beside its payouts: a late sale, a refusal, a fee, a dispute, a fund, an offering."""

from __future__ import annotations

import datetime as dt
from typing import Any

from rich.console import Console
from rich.table import Table

from demonstrate.month import Month
from usufruct.contracts import statement_book as sb
from usufruct.core.statements import kpi_values
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
            facts["offering"] = self._month.subscription.facts
        self._facts["events"] = facts
        rows = [
            *self._sale(facts.get("sale")),
            *self._refusal(facts.get("refused")),
            *self._fees(),
            *self._dispute(facts.get("dispute")),
            *self._fund(facts["fund"]),
            *self._offering(facts.get("offering")),
        ]
        table(self._console, "Events of the month", ["event", "what happened"], rows)

    def _sale(self, sale: dict[str, Any] | None) -> list[list[object]]:
        if not sale:
            return []
        seller, buyer = self._name(sale["seller"]), self._name(sale["buyer"])
        said = (
            f"{seller} sold {sale['units_sold']:,} {sale['series']} to {buyer} at {_time(sale['sold_at'])}, after "
            f"the record date {_time(sale['record_date'])}: the month's income of these units is still "
            f"{seller}'s, {buyer} earns from the next month on"
        )
        return [["sale after the record date", said]]

    def _refusal(self, refused: dict[str, Any] | None) -> list[list[object]]:
        if not refused:
            return []
        lifts = f", until {refused['lifts']}" if refused["lifts"] else ""
        said = (
            f"{self._name(refused['from'])} tried to send {refused['units']:,} {refused['series']} to "
            f"{self._name(refused['to'])}; the series refused: {refused['reason']}{lifts}. Every program of "
            f"Usufruct puts it like this: {refused['sentence']}"
        )
        return [["refused transfer", said]]

    def _fees(self) -> list[list[object]]:
        """How each fee that depends on KPIs came about: the values that the quorum stated, their marks, the fee."""
        rows: list[list[object]] = []
        for fact in self._facts["waterfalls"]:
            paid = [
                line["paid"]["formatted"] for line in fact["lines"] if line["kind"] == "kpi_fee"
            ]
            if paid:
                rows.append(["KPI-linked fee", self._fee(fact, paid[0])])
        return rows

    def _fee(self, fact: dict[str, Any], paid: str) -> str:
        month = self._month
        rules = next(each for each in month.community.waterfalls if each.stream == fact["stream"])
        book = month.deployment.address("StatementBook")
        vector = month.anvil.client.call(book, sb.kpis_of(rules.stream_id, month.period))
        stated = kpi_values(vector)
        shown = ", ".join(
            f"{kpi.name} {_percent(stated[kpi.index])} (floor {_percent(kpi.floor_bp)}, target "
            f"{_percent(kpi.target_bp)}, weight {_percent(kpi.weight_bp)})"
            for kpi in rules.kpis
        )
        return (
            f"the operator of {fact['stream']} was measured by {shown}: multiplier "
            f"{_percent(fact['fee_multiplier_bp'])} of the fee's variable part, {paid} paid"
        )

    def _dispute(self, dispute: dict[str, Any] | None) -> list[list[object]]:
        if not dispute:
            return []
        stated, lines, reward = (
            self._money(dispute[key]) for key in ("stated", "sum_of_lines", "reward")
        )
        said = (
            f"version {dispute['version']} of {dispute['stream']} stated {stated}, its lines add up to {lines}: "
            f"anyone, here {dispute['challenger']}, may prove that ({dispute['fault']}, {dispute['gas']:,} gas); "
            f"the contract voided the statement and paid {reward} out of the operator's bond. Version "
            f"{dispute['version'] + 1} was attested, settled and paid"
        )
        return [["proven dispute", said]]

    def _fund(self, fund: dict[str, Any]) -> list[list[object]]:
        held = ", ".join(f"{units:,} {code}" for code, units in fund["held"].items())
        said = (
            f"the fund {fund['fund']} holds {held}; its income of the year so far is {self._money(fund['income'])}, "
            f"and it passed {self._money(fund['passed_on'])} on to the holders of {fund['units']} this month"
        )
        return [["pool fund", said]]

    def _offering(self, offering: dict[str, Any] | None) -> list[list[object]]:
        if not offering:
            return []
        said = (
            f"{', '.join(map(self._name, offering['subscribers']))} subscribed {offering['subscribed']:,} units of "
            f"{offering['series']}, {offering['placed']:,} were offered: all were allotted pro rata and delivered "
            f"against {self._money(offering['raised'])}, the rest of the money came back. The next offering is open"
        )
        return [["offering", said]]

    def _name(self, wallet: str) -> str:
        """The participant's name, or the wallet where it is nobody's of the file."""
        named = (each for each in self._month.community.participants if wallet in each.wallets)
        return next((each.name for each in named), wallet)

    def _money(self, minor: str) -> str:
        currency = self._month.community.currency
        return f"{format_amount(int(minor), currency)} {currency.code}"


def _percent(bp: int | None) -> str:
    return "missing" if bp is None else f"{bp / 100:.2f} %"


def _time(time: int) -> str:
    return dt.datetime.fromtimestamp(time, dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
