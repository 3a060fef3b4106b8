"""The signatures in the call data of transactions that anchored a batch or attested a statement."""

from __future__ import annotations

from typing import Final

from usufruct.contracts import DecodeError
from usufruct.contracts import _runtime as rt
from usufruct.contracts import statement_book as book
from usufruct.contracts import telemetry_anchor as anchor
from usufruct.core.signing import SIGNATURE_LENGTH
from usufruct.core.typed_data import Batch
from usufruct_oracles.chainstate import Attested

_NONE: Final = b""
_ANCHOR_TYPES: Final = (anchor.Batch.ABI, anchor.Cursor.ABI, "uint256", "bytes")
_ATTEST_TYPES: Final = (book.Statement.ABI, "uint256", "bytes")
_SELECTOR: Final = 4


def statement_signatures(data: bytes, attested: Attested) -> bytes:
    """The signatures in the order of the bitmap; empty if the transaction did not call the book directly."""
    statement = book.Statement(*attested.statement.values())
    if data[:_SELECTOR] != book.attest(statement, 0, _NONE).data[:_SELECTOR]:
        return _NONE
    try:
        raw, signers, signatures = rt.decode(_ATTEST_TYPES, data[_SELECTOR:])
    except DecodeError:
        return _NONE
    same = book.Statement.from_abi(raw) == statement and signers == attested.signers
    return bytes(signatures) if same else _NONE


def batch_signatures(data: bytes, batch: Batch) -> bytes:
    """The signatures over an anchored batch; empty if the transaction did not call the anchor directly."""
    given = anchor.Batch(
        batch.stream, batch.to, batch.count, batch.closes, batch.root, batch.content
    )
    blank = anchor.anchor(given, anchor.Cursor(bytes(32), 0, 0, 0), 0, _NONE)
    if data[:_SELECTOR] != blank.data[:_SELECTOR]:
        return _NONE
    try:
        raw, _, _, signatures = rt.decode(_ANCHOR_TYPES, data[_SELECTOR:])
    except DecodeError:
        return _NONE
    return bytes(signatures) if anchor.Batch.from_abi(raw) == given else _NONE


def split(signatures: bytes) -> list[bytes]:
    """Signatures of 64 bytes each."""
    ends = range(SIGNATURE_LENGTH, len(signatures) + 1, SIGNATURE_LENGTH)
    return [signatures[end - SIGNATURE_LENGTH : end] for end in ends]
