"""Streams: tariffs in exact integers, dependencies without cycles."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

from usufruct.config.locate import Path
from usufruct.config.model import Project
from usufruct.config.model_streams import KINDS, Estimation, Stream
from usufruct.config.problems import Problems
from usufruct.config.references import require_unique, unknown_reference
from usufruct.config.schema import EstimationTable, RowTable, StreamTable
from usufruct.core.tariffs import CalendarRule, PriceRow, Tariff
from usufruct.errors import InputError
from usufruct.money import Currency

__all__ = ["PER_UNITS", "price_row", "streams"]

PER_UNITS: Final[dict[str, tuple[str, int]]] = {
    "Wh": ("Wh", 1),
    "kWh": ("Wh", 1_000),
    "MWh": ("Wh", 1_000_000),
    "L": ("L", 1),
    "m3": ("L", 1_000),
    "s": ("s", 1),
    "min": ("s", 60),
    "h": ("s", 3_600),
    "unit": ("unit", 1),
}
"""Units a price may be quoted in: base unit and how many of it."""

_DAY: Final = 86_400
_MAX_CHALLENGE_WINDOW: Final = 90 * _DAY
_MAX_FUNDING_GRACE: Final = 365 * _DAY
_MAX_RESOLUTION_TIME: Final = 90 * _DAY


def streams(
    tables: list[StreamTable], project: Project, currency: Currency, problems: Problems
) -> tuple[Stream, ...]:
    """The streams of the file; what is wrong with them is noted in `problems`."""
    rows: list[tuple[Path, StreamTable]] = [
        (("stream", index), table) for index, table in enumerate(tables)
    ]
    require_unique((((*path, "id"), table.id) for path, table in rows), "stream id", problems)
    require_unique((((*path, "code"), table.code) for path, table in rows), "stream code", problems)
    _check_dependencies(rows, problems)
    found = []
    for path, table in rows:
        _check_terms(path, table, problems)
        tariff = _tariff(path, table, project, currency, problems)
        if tariff is not None:
            found.append(_stream(table, tariff, project))
    return tuple(found)


def price_row(row: RowTable, base_unit: str, currency: Currency) -> PriceRow:
    """The exact integers of a quoted price: `0.54` per kWh of Wh at 6 decimals is 540000 per 1000.

    The quoted unit stays visible in `per`: the fraction is not reduced. Where the currency's minor
    unit is too coarse for the price, both sides grow by powers of ten until the price is whole;
    nothing is ever rounded.

    Raises:
        InputError: The quoted unit does not measure what the stream's base unit measures.
    """
    unit, per = PER_UNITS[row.per]
    if unit != base_unit:
        fitting = ", ".join(name for name, (base, _) in PER_UNITS.items() if base == base_unit)
        raise InputError(
            "wrong unit",
            field="per",
            value=row.per,
            rule=f"a unit of the stream's base unit {base_unit}: {fitting}",
            remedy="quote the price in one of these",
        )
    price = Fraction(Decimal(row.price)) * currency.unit
    while price.denominator != 1:
        price, per = price * 10, per * 10
    return PriceRow(row.id, price.numerator, per)


def _stream(table: StreamTable, tariff: Tariff, project: Project) -> Stream:
    return Stream(
        id=table.id,
        code=table.code,
        kind=table.kind,
        kind_code=KINDS[table.kind],
        measure=table.measure,
        base_unit=table.base_unit,
        committed=table.privacy == "committed",
        challenge_window=table.challenge_window,
        funding_grace=table.funding_grace,
        min_coverage_bp=table.min_coverage,
        max_estimated_bp=table.max_estimated,
        resolution_time=table.resolution_time,
        lapse_upholds=table.unanswered_dispute == "uphold",
        common_parts=table.common_parts,
        owners_share_bp=table.owners_share,
        depends_on=tuple(table.depends_on),
        tariff=tariff,
        start=project.start,
        estimation=None if table.estimation is None else _estimation(table.estimation),
    )


def _estimation(table: EstimationTable) -> Estimation:
    return Estimation(table.longest_gap, table.weeks, table.last_year)


def _check_terms(path: Path, table: StreamTable, problems: Problems) -> None:
    limits = (
        ("challenge_window", table.challenge_window, _MAX_CHALLENGE_WINDOW),
        ("funding_grace", table.funding_grace, _MAX_FUNDING_GRACE),
    )
    for name, seconds, most in limits:
        if seconds > most:
            problems.add(
                (*path, name), f"{seconds} s", f"at most {most // _DAY} days", "shorten it"
            )
    time = table.resolution_time
    if not _DAY <= time <= _MAX_RESOLUTION_TIME:
        most = _MAX_RESOLUTION_TIME // _DAY
        problems.add((*path, "resolution_time"), f"{time} s", f"1 to {most} days", "correct it")
    if table.estimation is not None and table.measure != "interval":
        rule = "only streams of intervals are estimated: nobody knows which sessions are missing"
        problems.add((*path, "estimation"), table.measure, rule, "remove the table")
    money = table.measure == "money"
    if money != (table.base_unit == "unit"):
        rule = (
            'money streams, and only these, have the base unit "unit": a minor unit of the currency'
        )
        problems.add((*path, "base_unit"), table.base_unit, rule, "correct base_unit or measure")


def _tariff(
    path: Path, table: StreamTable, project: Project, currency: Currency, problems: Problems
) -> Tariff | None:
    rows = []
    for index, row in enumerate(table.tariff.rows):
        with problems.at((*path, "tariff", "rows", index, "per"), row.per):
            rows.append(price_row(row, table.base_unit, currency))
    _check_rows(path, table, problems)
    if problems:
        return None
    with problems.at((*path, "tariff"), table.tariff.id):
        return Tariff(
            id=table.tariff.id,
            stream=table.code,
            currency=currency.code,
            base_unit=table.base_unit,
            timezone=project.timezone,
            rows=tuple(rows),
            calendar=tuple(
                CalendarRule(
                    rule.row, tuple(rule.months), tuple(rule.weekdays), rule.from_, rule.to
                )
                for rule in table.tariff.calendar
            ),
        )
    return None


def _check_rows(path: Path, table: StreamTable, problems: Problems) -> None:
    tariff = table.tariff
    place = (*path, "tariff")
    ids = [((*place, "rows", index, "id"), row.id) for index, row in enumerate(tariff.rows)]
    require_unique(ids, "price row", problems)
    known = [row.id for row in tariff.rows]
    for index, rule in enumerate(tariff.calendar):
        here = (*place, "calendar", index)
        if rule.row not in known:
            unknown_reference((*here, "row"), rule.row, "price row", known, problems)
        if rule.from_ >= rule.to:
            problems.add(
                (*here, "from"),
                f"{rule.from_ // 60:02d}:{rule.from_ % 60:02d}",
                "a rule begins before it ends, within one day",
                "write a rule over midnight as two rules",
            )
    last = tariff.calendar[-1]
    if last.months or last.weekdays or (last.from_, last.to) != (0, 1440):
        problems.add(
            (*place, "calendar", len(tariff.calendar) - 1),
            last.row,
            "the last calendar rule has no conditions, so that every reading has a price",
            "add a last rule with nothing but row",
        )


def _check_dependencies(rows: list[tuple[Path, StreamTable]], problems: Problems) -> None:
    needs = {table.code: table.depends_on for _, table in rows}
    for path, table in rows:
        for index, code in enumerate(table.depends_on):
            if code not in needs:
                unknown_reference((*path, "depends_on", index), code, "stream", needs, problems)
        circle = _circle(table.code, needs)
        if circle:
            problems.add(
                (*path, "depends_on"),
                " → ".join(circle),
                "a stream opens after those it depends on, so there is no circle",
                "remove one of the dependencies",
            )


def _circle(start: str, needs: dict[str, list[str]]) -> list[str]:
    """A way from `start` back to itself, empty if there is none."""
    ways = [[start, code] for code in needs[start]]
    seen = set()
    while ways:
        way = ways.pop()
        if way[-1] == start:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [[*way, code] for code in needs.get(way[-1], [])]
    return []
