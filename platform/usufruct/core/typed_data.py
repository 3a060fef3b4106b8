"""EIP-712 digests of batches and statements, and the head of a stream's chain (protocol §5, §7).

The type hashes are computed once and a domain's separator is kept, so that a digest costs a few
microseconds. The encoding is equal to eth_account's `encode_typed_data`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from usufruct.core.encoding import ZERO_HASH, hex0x, unhex
from usufruct.core.keccak import keccak256
from usufruct.errors import EvidenceError, InputError

NAME = "Usufruct"
"""Name in the domain."""
VERSION = "1"
"""Version in the domain."""
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

_DOMAIN_TYPE_HASH = keccak256(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_NAME_HASH = keccak256(NAME.encode())
_VERSION_HASH = keccak256(VERSION.encode())
_BATCH_TYPE_HASH = keccak256(BATCH_TYPE.encode())
_STATEMENT_TYPE_HASH = keccak256(STATEMENT_TYPE.encode())
_WORD = 32
_BATCH_WIDTHS = (32, 32, 0, 40, 40, 64, 32, 1, 0, 0)
_STATEMENT_WIDTHS = (32, 32, 16, 40, 40, 0, 0, 0, 64, -64, 0, 16, 16, 0, 0)
_CURSOR_WIDTHS = (0, 32, 40, 64)
"""Bits of each field in order: 0 is bytes32, a negative width a signed integer."""


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a signature is valid.

    Attributes:
        chain_id: Chain id.
        contract: Verifying contract: TelemetryAnchor for batches, StatementBook for statements.
    """

    chain_id: int
    contract: str

    @property
    def separator(self) -> bytes:
        """The domain separator (32 bytes).

        Raises:
            InputError: `contract` is not an address.
        """
        return _separator(self.chain_id, self.contract)


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


def first_cursor(start: int) -> Cursor:
    """Where a chain opened at `start` begins."""
    return Cursor(ZERO_HASH, 0, start, 0)


def head_of(cursor: Cursor) -> bytes:
    """The head a contract stores for a cursor (32 bytes).

    Raises:
        InputError: A field does not fit its width.
    """
    fields = (cursor.digest, cursor.seq, cursor.to, cursor.next)
    return keccak256(_words("cursor", fields, _CURSOR_WIDTHS))


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
    struct = keccak256(_BATCH_TYPE_HASH + _words("batch", fields, _BATCH_WIDTHS))
    return keccak256(b"\x19\x01" + domain.separator + struct)


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
    struct = keccak256(_STATEMENT_TYPE_HASH + _words("statement", fields, _STATEMENT_WIDTHS))
    return keccak256(b"\x19\x01" + domain.separator + struct)


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


@lru_cache(maxsize=256)
def _separator(chain_id: int, contract: str) -> bytes:
    address = unhex(contract, 20)
    return keccak256(
        b"".join(
            (
                _DOMAIN_TYPE_HASH,
                _NAME_HASH,
                _VERSION_HASH,
                chain_id.to_bytes(_WORD, "big"),
                address.rjust(_WORD, b"\x00"),
            )
        )
    )


def _words(what: str, values: Sequence[int | bytes], widths: Sequence[int]) -> bytes:
    pairs = zip(values, widths, strict=True)
    return b"".join([_word(what, at, value, bits) for at, (value, bits) in enumerate(pairs)])


def _word(what: str, place: int, value: int | bytes, bits: int) -> bytes:
    if isinstance(value, bytes):
        if bits == 0 and len(value) == _WORD:
            return value
    elif bits > 0:
        if 0 <= value < 1 << bits:
            return value.to_bytes(_WORD, "big")
    elif bits < 0 and -(1 << -bits - 1) <= value < 1 << -bits - 1:
        return value.to_bytes(_WORD, "big", signed=True)
    kind = "bytes32" if bits == 0 else f"{'u' if bits > 0 else ''}int{abs(bits)}"
    raise InputError(
        f"field {place + 1} of the {what} does not fit",
        field=f"{what}[{place}]",
        value=value,
        rule=f"must be a {kind}",
        remedy="check the figures the document is made from",
    )
