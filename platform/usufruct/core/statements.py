"""Period statements (protocol §7): lines by price row, gross, coverage, KPI vector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from usufruct.core.commitments import N, commit
from usufruct.core.documents import digits, keyed, natural, text
from usufruct.core.encoding import ZERO_HASH, hex0x, open_quantity, unhex
from usufruct.core.manifests import Manifest, ManifestLine
from usufruct.core.merkle import tree_root
from usufruct.core.tariffs import Tariff
from usufruct.core.typed_data import Statement
from usufruct.errors import EvidenceError, InputError
from usufruct.money import BASIS, mul_div_down

KPIS = 16
"""Places of the KPI vector."""
MISSING = 0xFFFF
"""A KPI without value."""
COVERAGE_KPI = 0
"""Place of the coverage in the KPI vector."""

_PREFIX = b"\x00"
_DOCUMENT = frozenset(("index", "row", "price", "per", "quantity", "amount", "blinding", "count"))


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One price row of a statement.

    Attributes:
        row_index: Place of the row in the tariff.
        row: Its id.
        price: Minor units for `per` base units.
        per: Base units.
        quantity: Sum of the readings, base units.
        amount: ⌊quantity·price/per⌋, minor units.
        blinding: Sum of the readings' blindings, None for an open quantity.
        count: Number of readings.
    """

    row_index: int
    row: str
    price: int
    per: int
    quantity: int
    amount: int
    blinding: int | None
    count: int

    def leaf(self) -> bytes:
        """The 92 bytes that are hashed.

        Raises:
            InputError: A number does not fit its width.
        """
        try:
            return b"".join(
                (
                    _PREFIX,
                    self.row_index.to_bytes(2, "big"),
                    self.price.to_bytes(16, "big"),
                    self.per.to_bytes(8, "big"),
                    self.quantity.to_bytes(16, "big"),
                    self.amount.to_bytes(16, "big"),
                    self.quantity_field(),
                )
            )
        except OverflowError as error:
            raise InputError(
                "a number does not fit the statement line",
                field=f"lines.{self.row}",
                value=self,
                rule="protocol §7: every field is an unsigned integer of its width",
                remedy="check price and quantity",
            ) from error

    def quantity_field(self) -> bytes:
        """The commitment to the quantity, or the open quantity (33 bytes)."""
        if self.blinding is None:
            return open_quantity(self.quantity)
        return commit(self.quantity, self.blinding)


def line_document(line: StatementLine) -> dict[str, Any]:
    """A line as workers hand it over and the ledger stores it: amounts and quantities as text."""
    blinding = None if line.blinding is None else hex0x(line.blinding.to_bytes(32))
    return {
        "index": line.row_index,
        "row": line.row,
        "price": str(line.price),
        "per": str(line.per),
        "quantity": str(line.quantity),
        "amount": str(line.amount),
        "blinding": blinding,
        "count": line.count,
    }


def line_of(document: object) -> StatementLine:
    """The line of a document that `line_document` makes.

    Raises:
        InputError: It is not such a document.
    """
    given = keyed(document, _DOCUMENT, "line")
    blinding = given["blinding"]
    return StatementLine(
        row_index=natural(given["index"], "line.index"),
        row=text(given["row"], "line.row"),
        price=digits(given["price"], "line.price"),
        per=digits(given["per"], "line.per"),
        quantity=digits(given["quantity"], "line.quantity"),
        amount=digits(given["amount"], "line.amount"),
        blinding=None if blinding is None else int.from_bytes(unhex(blinding, 32)),
        count=natural(given["count"], "line.count"),
    )


def lines_from_manifests(
    tariff: Tariff, manifests: Sequence[Manifest], *, committed: bool
) -> list[StatementLine]:
    """One line for each row of the tariff, in its order.

    Args:
        tariff: The tariff in force in the period.
        manifests: Manifests of the period's batches.
        committed: Whether the stream's quantities are commitments.

    Raises:
        InputError: A manifest names a row the tariff has not.
        EvidenceError: A blinding is missing in a committed stream, or given in an open one.
    """
    by_row: list[list[ManifestLine]] = [[] for _ in tariff.rows]
    for manifest in manifests:
        for line in manifest.lines:
            _require_blinding(manifest, line, committed=committed)
            by_row[tariff.row_index(line.row)].append(line)
    return [
        _statement_line(tariff, index, parts, committed=committed)
        for index, parts in enumerate(by_row)
    ]


def lines_root(lines: Sequence[StatementLine]) -> bytes:
    """Root over the line leaves."""
    return tree_root([line.leaf() for line in lines])


def gross(lines: Sequence[StatementLine]) -> int:
    """Sum of the amounts, minor units."""
    return sum(line.amount for line in lines)


def coverage_bp(manifests: Sequence[Manifest]) -> int:
    """Covered share of what was expected, rounded down; 10 000 when nothing was."""
    expected = sum(each.expected for each in manifests)
    covered = sum(each.covered for each in manifests)
    return mul_div_down(covered, BASIS, expected) if expected else BASIS


def estimated_bp(manifests: Sequence[Manifest]) -> int:
    """Estimated share of the quantity, rounded up; 0 for no quantity."""
    quantity = sum(each.quantity for each in manifests)
    estimated = sum(each.estimated for each in manifests)
    return -(-BASIS * estimated // quantity) if quantity else 0


def kpi_vector(values: Mapping[int, int]) -> bytes:
    """Sixteen big-endian uint16 in basis points; places without a value are missing.

    Raises:
        InputError: A place outside 0–15 or a value outside 0–65534.
    """
    for place, value in values.items():
        if not (0 <= place < KPIS and 0 <= value < MISSING):
            raise InputError(
                "not a KPI",
                field=f"kpis[{place}]",
                value=value,
                rule="place 0 to 15, value 0 to 65534 basis points",
                remedy="give values in basis points",
            )
    return b"".join(values.get(place, MISSING).to_bytes(2, "big") for place in range(KPIS))


def kpi_values(vector: bytes) -> list[int | None]:
    """The values of a KPI vector, None where missing."""
    numbers = (int.from_bytes(vector[at : at + 2], "big") for at in range(0, 2 * KPIS, 2))
    return [None if number == MISSING else number for number in numbers]


def build_statement(
    *,
    stream: int,
    period: int,
    version: int,
    bounds: tuple[int, int],
    heads: tuple[bytes, bytes],
    tariff: Tariff,
    lines: Sequence[StatementLine],
    manifests: Sequence[Manifest],
    adjustments: int = 0,
    kpis: Mapping[int, int] | None = None,
    documents: bytes = ZERO_HASH,
) -> Statement:
    """The statement of a period.

    Args:
        stream: Stream number.
        period: Period number, from 1.
        version: Version, from 1.
        bounds: Start and end of the period (unix seconds).
        heads: Anchored heads at both.
        tariff: The tariff in force.
        lines: From `lines_from_manifests`.
        manifests: Manifests of the period's batches.
        adjustments: Signed correction of earlier periods, minor units.
        kpis: Values beside coverage, which has place 0.
        documents: Hash of further documents.

    Raises:
        InputError: A KPI out of range.
    """
    coverage = coverage_bp(manifests)
    return Statement(
        stream=stream,
        period=period,
        version=version,
        from_=bounds[0],
        to=bounds[1],
        first_head=heads[0],
        last_head=heads[1],
        lines_root=lines_root(lines),
        gross=gross(lines),
        adjustments=adjustments,
        tariff_hash=tariff.hash(),
        coverage_bp=coverage,
        estimated_bp=estimated_bp(manifests),
        kpis=kpi_vector({**(kpis or {}), COVERAGE_KPI: coverage}),
        documents=documents,
    )


def _statement_line(
    tariff: Tariff, index: int, parts: Sequence[ManifestLine], *, committed: bool
) -> StatementLine:
    row = tariff.rows[index]
    quantity = sum(part.quantity for part in parts)
    blinding = sum(part.blinding or 0 for part in parts) % N if committed and parts else None
    return StatementLine(
        row_index=index,
        row=row.id,
        price=row.price,
        per=row.per,
        quantity=quantity,
        amount=mul_div_down(quantity, row.price, row.per),
        blinding=blinding,
        count=sum(part.count for part in parts),
    )


def _require_blinding(manifest: Manifest, line: ManifestLine, *, committed: bool) -> None:
    if (line.blinding is not None) != committed:
        raise EvidenceError(
            "the manifest does not fit the stream's privacy",
            field=f"batch {manifest.seq}, row {line.row}",
            value="no blinding" if line.blinding is None else "a blinding",
            rule="blindings in committed streams, none in open ones",
            remedy="get the manifest from another worker",
        )
