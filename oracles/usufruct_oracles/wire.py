"""JSON forms of what workers send each other and publish: batches, statements, leaves.

Names are those of the EIP-712 types; hashes are lower-case hex; money is decimal text. Reading is strict: a
missing, unknown or mistyped field is an InputError.
"""

from __future__ import annotations

from collections.abc import Sequence

from usufruct.core.documents import (
    digits,
    integer,
    items,
    keyed,
    natural,
    signed_digits,
    text,
    wrong,
)
from usufruct.core.encoding import LEAF_LENGTH, ReadingLeaf, hex0x, unhex
from usufruct.core.keccak import DIGEST, keccak256
from usufruct.core.typed_data import Batch, Statement

Json = dict[str, object]

FINGERPRINT = 8
"""Bytes of a leaf's fingerprint."""

_SEQ = slice(70, 78)
_BATCH = {
    *("stream", "seq", "prev", "from", "to", "first", "count", "closes", "root", "content"),
}
_STATEMENT = {
    *("stream", "period", "version", "from", "to", "firstHead", "lastHead", "linesRoot", "gross"),
    *("adjustments", "tariffHash", "coverageBp", "estimatedBp", "kpis", "documents"),
}


def batch_to(batch: Batch) -> Json:
    """A batch as a JSON object."""
    return {
        "stream": batch.stream,
        "seq": batch.seq,
        "prev": hex0x(batch.prev),
        "from": batch.from_,
        "to": batch.to,
        "first": batch.first,
        "count": batch.count,
        "closes": batch.closes,
        "root": hex0x(batch.root),
        "content": hex0x(batch.content),
    }


def batch_from(value: object) -> Batch:
    """The batch in a JSON value; InputError if it is not exactly one."""
    given = keyed(value, _BATCH, "batch")
    closes = given["closes"]
    if not isinstance(closes, bool):
        raise wrong("batch.closes", closes, "true or false")
    return Batch(
        stream=natural(given["stream"], "batch.stream"),
        seq=natural(given["seq"], "batch.seq"),
        prev=hash_at(given["prev"], "batch.prev"),
        from_=natural(given["from"], "batch.from"),
        to=natural(given["to"], "batch.to"),
        first=natural(given["first"], "batch.first"),
        count=natural(given["count"], "batch.count"),
        closes=closes,
        root=hash_at(given["root"], "batch.root"),
        content=hash_at(given["content"], "batch.content"),
    )


def statement_to(statement: Statement) -> Json:
    """A statement as a JSON object."""
    return {
        "stream": statement.stream,
        "period": statement.period,
        "version": statement.version,
        "from": statement.from_,
        "to": statement.to,
        "firstHead": hex0x(statement.first_head),
        "lastHead": hex0x(statement.last_head),
        "linesRoot": hex0x(statement.lines_root),
        "gross": str(statement.gross),
        "adjustments": str(statement.adjustments),
        "tariffHash": hex0x(statement.tariff_hash),
        "coverageBp": statement.coverage_bp,
        "estimatedBp": statement.estimated_bp,
        "kpis": hex0x(statement.kpis),
        "documents": hex0x(statement.documents),
    }


def statement_from(value: object) -> Statement:
    """The statement in a JSON value; InputError if it is not exactly one."""
    given = keyed(value, _STATEMENT, "statement")
    return Statement(
        stream=natural(given["stream"], "statement.stream"),
        period=natural(given["period"], "statement.period"),
        version=natural(given["version"], "statement.version"),
        from_=natural(given["from"], "statement.from"),
        to=natural(given["to"], "statement.to"),
        first_head=hash_at(given["firstHead"], "statement.firstHead"),
        last_head=hash_at(given["lastHead"], "statement.lastHead"),
        lines_root=hash_at(given["linesRoot"], "statement.linesRoot"),
        gross=digits(given["gross"], "statement.gross"),
        adjustments=signed_digits(given["adjustments"], "statement.adjustments"),
        tariff_hash=hash_at(given["tariffHash"], "statement.tariffHash"),
        coverage_bp=integer(given["coverageBp"], "statement.coverageBp"),
        estimated_bp=integer(given["estimatedBp"], "statement.estimatedBp"),
        kpis=hash_at(given["kpis"], "statement.kpis"),
        documents=hash_at(given["documents"], "statement.documents"),
    )


def hash_at(value: object, name: str) -> bytes:
    """The 32 bytes written as hex in `value`; InputError otherwise."""
    return unhex(text(value, name), DIGEST)


def texts_at(value: object, name: str) -> list[str]:
    """The list of texts `value`; InputError otherwise."""
    return [text(each, name) for each in items(value, name)]


def fingerprint(leaf: bytes) -> str:
    """16 hex digits that stand for a leaf wherever it is in the batch (its seq is left out)."""
    blank = leaf[: _SEQ.start] + bytes(_SEQ.stop - _SEQ.start) + leaf[_SEQ.stop :]
    return keccak256(blank)[:FINGERPRINT].hex()


def fingerprints(leaves: Sequence[bytes]) -> list[str]:
    """The fingerprints of a batch's leaves, in order."""
    return [fingerprint(leaf) for leaf in leaves]


def describe_leaf(leaf: bytes) -> Json:
    """A leaf for people: whose reading it is, and its quantity or the commitment to it."""
    if len(leaf) != LEAF_LENGTH:
        return {"malformed": hex0x(leaf)}
    reading = ReadingLeaf.decode(leaf)
    is_open = reading.quantity[0] == 0
    return {
        "meter": reading.meter,
        "seq": reading.seq,
        "end": reading.end,
        "duration": reading.duration,
        "rev": reading.rev,
        "quality": reading.quality,
        "quantity": str(int.from_bytes(reading.quantity, "big")) if is_open else None,
        "commitment": None if is_open else hex0x(reading.quantity),
        "record": hex0x(reading.record),
    }
