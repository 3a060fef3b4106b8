"""The replay itself: readings → lines → statement → waterfall → series → holders. Pure functions, integers only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from usufruct.core import waterfall
from usufruct.core.accrual import payout
from usufruct.core.encoding import MAX_QUANTITY
from usufruct.core.statements import StatementLine
from usufruct.core.waterfall import MAX_U64
from usufruct.errors import InputError
from usufruct.money import mul_div_down
from usufruct.replay.model import Asked, Change, Figures, Period, Reading, Settled


class Moved(NamedTuple):
    """A figure that is another one.

    Attributes:
        part: line, statement, step, series or payout.
        name: Which of them.
        field: Which figure of it.
        was: As it was.
        would_be: As it would be.
    """

    part: str
    name: str
    field: str
    was: int
    would_be: int


def as_paid(period: Period) -> Figures:
    """The period's money as the chain has it."""
    statement, settled = period.statement, period.settled
    figures = Figures(
        lines={line.row: (line.quantity, line.amount) for line in period.lines},
        gross=statement.gross,
        adjustments=statement.adjustments,
        distributable=statement.gross + statement.adjustments,
    )
    if settled is None:
        return figures
    return replace(
        figures,
        required=settled.required,
        receipts=settled.start.receipts,
        steps=settled.lines,
        multiplier_bp=settled.multiplier_bp,
        breached=settled.breached,
        series={each.address: each.amount for each in settled.series},
        payouts={
            (each.address, holder.wallet): holder.amount
            for each in settled.series
            for holder in each.holders
        },
    )


def replay(period: Period, asked: Asked) -> Figures:
    """The period's money recomputed from its readings, with what is asked to be another.

    Adjustments stay what they are: they correct other periods, or say what other values would only repeat. A period
    that was paid in full is paid in full; of one that was not, as much is paid as was, but no more than is required.
    A statement is paid no less than nothing.

    Raises:
        InputError: There is no such reading or price row, the value is not a quantity, or the reading is hidden.
    """
    lines = _lines(period, asked)
    gross = sum(line.amount for line in lines)
    statement = period.statement
    figures = Figures(
        lines={line.row: (line.quantity, line.amount) for line in lines},
        gross=gross,
        adjustments=statement.adjustments,
        distributable=max(gross + statement.adjustments, 0),
    )
    return figures if period.settled is None else _settle(period.settled, figures)


def moved(was: Figures, would_be: Figures, names: Mapping[str, str]) -> list[Moved]:
    """Exactly what differs, from the lines down to the holders; `names` are those of the series by address."""
    found = [*_moved_lines(was, would_be), *_moved_totals(was, would_be)]
    for place, (one, other) in enumerate(zip(was.steps, would_be.steps, strict=True), 1):
        for field in ("due", "paid", "released", "balance"):
            pair = getattr(one, field), getattr(other, field)
            found.append(Moved("step", str(place), field, *pair))
    for address in sorted({*was.series, *would_be.series}):
        pair = was.series.get(address, 0), would_be.series.get(address, 0)
        found.append(Moved("series", names.get(address, address), "distribution", *pair))
    for key in sorted({*was.payouts, *would_be.payouts}):
        pair = was.payouts.get(key, 0), would_be.payouts.get(key, 0)
        found.append(Moved("payout", f"{names.get(key[0], key[0])} {key[1]}", "amount", *pair))
    return [each for each in found if each.was != each.would_be]


def _moved_lines(was: Figures, would_be: Figures) -> Iterator[Moved]:
    for row, (quantity, amount) in was.lines.items():
        yield Moved("line", row, "quantity", quantity, would_be.lines[row][0])
        yield Moved("line", row, "amount", amount, would_be.lines[row][1])


def _moved_totals(was: Figures, would_be: Figures) -> Iterator[Moved]:
    for field in ("gross", "distributable", "required", "receipts", "multiplier_bp", "breached"):
        part = "statement" if field in {"gross", "distributable"} else "settlement"
        yield Moved(part, "", field, getattr(was, field), getattr(would_be, field))


# --- Readings to lines ---


def _lines(period: Period, asked: Asked) -> list[StatementLine]:
    unknown = set(asked.prices) - {line.row for line in period.lines}
    if unknown:
        raise InputError(
            "no such price row",
            field="--price",
            value=", ".join(sorted(unknown)),
            rule="one of " + ", ".join(line.row for line in period.lines),
            remedy="name a row of the period's tariff",
        )
    quantities = _quantities(period)
    by_seq = {each.seq: each for each in period.readings}
    done: set[int] = set()
    for change in asked.changes:
        if change.seq in done:
            raise _refused(change, "each reading is changed once")
        done.add(change.seq)
        reading = _find(by_seq, change)
        quantities[reading.row] += (change.value or 0) - (reading.quantity or 0)
    return [_priced(line, quantities[at], asked) for at, line in enumerate(period.lines)]


def _quantities(period: Period) -> list[int]:
    """Sums by row: of the readings where they are known, else of the statement."""
    if any(each.quantity is None for each in period.readings):
        return [line.quantity for line in period.lines]
    sums = [0] * len(period.lines)
    for each in period.readings:
        sums[each.row] += each.quantity or 0
    return sums


def _find(by_seq: Mapping[int, Reading], change: Change) -> Reading:
    reading = by_seq.get(change.seq)
    if reading is None or reading.meter != change.meter:
        whose = "" if reading is None else f"; reading {change.seq} is of meter {reading.meter}"
        raise _refused(change, f"an anchored reading of that meter in the period{whose}")
    if change.value is not None and not 0 <= change.value <= MAX_QUANTITY:
        raise _refused(change, f"a value from 0 to {MAX_QUANTITY} base units")
    if reading.quantity is None:
        raise InputError(
            "the reading is committed: its value is not known here",
            field="--set",
            value=f"{change.meter}/{change.seq}",
            rule="values of personal streams are known to workers alone",
            remedy="use usufruct-oracle replay with a worker's journal and the privacy secret",
        )
    return reading


def _refused(change: Change, rule: str) -> InputError:
    return InputError(
        "this reading cannot be changed",
        field="--set",
        value=f"{change.meter}/{change.seq}",
        rule=rule,
        remedy="name meter and number as they stand in the anchored leaf",
    )


def _priced(line: StatementLine, quantity: int, asked: Asked) -> StatementLine:
    price = asked.prices.get(line.row, line.price)
    amount = mul_div_down(quantity, price, line.per)
    return replace(line, quantity=quantity, price=price, amount=amount)


# --- Lines to payouts ---


def _settle(settled: Settled, figures: Figures) -> Figures:
    required = min(figures.distributable + settled.brought, MAX_U64)
    in_full = settled.start.receipts == settled.required
    receipts = required if in_full else min(settled.start.receipts, required)
    result = waterfall.run(settled.rules, replace(settled.start, receipts=receipts))
    paid = waterfall.payments(settled.rules, result)
    series = {each.address: paid.get(each.address, 0) for each in settled.series}
    return replace(
        figures,
        required=required,
        receipts=receipts,
        steps=result.lines,
        multiplier_bp=result.multiplier_bp,
        breached=result.breached,
        series=series,
        payouts={
            (each.address, holder.wallet): payout(
                holder.before, holder.units, series[each.address], each.supply
            )
            for each in settled.series
            for holder in each.holders
        },
    )
