"""The payout proof file: strict types, and no field that no check binds.

Numbers that may pass 2^53 are decimal strings; hashes, signatures and leaves are lower-case hex with `0x`.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final, Literal, NoReturn

import msgspec

from usufruct.core.encoding import require_shallow, whole
from usufruct.errors import InputError
from usufruct.proof.scope import Scope

SCHEMA_ID: Final = "https://usufruct.invalid/schemas/payout-proof-2.json"
MAX_BYTES: Final = 256 * 1024 * 1024
MOST_NUMBER: Final = 2**53 - 1
"""The largest number that every language's JSON reads as it is."""
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
"""The only way in which a text that is no Unicode can be written in a file that is."""

Natural = Annotated[str, msgspec.Meta(pattern=whole(r"(0|[1-9][0-9]{0,77})"))]
Whole = Annotated[str, msgspec.Meta(pattern=whole(r"(0|-?[1-9][0-9]{0,77})"))]
Hash = Annotated[str, msgspec.Meta(pattern=whole(r"0x[0-9a-f]{64}"))]
Hex = Annotated[str, msgspec.Meta(pattern=whole(r"0x([0-9a-f]{2})*"))]
Address = Annotated[str, msgspec.Meta(pattern=whole(r"0x[0-9a-fA-F]{40}"))]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all sections: unknown fields are refused."""


class Contracts(_Section, frozen=True):
    """Where the facts are; checked against one another on the chain, or pinned by the reader."""

    series: Address
    currency: Address
    series_factory: Address
    waterfall: Address
    statement_book: Address
    stream_registry: Address
    telemetry_anchor: Address


class Payout(_Section, frozen=True):
    """One holder's share of one distribution."""

    id: str
    holder: Address
    units: Natural
    """Held at the record moment."""
    record_at: Count | None
    """The record date; None if the distribution itself was the record moment."""
    numerator_before: Natural
    numerator_after: Natural
    """Income times supply before and after the distribution (protocol §9)."""
    amount: Natural


class Distribution(_Section, frozen=True):
    """The `Distributed` event of the series."""

    tx: Hash
    block: Count
    log_index: Count
    number: Count
    period: Count
    amount: Natural
    acc: Natural
    supply: Natural


class SettlementLine(_Section, frozen=True):
    """One step of the waterfall as the chain recorded it."""

    due: Natural
    paid: Natural
    released: Natural
    balance: Natural


class Settlement(_Section, frozen=True):
    """The `Settled` event of the waterfall, in the same transaction as the distribution."""

    log_index: Count
    stream: Count
    rules_version: Count
    required: Natural
    receipts: Natural
    shortfall: Natural
    multiplier_bp: Count
    breached: Count
    lines: list[SettlementLine]


class Statement(_Section, frozen=True):
    """The attested statement, its signatures and its transaction."""

    tx: Hash
    version: Count
    from_: Count = msgspec.field(name="from")
    to: Count
    first_head: Hash
    last_head: Hash
    lines_root: Hash
    gross: Natural
    adjustments: Whole
    tariff_hash: Hash
    coverage_bp: Count
    estimated_bp: Count
    kpis: Hash
    documents: Hash
    digest: Hash
    signers: Natural
    signatures: Hex


class StatementLine(_Section, frozen=True):
    """Quantity of one price row in the period."""

    row: str
    price: Natural
    per: Natural
    quantity: Natural
    amount: Natural
    count: Count
    blinding: Hash | None


class Batch(_Section, frozen=True):
    """One anchored batch with its manifest (the manifest holds seq, window, first, count and root)."""

    tx: Hash
    closes: bool
    manifest: dict[str, Any]


class Cursor(_Section, frozen=True):
    """Position of the stream before the first batch of the period: preimage of `first_head`."""

    digest: Hash
    seq: Count
    to: Count
    next: Natural


class Leaf(_Section, frozen=True):
    """One reading leaf with its path in the batch's tree."""

    leaf: Hex
    path: list[Hash]


class Readings(_Section, frozen=True):
    """Readings of one batch: all its leaves in order, or some with paths."""

    seq: Count
    all: list[Hex] | None
    some: list[Leaf] | None


class StatedLine(_Section, frozen=True):
    """A line of a corrected period's statement."""

    row: str
    price: Natural
    per: Natural
    quantity: Natural
    amount: Natural
    blinding: Hash | None


class CorrectedStatement(_Section, frozen=True):
    """The statement of an earlier period whose readings are corrected."""

    tx: Hash
    period: Count
    version: Count
    tariff: dict[str, Any]
    lines: list[StatedLine]


class EarlierDocument(_Section, frozen=True):
    """The corrections of another statement that these follow, and the transaction that attested it."""

    tx: Hash
    document: dict[str, Any]


class CorrectedLeaf(_Section, frozen=True):
    """Where a corrected reading is anchored: its batch, that one's transaction, and the path in its tree."""

    seq: Count
    tx: Hash
    path: list[Hash]


class Corrections(_Section, frozen=True):
    """What the statement adjusts (protocol §7b): its document, and what that rests on."""

    document: dict[str, Any]
    earlier: list[EarlierDocument]
    statements: list[CorrectedStatement]
    leaves: list[CorrectedLeaf]
    """One for each reading that no correction made, in the document's order."""


class Proof(_Section, frozen=True):
    """The whole file."""

    version: Literal[2]
    chain_id: Count
    contracts: Contracts
    payout: Payout
    distribution: Distribution
    settlement: Settlement
    statement: Statement
    lines: list[StatementLine]
    tariff: dict[str, Any]
    cursor: Cursor
    batches: list[Batch]
    scope: Scope
    readings: list[Readings]
    corrections: Corrections | None = None
    """None where the statement corrects nothing."""


def _refuse_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InputError(
                "the proof repeats a key",
                field="proof",
                value=key,
                rule="every key of a JSON object stands once",
                remedy="ask for the proof again",
            )
        found[key] = value
    return found


def _integer(text: str) -> int:
    """An integer that every language reads alike; ValueError for another."""
    if text == "-0" or len(text) > len(str(-MOST_NUMBER)) or abs(int(text)) > MOST_NUMBER:
        _refuse_number(text)
    return int(text)


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"{text[:40]} is no whole number up to 2^53 - 1")


def _require_unicode(value: Any) -> None:
    """ValueError if a text or a key in the value, whose depth is known to be bounded, is no Unicode."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            _require_unicode(each)
        for key in value if isinstance(value, dict) else ():
            _require_unicode(key)


def parse(data: bytes) -> Proof:
    """Read a proof file strictly.

    Raises:
        InputError: not JSON, too large, nested too deeply, a number that not every language reads alike, a repeated,
            unknown or missing field, or a value of the wrong form.
    """

    remedy = "ask for the proof again with GET /v1/payouts/{id}/proof"
    if len(data) > MAX_BYTES:
        raise InputError(
            "the proof is too large",
            field="proof",
            value=f"{len(data)} bytes",
            rule=f"at most {MAX_BYTES} bytes",
            remedy=remedy,
        )
    try:
        text = data.decode()  # json itself would take a byte order mark, UTF-16 and UTF-32 too
        require_shallow(text)
        raw = json.loads(
            text,
            object_pairs_hook=_refuse_duplicate_keys,
            parse_int=_integer,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
        if _SURROGATE.search(text):
            _require_unicode(raw)
        return msgspec.convert(raw, Proof, strict=True)
    except ValueError as error:
        raise InputError(
            "this is not a payout proof",
            field="proof",
            value=str(error),
            rule=f"a file of schema {SCHEMA_ID}",
            remedy=remedy,
        ) from error


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
    } | msgspec.json.schema(Proof)
