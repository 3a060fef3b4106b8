"""Corrections of anchored readings (protocol §7b): the document behind a statement's adjustments.

Batches never change. A correction is a further revision of a reading: its leaf with another quantity, quality and
record, and `rev` one higher. What it changes in money is a function of sums alone: with Q the quantity that the
corrected period's statement gives a price row, B what earlier documents changed in that row and C what this one
changes, the row's amount is ⌊(Q+B+C)·price/per⌋ − ⌊(Q+B)·price/per⌋. Such amounts telescope: what was stated and all
adjustments add up, to the unit, to what the corrected readings are worth.

A document names every reading twice, as it counted and as it counts now, but quantities only by row: in committed
streams the leaves hold commitments, and the row's sum of changes opens their difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from usufruct.core.commitments import N, add_commitments, commit
from usufruct.core.documents import integer, items, keyed, natural, signed_digits, text, wrong
from usufruct.core.encoding import LEAF_LENGTH, ReadingLeaf, canonical_json, hex0x, load_json, unhex
from usufruct.core.keccak import DIGEST, keccak256
from usufruct.core.statements import StatementLine
from usufruct.core.tariffs import Tariff
from usufruct.errors import EvidenceError, InputError
from usufruct.money import mul_div_down

VERSION = 1
"""Version of the document."""
MAX_REV = 255
"""Largest revision of a reading."""

_REASON = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
_TOP = {"v", "stream", "period", "version", "carried", "total", "adjustment", "periods"}
_PERIOD = {"period", "tariff", "earlier", "rows", "readings"}
_ROW = {"row", "stated", "before", "change", "blinding", "amount"}
_READING = {"old", "new", "reason"}
_OPEN = 0


@dataclass(frozen=True, slots=True)
class Revision:
    """One correction: a reading as it counted, and as it counts now.

    Attributes:
        old: Leaf of the superseded revision (102 bytes): the anchored one, or that of the correction before.
        new: The same with other quantity, quality and record, and `rev` one higher.
        reason: Why, a word of a to z, digits and hyphens.
    """

    old: bytes
    new: bytes
    reason: str


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
class CorrectedRow:
    """What the corrections change in one price row of a period.

    Attributes:
        row: Id of the price row.
        stated: Its quantity in the period's statement, base units.
        before: Sum of the changes of earlier documents.
        change: Sum of those of this document.
        blinding: Sum of their blindings modulo N, None in open streams.
        amount: What that changes in money, minor units.
    """

    row: str
    stated: int
    before: int
    change: int
    blinding: int | None
    amount: int


@dataclass(frozen=True, slots=True)
class CorrectedPeriod:
    """The corrections of one period's readings.

    Attributes:
        period: Its number.
        tariff: Hash of its tariff, by which they are priced.
        earlier: Hashes of the documents of other statements that corrected it before, in the order of their periods.
        rows: The rows they touch, in the tariff's order.
        readings: The corrections, by number and revision of the reading.
    """

    period: int
    tariff: bytes
    earlier: tuple[bytes, ...]
    rows: tuple[CorrectedRow, ...]
    readings: tuple[Revision, ...]


@dataclass(frozen=True, slots=True)
class Corrections:
    """A corrections document; its hash stands in the statement's `documents`.

    Attributes:
        stream: Stream number.
        period: Period of the statement that it belongs to.
        version: Version of that statement.
        carried: What other statements owe: their totals less their adjustments, minor units, at most 0 as a rule.
        total: Sum of the rows' amounts.
        adjustment: What the statement adjusts: total + carried, but no more below 0 than its gross.
        periods: Corrected periods in ascending order.
    """

    stream: int
    period: int
    version: int
    carried: int
    total: int
    adjustment: int
    periods: tuple[CorrectedPeriod, ...]

    @property
    def owed(self) -> int:
        """What is left for later statements to adjust, minor units: never more than 0 by this document."""
        return self.total - self.adjustment

    def revisions(self) -> Iterator[Revision]:
        """All corrections, in order."""
        for each in self.periods:
            yield from each.readings

    def canonical(self) -> bytes:
        """The canonical JSON that is hashed."""
        return canonical_json(
            {
                "v": VERSION,
                "stream": self.stream,
                "period": self.period,
                "version": self.version,
                "carried": str(self.carried),
                "total": str(self.total),
                "adjustment": str(self.adjustment),
                "periods": [_period_object(each) for each in self.periods],
            }
        )

    def hash(self) -> bytes:
        """keccak256 of the canonical JSON: `documents` of the statement."""
        return keccak256(self.canonical())

    @classmethod
    def from_json(cls, data: bytes) -> Corrections:
        """The document in `data`.

        Raises:
            InputError: Not such a document.
            EvidenceError: Its parts do not add up.
        """
        top = keyed(load_json(data), _TOP, "corrections")
        if integer(top["v"], "corrections.v") != VERSION:
            raise wrong("corrections.v", top["v"], f"the version is {VERSION}")
        found = cls(
            stream=natural(top["stream"], "stream"),
            period=natural(top["period"], "period"),
            version=natural(top["version"], "version"),
            carried=signed_digits(top["carried"], "carried"),
            total=signed_digits(top["total"], "total"),
            adjustment=signed_digits(top["adjustment"], "adjustment"),
            periods=tuple(_period(each) for each in items(top["periods"], "periods")),
        )
        numbers = [each.period for each in found.periods]
        if numbers != sorted(set(numbers)) or any(each > found.period for each in numbers):
            raise wrong("periods", numbers, f"ascending, none after {found.period}")
        _same("total", sum(r.amount for p in found.periods for r in p.rows), found.total)
        return found


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
    _same("adjustment", same, document.adjustment)
    for each in document.periods:
        base = bases[each.period]
        _same("tariff", base.tariff.hash(), each.tariff)
        _same("earlier", tuple(known.hash() for known in base.earlier), each.earlier)
        by_row = _by_row(base.tariff, each.readings)
        _same(
            "rows", [base.tariff.rows[at].id for at in sorted(by_row)], [r.row for r in each.rows]
        )
        for row, index in zip(each.rows, sorted(by_row), strict=True):
            line = base.lines[index]
            before = base.before(row.row)
            _same(f"rows.{row.row}.stated", line.quantity, row.stated)
            _same(f"rows.{row.row}.before", before, row.before)
            amount = price_change(line, before, row.change)
            _same(f"rows.{row.row}.amount", amount, row.amount)
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
        readings=tuple(sorted((each.revision for each in opened), key=_order)),
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
            raise _broken("readings", hex0x(each.new), "the next revision of the reading before it")
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
            raise _broken(name, "a commitment", "open quantities")
        _same(name, sum(map(_open, new)) - sum(map(_open, old)), row.change)
        return
    if row.blinding is None:
        raise _broken(name, "no blinding", "a blinding in committed streams")
    difference = commit(row.change % N, row.blinding)
    _same(name, add_commitments(new), add_commitments([*old, difference]))


def _open(field: bytes) -> int:
    return int.from_bytes(field[1:])


def _order(revision: Revision) -> tuple[int, int]:
    leaf = ReadingLeaf.decode(revision.new)
    return leaf.seq, leaf.rev


def _period_object(each: CorrectedPeriod) -> dict[str, object]:
    return {
        "period": each.period,
        "tariff": hex0x(each.tariff),
        "earlier": [hex0x(known) for known in each.earlier],
        "rows": [
            {
                "row": row.row,
                "stated": str(row.stated),
                "before": str(row.before),
                "change": str(row.change),
                "blinding": None if row.blinding is None else hex0x(row.blinding.to_bytes(DIGEST)),
                "amount": str(row.amount),
            }
            for row in each.rows
        ],
        "readings": [
            {"old": hex0x(one.old), "new": hex0x(one.new), "reason": one.reason}
            for one in each.readings
        ],
    }


def _period(value: object) -> CorrectedPeriod:
    given = keyed(value, _PERIOD, "periods")
    readings = tuple(_revision(each) for each in items(given["readings"], "readings"))
    if not readings or list(readings) != sorted(readings, key=_order):
        raise wrong("readings", len(readings), "one or more, by number and revision")
    return CorrectedPeriod(
        period=natural(given["period"], "periods.period"),
        tariff=unhex(text(given["tariff"], "tariff"), DIGEST),
        earlier=tuple(
            unhex(text(each, "earlier"), DIGEST) for each in items(given["earlier"], "earlier")
        ),
        rows=tuple(_row(each) for each in items(given["rows"], "rows")),
        readings=readings,
    )


def _row(value: object) -> CorrectedRow:
    given = keyed(value, _ROW, "rows")
    hidden = given["blinding"]
    return CorrectedRow(
        row=text(given["row"], "rows.row"),
        stated=signed_digits(given["stated"], "rows.stated"),
        before=signed_digits(given["before"], "rows.before"),
        change=signed_digits(given["change"], "rows.change"),
        blinding=None
        if hidden is None
        else int.from_bytes(unhex(text(hidden, "rows.blinding"), DIGEST)),
        amount=signed_digits(given["amount"], "rows.amount"),
    )


def _revision(value: object) -> Revision:
    given = keyed(value, _READING, "readings")
    return Revision(
        old=unhex(text(given["old"], "readings.old"), LEAF_LENGTH),
        new=unhex(text(given["new"], "readings.new"), LEAF_LENGTH),
        reason=reason_of(given["reason"]),
    )


def reason_of(value: object) -> str:
    """The reason for a correction.

    Raises:
        InputError: Not a word of a to z, digits and hyphens with at most 40 characters.
    """
    if isinstance(value, str) and _REASON.fullmatch(value):
        return value
    raise InputError(
        "not a reason for a correction",
        field="reason",
        value=value,
        rule="a word of a to z, digits and hyphens, at most 40 characters, that begins with a letter",
        remedy="write one such as meter-replaced, late-validation or proven-fault",
    )


def _same(name: str, expected: object, found: object) -> None:
    if expected != found:
        raise _broken(name, found, expected)


def _broken(name: str, found: object, expected: object) -> EvidenceError:
    return EvidenceError(
        "the corrections do not add up",
        field=f"corrections.{name}",
        value=_shown(found),
        rule=f"must be {_shown(expected)}",
        remedy="do not rely on this document; ask for it again and compare",
    )


def _shown(value: object) -> str:
    return hex0x(value) if isinstance(value, bytes) else str(value)
