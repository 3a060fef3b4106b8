"""Brings the worker's own records into line with the chain.

The chain's events are the only truth about what is anchored, also for what this worker sent itself: a batch
is recorded when its event was seen and its content recomputed, never because a transaction was sent. So a
crash at any moment, a lost race and a worker that was away for a month are all the same case.
"""

from __future__ import annotations

from usufruct.chain import crash
from usufruct.clock import Clock, SystemClock
from usufruct.core.encoding import hex0x
from usufruct.core.typed_data import batch_digest
from usufruct_oracles import differ, logs
from usufruct_oracles.alerts import Alerts
from usufruct_oracles.chainstate import Account, Anchored
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.desk import Desk, Waiting
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.ports import Books, BuiltBatch
from usufruct_oracles.windows import Calendar
from usufruct_oracles.wire import Json, batch_to


class Reconciler:
    """Records anchored batches after recomputing them; stops a stream whose anchored content is another."""

    def __init__(
        self,
        desk: Desk,
        calendar: Calendar,
        books: Books,
        view: ChainView,
        alerts: Alerts,
        metrics: Metrics,
        clock: Clock | None = None,
    ) -> None:
        self._desk = desk
        self._calendar = calendar
        self._books = books
        self._view = view
        self._alerts = alerts
        self._metrics = metrics
        self._clock = clock or SystemClock()
        self._log = logs.get("reconcile")
        self._judged: dict[int, tuple[int, bytes]] = {}
        self._alerted: dict[int, Json] = {}
        self._doubted: dict[int, list[bytes]] = {}
        self.waiting: dict[int, Waiting] = {}

    def catch_up(self, stream: int) -> int:
        """Record what was anchored since; returns the number of batches recorded."""
        done = 0
        while (found := self._step(stream)) is not False:
            done += found is True
        return done

    def _step(self, stream: int) -> bool | None:
        """Record one batch. True if one was recorded, None if the chain has to be read again first."""
        if self._doubted.get(stream) is not None:
            self._view.refresh()
        # The account is read under the lock: with an older one, what another thread has just
        # recorded would look as if it had left the chain.
        with self._desk.lock:
            account = self._view.account(stream)
            kept = self._take_back(stream, account)
            if kept is None:
                return None
            seq = kept + 1
            anchored = account.batches.get(seq)
            if anchored is None:
                self._resume(stream)
                return False
            if self._judged.get(stream) == (self._books.revision(), anchored.digest):
                return False
            return self._judge(stream, account, anchored)

    def _take_back(self, stream: int, account: Account) -> int | None:
        """Take back what a reorganisation took out of the chain; returns the number of what stays.

        None if that is not sure yet: another worker that shares the journal may have recorded what this one has
        not read yet. The chain is read again, and only what is still recorded and still not there is taken back.
        """
        heads = self._books.recorded(stream)
        present = [each.head for each in account.batches.values()]
        kept = 0
        while kept < min(len(heads), len(present)) and heads[kept] == present[kept]:
            kept += 1
        doubted = self._doubted.pop(stream, None)
        if kept < len(heads):
            if doubted != heads:
                self._doubted[stream] = heads
                return None
            self._log.warning("batches left the chain", stream=stream, kept=kept, had=len(heads))
            self._books.forget_after(stream, kept)
        return kept

    def _judge(self, stream: int, account: Account, anchored: Anchored) -> bool:
        seq = anchored.batch.seq
        cursor = account.before(seq)
        if cursor is None:
            return False
        window = self._calendar.window_after(cursor.to)
        if window.to != anchored.batch.to:
            self._halt(stream, anchored, None, "its window is not one local day")
            return False
        waiting = self._desk.not_ready(stream, window)
        if waiting is not None:
            self.waiting[stream] = waiting
            return False
        # Also as the journal stood earlier: a file may have come in since the quorum signed.
        built = self._desk.built(stream, anchored.digest) or self._books.find_batch(
            stream, cursor, window, anchored.batch.content
        )
        if built is None or batch_digest(self._view.anchor_domain, built.batch) != anchored.digest:
            mine = built or self._books.build_batch(stream, cursor, window)
            self._halt(stream, anchored, mine, "this worker computes another content")
            return False
        self._books.record(built, anchored.digest, anchored.tx)
        crash.point("batch.recorded")
        self._resume(stream)
        self._metrics.anchored.labels(str(stream)).inc()
        self._log.info(
            "batch recorded", stream=stream, seq=seq, day=window.day, tx=hex0x(anchored.tx)
        )
        return True

    def _halt(self, stream: int, anchored: Anchored, built: BuiltBatch | None, why: str) -> None:
        """Stop the stream until the journal changes: a quorum anchored what this worker cannot confirm."""
        self._judged[stream] = self._books.revision(), anchored.digest
        mine = {} if built is None else batch_to(built.batch)
        detail: Json = {
            "seq": anchored.batch.seq,
            "tx": hex0x(anchored.tx),
            "why": why,
            "differs": differ.differing(mine, batch_to(anchored.batch)) if mine else [],
            "anchored": batch_to(anchored.batch),
            "mine": mine or None,
        }
        self._desk.halted[stream] = Waiting(
            "halted",
            f"batch {anchored.batch.seq} was anchored with other content: {why}; compare the source files "
            "with the other workers', the stream goes on when they agree",
            held=True,
        )
        self._metrics.halted.labels(str(stream)).set(1)
        if self._alerted.get(stream) == detail:
            return
        self._alerted[stream] = detail
        self._alerts.disagreement(stream, "anchored", "chain", detail, self._clock.now())

    def _resume(self, stream: int) -> None:
        self._judged.pop(stream, None)
        self.waiting.pop(stream, None)
        if self._desk.halted.pop(stream, None) is not None:
            self._log.info("stream resumed", stream=stream)
        self._metrics.halted.labels(str(stream)).set(0)
