"""One step of one stream: catch up with the chain, then propose the next batch or statement if it is due."""

from __future__ import annotations

from collections.abc import Sequence

from usufruct.chain import crash
from usufruct.clock import Clock, SystemClock

from usufruct_oracles import logs
from usufruct_oracles.alerts import Alerts
from usufruct_oracles.answers import AnyReady, batch_proposal, statement_proposal
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.desk import Desk, Ready, Waiting
from usufruct_oracles.peers import BAD_SIGNATURE, BATCH_PATH, STATEMENT_PATH, Refused
from usufruct_oracles.ports import BuiltBatch, BuiltStatement
from usufruct_oracles.quorum import Gatherer, Quorum, Shortfall
from usufruct_oracles.submit import Submitter
from usufruct_oracles.turns import Turns
from usufruct_oracles.wire import Json, describe_leaf

_DISAGREEMENT = "disagreement"


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
    ) -> None:
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
        quorum = self._quorum(ready, BATCH_PATH, batch_proposal)
        cursor = self._view.account(stream).cursor
        if quorum is None or cursor is None:
            return False
        self._submitter.batch(ready.built, cursor, quorum)
        return True

    def statement(self, stream: int) -> bool:
        """Propose the stream's next statement if it is due; True if the chain has moved."""
        ready = self._desk.next_statement(stream)
        if isinstance(ready, Waiting):
            return self._waits(stream, "statement", ready)
        quorum = self._quorum(ready, STATEMENT_PATH, statement_proposal)
        if quorum is None:
            return False
        self._submitter.statement(ready.built, ready.digest, quorum)
        return True
