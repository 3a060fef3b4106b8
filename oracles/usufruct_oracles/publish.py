"""What a worker publishes: evidence of batches and statements, verdicts, its status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from usufruct.config import Stream
from usufruct.core.encoding import hex0x, load_json
from usufruct.core.statements import line_document
from usufruct.core.typed_data import Cursor, batch_digest, head_of, statement_digest
from usufruct_oracles.alerts import Alerts
from usufruct_oracles.answers import corrections_object
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.desk import Waiting
from usufruct_oracles.differ import manifest_object
from usufruct_oracles.ports import Books
from usufruct_oracles.summary import published
from usufruct_oracles.wire import Json, batch_to, statement_to
from usufruct_oracles.witness import Witness
from usufruct_oracles.worker import Progress

VERSION = 1
"""Version of the evidence documents."""


class Waits(Protocol):
    """The part of Worker that is needed here."""

    progress: Progress

    def waiting(self, stream: int) -> Mapping[str, Waiting]:
        """What a stream waits for."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this worker is, for its status."""

    name: str
    address: str
    chain_id: int
    anchor: str
    book: str


class Publisher:
    """Builds the documents; safe to share between threads."""

    def __init__(
        self,
        identity: Identity,
        streams: Mapping[int, Stream],
        books: Books,
        view: ChainView,
        worker: Waits,
        alerts: Alerts,
        witness: Witness | None = None,
    ) -> None:
        self._identity = identity
        self._streams = streams
        self._books = books
        self._view = view
        self._worker = worker
        self._alerts = alerts
        self._witness = witness

    def batch(self, stream: int, seq: int) -> Json | None:
        """Evidence of an anchored batch, None if it is not recorded here."""
        account = self._view.account(stream)
        anchored, before = account.batches.get(seq), account.before(seq)
        found = self._books.batch(stream, seq)
        if found is None or anchored is None or before is None:
            return None
        digest = batch_digest(self._view.anchor_domain, found.batch)
        if digest != anchored.digest:
            return None  # a reorganisation is being followed at this moment
        return {
            "v": VERSION,
            "chainId": self._identity.chain_id,
            "contract": self._identity.anchor,
            "batch": batch_to(found.batch),
            "digest": hex0x(digest),
            "cursor": _cursor(before),
            "head": hex0x(anchored.head),
            "manifest": manifest_object(found.manifest),
            "leaves": [hex0x(bytes(leaf)) for leaf in found.leaves],
            "tx": hex0x(anchored.tx),
            "block": anchored.block,
        }

    def statement(self, stream: int, period: int, version: int) -> Json | None:
        """Evidence of an attested statement, None if it is not recorded here."""
        found = self._books.statement(stream, period, version)
        if found is None:
            return None
        statement = found.built.statement
        return {
            "v": VERSION,
            "chainId": self._identity.chain_id,
            "contract": self._identity.book,
            "statement": statement_to(statement),
            "digest": hex0x(statement_digest(self._view.book_domain, statement)),
            "lines": [line_document(line) for line in found.built.lines],
            "tariff": load_json(found.built.tariff.canonical()),
            "corrections": corrections_object(found.built.corrections),
            "signers": str(found.signers),
            "signatures": hex0x(found.signatures),
            "tx": hex0x(found.tx),
        }

    def verdicts(self, stream: int | None, period: int | None) -> Json:
        """Counts by rule with money at stake, and what was rejected; of households as `summary.published` says."""
        found = self._books.verdicts(stream, period)
        streams = found["streams"]
        assert isinstance(streams, list)
        return found | {"streams": [published(each) for each in streams]}

    def status(self) -> Json:
        """Where the worker and each stream stand. Tells no reading and no secret."""
        progress, signers = self._worker.progress, self._view.signers
        return {
            "v": VERSION,
            "name": self._identity.name,
            "address": self._identity.address,
            "chainId": self._identity.chain_id,
            "anchor": self._identity.anchor,
            "book": self._identity.book,
            "chainTime": self._view.now,
            "signers": {
                "table": list(signers.table),
                "threshold": signers.threshold,
                "epoch": signers.epoch,
                "member": signers.place(self._identity.address) is not None,
            },
            "passes": progress.passes,
            "error": progress.error,
            "barred": [] if self._witness is None else self._witness.barred(),
            "streams": [self._stream(each) for each in self._streams.values()],
            "alerts": self._alerts.recent(),
        }

    def _stream(self, stream: Stream) -> Json:
        account = self._view.account(stream.id)
        cursor = account.cursor
        waiting = self._worker.waiting(stream.id)
        return {
            "stream": stream.id,
            "code": stream.code,
            "anchored": 0 if cursor is None else cursor.seq,
            "recorded": len(self._books.recorded(stream.id)),
            "to": None if cursor is None else cursor.to,
            "head": None if cursor is None else hex0x(head_of(cursor)),
            "attested": {str(period): len(each) for period, each in account.versions.items()},
            "voided": sorted(account.voided),
            "settled": sorted(account.settled),
            "held": any(each.held for each in waiting.values()),
            "waiting": {
                kind: {"code": each.code, "reason": each.reason, "held": each.held}
                for kind, each in waiting.items()
            },
        }


def _cursor(cursor: Cursor) -> Json:
    return {
        "digest": hex0x(cursor.digest),
        "seq": cursor.seq,
        "to": cursor.to,
        "next": cursor.next,
    }
