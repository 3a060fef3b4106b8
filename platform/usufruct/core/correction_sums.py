"""What corrections come to (protocol §7b): making a document out of opened corrections, and checking one.

What a correction changes in money is a function of sums alone: with Q the quantity that the corrected period's
statement gives a price row, B what earlier documents changed in that row and C what this one changes, the row's amount
is ⌊(Q+B+C)·price/per⌋ − ⌊(Q+B)·price/per⌋. Such amounts telescope: what was stated and all adjustments add up, to the
unit, to what the corrected readings are worth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from usufruct.core.commitments import N, add_commitments, commit
from usufruct.core.corrections import (
    CorrectedPeriod,
    CorrectedRow,
    Corrections,
    Revision,
    broken,
    order_of,
    require_equal,
)
from usufruct.core.encoding import ReadingLeaf, hex0x
from usufruct.core.statements import StatementLine
from usufruct.core.tariffs import Tariff
from usufruct.errors import EvidenceError
from usufruct.money import mul_div_down

_OPEN = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """A correction as a worker knows it: with what it changes.

    Attributes:
        revision: What is published.
        change: New less old quantity, base units.
        blinding: New less old blinding modulo N, None in open streams.
    """

    revision: Revision
    change: int
    blinding: int | None


@dataclass(frozen=True, slots=True)
class Base:
    """What corrections of a period start from.

    Attributes:
        period: Its number.
        tariff: Its tariff.
        lines: Lines of its statement.
        earlier: Documents of other statements that corrected it before, in the order of their periods.
    """

    period: int
    tariff: Tariff
    lines: Sequence[StatementLine]
    earlier: Sequence[Corrections] = ()

    def before(self, row: str) -> int:
        """Sum of the earlier documents' changes in a price row, base units."""
        return sum(
            each.change
            for document in self.earlier
            for period in document.periods
            if period.period == self.period
            for each in period.rows
            if each.row == row
        )


def price_change(line: StatementLine, before: int, change: int) -> int:
    """What `change` base units more or less are worth in a row, minor units.

    Raises:
        EvidenceError: More is taken away than the row has.
    """
    start = line.quantity + before
    if start < 0 or start + change < 0:
        raise EvidenceError(
            "a correction takes away more than was measured",
            field=f"rows.{line.row}",
            value=change,
            rule=f"at most the {start} base units that the row has",
            remedy="compare the corrected readings with the anchored ones",
        )
    return mul_div_down(start + change, line.price, line.per) - mul_div_down(
        start, line.price, line.per
    )


def build_corrections(
    *,
    stream: int,
    period: int,
    version: int,
    gross: int,
    carried: int,
    found: Iterable[tuple[Base, Sequence[Opened]]],
) -> Corrections | None:
    """The document of a statement, None if there is nothing to correct or to carry.

    Args:
        stream: Stream number.
        period: Period of the statement.
        version: Its version.
        gross: Its gross amount, minor units.
        carried: What other statements owe, see `carried_from`.
        found: Corrections by corrected period, in any order.

    Raises:
        EvidenceError: A row would fall below 0.
    """
    periods = tuple(
        _corrected(base, opened)
        for base, opened in sorted(found, key=lambda pair: pair[0].period)
        if opened
    )
    if not periods and not carried:
        return None
    total = sum(row.amount for each in periods for row in each.rows)
    return Corrections(
        stream, period, version, carried, total, max(total + carried, -gross), periods
    )


def carried_from(documents: Iterable[Corrections]) -> int:
    """What is still to be adjusted after those statements: their totals less their adjustments, minor units."""
    return sum(each.owed for each in documents)


def check_corrections(
    document: Corrections, gross: int, bases: Mapping[int, Base], *, committed: bool
) -> None:
    """Recomputes a document from what it rests on.

    Args:
        document: The document.
        gross: Gross amount of its statement, minor units.
        bases: What the corrections of each of its periods start from.
        committed: Whether the stream's quantities are commitments.

    Raises:
        EvidenceError: A number in it does not follow.
        InputError: A leaf is malformed, or its price row is not in the tariff.
    """
    same = max(document.total + document.carried, -gross)
    require_equal("adjustment", same, document.adjustment)
    for each in document.periods:
        base = bases[each.period]
        require_equal("tariff", base.tariff.hash(), each.tariff)
        require_equal("earlier", tuple(known.hash() for known in base.earlier), each.earlier)
        by_row = _by_row(base.tariff, each.readings)
        require_equal(
            "rows", [base.tariff.rows[at].id for at in sorted(by_row)], [r.row for r in each.rows]
        )
        for row, index in zip(each.rows, sorted(by_row), strict=True):
            line = base.lines[index]
            before = base.before(row.row)
            require_equal(f"rows.{row.row}.stated", line.quantity, row.stated)
            require_equal(f"rows.{row.row}.before", before, row.before)
            amount = price_change(line, before, row.change)
            require_equal(f"rows.{row.row}.amount", amount, row.amount)
            _check_sums(row, by_row[index], committed=committed)


def is_successor(old: ReadingLeaf, new: ReadingLeaf) -> bool:
    """Whether `new` is the next revision of the very reading `old`."""
    return new == replace(
        old, quantity=new.quantity, quality=new.quality, record=new.record, rev=old.rev + 1
    )


def _corrected(base: Base, opened: Sequence[Opened]) -> CorrectedPeriod:
    by_row: dict[int, list[Opened]] = {}
    for each in opened:
        by_row.setdefault(_row_of(base.tariff, each.revision), []).append(each)
    return CorrectedPeriod(
        period=base.period,
        tariff=base.tariff.hash(),
        earlier=tuple(each.hash() for each in base.earlier),
        rows=tuple(_row_sum(base, index, by_row[index]) for index in sorted(by_row)),
        readings=tuple(sorted((each.revision for each in opened), key=order_of)),
    )


def _row_sum(base: Base, index: int, opened: Sequence[Opened]) -> CorrectedRow:
    line = base.lines[index]
    before, change = base.before(line.row), sum(each.change for each in opened)
    hidden = [each.blinding for each in opened if each.blinding is not None]
    return CorrectedRow(
        row=line.row,
        stated=line.quantity,
        before=before,
        change=change,
        blinding=sum(hidden) % N if hidden else None,
        amount=price_change(line, before, change),
    )


def _by_row(
    tariff: Tariff, revisions: Iterable[Revision]
) -> dict[int, list[tuple[ReadingLeaf, ReadingLeaf]]]:
    found: dict[int, list[tuple[ReadingLeaf, ReadingLeaf]]] = {}
    for each in revisions:
        pair = ReadingLeaf.decode(each.old), ReadingLeaf.decode(each.new)
        if not is_successor(*pair):
            raise broken("readings", hex0x(each.new), "the next revision of the reading before it")
        found.setdefault(_row_of(tariff, each), []).append(pair)
    return found


def _row_of(tariff: Tariff, revision: Revision) -> int:
    leaf = ReadingLeaf.decode(revision.old)
    return tariff.row_index_at(leaf.end - leaf.duration)


def _check_sums(
    row: CorrectedRow, pairs: Sequence[tuple[ReadingLeaf, ReadingLeaf]], *, committed: bool
) -> None:
    """The row's change is the sum of the new quantities less that of the old ones."""
    name = f"rows.{row.row}.change"
    old, new = [pair[0].quantity for pair in pairs], [pair[1].quantity for pair in pairs]
    if not committed:
        if row.blinding is not None or any(field[0] != _OPEN for field in (*old, *new)):
            raise broken(name, "a commitment", "open quantities")
        require_equal(name, sum(map(_open, new)) - sum(map(_open, old)), row.change)
        return
    if row.blinding is None:
        raise broken(name, "no blinding", "a blinding in committed streams")
    difference = commit(row.change % N, row.blinding)
    require_equal(name, add_commitments(new), add_commitments([*old, difference]))


def _open(field: bytes) -> int:
    return int.from_bytes(field[1:])
