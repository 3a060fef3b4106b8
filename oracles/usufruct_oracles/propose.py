"""One step of one stream: catch up with the chain, then propose the next batch or statement if it is due."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from usufruct.chain import crash
from usufruct.clock import Clock, SystemClock
from usufruct.contracts import ContractError
from usufruct.core.typed_data import head_of
from usufruct.errors import ChainError
from usufruct_oracles import differ, logs
from usufruct_oracles.alerts import Alerts
from usufruct_oracles.answers import AnyReady, batch_proposal, statement_proposal
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.desk import Desk, Waiting
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.peers import (
    BAD_SIGNATURE,
    BATCH_PATH,
    DISAGREEMENT,
    STATEMENT_PATH,
    Refused,
)
from usufruct_oracles.quorum import Gatherer, Quorum, Shortfall
from usufruct_oracles.submit import Submitter
from usufruct_oracles.turns import Turns
from usufruct_oracles.wire import Json
from usufruct_oracles.witness import BARRED


class Proposer:
    """Proposes and sends.

    Attributes:
        state: What each stream waits for, by (stream, "batch" or "statement"); for the status.
    """

    def __init__(
        self,
        desk: Desk,
        view: ChainView,
        gatherer: Gatherer,
        submitter: Submitter,
        turns: Turns,
        alerts: Alerts,
        clock: Clock | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._metrics = metrics or Metrics()
        self._desk = desk
        self._view = view
        self._gatherer = gatherer
        self._submitter = submitter
        self._turns = turns
        self._alerts = alerts
        self._clock = clock or SystemClock()
        self._log = logs.get("propose")
        self.state: dict[tuple[int, str], Waiting] = {}

    def batch(self, stream: int) -> bool:
        """Propose the stream's next batch if it is due; True if the chain has moved."""
        ready = self._desk.next_batch(stream)
        if isinstance(ready, Waiting):
            return self._waits(stream, "batch", ready)
        batch = ready.built.batch
        cursor = self._view.account(stream).before(batch.seq)
        quorum = self._quorum(ready, BATCH_PATH, batch_proposal(ready), ready.built.leaves)
        if quorum is None:
            return False
        if cursor is None or head_of(cursor) != batch.prev:
            return True  # the chain moved meanwhile
        with self._counting(ready):
            if not self._submitter.batch(ready.built, cursor, quorum):
                self._turns.failed(ready.place, ready.digest)
        return True

    def statement(self, stream: int) -> bool:
        """Propose the stream's next statement if it is due; True if the chain has moved."""
        ready = self._desk.next_statement(stream)
        if isinstance(ready, Waiting):
            return self._waits(stream, "statement", ready)
        quorum = self._quorum(ready, STATEMENT_PATH, statement_proposal(ready), ())
        if quorum is None:
            return False
        with self._counting(ready):
            if not self._submitter.statement(ready.built, ready.digest, quorum):
                self._turns.failed(ready.place, ready.digest)
        return True

    def _waits(self, stream: int, kind: str, why: Waiting) -> bool:
        before = self.state.get((stream, kind))
        if why.held and (before is None or before.code != why.code):
            self._log.warning("held", stream=stream, kind=kind, code=why.code, reason=why.reason)
        self.state[stream, kind] = why
        return False

    @contextmanager
    def _counting(self, ready: AnyReady) -> Iterator[None]:
        """A transaction that fails counts as a failed try, so that the next one comes later."""
        try:
            yield
        except (ChainError, ContractError):
            self._turns.failed(ready.place, ready.digest)
            raise

    # --- Quorum ---

    def _quorum(
        self, ready: AnyReady, path: str, proposal: Json, leaves: Sequence[bytes]
    ) -> Quorum | None:
        place, signers = ready.place, self._view.signers
        if signers.place(self._desk.address) is None:
            why = Waiting(
                "not_a_signer", f"{self._desk.address} is not in the signer table", held=True
            )
            self._waits(place.stream, place.kind, why)
            return None
        if not self._turns.is_mine(place, ready.digest, signers):
            self._waits(place.stream, place.kind, Waiting("not_my_turn", f"{place} is ready"))
            return None
        began = time.monotonic()
        found = self._gatherer.gather(
            path, proposal, ready.digest, signers, lambda: self._desk.sign(ready)
        )
        outcome = "short" if isinstance(found, Shortfall) else "reached"
        duration = self._metrics.quorum_seconds.labels(place.kind, outcome)
        duration.observe(time.monotonic() - began)
        for refusal in found.refusals:
            self._note(ready, refusal, leaves)
        if isinstance(found, Shortfall):
            self._fall_short(ready, found)
            return None
        crash.point("quorum.reached")
        return found

    def _fall_short(self, ready: AnyReady, found: Shortfall) -> None:
        pause = self._turns.failed(ready.place, ready.digest)
        reasons = "; ".join(f"{each.peer}: {each.code}" for each in found.refusals)
        grave = any(each.code in {DISAGREEMENT, BAD_SIGNATURE, BARRED} for each in found.refusals)
        why = Waiting(
            "no_quorum",
            f"{found.given} of {found.needed} signatures for {ready.place} ({reasons}); "
            f"next try in {pause:.1f} s",
            held=grave,
        )
        self._log.info("no quorum", place=str(ready.place), reason=why.reason)
        self.state[ready.place.stream, ready.place.kind] = why

    def _note(self, ready: AnyReady, refusal: Refused, leaves: Sequence[bytes]) -> None:
        self._log.info(
            "not signed",
            place=str(ready.place),
            peer=refusal.peer,
            code=refusal.code,
            detail=refusal.detail,
        )
        if refusal.code == DISAGREEMENT:
            detail = differ.seen_from_here(refusal.body, leaves)
            detail["place"] = str(ready.place)
            self._alerts.disagreement(
                ready.place.stream, ready.place.kind, refusal.peer, detail, self._clock.now()
            )
