"""The signing desk: what this worker would sign next, and what it signs for a peer.

One rule holds for both: only what was just recomputed from this worker's own journal is signed, and only
after the pledge for its place is stored. A peer's proposal is never used for anything but to compare.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from usufruct.chain import crash
from usufruct.clock import Clock, SystemClock
from usufruct.config import Stream
from usufruct.core.corrections import Corrections
from usufruct.core.encoding import ZERO_HASH, hex0x
from usufruct.core.signing import address_of, sign_digest
from usufruct.core.typed_data import Cursor, batch_digest, head_of, statement_digest
from usufruct.errors import UsufructError
from usufruct_oracles import differ
from usufruct_oracles.chainstate import Attested
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.cuts import Cut, leaves_of
from usufruct_oracles.gates import Closed, batch_gate, statement_gate
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.pledges import Equivocation, Place, Pledges
from usufruct_oracles.ports import Books, BuiltBatch, BuiltStatement
from usufruct_oracles.windows import Calendar, Window
from usufruct_oracles.wire import Json, batch_to, statement_to
from usufruct_oracles.witness import OWN, Witness

Built_co = TypeVar("Built_co", bound=BuiltBatch | BuiltStatement, covariant=True)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing to sign now.

    Attributes:
        code: Why, in one word: "day_open", "no_file", "coverage", …
        reason: Why, for people.
        held: True if a person should look: it will not pass by itself.
    """

    code: str
    reason: str
    held: bool = False


@dataclass(frozen=True, slots=True)
class Ready(Generic[Built_co]):
    """Something recomputed and fit to be signed: a batch or a statement, its digest and its place."""

    place: Place
    digest: bytes
    built: Built_co


@dataclass(frozen=True, slots=True)
class Asked:
    """What a peer proposes to state: the period, and the corrected leaves that it names."""

    period: int
    leaves: frozenset[bytes]


class Barred(UsufructError):
    """This worker's own key has signed two different things: it signs no more until a person looked."""

    def __init__(self, address: str) -> None:
        super().__init__(
            "this worker's key has signed two different things for one place",
            field="signer",
            value=address,
            rule="a key that is used twice, or was stolen, signs no more",
            remedy="find out who else uses the key; then `usufruct-oracle equivocation release`, "
            "or `rotate-key`",
        )


def message_body(built: BuiltBatch | BuiltStatement) -> Json:
    """What is signed, as a JSON object."""
    if isinstance(built, BuiltBatch):
        return batch_to(built.batch)
    return statement_to(built.statement)


class Desk:
    """Recomputes and signs; safe to share between threads.

    Attributes:
        streams: Streams by number.
        halted: Streams that are stopped, with the reason.
        looked_at: Chain time at which the source was last read to its end.
        reattest: Versions (stream, period, version) that a person wants attested though nothing changed.
    """

    def __init__(
        self,
        streams: Mapping[int, Stream],
        calendar: Calendar,
        books: Books,
        view: ChainView,
        pledges: Pledges,
        key: bytes,
        metrics: Metrics,
        *,
        grace: int,
        reattest: frozenset[tuple[int, int, int]] = frozenset(),
        clock: Clock | None = None,
        witness: Witness | None = None,
    ) -> None:
        self.streams = streams
        self.halted: dict[int, Waiting] = {}
        self.looked_at = 0
        self.reattest = reattest
        self.address = address_of(key)
        # Held while the journal is read and written, never while a peer or the chain is waited for:
        # two workers that ask each other at once would wait for ever.
        self.lock = threading.RLock()
        self._calendar = calendar
        self._books = books
        self._view = view
        self._pledges = pledges
        self._key = key
        self._metrics = metrics
        self._grace = grace
        self._clock = clock or SystemClock()
        self._witness = witness
        self._batches: dict[int, tuple[tuple[Cursor, int], Ready[BuiltBatch] | Waiting]] = {}

    # --- Batches ---

    def next_batch(self, stream: int) -> Ready[BuiltBatch] | Waiting:
        """The stream's next batch, recomputed, or why there is none to sign."""
        with self.lock:
            cursor = self._view.account(stream).cursor
            if stream in self.halted:
                return self.halted[stream]
            if cursor is None:
                return Waiting("not_open", "the stream's chain is not open")
            if len(self._books.recorded(stream)) != cursor.seq:
                return Waiting("catching_up", "anchored batches are still being checked")
            window = self._calendar.window_after(cursor.to)
            waiting = self.not_ready(stream, window)
            if waiting is not None:
                return waiting
            # What is built depends on the journal and the place alone: built once for all who ask.
            key = (cursor, self._books.revision())
            known = self._batches.get(stream)
            if known is None or known[0] != key:
                known = self._batches[stream] = key, self._build(stream, cursor, window)
            return known[1]

    def built(self, stream: int, digest: bytes) -> BuiltBatch | None:
        """The batch with that digest, if it is the one this worker has computed last."""
        known = self._batches.get(stream)
        if known is None or isinstance(known[1], Waiting) or known[1].digest != digest:
            return None
        return known[1].built

    def _build(self, stream: int, cursor: Cursor, window: Window) -> Ready[BuiltBatch] | Waiting:
        built = self._books.build_batch(stream, cursor, window)
        closed = self._batch_gate(stream, built, window)
        if closed is not None:
            return Waiting(closed.gate, f"{window.day}: {closed.reason}", held=True)
        crash.point("batch.built")
        digest = batch_digest(self._view.anchor_domain, built.batch)
        return Ready(Place.of_batch(built.batch), digest, built)

    def not_ready(self, stream: int, window: Window) -> Waiting | None:
        """Why a window cannot be computed yet: its day is not over, or its file is still waited for."""
        if self._view.now < window.to:
            return Waiting("day_open", f"{window.day} ends in {window.to - self._view.now} s")
        if self.looked_at < window.to:
            return Waiting("unread", f"{window.day}: the source was not read since it ended")
        left = window.to + self._grace - self.looked_at
        if left > 0 and not self._books.has_file(stream, window.day):
            return Waiting("no_file", f"{window.day}: no file yet, waited for {left} s more")
        return None

    def _batch_gate(self, stream: int, built: BuiltBatch, window: Window) -> Closed | None:
        start, end = self._calendar.bounds(window.period)
        manifests = [*self._books.manifests(stream, start, window.from_), built.manifest]
        remaining = self._books.expected(stream, window.to, end)
        return batch_gate(self.streams[stream], manifests, remaining, closes=window.closes)

    # --- Statements ---

    def next_statement(
        self, stream: int, asked: Asked | None = None
    ) -> Ready[BuiltStatement] | Waiting:
        """The stream's next statement, recomputed, or why there is none to sign.

        Args:
            stream: The stream.
            asked: What a peer proposes: only the corrections that it names are taken up then. None for all.
        """
        with self.lock:
            if stream in self.halted:
                return self.halted[stream]
            account = self._view.account(stream)
            voided = sorted(account.voided - account.settled)
            newest = len(account.versions)
            may_supersede = newest and not voided and newest not in account.settled
            wanted = asked is None or asked.period == newest
            if may_supersede and wanted and self._books.moments(stream, newest):
                better = self._statement(stream, newest, asked)
                if isinstance(better, Ready) and self._corrects_more(better):
                    return better
            period = voided[0] if voided else newest + 1
            found = self._statement(stream, period, asked)
            if voided and isinstance(found, Ready) and self._is_unchanged(found):
                version = found.place.qualifier.removeprefix("v")
                return Waiting(
                    "voided",
                    f"period {period} was voided and nothing has changed since; start the workers with "
                    f"--reattest {stream}:{period}:{version} to attest it again as it was",
                    held=True,
                )
            return found

    def _statement(
        self, stream: int, period: int, asked: Asked | None
    ) -> Ready[BuiltStatement] | Waiting:
        account = self._view.account(stream)
        start, end = self._calendar.bounds(period)
        heads = account.head_at(start), account.head_at(end)
        if heads[0] is None or heads[1] is None:
            return Waiting("period_open", f"period {period} is not closed")
        if heads[1] not in self._books.recorded(stream):
            return Waiting("catching_up", "anchored batches are still being checked")
        version = len(account.versions.get(period, ())) + 1
        others = self.others(stream, period)
        if others is None:
            return Waiting("catching_up", "corrections of other periods are not here yet")
        cuts = [Cut(others, None if asked is None else asked.leaves)]
        if asked is None:
            cuts += [Cut(others, each) for each in self._signed_cuts(stream, period, version)]
        heads_ = heads[0], heads[1]
        ready = [self._stated(stream, period, version, heads_, each) for each in cuts]
        signed = [each for each in ready if self._is_signed(each)]
        return signed[0] if signed else self._gated(ready[0])

    def others(
        self, stream: int, period: int, before: Attested | None = None
    ) -> dict[int, Corrections] | None:
        """The corrections that the newest statements of the other periods name; None if one is not here.

        `before` leaves out what was attested after that version.
        """
        found = {}
        for other, wanted in self._view.account(stream).documents(period, before).items():
            document = self._books.document(wanted)
            if document is None:
                return None
            found[other] = document
        return found

    def keep(self, document: Corrections) -> None:
        """Keep a document that a peer proposes: what is attested may be found by it."""
        with self.lock:
            self._books.keep(document)

    def _stated(
        self, stream: int, period: int, version: int, heads: tuple[bytes, bytes], cut: Cut
    ) -> Ready[BuiltStatement]:
        built = self._books.build_statement(stream, period, version, heads, cut)
        digest = statement_digest(self._view.book_domain, built.statement)
        return Ready(Place.of_statement(built.statement), digest, built)

    def _signed_cuts(self, stream: int, period: int, version: int) -> list[frozenset[bytes]]:
        """What this worker may have signed for that place: later corrections must not change its mind."""
        place = Place("statement", stream, period, f"v{version}")
        if self._pledges.signed(place) is None:
            return []
        kept = self._books.documents(stream, period, version)
        return [*map(leaves_of, kept), frozenset()]

    def _is_signed(self, ready: Ready[BuiltStatement]) -> bool:
        return self._pledges.signed(ready.place) == hex0x(ready.digest)

    def _gated(self, ready: Ready[BuiltStatement]) -> Ready[BuiltStatement] | Waiting:
        statement = ready.built.statement
        closed = statement_gate(self.streams[statement.stream], statement)
        if closed is None:
            return ready
        return Waiting(closed.gate, f"period {statement.period}: {closed.reason}", held=True)

    def _corrects_more(self, found: Ready[BuiltStatement]) -> bool:
        """Whether a statement corrects more of its own period than the newest version, and nothing less."""
        statement, mine = found.built.statement, leaves_of(found.built.corrections)
        last = self._view.account(statement.stream).versions[statement.period][-1].statement
        stated = self._books.document(last.documents)
        if stated is None and last.documents != ZERO_HASH:
            return False
        own = {
            each.new
            for part in (found.built.corrections.periods if found.built.corrections else ())
            if part.period == statement.period
            for each in part.readings
        }
        return leaves_of(stated) < mine and bool(own - leaves_of(stated))

    def _is_unchanged(self, found: Ready[BuiltStatement]) -> bool:
        statement = found.built.statement
        if (statement.stream, statement.period, statement.version) in self.reattest:
            return False
        last = self._view.account(statement.stream).versions[statement.period][-1].statement
        return differ.same_but_version(statement, last)

    # --- Signing ---

    def sign(self, ready: Ready[BuiltBatch | BuiltStatement]) -> bytes:
        """This worker's signature; the pledge is stored first.

        Raises:
            Equivocation: Another digest was signed for this place.
            Barred: Somebody has shown that this worker's key signed two different things.
        """
        if self._witness is not None and self._witness.is_barred(self.address):
            raise Barred(self.address)
        self._require_true_to_itself(ready)
        if isinstance(ready.built, BuiltStatement) and ready.built.corrections is not None:
            self._books.keep(ready.built.corrections)
        self._pledges.pledge(ready.place, ready.digest, self._clock.now())
        signature = sign_digest(self._key, ready.digest)
        crash.point(f"{ready.place.kind}.signed")
        self._metrics.signatures.labels(ready.place.kind).inc()
        if self._witness is not None:
            self._witness.saw(ready.place.kind, message_body(ready.built), signature, OWN)
        return signature

    def _require_true_to_itself(self, ready: Ready[BuiltBatch | BuiltStatement]) -> None:
        """What others remember of this key binds it, too: its own pledges may have been restored from a backup."""
        if self._witness is None:
            return
        asked = hex0x(ready.digest)
        others = self._witness.seen_of(self.address, ready.place) - {asked}
        if others:
            raise Equivocation(ready.place, min(others), asked)

    def current_head(self, stream: int) -> str | None:
        """The stream's head as hex, for answers to peers that are behind."""
        cursor = self._view.account(stream).cursor
        return None if cursor is None else hex0x(head_of(cursor))
