"""A valuation file, worked out: every section that the file has, the claims derived again, the panel at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path

from usufruct.errors import InputError
from usufruct.finance.files import load_file
from usufruct.finance.measures import irr, npv, payback
from usufruct.finance.numbers import ONE, ZERO, exact, refused, shown
from usufruct.finance.report import Figure, Report, Section
from usufruct.finance.valuation.claims import Claim, judge_claim
from usufruct.finance.valuation.composite import Factor, Technology, composite
from usufruct.finance.valuation.debts import dated, debt
from usufruct.finance.valuation.discounted import ramp
from usufruct.finance.valuation.held import finite_right, held_value
from usufruct.finance.valuation.judged import plausibility
from usufruct.finance.valuation.moves import dcf_incomes, discount, incomes_of, moves, sale
from usufruct.finance.valuation.tables import (
    CompositeTable,
    DcfTable,
    FlowsTable,
    RampTable,
    RightTable,
    ValuationTable,
)

__all__ = ["EXAMPLE", "load_valuation", "study", "study_with_values"]

EXAMPLE = "examples/p0-table2.toml"
"""A file that shows the format."""
Compute = Callable[[], Decimal]

_MORE_THAN_A_TENTH = Decimal("0.1")
_MOSTLY = Decimal("0.6")
_NO_VALUES = ("investment", "net present value")
_FLOWS = ("flows",)
_DCF = ("dcf",)


def load_valuation(path: str | Path) -> ValuationTable:
    """The valuation file at `path`, completely checked.

    Raises:
        ConfigErrors: Keys or values are wrong; all that were found.
        ConfigError: It cannot be read, or is not TOML.
    """
    return load_file(path, ValuationTable, EXAMPLE).table


def study(file: ValuationTable) -> Report:
    """Works a file out.

    Raises:
        InputError: A formula refuses what the file says; the field, the rule and the remedy are named.
    """
    return study_with_values(file)[0]


def study_with_values(file: ValuationTable) -> tuple[Report, dict[str, Decimal]]:
    """The same, with every value that was found, by the name of its method.

    Raises:
        InputError: As for `study`.
    """
    found = _Study(file)
    report = Report(file.title, list(found.sections()))
    return report, {name: value for name, value in found.values.items() if name not in _NO_VALUES}


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
            yield from self.dcf(file.dcf)
        if file.composite is not None:
            yield self.composite(file.composite)
        if file.sale is not None:
            yield self.sale()
        yield from self.debts()
        if file.claim:
            yield self.claims()
        yield from moves(file)
        yield self.plausibility()

    def debts(self) -> Iterator[Section]:
        if self.file.debt is not None:
            yield debt(self.file.debt)
        if self.file.dated is not None:
            yield dated(self.file.dated, self.currency)

    def money(
        self, label: str, value: Decimal, source: str, note: str = "", keys: tuple[str, ...] = ()
    ) -> Figure:
        return Figure(label, value, self.currency, source, note, keys)

    def flows(self, table: FlowsTable) -> Section:
        incomes = incomes_of(table)
        section = Section("Investment")
        flows = [-table.investment, *incomes]
        with exact():
            worth = npv(table.rate, flows)
        self.values["investment"] = table.investment
        self.values["net present value"] = worth
        section.figures += [
            self.money("investment", table.investment, "assumption", "", ("flows.investment",)),
            self.money(
                "income of year 1",
                incomes[0],
                "assumption",
                f"{len(incomes)} years",
                ("flows.incomes.0",) if table.incomes else ("flows.income",),
            ),
            self.money("NPV", worth, f"Σ CF/(1+r)^t, r = {shown(table.rate * 100)}%", "", _FLOWS),
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

    def _try(self, section: Section, label: str, unit: str, source: str, compute: Compute) -> None:
        """A figure, or the flag that it does not exist."""
        try:
            section.figures.append(Figure(label, compute(), unit, source, "", _FLOWS))
        except InputError as error:
            section.flags.append(f"no {label}: {error.one_line()}")

    def held(self) -> Section:
        section = Section("Hold-led values, assuming that the income never ends")
        caps: dict[str, Decimal] = {}
        for at, each in enumerate(self.file.held):
            found = held_value(each.method, each.numerator, each.amount, each.rate)
            caps[each.method] = found.cap
            self.values[f"value by {each.method}"] = found.value
            section.figures.append(
                self.money(
                    each.method,
                    found.value,
                    f"{found.method.numerator} {shown(found.numerator)}",
                    f"cap {shown(found.cap * 100)}%, multiple {shown(found.multiple, 3)}",
                    (f"held.{at}.amount", f"held.{at}.rate"),
                )
            )
        section.flags += _disagreements(caps)
        return section

    def rights(self, tables: Sequence[RightTable]) -> Section:
        section = Section("Rights that end")
        for at, each in enumerate(tables):
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
                    (f"right.{at}",),
                )
            )
        return section

    def dcf(self, table: DcfTable) -> Iterator[Section]:
        found = discount(table)
        self.values["discounted cash flow"] = found.value
        section = Section("Discounted cash flow")
        section.figures += [
            self.money("years' flows", found.flows, "Σ NOI/(1+r)^t", "", _DCF),
            self.money(
                "terminal value",
                found.terminal,
                "NOI(n+1)/cap/(1+r)^n",
                f"{shown(found.terminal_share * 100, 1)}% of all",
                _DCF,
            ),
            self.money("value", found.value, "years' flows + terminal value", "", _DCF),
        ]
        if found.terminal_share > _MOSTLY:
            section.flags.append("most of the value lies behind the last year that was looked at")
        yield section
        if table.ramp is not None:
            yield self.ramp(table, table.ramp)

    def ramp(self, table: DcfTable, asked: RampTable) -> Section:
        """The incubation, year by year, until all is earned."""
        section = Section(f"Ramp over {asked.years} years from {shown(asked.start * 100)}%")
        parts = ramp(ONE, asked.start, asked.years, table.years)
        earned = zip(dcf_incomes(table), parts, strict=True)
        for year, (income, part) in enumerate(islice(earned, asked.years), 1):
            note = f"{shown(part * 100, 1)}% of the stable income"
            source = "income·part·(1+g)^(t−1)"
            section.figures.append(self.money(f"NOI of year {year}", income, source, note, _DCF))
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
        section.figures.append(
            self.money("V_base", found.base, "assumption", "", ("composite.base",))
        )
        for at, each in enumerate(found.streams):
            note = (
                f"λ = {shown(each.weight)}, {'flow' if literal else 'PV'} {shown(each.present, 0)}"
            )
            section.figures.append(
                self.money(
                    each.code, each.value, "λ·ΣE[CF]/(1+r)^t", note, (f"composite.stream.{at}",)
                )
            )
        section.figures.append(self.money("V", found.value, "V_base + Σ λ·PV", "", ("composite",)))
        return section

    def sale(self) -> Section:
        table = self.file.sale
        assert table is not None
        found = sale(table)
        self.values["sale price"] = found.price
        section = Section("Sale-led price", flags=list(found.flags))
        section.figures += [
            self.money(label, amount, "C + (R − D − π)·θ", "", ("sale",))
            for label, amount in found.lines
        ]
        return section

    def claims(self) -> Section:
        if self.file.flows is None:
            raise refused("claim", len(self.file.claim), "claims need [flows]", "add [flows]")
        incomes = incomes_of(self.file.flows)
        section = Section("Claims, derived again")
        for at, each in enumerate(self.file.claim):
            claim = Claim(each.what, each.amount, each.label)
            found = judge_claim(claim, self.file.flows.investment, incomes, self.values)
            unit = "years" if each.what == "payback" else self.currency
            verdict = "holds" if found.holds else "does not hold"
            section.figures.append(
                Figure(
                    each.label, each.amount, unit, verdict, found.words, (f"claim.{at}", "flows")
                )
            )
            if not found.holds:
                section.flags.append(f"{each.label}: {found.words}")
        return section

    def plausibility(self) -> Section:
        derived = {name: ("value", amount, "area") for name, amount in self.values.items()}
        for name in _NO_VALUES:
            derived.pop(name, None)
        if self.file.flows is not None:
            derived["investment"] = ("investment", self.file.flows.investment, "area")
            derived["income"] = ("income", incomes_of(self.file.flows)[-1], "area·month")
        elif self.file.dcf is not None:
            derived["income"] = ("income", self.file.dcf.income, "area·month")
        return plausibility(self.file, derived)


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
