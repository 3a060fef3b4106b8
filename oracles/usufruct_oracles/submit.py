"""Sends what a quorum signed, through the durable outbox; losing a race is not an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from usufruct.chain import crash
from usufruct.chain.records import Receipt
from usufruct.contracts import Call
from usufruct.contracts import statement_book as book
from usufruct.contracts import telemetry_anchor as anchor
from usufruct.core.encoding import hex0x
from usufruct.core.typed_data import Cursor
from usufruct_oracles import logs
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.ports import BuiltBatch, BuiltStatement
from usufruct_oracles.quorum import Quorum

_BEATEN = (
    anchor.StaleHead,
    book.VersionNotNext,
    book.PeriodNotContiguous,
    book.PeriodSettled,
    book.WrongStatus,
)
"""Reverts that say that the place is taken: somebody else was first."""


class Transactions(Protocol):
    """The part of `usufruct.chain.sender.Sender` that is needed here."""

    def submit(
        self,
        key: str,
        to: str | None,
        data: bytes,
        *,
        done: Callable[[], bool] | None = None,
    ) -> Receipt | None:
        """Make the effect named `key` happen once and wait until it is mined."""
        ...


class Submitter:
    """Sends batches to the anchor and statements to the book.

    Args:
        sender: Sends and waits.
        reads: Asks the chain.
        anchor_address: Address of TelemetryAnchor.
        book_address: Address of StatementBook.
        metrics: Where lost races are counted.
    """

    def __init__(
        self,
        sender: Transactions,
        reads: Callable[[str, Call[bytes]], bytes],
        anchor_address: str,
        book_address: str,
        metrics: Metrics,
    ) -> None:
        self._sender = sender
        self._reads = reads
        self._anchor = anchor_address
        self._book = book_address
        self._metrics = metrics
        self._log = logs.get("submit")

    def batch(self, built: BuiltBatch, cursor: Cursor, quorum: Quorum) -> bool:
        """Anchor a batch; False if another worker was first."""
        batch = built.batch
        call = anchor.anchor(
            anchor.Batch(
                batch.stream, batch.to, batch.count, batch.closes, batch.root, batch.content
            ),
            anchor.Cursor(cursor.digest, cursor.seq, cursor.to, cursor.next),
            quorum.signers,
            quorum.signatures,
        )

        def done() -> bool:
            return self._reads(self._anchor, anchor.head_of(batch.stream)) != batch.prev

        # The predecessor is part of the key: after a reorganisation the same number is another effect.
        key = f"anchor/{batch.stream}/{batch.seq}/{hex0x(batch.prev)}"
        return self._send("batch", key, self._anchor, call.data, done)

    def statement(self, built: BuiltStatement, digest: bytes, quorum: Quorum) -> bool:
        """Attest a statement; False if another worker was first."""
        statement = built.statement
        call = book.attest(
            book.Statement(*statement.values()),
            quorum.signers,
            quorum.signatures,
        )

        def done() -> bool:
            period = book.digest_of(statement.stream, statement.period)
            return self._reads(self._book, period) == digest

        key = f"attest/{statement.stream}/{statement.period}/{statement.version}"
        return self._send("statement", key, self._book, call.data, done)

    def _send(self, kind: str, key: str, to: str, data: bytes, done: Callable[[], bool]) -> bool:
        try:
            receipt = self._sender.submit(key, to, data, done=done)
        except _BEATEN as error:
            return self._lost(kind, key, str(error))
        if receipt is None:
            return self._lost(kind, key, "its effect is on the chain already")
        crash.point(f"{kind}.sent")
        self._log.info("mined", kind=kind, key=key, tx=receipt.tx_hash, gas=receipt.gas_used)
        return True

    def _lost(self, kind: str, key: str, why: str) -> bool:
        self._metrics.lost_races.labels(kind).inc()
        self._log.info("another worker was first", kind=kind, key=key, why=why)
        return False
