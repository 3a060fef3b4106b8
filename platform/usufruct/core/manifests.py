"""Batch manifests (protocol §5): what a batch adds to each price row, without any single reading."""

from dataclasses import dataclass

from usufruct.core.commitments import N
from usufruct.core.documents import digits, integer, items, keyed, natural, text, wrong
from usufruct.core.encoding import canonical_json, hex0x, load_json, unhex
from usufruct.core.keccak import DIGEST, keccak256
from usufruct.errors import EvidenceError

VERSION = 1
"""Version of the document."""

_KEYS = {
    "v",
    "stream",
    "seq",
    "from",
    "to",
    "first",
    "count",
    "root",
    "expected",
    "covered",
    "quantity",
    "estimated",
    "lines",
}
_LINE_KEYS = {"row", "count", "quantity", "blinding"}


@dataclass(frozen=True, slots=True)
class ManifestLine:
    """What the readings of one price row sum up to.

    Attributes:
        row: Id of the price row.
        count: Number of readings, 1 or more.
        quantity: Sum of their quantities, base units.
        blinding: Sum of their blindings modulo N, None in open streams.
    """

    row: str
    count: int
    quantity: int
    blinding: int | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of a batch; `content()` stands in the signed batch.

    Attributes:
        stream: Stream number.
        seq: Number of the batch.
        from_: Start of its window (unix seconds, inclusive).
        to: End of its window (exclusive).
        first: Number of its first reading.
        count: Number of readings.
        root: Root over the reading leaves.
        expected: Intervals (or meter-days of session streams) there should be.
        covered: Those that are there.
        quantity: Sum of all quantities, base units.
        estimated: The part of it with an estimated quality.
        lines: Sums by price row, in the tariff's order, rows without readings left out.

    Raises:
        EvidenceError: The lines do not sum up to the totals.
    """

    stream: int
    seq: int
    from_: int
    to: int
    first: int
    count: int
    root: bytes
    expected: int
    covered: int
    quantity: int
    estimated: int
    lines: tuple[ManifestLine, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", tuple(self.lines))
        _require("count", self.count, sum(line.count for line in self.lines))
        _require("quantity", self.quantity, sum(line.quantity for line in self.lines))
        if self.covered > self.expected or self.estimated > self.quantity:
            raise EvidenceError(
                "a part of the manifest is more than the whole",
                field="covered, estimated",
                value=f"{self.covered} of {self.expected}, {self.estimated} of {self.quantity}",
                rule="covered ≤ expected and estimated ≤ quantity",
                remedy="build the batch again from the journal",
            )

    def canonical(self) -> bytes:
        """The canonical JSON that is hashed."""
        return canonical_json(
            {
                "v": VERSION,
                "stream": self.stream,
                "seq": self.seq,
                "from": self.from_,
                "to": self.to,
                "first": self.first,
                "count": self.count,
                "root": hex0x(self.root),
                "expected": self.expected,
                "covered": self.covered,
                "quantity": str(self.quantity),
                "estimated": str(self.estimated),
                "lines": [_line_object(line) for line in self.lines],
            }
        )

    def content(self) -> bytes:
        """keccak256 of the canonical JSON: `content` of the batch."""
        return keccak256(self.canonical())

    @classmethod
    def from_json(cls, data: bytes) -> "Manifest":
        """The manifest of a JSON document of protocol §5.

        Raises:
            InputError: Not such a document.
            EvidenceError: The lines do not sum up to the totals.
        """
        top = keyed(load_json(data), _KEYS, "manifest")
        if integer(top["v"], "manifest.v") != VERSION:
            raise wrong("manifest.v", top["v"], f"the version is {VERSION}")
        return cls(
            stream=natural(top["stream"], "stream"),
            seq=natural(top["seq"], "seq"),
            from_=natural(top["from"], "from"),
            to=natural(top["to"], "to"),
            first=natural(top["first"], "first"),
            count=natural(top["count"], "count"),
            root=unhex(text(top["root"], "root"), DIGEST),
            expected=natural(top["expected"], "expected"),
            covered=natural(top["covered"], "covered"),
            quantity=digits(top["quantity"], "quantity"),
            estimated=digits(top["estimated"], "estimated"),
            lines=tuple(_line(each) for each in items(top["lines"], "lines")),
        )


def _line_object(line: ManifestLine) -> dict[str, object]:
    blinding = None if line.blinding is None else hex0x(line.blinding.to_bytes(DIGEST, "big"))
    return {
        "row": line.row,
        "count": line.count,
        "quantity": str(line.quantity),
        "blinding": blinding,
    }


def _line(value: object) -> ManifestLine:
    line = keyed(value, _LINE_KEYS, "lines")
    count = natural(line["count"], "lines.count")
    if count == 0:
        raise wrong("lines.count", count, "only rows with readings have a line")
    return ManifestLine(
        row=text(line["row"], "lines.row"),
        count=count,
        quantity=digits(line["quantity"], "lines.quantity"),
        blinding=_blinding(line["blinding"]),
    )


def _blinding(value: object) -> int | None:
    if value is None:
        return None
    number = int.from_bytes(unhex(text(value, "lines.blinding"), DIGEST), "big")
    if number >= N:
        raise wrong("lines.blinding", value, "below the order of secp256k1")
    return number


def _require(name: str, total: int, summed: int) -> None:
    if total != summed:
        raise EvidenceError(
            f"the manifest's lines do not sum up to its {name}",
            field=name,
            value=total,
            rule=f"the lines sum up to {summed}",
            remedy="build the batch again from the journal",
        )
