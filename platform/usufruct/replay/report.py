"""A replay for people and for programs, and what callers ask on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from usufruct.errors import InputError
from usufruct.money import Currency, format_amount
from usufruct.replay.engine import Moved, as_paid, moved, replay
from usufruct.replay.model import Asked, Change, Period

_READING: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,63})/(\d{1,18})", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,38}", re.ASCII)
_MONEY: Final = {"amount", "gross", "distributable", "required", "receipts", "distribution"} | {
    "due",
    "paid",
    "released",
    "balance",
}


@dataclass(frozen=True, slots=True)
class Report:
    """A replay of one period.

    Attributes:
        code: Code of the stream.
        period: What was replayed.
        differences: Figures of the chain that the replay without changes does not reproduce; none as it should be.
        moved: What moves by what was asked.
        asked: Whether anything was asked to be another.
    """

    code: str
    period: Period
    differences: Sequence[Moved]
    moved: Sequence[Moved]
    asked: bool


def report_of(code: str, period: Period, asked: Asked) -> Report:
    """Replays a period as it was, compares it with the chain, and replays it as asked.

    Raises:
        InputError: What is asked is not possible.
    """
    names = {} if period.settled is None else {p.address: p.symbol for p in period.settled.series}
    same = replay(period, Asked())
    changed = bool(asked.changes or asked.prices)
    return Report(
        code,
        period,
        moved(as_paid(period), same, names),
        moved(same, replay(period, asked), names) if changed else (),
        changed,
    )


def asked_of(
    values: Sequence[str], drops: Sequence[str], prices: Sequence[str], meters: Mapping[str, int]
) -> Asked:
    """What `--set METER/SEQ=VALUE`, `--drop METER/SEQ` and `--price ROW=PRICE` ask; meters by code or id.

    Raises:
        InputError: An option is malformed or names an unknown meter.
    """
    changes = [
        Change(*_reading(name, meters, "--set"), _number(value, "--set", each))
        for each in values
        for name, value in (_split(each, "--set", "METER/SEQ=VALUE"),)
    ]
    changes += [Change(*_reading(each, meters, "--drop"), None) for each in drops]
    rows = [_split(each, "--price", "ROW=MINOR UNITS") for each in prices]
    return Asked(changes, {row: _number(price, "--price", row) for row, price in rows})


def _split(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise _malformed(option, text, form)
    return name, value


def _reading(text: str, meters: Mapping[str, int], option: str) -> tuple[int, int]:
    found = _READING.fullmatch(text)
    if found is None:
        raise _malformed(option, text, "METER/SEQ, the number of the reading in its stream")
    name = found[1]
    if name not in meters and not _NUMBER.fullmatch(name):
        raise _malformed(option, text, "a meter's code in the community file, or its id")
    return meters[name] if name in meters else int(name), int(found[2])


def _number(text: str, option: str, shown: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise _malformed(option, shown, "a whole number: base units, or minor units of the price")
    return int(text)


def _malformed(option: str, value: str, rule: str) -> InputError:
    return InputError(
        "this cannot be replayed",
        field=option,
        value=value,
        rule=rule,
        remedy="write a reading like home-01/17=1200, a price like peak=540000",
    )


def document_of(report: Report) -> dict[str, Any]:
    """The report as a JSON object; figures as decimal text."""
    statement = report.period.statement
    return {
        "stream": statement.stream,
        "code": report.code,
        "period": statement.period,
        "version": statement.version,
        "settled": report.period.settled is not None,
        "reproduced": not report.differences,
        "compared": _counts(report.period),
        "differences": [_moved_object(each) for each in report.differences],
        "moved": [_moved_object(each) for each in report.moved],
    }


def lines_of(report: Report, currency: Currency) -> Iterator[str]:
    """The report for people."""
    statement = report.period.statement
    where = f"{report.code} period {statement.period} (version {statement.version})"
    counts = ", ".join(f"{count} {name}" for name, count in _counts(report.period).items())
    verdict = "reproduced to the unit" if not report.differences else "NOT reproduced"
    yield f"{where}: {verdict}; {counts}"
    for each in report.differences:
        yield f"  DIFFERENT {_shown(each, currency)}"
    if report.period.settled is None:
        yield "  the period is not settled: nothing below the statement was paid yet"
    if report.asked and not report.moved:
        yield "  nothing moves"
    for each in report.moved:
        yield f"  {_shown(each, currency)}"


def _counts(period: Period) -> dict[str, int]:
    series = () if period.settled is None else period.settled.series
    return {
        "readings": len(period.readings),
        "lines": len(period.lines),
        "steps": 0 if period.settled is None else len(period.settled.lines),
        "series": len(series),
        "payouts": sum(len(each.holders) for each in series),
    }


def _moved_object(each: Moved) -> dict[str, str]:
    return {
        "part": each.part,
        "name": each.name,
        "field": each.field,
        "was": str(each.was),
        "would_be": str(each.would_be),
        "by": str(each.would_be - each.was),
    }


def _shown(each: Moved, currency: Currency) -> str:
    name = " ".join(filter(None, (each.part, each.name, each.field)))
    was, would_be, by = each.was, each.would_be, each.would_be - each.was
    sign = "+" if by > 0 else "-"
    if each.field not in _MONEY:
        return f"{name}: {was} → {would_be} ({sign}{abs(by)})"
    money = [format_amount(amount, currency) for amount in (was, would_be, abs(by))]
    return f"{name}: {money[0]} → {money[1]} ({sign}{money[2]} {currency.code})"
