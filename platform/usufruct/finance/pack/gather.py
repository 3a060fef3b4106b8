"""Gathers a dossier: the community, what is attested, value, structure, forecast, risk and score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from usufruct.config.load import parse_community
from usufruct.config.tables import parse_document, read_text
from usufruct.finance.attested import Feed, read_feed, statements_section
from usufruct.finance.files import Loaded, TableT, load_file, load_text, made_up
from usufruct.finance.forecast.study import study_receipts
from usufruct.finance.indicators import study as scoring
from usufruct.finance.numbers import refused
from usufruct.finance.pack import charts
from usufruct.finance.pack.model import Chapter, Dossier, Part, part_of
from usufruct.finance.pack.tables import PackTable
from usufruct.finance.report import Figure, Report, Section
from usufruct.finance.risk import study as simulation
from usufruct.finance.risk.model import simulate_paths
from usufruct.finance.risk.tables import AssumptionsTable
from usufruct.finance.structures.check import check
from usufruct.finance.structures.cli import EXAMPLE as STRUCTURE
from usufruct.finance.structures.deal import compile_deal
from usufruct.finance.structures.report import findings_report, simulation_report
from usufruct.finance.structures.simulate import Projection, simulate
from usufruct.finance.structures.tables import StructureTable
from usufruct.finance.valuation import study as valuation
from usufruct.finance.valuation.moves import tornado_bars
from usufruct.finance.valuation.tables import ValuationTable

__all__ = ["EXAMPLE", "gather", "load_pack"]

EXAMPLE: Final = "examples/pack.toml"
"""A file that shows the format."""
_MOST_SHOWN: Final = 60
_QUANTILES: Final = (0.05, 0.95)


def load_pack(path: str | Path) -> PackTable:
    """The pack file at `path`, completely checked.

    Raises:
        ConfigErrors: Keys or values are wrong; all that were found.
        ConfigError: It cannot be read, or is not TOML.
    """
    return load_file(path, PackTable, EXAMPLE).table


def gather(table: PackTable, folder: Path, ledger: str | None = None) -> Dossier:
    """The dossier of a pack file in `folder`; `ledger` stands in for the file's own.

    Raises:
        ConfigErrors: A file of it is wrong.
        ConfigError: A file or the ledger cannot be read.
        InputError: A formula refuses what a file says, or the ledger does not attest what it asks for.
    """
    url = ledger or table.ledger
    feed = None if url is None else read_feed(url, table.stream or "", annualise=table.annualise)
    return _Gathering(table, folder, feed).dossier()


@dataclass
class _Gathering:
    table: PackTable
    folder: Path
    feed: Feed | None

    def __post_init__(self) -> None:
        self.found = Dossier(self.table.title, self.table.name)
        self.flags: list[str] = []

    def dossier(self) -> Dossier:
        chapters = (
            ("Community", "社区概况", self.community),
            ("Attested income", "已验证收入", self.statements),
            ("Value", "估值", self.value),
            ("Structure", "交易结构", self.structure),
            ("Forecast", "收入预测", self.forecast),
            ("Risk", "风险分析", self.risk),
            ("Indicators", "评价指标", self.score),
        )
        for title, chinese, parts in chapters:
            self.flags = []
            found = [part for part in parts() if part.entries]
            if found:
                found[0].flags += self.flags
                self.found.chapters.append(Chapter(title, chinese, found))
        if not self.found.chapters:
            raise refused(
                "pack",
                self.table.title,
                "at least one file or a ledger",
                "name a valuation, a score, a structure, assumptions, a community or a ledger",
            )
        return self.found

    def read(self, path: str, table: type[TableT], example: str) -> Loaded[TableT]:
        """A file of the pack, kept among its inputs; the ledger is asked only where the file does."""
        where = self.folder / path
        text = read_text(where, f"check the path; {example} shows the format")
        if where.name in self.found.inputs:
            raise refused(
                "pack", where.name, "each file has its own name", "rename one of the two files"
            )
        self.found.inputs[where.name] = text.encode()
        loaded = load_text(text, str(where), table, self.feed, optional=True)
        self.found.receipts |= {each.name: each for each in loaded.receipts()}
        self.flags = made_up(loaded)
        return loaded

    def community(self) -> Iterator[Part]:
        if self.table.community is None:
            return
        where = self.folder / self.table.community
        text = read_text(where, "check the path; examples/community.toml shows the format")
        community = parse_community(text, str(where))
        loaded = Loaded(where.name, community, parse_document(text, str(where)).raw)
        project = community.project
        section = Section("The project")
        section.figures = [
            _fact("name", project.name, "project.name"),
            _fact("label", project.label, "project.label"),
            _fact("gross floor area", project.gfa_m2, "project.gfa_m2", "㎡"),
            _fact("households", project.households, "project.households"),
            _fact("first period", project.first_period, "project.first_period"),
        ]
        for at, stream in enumerate(community.streams):
            note = "readings are committed" if stream.committed else "readings are open"
            section.figures.append(
                _fact(f"stream {stream.code}", stream.kind, f"stream.{at}.kind", note=note)
            )
        rights = Section("Income rights")
        for at, series in enumerate(community.series):
            rights.figures.append(
                _fact(
                    f"{series.code}, {series.name}",
                    series.supply,
                    f"series.{at}.holders",
                    "units",
                    f"of stream {series.stream}",
                )
            )
        yield part_of(section, loaded)
        yield part_of(rights, loaded)

    def statements(self) -> Iterator[Part]:
        if self.feed is None:
            return
        self.found.currency = self.feed.currency
        loaded: Loaded[None] = Loaded("ledger", None, {})
        for code, receipts in self.feed.receipts.items():
            if not receipts:
                continue
            self.found.receipts |= {each.name: each for each in receipts}
            money = statements_section(receipts, self.feed.currency)
            money.title = f"Income of {code}"
            unit = self.feed.currency.unit
            chart = charts.bars(
                f"Attested income of {code} by period",
                [each.month for each in receipts],
                [("gross", [each.gross / unit for each in receipts])],
                self.feed.currency.code,
            )
            for each in receipts:
                label = f"{code} period {each.period} ({each.month})"
                estimated = f"{each.estimated_bp / 100:g}% estimated"
                covered = f"{each.coverage_bp / 100:g}%"
                money.figures.append(
                    Figure(
                        f"{label}: coverage",
                        covered,
                        "",
                        each.source,
                        estimated,
                        statements=(each.name,),
                    )
                )
            yield part_of(money, loaded, [chart] if len(receipts) > 1 else [])

    def value(self) -> Iterator[Part]:
        if self.table.valuation is None:
            return
        loaded = self.read(self.table.valuation, ValuationTable, valuation.EXAMPLE)
        self.found.valuation = loaded.table
        report, values = valuation.study_with_values(loaded.table)
        parts = [part_of(each, loaded) for each in report.sections]
        unit = loaded.table.currency
        if values and parts:
            items = [(name, 0.0, float(value)) for name, value in values.items()]
            parts[0].charts.append(charts.rows("Values side by side", items, unit))
        tornado = next((each for each in parts if each.title.startswith("Tornado")), None)
        if tornado is not None and loaded.table.tornado is not None:
            bars = [
                (bar.name, float(bar.low[1]), float(bar.high[1]))
                for bar in tornado_bars(loaded.table, loaded.table.tornado)
            ]
            tornado.charts.append(charts.rows(tornado.title, bars, unit))
        yield from parts

    def structure(self) -> Iterator[Part]:
        if self.table.structure is None:
            return
        loaded = self.read(self.table.structure, StructureTable, STRUCTURE)
        table = loaded.table
        yield from _parts(findings_report(table.title, check(table)), loaded)
        parts = list(_parts(simulation_report(table), loaded))
        if table.step:
            projection = simulate(compile_deal(table))
            self.found.projection = projection
            parts[0].charts.append(_distribution(projection))
        yield from parts

    def forecast(self) -> Iterator[Part]:
        asked = self.table.forecast
        if asked is None:
            return
        if self.feed is None:
            raise refused("forecast", "no ledger", "[forecast] is of attested income", "add ledger")
        report = study_receipts(self.feed, asked.season, asked.horizon, asked.origins)
        names = tuple(each.name for each in self.feed.of(""))
        loaded: Loaded[None] = Loaded("ledger", None, {})
        for section in report.sections[1:]:
            section.figures = [
                Figure(each.label, each.value, each.unit, each.source, each.note, (), names)
                for each in section.figures
            ]
            yield part_of(section, loaded)

    def risk(self) -> Iterator[Part]:
        if self.table.assumptions is None:
            return
        loaded = self.read(self.table.assumptions, AssumptionsTable, simulation.EXAMPLE)
        parts = list(_parts(simulation.study(loaded.table), loaded))
        total = simulate_paths(loaded.table).total
        low, high = np.quantile(total, _QUANTILES, axis=0)
        labels = [str(year) for year in range(1, loaded.table.years + 1)]
        title = "Income by year: mean, and 5% to 95% of all paths"
        chart = charts.band(
            title,
            labels,
            total.mean(axis=0).tolist(),
            low.tolist(),
            high.tolist(),
            loaded.table.currency,
        )
        parts[1].charts.append(chart)
        yield from parts

    def score(self) -> Iterator[Part]:
        if self.table.score is None:
            return
        loaded = self.read(self.table.score, scoring.ScoreTable, scoring.EXAMPLE)
        yield from _parts(scoring.study(loaded.table), loaded)


def _fact(label: str, value: str | int, key: str, unit: str = "", note: str = "") -> Figure:
    return Figure(label, value, unit, "assumption", note, (key,))


def _parts(report: Report, loaded: Loaded[TableT]) -> Iterator[Part]:
    for section in report.sections:
        yield part_of(section, loaded)


def _distribution(projection: Projection) -> charts.Drawing:
    """Who gets what of each period."""
    unit = projection.deal.currency.unit
    series = [
        (f"tranche {code}", [each / unit for each in amounts])
        for code, amounts in projection.tranches.items()
    ]
    series += [
        (name, [each / unit for each in amounts]) for name, amounts in projection.payees.items()
    ]
    labels = [str(period) for period in range(1, len(projection.receipts) + 1)]
    shown = labels[:_MOST_SHOWN]
    return charts.bars(
        "Who gets what, by period",
        shown,
        [(name, amounts[: len(shown)]) for name, amounts in series],
        projection.deal.currency.code,
    )
