"""A score file, worked out: indicators, sizing, scorecard, capabilities and the mix of incomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from usufruct.finance.fields import Amount, Rate, Table, Text
from usufruct.finance.files import load_file
from usufruct.finance.indicators.mix import mix, roll_up
from usufruct.finance.indicators.score import Entry, Scores, score_all
from usufruct.finance.indicators.scorecard import CAPABILITIES, FAMILIES, Card, Part, card
from usufruct.finance.indicators.sizing import averages, jobs, sizing
from usufruct.finance.numbers import exact, shown
from usufruct.finance.report import Figure, Report, Section

__all__ = ["EXAMPLE", "ScoreTable", "load_score", "study"]

EXAMPLE = "examples/p4.toml"
"""A file that shows the format."""
_POINTS = ("indicators",)
_SIZING = ("sizing",)

_Choice = str | int
_Capability = Literal["observable", "dispatchable", "financeable"]
_FAMILY_NAMES = (
    "product fit",
    "production, life, ecology",
    "innovation",
    "balance",
    "operation",
)
_WAN, _YI = 10**4, 10**8


class IndicatorTable(Table):
    """The facts of an indicator and where they come from."""

    facts: dict[str, _Choice]
    evidence: Text


class SizingTable(Table):
    """A programme of a city."""

    area_m2: Amount
    cost_per_m2: Amount
    held: Rate
    rent_per_m2_month: Amount
    cap_rate: Rate
    enterprises: Annotated[int, Field(ge=1)]
    years: Annotated[int, Field(ge=1)]


class PartTable(Table):
    """A family of the scorecard, or a share of a capability."""

    score: Rate
    weight: Rate
    evidence: Text


class ScoreTable(Table):
    """The whole file."""

    schema_: Literal[1] = Field(alias="schema")
    title: Text
    indicators: dict[str, IndicatorTable] = Field(default_factory=dict)
    sizing: SizingTable | None = None
    scorecard: dict[str, PartTable] = Field(default_factory=dict)
    capability: dict[_Capability, dict[str, PartTable]] = Field(default_factory=dict)
    income: dict[str, Amount] = Field(default_factory=dict)


def load_score(path: str | Path) -> ScoreTable:
    """The score file at `path`, completely checked.

    Raises:
        ConfigErrors: Keys or values are wrong; all that were found.
        ConfigError: It cannot be read, or is not TOML.
    """
    return load_file(path, ScoreTable, EXAMPLE).table


def study(file: ScoreTable) -> Report:
    """Works a file out.

    Raises:
        InputError: A rule refuses what the file says; the field, the rule and the remedy are named.
    """
    return Report(file.title, list(_sections(file)))


def _sections(file: ScoreTable) -> Iterator[Section]:
    if file.indicators:
        entries = {id_: Entry(e.facts, e.evidence) for id_, e in file.indicators.items()}
        yield from _indicators(score_all(entries))
    if file.sizing is not None:
        yield _sizing(file.sizing)
    if file.scorecard:
        yield _card("Scorecard (P1)", _parts(file.scorecard), FAMILIES, "scorecard")
    for name, shares in file.capability.items():
        yield _card(f"Capability: {name}", _parts(shares), CAPABILITIES[name], f"capability.{name}")
    if file.income:
        yield _mix(file)


def _indicators(found: Scores) -> Iterator[Section]:
    section = Section("Indicators (P4)")
    for each in found.each:
        points = "not_scored" if each.points is None else f"{each.points} / 5"
        section.figures.append(
            Figure(
                f"{each.indicator.id} {each.indicator.name}",
                points,
                "",
                each.why,
                each.evidence,
                (f"indicators.{each.indicator.id}",),
            )
        )
    yield section
    total = Section("Points")
    for number, name in enumerate(_FAMILY_NAMES, 1):
        reached, most = found.family(number)
        total.figures.append(
            Figure(f"{number} {name}", f"{reached} / {most}", "", "sum", "", _POINTS)
        )
    total.figures.append(
        Figure(
            "all",
            f"{found.points} / {found.maximum}",
            "",
            "scored indicators only",
            f"{shown(found.share * 100, 1)}%",
            _POINTS,
        )
    )
    lost = [each.indicator.id for each in found.each if each.points is None]
    if lost:
        total.flags.append(f"not scored, and not in the maximum: {', '.join(lost)}")
    yield total


def _sizing(table: SizingTable) -> Section:
    found = sizing(
        table.area_m2, table.cost_per_m2, table.held, table.rent_per_m2_month, table.cap_rate
    )
    section = Section("Sizing (P4)")
    section.figures += [
        Figure("investment", found.investment, "CNY", "area · cost", "", _SIZING),
        Figure(
            "cost of what is held", found.held_cost, "CNY", "area · cost · part held", "", _SIZING
        ),
        Figure("yearly rent", found.rent, "CNY", "area · part held · rent · 12", "", _SIZING),
        Figure("value", found.value, "CNY", "rent / cap rate", "", _SIZING),
        Figure(
            "break-even NOI margin", found.break_even_margin, "%", "cost held / value", "", _SIZING
        ),
    ]
    with exact():
        area, cost = table.area_m2 / _WAN, found.investment / _YI
    both = [
        averages(area, cost, table.held, table.enterprises, table.years, mode)
        for mode in ("exact", "as_printed")
    ]
    for label, unit, name in (
        ("area, each year", "万㎡", "area_year"),
        ("investment, each year", "亿", "cost_year"),
        ("area, all years", "万㎡", "area"),
        ("investment, all years", "亿", "cost"),
        ("of it held", "亿", "held"),
    ):
        exactly, printed = (getattr(each, name) for each in both)
        section.figures.append(
            Figure(
                f"per enterprise: {label}",
                exactly,
                unit,
                "exact",
                f"as_printed {shown(printed, 0)}",
                _SIZING,
            )
        )
    least, most = jobs(table.area_m2)
    section.figures.append(
        Figure(
            "jobs",
            f"{shown(least, 0)} to {shown(most, 0)}",
            "",
            "P0: 200–300 for each 10万㎡",
            "",
            _SIZING,
        )
    )
    section.flags.append(
        f"below an NOI margin of {shown(found.break_even_margin * 100, 2)}% the value falls under "
        f"the cost of what is held"
    )
    return section


def _parts(tables: Mapping[str, PartTable]) -> list[Part]:
    return [Part(name, each.score, each.weight, each.evidence) for name, each in tables.items()]


def _card(title: str, parts: list[Part], names: tuple[str, ...], key: str) -> Section:
    found: Card = card(parts, names)
    section = Section(title)
    for each in found.parts:
        section.figures.append(
            Figure(
                each.name,
                each.score,
                "%",
                f"weight {shown(each.weight * 100)}%",
                each.evidence,
                (f"{key}.{each.name}",),
            )
        )
    section.figures.append(
        Figure("score", found.score, "%", "Σ weight · score", f"grade {found.grade}", (key,))
    )
    if found.capped:
        section.flags.append(f"at 0, which caps the grade: {', '.join(found.capped)}")
    return section


def _mix(file: ScoreTable) -> Section:
    found, classes = mix(file.income), roll_up(file.income)
    section = Section("Mix of incomes")
    for name, share in found.shares.items():
        section.figures.append(Figure(name, share, "%", "income / all incomes", "", ("income",)))
    section.figures.append(
        Figure("effective number of streams", found.effective, "", "1 / Σ share²", "", ("income",))
    )
    for name, share in mix(classes).shares.items():
        section.figures.append(
            Figure(f"class: {name}", share, "%", "roll-up of six to four (P0)", "", ("income",))
        )
    return section
