"""TelemetryAnchor and StatementBook in memory: what they answer, refuse and report, as far as workers use them.

`tests/parity/test_model.py` puts the same random calls to this model and to the contracts themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from usufruct.config import Stream
from usufruct.contracts import _runtime as rt
from usufruct.contracts import statement_book as book
from usufruct.contracts import telemetry_anchor as anchor
from usufruct.core.signing import SIGNATURE_LENGTH, recover
from usufruct.core.typed_data import (
    Cursor,
    Domain,
    Statement,
    batch_digest,
    first_cursor,
    head_of,
    next_batch,
    next_cursor,
    statement_digest,
)
from usufruct.errors import EvidenceError

_BATCH_DATA: Final = (
    "uint40",
    "uint40",
    "uint64",
    "uint32",
    "bool",
    "bytes32",
    "bytes32",
    "bytes32",
)
_STATEMENT_DATA: Final = ("uint16", "bytes32", "uint64", "uint40", "uint256", book.Statement.ABI)
_RECORD: Final = book.Record.ABI
_NO_RECORD: Final = book.Record(0, 0, 0, 0, 0, book.Status.NONE, 0, 0)
_NOTHING: Final = bytes(32)
_MOST = 10_000
Place = tuple[int, int]


def word(number: int) -> bytes:
    """A number as the chain writes it."""
    return number.to_bytes(32, "big")


@dataclass(frozen=True, slots=True)
class Emitted:
    """A log before it has a place in a block."""

    address: str
    topics: Sequence[bytes]
    data: bytes


@dataclass(slots=True)
class State:
    """What the two contracts store; copied for each block that changes it."""

    cursors: dict[int, Cursor] = field(default_factory=dict)
    boundaries: dict[Place, bytes] = field(default_factory=dict)
    records: dict[Place, tuple[book.Record, bytes]] = field(default_factory=dict)
    progress: dict[int, tuple[int, int]] = field(default_factory=dict)
    nonces: dict[str, int] = field(default_factory=dict)

    def copy(self) -> State:
        """A state that may be changed without changing this one."""
        return State(
            dict(self.cursors),
            dict(self.boundaries),
            dict(self.records),
            dict(self.progress),
            dict(self.nonces),
        )


class Contracts:
    """The rules of both contracts.

    Args:
        chain_id: The chain.
        anchor_address: Where the anchor is.
        book_address: Where the book is.
        streams: The registered streams with their terms.
        table: The signers, ascending.
        threshold: How many must sign.
    """

    def __init__(
        self,
        chain_id: int,
        anchor_address: str,
        book_address: str,
        streams: Sequence[Stream],
        table: Sequence[str],
        threshold: int,
    ) -> None:
        self.anchor, self.book = anchor_address, book_address
        self.streams = {each.id: each for each in streams}
        self.table, self.threshold = tuple(table), threshold
        self._anchor_domain = Domain(chain_id, anchor_address)
        self._book_domain = Domain(chain_id, book_address)
        self._known: dict[tuple[bytes, bytes], str | None] = {}
        self._functions: Mapping[tuple[str, bytes], Callable[..., bytes]] = {
            (anchor_address, selector(anchor._HEAD_OF)): self._head_of,
            (anchor_address, selector(anchor._HEAD_AT)): self._head_at,
            (anchor_address, selector(anchor._SIGNERS_OF)): self._signers_of,
            (anchor_address, selector(anchor._ANCHOR)): self._anchored,
            (book_address, selector(book._DIGEST_OF)): self._digest_of,
            (book_address, selector(book._PROGRESS_OF)): self._progress_of,
            (book_address, selector(book._RECORD_OF)): self._record_of,
            (book_address, selector(book._ATTEST)): self._attested,
        }

    def genesis(self) -> tuple[State, list[Emitted]]:
        """The streams are open, nothing is anchored."""
        state, logs = State(), []
        for stream in self.streams.values():
            cursor = state.cursors[stream.id] = first_cursor(stream.start)
            state.boundaries[stream.id, stream.start] = head_of(cursor)
            topics = [anchor.ChainOpened.TOPIC, word(stream.id)]
            data = rt.encode(("uint40", "bytes32"), (stream.start, head_of(cursor)))
            logs.append(Emitted(self.anchor, topics, data))
        return state, logs

    def run(self, state: State, time: int, to: str, data: bytes) -> tuple[bytes, list[Emitted]]:
        """What a call gives and reports; changes `state`. Raises the contract's error with no change."""
        function = self._functions.get((rt.address(to), data[:4]))
        if function is None:
            return b"", []  # an account without code
        logs: list[Emitted] = []
        return function(state, time, data[4:], logs), logs

    # --- The anchor ---

    def _head_of(self, state: State, _: int, data: bytes, __: list[Emitted]) -> bytes:
        cursor = state.cursors.get(int.from_bytes(data[:32], "big"))
        return _NOTHING if cursor is None else head_of(cursor)

    def _head_at(self, state: State, _: int, data: bytes, __: list[Emitted]) -> bytes:
        place = int.from_bytes(data[:32], "big"), int.from_bytes(data[32:64], "big")
        return state.boundaries.get(place, _NOTHING)

    def _signers_of(self, _: State, __: int, ___: bytes, ____: list[Emitted]) -> bytes:
        return rt.encode(("address[]", "uint8", "uint32"), (self.table, self.threshold, 1))

    def _anchored(self, state: State, time: int, data: bytes, logs: list[Emitted]) -> bytes:
        types = (anchor.Batch.ABI, anchor.Cursor.ABI, "uint256", "bytes")
        raw, shown, signers, signatures = rt.decode(types, data)
        given, cursor = anchor.Batch.from_abi(raw), Cursor(*shown)
        present = state.cursors.get(given.stream)
        if present is None:
            raise anchor.UnknownStream(given.stream)
        if cursor != present:
            raise anchor.StaleHead(given.stream, head_of(present), head_of(cursor))
        if given.to <= cursor.to or given.to > time:
            raise anchor.InvalidWindow(given.stream, cursor.to, given.to)
        batch = next_batch(
            cursor,
            stream=given.stream,
            to=given.to,
            count=given.count,
            closes=given.closes,
            root=given.root,
            content=given.content,
        )
        digest = batch_digest(self._anchor_domain, batch)
        self._require_quorum(digest, signers, signatures)
        after = state.cursors[batch.stream] = next_cursor(cursor, batch, digest)
        head = head_of(after)
        if batch.closes:
            state.boundaries[batch.stream, batch.to] = head
        values = (batch.from_, batch.to, batch.first, batch.count, batch.closes)
        topics = [anchor.BatchAnchored.TOPIC, word(batch.stream), word(batch.seq)]
        encoded = rt.encode(_BATCH_DATA, (*values, batch.root, batch.content, head))
        logs.append(Emitted(self.anchor, topics, encoded))
        return head

    def _require_quorum(self, digest: bytes, signers: int, signatures: bytes) -> None:
        given = len(signatures) // SIGNATURE_LENGTH
        if given < self.threshold:
            raise anchor.QuorumTooSmall(given, self.threshold)
        count = 0
        for place in range(signers.bit_length()):
            if not signers >> place & 1:
                continue
            at = count * SIGNATURE_LENGTH
            member = self.table[place] if place < len(self.table) else None
            if member is None or member != self._signer(
                digest, signatures[at : at + SIGNATURE_LENGTH]
            ):
                raise anchor.BadSignature(place)
            count += 1
        if len(signatures) != count * SIGNATURE_LENGTH:
            raise anchor.SignaturesLength(len(signatures), count * SIGNATURE_LENGTH)

    def _signer(self, digest: bytes, signature: bytes) -> str | None:
        key = digest, signature
        if key not in self._known:
            try:
                self._known[key] = recover(digest, signature)
            except EvidenceError:
                self._known[key] = None
        return self._known[key]

    # --- The book ---

    def _digest_of(self, state: State, _: int, data: bytes, __: list[Emitted]) -> bytes:
        return state.records.get(_place(data), (_NO_RECORD, _NOTHING))[1]

    def _progress_of(self, state: State, _: int, data: bytes, __: list[Emitted]) -> bytes:
        attested, to = state.progress.get(int.from_bytes(data[:32], "big"), (0, 0))
        return rt.encode(("uint32", "uint40", "uint32"), (attested, to, 0))

    def _record_of(self, state: State, _: int, data: bytes, __: list[Emitted]) -> bytes:
        record = state.records.get(_place(data), (_NO_RECORD, _NOTHING))[0]
        return rt.encode((_RECORD,), (record.to_abi(),))

    def _attested(self, state: State, time: int, data: bytes, logs: list[Emitted]) -> bytes:
        raw, signers, signatures = rt.decode((book.Statement.ABI, "uint256", "bytes"), data)
        given, statement = book.Statement.from_abi(raw), Statement(*raw)
        place = given.stream, given.period
        terms = self.streams[given.stream]
        self._require_place(state, given, terms)
        self._require_bounds(state, given, time)
        self._require_quality(given, terms)
        distributable = given.gross + given.adjustments
        if distributable < 0:
            raise book.NegativeDistributable(given.stream, given.gross, given.adjustments)
        digest = statement_digest(self._book_domain, statement)
        self._require_quorum(digest, signers, signatures)
        final_at = time + terms.challenge_window
        status = book.Status.ATTESTED
        record = book.Record(
            distributable, given.from_, given.to, final_at, given.version, status, 0, 0
        )
        state.records[place] = record, digest
        attested, _ = state.progress.get(given.stream, (0, 0))
        if given.period > attested:
            state.progress[given.stream] = given.period, given.to
        values = (given.version, digest, distributable, final_at, signers, given.to_abi())
        topics = [book.StatementAttested.TOPIC, word(place[0]), word(place[1])]
        logs.append(Emitted(self.book, topics, rt.encode(_STATEMENT_DATA, values)))
        return b""

    def _require_place(self, state: State, given: book.Statement, terms: Stream) -> None:
        attested, end = state.progress.get(given.stream, (0, 0))
        following = attested + 1
        start = terms.start if following == 1 else end
        known = 0 < given.period < following
        if not known and (given.period != following or given.from_ != start):
            raise book.PeriodNotContiguous(
                given.stream, following, start, given.period, given.from_
            )
        version = 1
        if known:
            record = state.records[given.stream, given.period][0]
            if given.period != attested:
                raise book.WrongStatus(given.stream, given.period, record.status)
            if (given.from_, given.to) != (record.from_, record.to):
                raise book.PeriodBoundsChanged(given.stream, given.period)
            version = record.version + 1
        if given.version != version:
            raise book.VersionNotNext(given.stream, given.period, version, given.version)

    def _require_bounds(self, state: State, given: book.Statement, time: int) -> None:
        if given.to <= given.from_ or given.to > time:
            raise book.InvalidPeriod(given.stream, given.from_, given.to)
        for boundary, head in ((given.from_, given.first_head), (given.to, given.last_head)):
            anchored = state.boundaries.get((given.stream, boundary), _NOTHING)
            if anchored == _NOTHING or head != anchored:
                raise book.HeadNotAnchored(given.stream, boundary, anchored, head)

    def _require_quality(self, given: book.Statement, terms: Stream) -> None:
        tariff = terms.tariff.hash()
        if given.tariff_hash != tariff:
            raise book.WrongTariff(given.stream, tariff, given.tariff_hash)
        if given.coverage_bp > _MOST:
            raise book.CoverageTooHigh(given.stream, given.coverage_bp)
        if given.coverage_bp < terms.min_coverage_bp:
            raise book.CoverageTooLow(given.stream, given.coverage_bp, terms.min_coverage_bp)
        if given.estimated_bp > terms.max_estimated_bp:
            raise book.TooMuchEstimated(given.stream, given.estimated_bp, terms.max_estimated_bp)


def selector(function: rt.Function[Any]) -> bytes:
    """The first four bytes of its calls."""
    return function.selector


def revert_data(error: rt.ContractError) -> bytes:
    """What a node tells of a revert: the selector and the fields."""
    inner = error.SIGNATURE[error.SIGNATURE.index("(") + 1 : -1]
    types = tuple(each for each in inner.split(",") if each)
    return rt.encode(types, error.values(), error.SELECTOR)


def _place(data: bytes) -> Place:
    return int.from_bytes(data[:32], "big"), int.from_bytes(data[32:64], "big")
