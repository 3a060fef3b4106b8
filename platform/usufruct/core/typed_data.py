"""EIP-712 digests of batches and statements, and the head of a stream's chain (protocol §5, §7).

The type hashes are computed once and a domain's separator is kept, so that a digest costs a few
microseconds. The encoding is equal to eth_account's `encode_typed_data`.
"""

from dataclasses import dataclass, fields
from typing import Any

from usufruct.core.eip712 import Domain, StructType
from usufruct.core.encoding import ZERO_HASH, hex0x
from usufruct.core.keccak import keccak256
from usufruct.errors import EvidenceError

__all__ = [
    "BATCH_TYPE",
    "STATEMENT_TYPE",
    "Batch",
    "Cursor",
    "Domain",
    "Statement",
    "batch_digest",
    "first_cursor",
    "head_of",
    "next_batch",
    "next_cursor",
    "statement_digest",
]

BATCH_TYPE = (
    "Batch(uint32 stream,uint32 seq,bytes32 prev,uint40 from,uint40 to,uint64 first,uint32 count,"
    "bool closes,bytes32 root,bytes32 content)"
)
"""EIP-712 type of a batch."""
STATEMENT_TYPE = (
    "Statement(uint32 stream,uint32 period,uint16 version,uint40 from,uint40 to,bytes32 firstHead,"
    "bytes32 lastHead,bytes32 linesRoot,uint64 gross,int64 adjustments,bytes32 tariffHash,"
    "uint16 coverageBp,uint16 estimatedBp,bytes32 kpis,bytes32 documents)"
)
"""EIP-712 type of a statement."""

_BATCH = StructType(BATCH_TYPE)
_STATEMENT = StructType(STATEMENT_TYPE)
_CURSOR = StructType("Cursor(bytes32 digest,uint32 seq,uint40 to,uint64 next)")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Position of a stream's chain of batches: the preimage of its head.

    Attributes:
        digest: EIP-712 digest of the last batch, zero at the start.
        seq: Number of the last batch, 0 at the start.
        to: End of the last batch, the stream's start at the beginning (unix seconds).
        next: Number of the next reading.
    """

    digest: bytes
    seq: int
    to: int
    next: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One anchored batch of readings, as the oracle signs it.

    Attributes:
        stream: Stream number.
        seq: Number of the batch in the stream, from 1.
        prev: Head before it.
        from_: Start of its window (unix seconds, inclusive).
        to: End of its window (exclusive).
        first: Number of its first reading.
        count: Number of readings.
        closes: Whether `to` is the end of a period.
        root: Root over the reading leaves.
        content: Hash of the manifest.
    """

    stream: int
    seq: int
    prev: bytes
    from_: int
    to: int
    first: int
    count: int
    closes: bool
    root: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Statement:
    """The account of one stream and period, as the oracle signs it. Fields as in IStatementBook."""

    stream: int
    period: int
    version: int
    from_: int
    to: int
    first_head: bytes
    last_head: bytes
    lines_root: bytes
    gross: int
    adjustments: int
    tariff_hash: bytes
    coverage_bp: int
    estimated_bp: int
    kpis: bytes
    documents: bytes

    def values(self) -> tuple[Any, ...]:
        """The fields in the order of the EIP-712 type, as the bindings' Statement takes them."""
        return tuple(getattr(self, each.name) for each in fields(self))


def first_cursor(start: int) -> Cursor:
    """Where a chain opened at `start` begins."""
    return Cursor(ZERO_HASH, 0, start, 0)


def head_of(cursor: Cursor) -> bytes:
    """The head a contract stores for a cursor (32 bytes).

    Raises:
        InputError: A field does not fit its width.
    """
    return keccak256(_CURSOR.encode((cursor.digest, cursor.seq, cursor.to, cursor.next)))


def batch_digest(domain: Domain, batch: Batch) -> bytes:
    """The digest the oracle signs for a batch (32 bytes).

    Raises:
        InputError: A field does not fit its width.
    """
    fields = (
        batch.stream,
        batch.seq,
        batch.prev,
        batch.from_,
        batch.to,
        batch.first,
        batch.count,
        batch.closes,
        batch.root,
        batch.content,
    )
    return _BATCH.digest(domain.separator, fields)


def statement_digest(domain: Domain, statement: Statement) -> bytes:
    """The digest the oracle signs for a statement (32 bytes).

    Raises:
        InputError: A field does not fit its width.
    """
    fields = (
        statement.stream,
        statement.period,
        statement.version,
        statement.from_,
        statement.to,
        statement.first_head,
        statement.last_head,
        statement.lines_root,
        statement.gross,
        statement.adjustments,
        statement.tariff_hash,
        statement.coverage_bp,
        statement.estimated_bp,
        statement.kpis,
        statement.documents,
    )
    return _STATEMENT.digest(domain.separator, fields)


def next_batch(
    cursor: Cursor,
    *,
    stream: int,
    to: int,
    count: int,
    closes: bool,
    root: bytes,
    content: bytes,
) -> Batch:
    """The batch that continues from `cursor`; what follows from the cursor is filled in."""
    return Batch(
        stream=stream,
        seq=cursor.seq + 1,
        prev=head_of(cursor),
        from_=cursor.to,
        to=to,
        first=cursor.next,
        count=count,
        closes=closes,
        root=root,
        content=content,
    )


def next_cursor(cursor: Cursor, batch: Batch, digest: bytes) -> Cursor:
    """The cursor after `batch`, whose digest is `digest`.

    Raises:
        EvidenceError: The batch does not continue from `cursor`.
    """
    expected = (cursor.seq + 1, head_of(cursor), cursor.to, cursor.next)
    found = (batch.seq, batch.prev, batch.from_, batch.first)
    for name, want, have in zip(("seq", "prev", "from", "first"), expected, found, strict=True):
        if want != have:
            raise EvidenceError(
                "the batch does not continue from the head",
                field=name,
                value=have,
                rule=f"must be {hex0x(want) if isinstance(want, bytes) else want}",
                remedy="get the batches in order, without gaps",
            )
    return Cursor(digest, batch.seq, batch.to, batch.first + batch.count)
