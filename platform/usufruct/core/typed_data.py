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

_WORD = 32


class _Type:
    """A struct type: encodes its members in order, each checked against its width."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.hash = keccak256(text.encode())
        name, _, members = text.removesuffix(")").partition("(")
        self._name = name
        self._members = [_member(each) for each in members.split(",")]

    def encode(self, values: Sequence[int | bytes]) -> bytes:
        """The members' words, joined."""
        words = []
        for (name, kind, bits), value in zip(self._members, values, strict=True):
            word = _word(value, bits)
            if word is None:
                raise _misfit(f"{self._name}.{name}", value, kind)
            words.append(word)
        return b"".join(words)

    def digest(self, separator: bytes, values: Sequence[int | bytes]) -> bytes:
        """The EIP-712 digest of a struct in a domain."""
        return keccak256(b"\x19\x01" + separator + keccak256(self.hash + self.encode(values)))


def _member(text: str) -> tuple[str, str, int]:
    """Name, type and bits of a member: 0 for bytes32, 1 for bool, negative for signed integers."""
    kind, _, name = text.partition(" ")
    if kind.startswith("bytes"):
        return name, kind, 0
    if kind == "bool":
        return name, kind, 1
    return name, kind, int(kind.partition("int")[2]) * (1 if kind.startswith("u") else -1)


def _word(value: int | bytes, bits: int) -> bytes | None:
    if isinstance(value, bytes):
        return value if bits == 0 and len(value) == _WORD else None
    if bits > 0:
        return None if value >> bits else value.to_bytes(_WORD, "big")
    if bits < 0 and value >> -bits - 1 in (0, -1):
        return value.to_bytes(_WORD, "big", signed=True)
    return None


def _misfit(field: str, value: object, kind: str) -> InputError:
    return InputError(
        "a field does not fit its type",
        field=field,
        value=value,
        rule=f"must be a {kind}",
        remedy="check the figures the document is made from",
    )


_DOMAIN_TYPE_HASH = keccak256(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_NAME_HASH = keccak256(NAME.encode())
_VERSION_HASH = keccak256(VERSION.encode())
_BATCH = _Type(BATCH_TYPE)
_STATEMENT = _Type(STATEMENT_TYPE)
_CURSOR = _Type("Cursor(bytes32 digest,uint32 seq,uint40 to,uint64 next)")


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
