"""JSON forms of what workers send each other and publish: batches, statements, leaves.

Names are those of the EIP-712 types; hashes are lower-case hex; money is decimal text. Reading is strict: a
missing, unknown or mistyped field is an InputError.
"""

from __future__ import annotations

from collections.abc import Sequence

from usufruct.core.encoding import LEAF_LENGTH, ReadingLeaf, hex0x
from usufruct.core.keccak import keccak256
from usufruct.core.typed_documents import (
    Json,
    batch_from,
    batch_to,
    hash_at,
    statement_from,
    statement_to,
    texts_at,
)

__all__ = [
    "FINGERPRINT",
    "Json",
    "batch_from",
    "batch_to",
    "describe_leaf",
    "fingerprint",
    "fingerprints",
    "hash_at",
    "statement_from",
    "statement_to",
    "texts_at",
]

FINGERPRINT = 8
"""Bytes of a leaf's fingerprint."""

_SEQ = slice(70, 78)


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
