"""A valuation file, worked out: every section that the file has, the claims derived again, the panel at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from usufruct.config.tables import parse_document, read_text, shape
from usufruct.errors import InputError
from usufruct.finance.measures import irr, npv, payback
from usufruct.finance.numbers import ONE, ZERO, exact, refused, shown
from usufruct.finance.report import Figure, Report, Section
from usufruct.finance.valuation.claims import Claim, judge_claim
from usufruct.finance.valuation.composite import Factor, Technology, composite
from usufruct.finance.valuation.discounted import discounted, ramp
from usufruct.finance.valuation.held import finite_right, held_value
from usufruct.finance.valuation.plausibility import BANDS, Band, Headline, panel
from usufruct.finance.valuation.sold import sale_price
from usufruct.finance.valuation.tables import (
    CompositeTable,
    DcfTable,
    FlowsTable,
    RightTable,
    ValuationTable,
)

__all__ = ["load_valuation", "study"]

_MORE_THAN_A_TENTH = Decimal("0.1")
_MOSTLY = Decimal("0.6")


def load_valuation(path: str | Path) -> ValuationTable:
    """The valuation file at `path`, completely checked.

    Raises:
        ConfigErrors: Keys or values are wrong; all that were found.
        ConfigError: It cannot be read, or is not TOML.
    """
    text = read_text(path, "check the path; examples/p0-table2.toml shows the format")
    return shape(parse_document(text, str(path)), ValuationTable)


def study(file: ValuationTable) -> Report:
    """Works a file out.

    Raises:
        InputError: A formula refuses what the file says; the field, the rule and the remedy are named.
    """
    found = _Study(file)
    return Report(file.title, list(found.sections()))


class _Study:
    """The sections of a file, and the values that its claims may refer to."""

    def __init__(self, file: ValuationTable) -> None:
        self.file = file
        self.currency = file.currency
        self.values: dict[str, Decimal] = {}

    def sections(self) -> Iterator[Section]:
        file = self.file
        if file.flows is not None:
            yield self.flows(file.flows)
        if file.held:
            yield self.held()
        if file.right:
            yield self.rights(file.right)
        if file.dcf is not None:
            yield self.dcf(file.dcf)
        if file.composite is not None:
            yield self.composite(file.composite)
        if file.sale is not None:
            yield self.sale()
        if file.claim:
            yield self.claims()
        yield self.plausibility()

    def money(self, label: str, value: Decimal, source: str, note: str = "") -> Figure:
        return Figure(label, value, self.currency, source, note)

    def flows(self, table: FlowsTable) -> Section:
        incomes = incomes_of(table)
        section = Section("Investment")
        flows = [-table.investment, *incomes]
        with exact():
            worth = npv(table.rate, flows)
        self.values["investment"] = table.investment
        self.values["net present value"] = worth
        section.figures += [
            self.money("investment", table.investment, "assumption"),
            self.money("income of year 1", incomes[0], "assumption", f"{len(incomes)} years"),
            self.money("NPV", worth, f"Σ CF/(1+r)^t, r = {shown(table.rate * 100)}%"),
        ]
        self._try(section, "IRR", "%", "NPV = 0", lambda: irr(flows))
        self._try(
            section,
            "payback",
            "years",
            "cumulated income, within a year in proportion",
            lambda: payback(table.investment, incomes),
        )
        return section

    def _try(self, section: Section, label: str, unit: str, source: str, compute: object) -> None:
        """A figure, or the flag that it does not exist."""
        try:
            section.figures.append(Figure(label, compute(), unit, source))  # type: ignore[operator]
        except InputError as error:
            section.flags.append(f"no {label}: {error.one_line()}")

    def held(self) -> Section:
        section = Section("Hold-led values, assuming that the income never ends")
        caps: dict[str, Decimal] = {}
        for each in self.file.held:
            found = held_value(each.method, each.numerator, each.amount, each.rate)
            caps[each.method] = found.cap
            self.values[f"value by {each.method}"] = found.value
            section.figures.append(
                self.money(
                    each.method,
                    found.value,
                    f"{found.method.numerator} {shown(found.numerator)}",
                    f"cap {shown(found.cap * 100)}%, multiple {shown(found.multiple, 3)}",
                )
            )
        section.flags += _disagreements(caps)
        return section

    def rights(self, tables: Sequence[RightTable]) -> Section:
        section = Section("Rights that end")
        for each in tables:
            value = finite_right(each.income, each.rate, each.years)
            self.values[f"right of {each.years} years"] = value
            with exact():
                multiple = value / each.income if each.income else ZERO
            section.figures.append(
                self.money(
                    f"{each.years} years at {shown(each.rate * 100)}%",
                    value,
                    "X·(1 − (1+c)^−n)/c",
                    f"{shown(multiple, 3)} × the yearly income",
                )
            )
        return section

    def dcf(self, table: DcfTable) -> Section:
        with exact():
            incomes = [table.income * (ONE + table.growth) ** year for year in range(table.years)]
        if table.ramp is not None:
            incomes = ramp(
                table.income, table.ramp.start, table.ramp.years, table.years, table.growth
            )
        with exact():
            following = table.income * (ONE + table.growth) ** table.years
        found = discounted(
            incomes,
            table.rate,
            terminal_cap=table.terminal_cap,
            following=following,
            selling_cost=table.selling_cost,
        )
        self.values["discounted cash flow"] = found.value
        section = Section("Discounted cash flow")
        section.figures += [
            self.money("years' flows", found.flows, "Σ NOI/(1+r)^t"),
            self.money(
                "terminal value",
                found.terminal,
                "NOI(n+1)/cap/(1+r)^n",
                f"{shown(found.terminal_share * 100, 1)}% of all",
            ),
            self.money("value", found.value, "both"),
        ]
        if found.terminal_share > _MOSTLY:
            section.flags.append("most of the value lies behind the last year that was looked at")
        return section

    def composite(self, table: CompositeTable) -> Section:
        technologies = [
            Technology(
                each.code,
                each.flows,
                each.rate,
                {
                    name: Factor(factor.value, factor.author, factor.reason)
                    for name, factor in each.factors.items()
                },
                frozenset(each.risk_counted_in_rate),
            )
            for each in table.stream
        ]
        found = composite(table.base, technologies, table.mode)
        self.values["composite value"] = found.value
        literal = found.mode == "literal"
        section = Section(
            "Composite value"
            + (", the paper's literal form: one year's flow × λ, not discounted" if literal else "")
        )
        section.figures.append(self.money("V_base", found.base, "assumption"))
        for each in found.streams:
            note = (
                f"λ = {shown(each.weight)}, {'flow' if literal else 'PV'} {shown(each.present, 0)}"
            )
            section.figures.append(self.money(each.code, each.value, "λ·ΣE[CF]/(1+r)^t", note))
        section.figures.append(self.money("V", found.value, "V_base + Σ λ·PV"))
        return section

    def sale(self) -> Section:
        table = self.file.sale
        assert table is not None
        found = sale_price(
            table.cost,
            table.revenue,
            table.development,
            table.profit_rate,
            table.progress,
            base=table.base,
            kind=table.kind,
        )
        self.values["sale price"] = found.price
        section = Section("Sale-led price", flags=list(found.flags))
        section.figures += [
            self.money(label, amount, "C + (R − D − π)·θ") for label, amount in found.lines
        ]
        return section

    def claims(self) -> Section:
        if self.file.flows is None:
            raise refused("claim", len(self.file.claim), "claims need [flows]", "add [flows]")
        incomes = incomes_of(self.file.flows)
        section = Section("Claims, derived again")
        for each in self.file.claim:
            claim = Claim(each.what, each.amount, each.label)
            found = judge_claim(claim, self.file.flows.investment, incomes, self.values)
            unit = "years" if each.what == "payback" else self.currency
            verdict = "holds" if found.holds else "does not hold"
            section.figures.append(Figure(each.label, each.amount, unit, verdict, found.words))
            if not found.holds:
                section.flags.append(f"{each.label}: {found.words}")
        return section

    def plausibility(self) -> Section:
        file = self.file
        bands = dict(BANDS) | {
            name: Band(each.low, each.high, each.unit, each.source)
            for name, each in file.band.items()
        }
        headlines = [Headline(each.name, each.amount, each.per) for each in file.headline]
        found = panel(headlines, file.unit.area_m2, file.unit.households, bands)
        section = Section(f"Plausibility, over {shown(file.unit.area_m2, 0)} ㎡")
        for each in found.checks:
            unit = each.band.unit if each.band else f"{file.currency} per {each.headline.per}"
            band = (
                f"{shown(each.band.low, 1)}–{shown(each.band.high, 1)}" if each.band else "no band"
            )
            section.figures.append(
                Figure(
                    each.headline.name,
                    each.value,
                    unit,
                    band,
                    "implausible" if each.flagged else "",
                )
            )
        section.flags += found.flags
        if found.cause:
            section.flags.append(f"likely cause: {found.cause}")
        return section


def incomes_of(table: FlowsTable) -> list[Decimal]:
    """The yearly incomes of a flows table.

    Raises:
        InputError: Neither or both of a list and an income with its years.
    """
    if table.incomes and table.income is None and table.years is None:
        return list(table.incomes)
    if table.incomes or table.income is None or table.years is None:
        raise refused(
            "flows",
            "incomes / income, years",
            "either incomes, or income and years",
            "give one of them",
        )
    with exact():
        return [table.income * (ONE + table.growth) ** year for year in range(table.years)]


def _disagreements(caps: dict[str, Decimal]) -> list[str]:
    if not caps:
        return []
    low, high = min(caps, key=caps.__getitem__), max(caps, key=caps.__getitem__)
    if caps[high] - caps[low] <= _MORE_THAN_A_TENTH * caps[low]:
        return []
    return [
        (
            f"{low} implies {shown(caps[low] * 100, 2)}%, {high} {shown(caps[high] * 100, 2)}%: "
            "they disagree, and both assume perpetuity"
        )
    ]
