"""Keeps the evidence of attested statements, whoever sent them, after recomputing them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from usufruct.chain import crash
from usufruct.clock import Clock, SystemClock
from usufruct.core.encoding import ZERO_HASH, hex0x
from usufruct.core.typed_data import statement_digest
from usufruct_oracles import differ, logs
from usufruct_oracles.alerts import Alerts
from usufruct_oracles.calldata import statement_signatures
from usufruct_oracles.chainstate import Account, Attested
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.cuts import Cut, leaves_of
from usufruct_oracles.desk import Desk
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.ports import Books, BuiltStatement
from usufruct_oracles.windows import Calendar
from usufruct_oracles.wire import Json, statement_to


class Archive:
    """Records attested statements that this worker computes the same; others raise an alert.

    Args:
        desk: Holds the lock over the journal.
        calendar: The project's calendar.
        books: The journal.
        view: What the chain says.
        input_of: Call data of a transaction, by its hash.
        alerts: Where disagreements go.
        metrics: Where attested statements are counted.
        clock: Wall clock.
    """

    def __init__(
        self,
        desk: Desk,
        calendar: Calendar,
        books: Books,
        view: ChainView,
        input_of: Callable[[bytes], bytes],
        alerts: Alerts,
        metrics: Metrics,
        clock: Clock | None = None,
    ) -> None:
        self._desk = desk
        self._calendar = calendar
        self._books = books
        self._view = view
        self._input_of = input_of
        self._alerts = alerts
        self._metrics = metrics
        self._clock = clock or SystemClock()
        self._log = logs.get("archive")
        self._judged: dict[tuple[int, int, int], int] = {}
        self._alerted: dict[tuple[int, int, int], tuple[Json, Json]] = {}
        self._kept: dict[tuple[int, int, int], bytes] = {}

    def catch_up(self, stream: int) -> int:
        """Record what was attested since; returns the number of statements recorded."""
        account = self._view.account(stream)
        all_of_them = [each for versions in account.versions.values() for each in versions]
        # In the order of the chain: corrections follow from those of the statements before.
        return sum(
            self._take(account, attested)
            for attested in sorted(all_of_them, key=lambda each: each.place)
        )

    def _take(self, account: Account, attested: Attested) -> bool:
        statement = attested.statement
        place = (statement.stream, statement.period, statement.version)
        if self._kept.get(place) == attested.tx:
            return False
        if self._books.has_statement(*place):
            known = self._books.statement(*place)
            # A reorganisation may have put it into another transaction: the newest word counts.
            if known is not None and known.tx == attested.tx:
                self._kept[place] = attested.tx
                return False
        with self._desk.lock:
            if not self._is_due(account, attested, place):
                return False
            tried = list(self._candidates(attested))
            built = next((each for each in tried if self._is(each, attested)), None)
            if built is None:
                if tried:
                    self._disagree(place, attested, statement_to(tried[0].statement))
                return False
        signatures = statement_signatures(self._input_of(attested.tx), attested)
        self._books.record_statement(built, attested.signers, signatures, attested.tx)
        crash.point("statement.recorded")
        self._metrics.attested.labels(str(statement.stream)).inc()
        self._log.info("statement recorded", place=place, tx=hex0x(attested.tx))
        return True

    def _candidates(self, attested: Attested) -> Iterator[BuiltStatement]:
        """What this worker computes, with the corrections that the statement names as far as they are known.

        A document that was proposed here is known by its hash. Otherwise the statement may name what was here
        after some file of corrections. Nothing where earlier documents are missing.
        """
        statement = attested.statement
        place = (statement.stream, statement.period, statement.version)
        heads = statement.first_head, statement.last_head
        others = self._desk.others(statement.stream, statement.period, attested)
        if others is None:
            return
        named = self._books.document(statement.documents)
        if named is not None or statement.documents == ZERO_HASH:
            yield self._books.build_statement(*place, heads, Cut(others, leaves_of(named)))
            return
        for as_of in (None, *self._books.moments(statement.stream, statement.period)):
            yield self._books.build_statement(*place, heads, Cut(others, as_of=as_of))

    def _is(self, built: BuiltStatement, attested: Attested) -> bool:
        return statement_digest(self._view.book_domain, built.statement) == attested.digest

    def _is_due(self, account: Account, attested: Attested, place: tuple[int, int, int]) -> bool:
        """Whether all its batches are recorded, and the journal has changed since it was last judged."""
        recorded = self._books.recorded(place[0])
        last = attested.statement.last_head
        if last not in recorded or account.head_at(attested.statement.to) != last:
            return False
        return self._judged.get(place) != self._books.revision()

    def _disagree(self, place: tuple[int, int, int], attested: Attested, mine: Json) -> None:
        self._judged[place] = self._books.revision()
        theirs = statement_to(attested.statement)
        if self._alerted.get(place) == (theirs, mine):
            return
        self._alerted[place] = theirs, mine
        detail: Json = {
            "tx": hex0x(attested.tx),
            "differs": differ.differing(mine, theirs),
            "attested": theirs,
            "mine": mine,
        }
        self._alerts.disagreement(place[0], "attested", "chain", detail, self._clock.now())
