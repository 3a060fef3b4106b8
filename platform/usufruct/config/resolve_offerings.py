"""Primary offerings: which units of which series are offered when, at what price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Final

from usufruct.config.locate import Path
from usufruct.config.model import Project
from usufruct.config.model_rights import Offering, Series
from usufruct.config.problems import Problems
from usufruct.config.references import unknown_reference
from usufruct.config.schema import OfferingTable
from usufruct.core.periods import day_bounds
from usufruct.money import Currency, format_amount, parse_amount

__all__ = ["offerings", "require_offered"]

_DAY: Final = 86_400
_MOST_DELIVERY: Final = 365 * _DAY
_MOST_MONEY: Final = (1 << 63) - 1


def offerings(
    tables: list[OfferingTable],
    series: tuple[Series, ...],
    project: Project,
    currency: Currency,
    problems: Problems,
) -> tuple[Offering, ...]:
    """The offerings of the file; what is wrong with them is noted in `problems`."""
    by_code: Mapping[str, Series] = {each.code: each for each in series}
    counts: Counter[str] = Counter()
    found = []
    for index, table in enumerate(tables):
        path: Path = ("offering", index)
        if table.series not in by_code:
            if not problems:
                unknown_reference((*path, "series"), table.series, "series", by_code, problems)
            continue
        counts[table.series] += 1
        found.append(_offering(path, table, counts[table.series], project, currency, problems))
    return tuple(found)


def require_offered(
    series: tuple[Series, ...], offered: tuple[Offering, ...], problems: Problems
) -> None:
    """Notes series that nobody could ever hold: without holders, and offered to nobody."""
    known = {each.series for each in offered}
    for index, each in enumerate(series):
        if not each.holders and each.code not in known and not problems:
            rule = "a series has first holders, or an offering"
            remedy = "name holders, or add an [[offering]] of this series"
            problems.add(("series", index, "holders"), "(none)", rule, remedy)


def _offering(
    path: Path,
    table: OfferingTable,
    number: int,
    project: Project,
    currency: Currency,
    problems: Problems,
) -> Offering:
    price = 0
    with problems.at((*path, "price"), table.price):
        price = parse_amount(table.price, currency)
        if not price:
            problems.add((*path, "price"), table.price, "above 0", "write the price of one unit")
    if price * table.max_units > _MOST_MONEY:
        most = format_amount(_MOST_MONEY // table.max_units, currency)
        rule = f"at most {most} {currency.code}: max_units = {table.max_units} cost less than 2^63 minor units"
        problems.add((*path, "price"), table.price, rule, "reduce it, or offer fewer units")
    _check_bounds(path, table, problems)
    opens, _ = _bounds(table.opens, project)
    _, closes = _bounds(table.closes, project)
    _, deliver_until = _bounds(table.deliver_until, project)
    if closes <= opens:
        rule = "the last day is not before the first"
        problems.add((*path, "closes"), table.closes, rule, "move it")
    if not closes + _DAY <= deliver_until <= closes + _MOST_DELIVERY:
        rule = "1 to 365 days after closes"
        problems.add((*path, "deliver_until"), table.deliver_until, rule, "move it")
    return Offering(
        series=table.series,
        number=number,
        opens=opens,
        closes=closes,
        deliver_until=deliver_until,
        beneficiary=table.beneficiary,
        withdrawable=table.withdrawable,
        price=price,
        min_units=table.min_units,
        max_units=table.max_units,
        min_each=table.min_each,
        max_each=table.max_each,
        cancelled=table.cancelled,
    )


def _check_bounds(path: Path, table: OfferingTable, problems: Problems) -> None:
    if table.max_units < table.min_units:
        rule = f"at least min_units = {table.min_units}"
        problems.add((*path, "max_units"), table.max_units, rule, "offer more")
    if table.min_each > table.max_units:
        rule = f"at most max_units = {table.max_units}"
        problems.add((*path, "min_each"), table.min_each, rule, "ask less of each subscriber")
    if table.max_each and table.max_each < table.min_each:
        rule = f"at least min_each = {table.min_each}, or 0 for none"
        problems.add((*path, "max_each"), table.max_each, rule, "raise it")


def _bounds(day: date, project: Project) -> tuple[int, int]:
    return day_bounds(day, project.timezone)
