"""Corrections of anchored readings (protocol §7b): the document behind a statement's adjustments.

Batches never change. A correction is a further revision of a reading: its leaf with another quantity, quality and
record, and `rev` one higher. A document names every reading twice, as it counted and as it counts now, but quantities
only by row: in committed streams the leaves hold commitments, and the row's sum of changes opens their difference. What
its numbers are made of is told and checked in `correction_sums`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from usufruct.core.documents import integer, items, keyed, natural, signed_digits, text, wrong
from usufruct.core.encoding import LEAF_LENGTH, ReadingLeaf, canonical_json, hex0x, load_json, unhex
from usufruct.core.keccak import DIGEST, keccak256
from usufruct.errors import EvidenceError, InputError

VERSION = 1
"""Version of the document."""
MAX_REV = 255
"""Largest revision of a reading."""

_REASON = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
_TOP = {"v", "stream", "period", "version", "carried", "total", "adjustment", "periods"}
_PERIOD = {"period", "tariff", "earlier", "rows", "readings"}
_ROW = {"row", "stated", "before", "change", "blinding", "amount"}
_READING = {"old", "new", "reason"}


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
        require_equal("total", sum(r.amount for p in found.periods for r in p.rows), found.total)
        return found


def order_of(revision: Revision) -> tuple[int, int]:
    """Number and revision of the reading, by which a document sorts its corrections."""
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
    if not readings or list(readings) != sorted(readings, key=order_of):
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


def require_equal(name: str, expected: object, found: object) -> None:
    """Raises `broken` unless a number of the document is what it rests on."""
    if expected != found:
        raise broken(name, found, expected)


def broken(name: str, found: object, expected: object) -> EvidenceError:
    """The error that a document does not add up."""
    return EvidenceError(
        "the corrections do not add up",
        field=f"corrections.{name}",
        value=_shown(found),
        rule=f"must be {_shown(expected)}",
        remedy="do not rely on this document; ask for it again and compare",
    )


def _shown(value: object) -> str:
    return hex0x(value) if isinstance(value, bytes) else str(value)
