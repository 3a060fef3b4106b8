"""A household's receipt: its own readings opened, and what they earned, proved to it alone (protocol §3b)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from usufruct.core.commitments import N, commit
from usufruct.core.documents import digits, integer, items, keyed, natural, text, wrong
from usufruct.core.encoding import canonical_json, hex0x, load_json, open_quantity, unhex
from usufruct.core.leaf_proofs import AnchoredLeaves
from usufruct.core.tariffs import Tariff
from usufruct.core.typed_data import Statement
from usufruct.core.typed_documents import statement_from, statement_to
from usufruct.money import mul_div_down

__all__ = ["Opening", "Receipt", "ReceiptRow", "rows_of"]

KIND: Final = "usufruct/receipt"
"""`kind` of the file."""
VERSION: Final = 1
"""Version of the file."""

_KEYS: Final = {
    *(
        "v",
        "kind",
        "chainId",
        "anchor",
        "book",
        "meter",
        "statement",
        "tariff",
        "batches",
        "leaves",
    ),
    *("openings", "rows"),
}
_OPENING: Final = {"quantity", "blinding"}
_ROW: Final = {"row", "count", "quantity", "amount"}


@dataclass(frozen=True, slots=True)
class Opening:
    """What a leaf's quantity field hides: the quantity, and its blinding, None in open streams."""

    quantity: int
    blinding: int | None

    def field(self) -> bytes:
        """The quantity field that it opens (33 bytes)."""
        if self.blinding is None:
            return open_quantity(self.quantity)
        return commit(self.quantity, self.blinding)


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """What the household's readings of one price row come to.

    Attributes:
        row: Id of the price row.
        count: Number of its readings.
        quantity: Their sum, base units.
        amount: ⌊quantity·price/per⌋, minor units. Shares of a line are rounded each on its own: those of all
            households add up to at most the line, and to less by under one unit for each household.
    """

    row: str
    count: int
    quantity: int
    amount: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """The readings of one meter in one period.

    Attributes:
        anchored: Their leaves; `anchored.anchor` is the TelemetryAnchor.
        book: StatementBook.
        meter: Number of the meter.
        statement: The period's statement.
        tariff: Its tariff.
        openings: One for each leaf.
        rows: What they come to, in the tariff's order, rows without readings left out.
    """

    anchored: AnchoredLeaves
    book: str
    meter: int
    statement: Statement
    tariff: Tariff
    openings: Sequence[Opening] = field(repr=False)
    rows: Sequence[ReceiptRow] = field(repr=False)

    def written(self) -> bytes:
        """The file. It is for the household alone."""
        return canonical_json(
            self.anchored.documents()
            | {
                "v": VERSION,
                "kind": KIND,
                "book": self.book,
                "meter": self.meter,
                "statement": statement_to(self.statement),
                "tariff": load_json(self.tariff.canonical()),
                "openings": [_opening_document(each) for each in self.openings],
                "rows": [
                    {
                        "row": each.row,
                        "count": each.count,
                        "quantity": str(each.quantity),
                        "amount": str(each.amount),
                    }
                    for each in self.rows
                ],
            }
        )

    @classmethod
    def read(cls, data: bytes) -> Receipt:
        """The receipt in a file; InputError if it is none."""
        top = keyed(load_json(data), _KEYS, "receipt")
        if (top["kind"], integer(top["v"], "v")) != (KIND, VERSION):
            raise wrong("kind, v", f"{top['kind']}, {top['v']}", f"{KIND}, {VERSION}")
        return cls(
            anchored=AnchoredLeaves.read(top),
            book=text(top["book"], "book"),
            meter=natural(top["meter"], "meter"),
            statement=statement_from(top["statement"]),
            tariff=Tariff.from_json(canonical_json(top["tariff"])),
            openings=[_opening(each) for each in items(top["openings"], "openings")],
            rows=[_row(each) for each in items(top["rows"], "rows")],
        )


def rows_of(
    tariff: Tariff, anchored: AnchoredLeaves, openings: Sequence[Opening]
) -> list[ReceiptRow]:
    """What opened readings come to, by price row in the tariff's order."""
    by_row: dict[int, list[int]] = {}
    for each, opening in zip(anchored.leaves, openings, strict=True):
        start = each.reading.end - each.reading.duration
        by_row.setdefault(tariff.row_index_at(start), []).append(opening.quantity)
    found = []
    for index, row in enumerate(tariff.rows):
        if index in by_row:
            total = sum(by_row[index])
            amount = mul_div_down(total, row.price, row.per)
            found.append(ReceiptRow(row.id, len(by_row[index]), total, amount))
    return found


def _opening_document(each: Opening) -> dict[str, object]:
    blinding = None if each.blinding is None else hex0x(each.blinding.to_bytes(32, "big"))
    return {"quantity": str(each.quantity), "blinding": blinding}


def _opening(value: object) -> Opening:
    given = keyed(value, _OPENING, "openings")
    quantity = digits(given["quantity"], "openings.quantity")
    if given["blinding"] is None:
        return Opening(quantity, None)
    blinding = int.from_bytes(unhex(text(given["blinding"], "openings.blinding"), 32), "big")
    if blinding >= N or quantity >= N:
        raise wrong("openings", "(hidden)", "below the order of secp256k1")
    return Opening(quantity, blinding)


def _row(value: object) -> ReceiptRow:
    given = keyed(value, _ROW, "rows")
    return ReceiptRow(
        text(given["row"], "rows.row"),
        natural(given["count"], "rows.count"),
        digits(given["quantity"], "rows.quantity"),
        digits(given["amount"], "rows.amount"),
    )
