"""Answers to peers that ask for a signature: recompute, compare, sign or say why not.

Endpoints are idempotent: the same proposal gets the same signature, so a replayed request tells nothing new.

| status | error | meaning |
|---|---|---|
| 200 | | signed: `digest`, `signer`, `signature` |
| 400 | malformed | the proposal cannot be read |
| 403 | barred | the caller, or this worker, is known to have signed two different things |
| 404 | unknown_stream | no such stream here |
| 409 | disagreement | this worker computes another digest; both digests and what differs |
| 409 | stale | the proposal continues from another head than the chain's |
| 409 | equivocation | another digest was signed for this place |
| 409 | halted, coverage, estimated, negative, voided | held here until a person or new data changes it |
| 425 | day_open, unread, no_file, catching_up, not_open, period_open | not yet; ask again |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from usufruct.clock import Clock, SystemClock
from usufruct.core.corrections import Corrections
from usufruct.core.documents import keyed, text, wrong
from usufruct.core.encoding import ZERO_HASH, canonical_json, hex0x, load_json, unhex
from usufruct.core.keccak import DIGEST
from usufruct.core.statements import line_document
from usufruct.core.typed_data import Batch, Statement, batch_digest, statement_digest
from usufruct.errors import EvidenceError, InputError
from usufruct_oracles import differ, logs
from usufruct_oracles.alerts import Alerts
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.cuts import leaves_of
from usufruct_oracles.desk import Asked, Barred, Desk, Ready, Waiting
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.peers import DISAGREEMENT
from usufruct_oracles.pledges import Equivocation
from usufruct_oracles.ports import BuiltBatch, BuiltStatement
from usufruct_oracles.turns import Turns
from usufruct_oracles.wire import (
    Json,
    batch_from,
    batch_to,
    describe_leaf,
    fingerprints,
    statement_from,
    statement_to,
    texts_at,
)
from usufruct_oracles.witness import BARRED, Witness

VERSION: Final = 1
"""Version of the proposals."""

_OK, _MALFORMED, _FORBIDDEN, _UNKNOWN, _CONFLICT, _EARLY = 200, 400, 403, 404, 409, 425
_BATCH_KEYS = {"v", "digest", "batch", "manifest", "leaves"}
_STATEMENT_KEYS = {"v", "digest", "statement", "lines", "corrections"}

AnyReady = Ready[BuiltBatch | BuiltStatement]


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP status and the JSON object that goes with it."""

    status: int
    body: Json


def batch_proposal(ready: Ready[BuiltBatch]) -> Json:
    """What a peer is asked to sign; fingerprints of the leaves let it say what differs."""
    built = ready.built
    few = len(built.leaves) <= differ.MOST_FINGERPRINTS
    return {
        "v": VERSION,
        "digest": hex0x(ready.digest),
        "batch": batch_to(built.batch),
        "manifest": differ.manifest_object(built.manifest),
        "leaves": fingerprints(built.leaves) if few else [],
    }


def statement_proposal(ready: Ready[BuiltStatement]) -> Json:
    """What a peer is asked to sign."""
    return {
        "v": VERSION,
        "digest": hex0x(ready.digest),
        "statement": statement_to(ready.built.statement),
        "lines": [line_document(line) for line in ready.built.lines],
        "corrections": corrections_object(ready.built.corrections),
    }


def corrections_object(document: Corrections | None) -> object:
    """A corrections document as the JSON value that is hashed, None for none."""
    return None if document is None else load_json(document.canonical())


class Answerer:
    """Answers proposals; `catch_up` brings a stream's records into line with the chain first."""

    def __init__(
        self,
        desk: Desk,
        view: ChainView,
        catch_up: Callable[[int], int],
        alerts: Alerts,
        metrics: Metrics,
        clock: Clock | None = None,
        witness: Witness | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._desk = desk
        self._view = view
        self._witness = witness
        self._turns = turns
        self._catch_up = catch_up
        self._alerts = alerts
        self._metrics = metrics
        self._clock = clock or SystemClock()
        self._log = logs.get("answers")

    def batch(self, body: bytes, caller: str) -> Reply:
        """Answer to a proposed batch."""
        try:
            given = _proposal(body, _BATCH_KEYS)
            batch = batch_from(given["batch"])
            leaves = texts_at(given["leaves"], "leaves")
            _require_digest(given, batch_digest(self._view.anchor_domain, batch))
        except InputError as error:
            return self._refuse("batch", _MALFORMED, "malformed", error.one_line())
        known = self._bar("batch", caller) or self._prepare(batch.stream)
        if known is not None:
            return known
        mine = self._desk.next_batch(batch.stream)
        if isinstance(mine, Waiting):
            return self._wait("batch", batch.stream, batch.prev, mine)
        if (mine.built.batch.seq, mine.built.batch.prev) != (batch.seq, batch.prev):
            return self._stale("batch", batch.stream)
        if mine.digest == batch_digest(self._view.anchor_domain, batch):
            return self._sign(mine, caller)
        summary = self._batch_summary(mine.built, batch, given["manifest"], leaves)
        return self._disagree(mine, batch.stream, caller, hex_of(given), summary)

    def statement(self, body: bytes, caller: str) -> Reply:
        """Answer to a proposed statement."""
        try:
            given = _proposal(body, _STATEMENT_KEYS)
            statement = statement_from(given["statement"])
            corrections = _corrections(given["corrections"], statement)
            _require_digest(given, statement_digest(self._view.book_domain, statement))
        except (InputError, EvidenceError) as error:
            return self._refuse("statement", _MALFORMED, "malformed", error.one_line())
        known = self._bar("statement", caller) or self._prepare(statement.stream)
        if known is not None:
            return known
        if corrections is not None:
            self._desk.keep(corrections)
        asked = Asked(statement.period, leaves_of(corrections))
        mine = self._desk.next_statement(statement.stream, asked)
        if isinstance(mine, Waiting):
            return self._wait("statement", statement.stream, statement.last_head, mine)
        own = mine.built.statement
        if (own.period, own.version) != (statement.period, statement.version):
            return self._stale("statement", statement.stream)
        if mine.digest == statement_digest(self._view.book_domain, statement):
            return self._sign(mine, caller)
        summary = self._statement_summary(mine.built, statement, given["lines"])
        summary["corrections"] = [
            describe_leaf(leaf)
            for leaf in sorted(asked.leaves ^ leaves_of(mine.built.corrections))[: differ.FIRST]
        ]
        return self._disagree(mine, statement.stream, caller, hex_of(given), summary)

    # --- Parts of an answer ---

    def _bar(self, kind: str, caller: str) -> Reply | None:
        if self._witness is None or not self._witness.is_barred(caller):
            return None
        why = f"{caller} has signed two different things; `usufruct-oracle equivocation list` shows them"
        return self._refuse(kind, _FORBIDDEN, BARRED, why)

    def _prepare(self, stream: int) -> Reply | None:
        if stream not in self._desk.streams:
            return self._refuse("any", _UNKNOWN, "unknown_stream", f"there is no stream {stream}")
        self._view.refresh()
        self._catch_up(stream)
        return None

    def _sign(self, mine: AnyReady, caller: str) -> Reply:
        try:
            signature = self._desk.sign(mine)
        except Equivocation as error:
            return self._refuse(
                mine.place.kind, _CONFLICT, "equivocation", error.one_line(), signed=error.signed
            )
        except Barred as error:
            return self._refuse(mine.place.kind, _FORBIDDEN, BARRED, error.one_line())
        if self._turns is not None:
            self._turns.leave(mine.place, caller)
        body: Json = {
            "digest": hex0x(mine.digest),
            "signer": self._desk.address,
            "signature": hex0x(signature),
        }
        return Reply(_OK, body)

    def _wait(self, kind: str, stream: int, prev: bytes, mine: Waiting) -> Reply:
        head = self._desk.current_head(stream)
        if kind == "batch" and not mine.held and head is not None and head != hex0x(prev):
            return self._stale(kind, stream)
        return self._refuse(kind, _CONFLICT if mine.held else _EARLY, mine.code, mine.reason)

    def _stale(self, kind: str, stream: int) -> Reply:
        head = self._desk.current_head(stream)
        return self._refuse(
            kind, _CONFLICT, "stale", "the chain is elsewhere; read it again", head=head
        )

    def _disagree(
        self, mine: AnyReady, stream: int, caller: str, yours: object, summary: Json
    ) -> Reply:
        detail: Json = {"place": str(mine.place), "mine": hex0x(mine.digest), "yours": yours}
        self._alerts.disagreement(
            stream, mine.place.kind, caller, {**detail, **summary}, self._clock.now()
        )
        return self._refuse(
            mine.place.kind,
            _CONFLICT,
            DISAGREEMENT,
            "this worker computes another digest from its own journal",
            **detail,
            **summary,
        )

    def _refuse(self, kind: str, status: int, error: str, detail: str, **more: object) -> Reply:
        self._metrics.refusals.labels(kind, error).inc()
        self._log.info("refused", kind=kind, error=error, detail=detail)
        return Reply(status, {"error": error, "detail": detail, **more})

    def _batch_summary(
        self, built: BuiltBatch, batch: Batch, manifest: object, leaves: list[str]
    ) -> Json:
        mine, theirs = differ.manifest_object(built.manifest), manifest
        return {
            "differs": differ.differing(batch_to(built.batch), batch_to(batch)),
            "manifest": differ.differing(mine, theirs if isinstance(theirs, dict) else {}),
            "leaves": differ.leaves_summary(built.leaves, leaves) if leaves else {},
        }

    def _statement_summary(
        self, built: BuiltStatement, statement: Statement, lines: object
    ) -> Json:
        mine = [line_document(line) for line in built.lines]
        theirs = lines if isinstance(lines, list) else []
        return {
            "differs": differ.differing(statement_to(built.statement), statement_to(statement)),
            "lines": [str(each["row"]) for each in mine if each not in theirs],
        }


def _corrections(value: object, statement: Statement) -> Corrections | None:
    """The document that the statement names."""
    document = None if value is None else Corrections.from_json(canonical_json(value))
    named = ZERO_HASH if document is None else document.hash()
    if named != statement.documents:
        raise wrong("corrections", hex0x(named), "the document whose hash the statement names")
    return document


def _proposal(body: bytes, keys: set[str]) -> Json:
    given = keyed(load_json(body), keys, "proposal")
    if given["v"] != VERSION or isinstance(given["v"], bool):
        raise wrong("v", given["v"], f"the version is {VERSION}")
    if canonical_json(given) != body:
        raise wrong("proposal", "…", "canonical JSON")
    return given


def _require_digest(given: Json, found: bytes) -> None:
    if unhex(text(given["digest"], "digest"), DIGEST) != found:
        raise wrong("digest", given["digest"], "the EIP-712 digest of what is proposed")


def hex_of(given: Json) -> str:
    """The digest that a proposal names."""
    return text(given["digest"], "digest")
