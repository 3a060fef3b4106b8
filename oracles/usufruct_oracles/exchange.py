"""Asks other workers for what this one lacks: signatures they have seen, and records.

They are reached by whatever reaches them (HTTP, or a shared database); their `Clerk` answers.

What comes back is trusted for nothing: a signature counts because it recovers to a member over a message that was
sent along, a record because its meter signed it and this worker judged it. As a worker may have a meter's key, too, who
and how many have lent a record decides whether it is taken over (`borrowing`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy.exc import SQLAlchemyError

from usufruct.core.documents import items, keyed
from usufruct.core.encoding import ReadingLeaf, hex0x
from usufruct.errors import InputError, UsufructError
from usufruct_oracles import logs
from usufruct_oracles.alerts import Alerts
from usufruct_oracles.borrowing import Contradiction, Offers, Rules, chosen, contradictions
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.clerk import VERSION
from usufruct_oracles.desk import Waiting
from usufruct_oracles.hearing import Hearing
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.journal.lending import (
    MOST_RECORDS,
    Checked,
    LentRecord,
    Place,
    check,
    known_records,
    lend,
    unknown,
)
from usufruct_oracles.journal.lending_corrections import (
    Corrected,
    check_corrections,
    known_corrections,
)
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.peers import (
    CORRECTIONS_PATH,
    RECORDS_PATH,
    Colleague,
    Refused,
)
from usufruct_oracles.windows import Calendar
from usufruct_oracles.wire import Json
from usufruct_oracles.witness import Witness

_MOST_ANSWERS: Final = 50
"""Answers of one peer at a time."""
_TROUBLE: Final = frozenset({"no_quorum", "coverage", "estimated", "halted", "no_file"})
"""What a missing record may be the reason of."""
_ALL: Final = 1 << 40


class Waits(Protocol):
    """The part of Worker that is needed here."""

    def waiting(self, stream: int) -> Mapping[str, Waiting]:
        """What a stream waits for."""
        ...


@dataclass(frozen=True, slots=True)
class _Asked:
    """What peers are asked for: where, of what, what is known already, and how an answer is read and checked."""

    path: str
    question: Json
    known: Collection[bytes]
    parse: Callable[[Json | Refused], list[LentRecord] | None]
    is_good: Callable[[LentRecord, str], bool]


class Exchange:
    """Asks the peers; `step` is called again and again, from a thread of its own."""

    def __init__(
        self,
        journal: Journal,
        calendar: Calendar,
        view: ChainView,
        witness: Witness,
        hearing: Hearing,
        waits: Waits,
        peers: Callable[[], Sequence[Colleague]],
        alerts: Alerts,
        metrics: Metrics,
        *,
        grace: int = 0,
    ) -> None:
        self._journal = journal
        self._grace = grace
        self._told: set[tuple[bytes, bytes]] = set()
        self._catalog = catalog_of(journal.community)
        self._calendar = calendar
        self._view = view
        self._witness = witness
        self._hearing = hearing
        self._waits = waits
        self._peers = peers
        self._alerts = alerts
        self._metrics = metrics
        self._log = logs.get("exchange")

    def hear(self) -> None:
        """Ask the peers what they have seen, before this worker signs anything: a journal that was restored has
        forgotten what this key signed since, and they have not."""
        for peer in self._peers():
            try:
                self._hearing.peer(peer)
            except (UsufructError, SQLAlchemyError) as error:
                self._log.warning("peer not heard", peer=peer.name, error=type(error).__name__)

    def step(self) -> int:
        """Ask everybody once; returns the number of records that were taken over."""
        taken = 0
        for peer in self._peers():
            self._hearing.peer(peer)
        for stream in self._catalog.community.streams:
            day = self._day_in_trouble(stream.id)
            if day is not None:
                taken += self._fetch(stream.id, day)
            for period in sorted(self._periods_in_doubt(stream.id)):
                taken += self._fetch_corrections(Corrected.of(self._catalog, stream.id, period))
        for stream in self._catalog.community.streams:
            self._hearing.chain(stream.id)
        self._witness.update()
        return taken

    def _day_in_trouble(self, stream: int) -> str | None:
        """The day of the next batch to record or to propose, if something keeps it from being."""
        seq = len(self._journal.recorded(stream)) + 1
        codes = {each.code for each in self._waits.waiting(stream).values()}
        if not codes & _TROUBLE and not self._is_disputed(stream, seq):
            return None
        cursor = self._view.account(stream).before(seq)
        if cursor is None:
            return None
        window = self._calendar.window_after(cursor.to)
        return window.day if window.to <= self._view.now else None

    def _is_disputed(self, stream: int, seq: int) -> bool:
        """Whether a peer was seen to hold another batch of that number, by whoever asked."""
        prefix = f"batch {stream}/{seq}/"
        return any(str(each.get("place", "")).startswith(prefix) for each in self._alerts.recent())

    def _periods_in_doubt(self, stream: int) -> set[int]:
        """Periods whose corrections the next statement needs, as far as they are not here."""
        account = self._view.account(stream)
        known = range(1, len(account.versions) + 2)
        next_ = [(period, len(account.versions.get(period, ())) + 1) for period in known]
        places = {f"statement {stream}/{period}/v{version}" for period, version in next_}
        waiting = self._waits.waiting(stream).get("statement")
        if waiting is not None and waiting.code in _TROUBLE:
            return set(known)
        if places & {str(each.get("place")) for each in self._alerts.recent()}:
            return set(known)
        # What a peer has proposed may name a correction that nobody here knows of.
        named = [
            part
            for place in next_
            for document in self._journal.documents(stream, *place)
            for part in document.periods
        ]
        return {
            part.period
            for part in named
            if part.period in known
            and {ReadingLeaf.decode(each.new).record for each in part.readings}
            - known_corrections(
                self._journal.database, Corrected.of(self._catalog, stream, part.period)
            )
        }

    def _fetch_corrections(self, wanted: Corrected) -> int:
        def parse(answer: Json | Refused) -> list[LentRecord] | None:
            return self._parse(answer, "corrections")

        def is_good(record: LentRecord, peer: str) -> bool:
            return check_corrections(wanted, [record], peer).good > 0

        known = known_corrections(self._journal.database, wanted)
        place: Json = {"stream": wanted.stream.id, "period": wanted.period}
        offers = self._offers(_Asked(CORRECTIONS_PATH, place, known, parse, is_good))
        code = wanted.stream.code
        for peer, lent in chosen(offers, Rules(self._vouchers(), False, False), ()).items():
            self._judge(peer, code, "", check_corrections(wanted, lent, peer))
        return len(known_corrections(self._journal.database, wanted)) - len(known)

    def _fetch(self, stream: int, day: str) -> int:
        place = Place.of(self._catalog, stream, day)

        def is_good(record: LentRecord, peer: str) -> bool:
            return check(self._catalog, place, [record], peer).good > 0

        known = known_records(self._journal.database, place)
        question: Json = {"stream": stream, "day": day}
        offers = self._offers(_Asked(RECORDS_PATH, question, known, self._lent, is_good))
        if not offers.records:
            return 0
        found = self._contradictions(place, offers)
        disputed = {each for pair in found for each in (pair.one, pair.other)}
        taken = chosen(offers, self._rules(place), disputed)
        withheld = len(offers.records) - sum(map(len, taken.values()))
        self._metrics.fetched.labels("withheld").inc(withheld)
        return sum(self._take(name, place, lent) for name, lent in taken.items())

    def _vouchers(self) -> int:
        """At most n - m members may lie, or not be there: one more of them cannot all be liars."""
        signers = self._view.signers
        return len(signers.table) - signers.threshold + 1

    def _rules(self, place: Place) -> Rules:
        cursor = self._view.account(place.stream.id).cursor
        return Rules(
            vouchers=self._vouchers(),
            anchored=cursor is not None and cursor.to >= place.bounds[1],
            waited=self._view.now >= place.bounds[1] + self._grace // 2,
        )

    def _offers(self, asked: _Asked) -> Offers:
        offers = Offers()
        for peer in self._peers():
            if not self._collect(peer, asked, offers):
                offers.silent.add(peer.name)
        return offers

    def _collect(self, peer: Colleague, asked: _Asked, offers: Offers) -> bool:
        """All that a peer has and this worker has not; False if it did not tell all."""
        known = set(asked.known)
        for _ in range(_MOST_ANSWERS):
            named = sorted(map(hex0x, known))[:MOST_RECORDS]
            question: Json = {"v": VERSION, **asked.question, "known": named}
            lent = asked.parse(peer.fetch(asked.path, question))
            if lent is None:
                return False
            fresh = [each for each in lent if each.sha256 not in known]
            if not fresh:
                return True
            for each in fresh:
                known.add(each.sha256)
                if asked.is_good(each, peer.name):
                    offers.add(peer.name, each)
                else:
                    self._metrics.fetched.labels("refused").inc()
        return False

    def _contradictions(self, place: Place, offers: Offers) -> list[Contradiction]:
        known = lend(self._journal.database, place, (), _ALL)
        found = contradictions(self._catalog, place, offers, known)
        for each in found:
            if (each.one, each.other) in self._told:
                continue
            self._told.add((each.one, each.other))
            self._metrics.contradictions.labels(str(place.stream.id)).inc()
            self._alerts.contradiction(place.stream, place.day, each, self._view.now)
        return found

    def _take(self, peer: str, place: Place, lent: Sequence[LentRecord]) -> int:
        """Judge what a peer has lent; returns the number of records that were stored."""
        return self._judge(
            peer, place.stream.code, place.day, check(self._catalog, place, lent, peer)
        )

    def _judge(self, peer: str, stream: str, day: str, checked: Checked) -> int:
        self._metrics.fetched.labels("refused").inc(checked.bad)
        reports = self._journal.ingest_messages(checked.messages) if checked.messages else []
        reports += self._journal.ingest_all(checked.files)
        stored = checked.good if any(each.status == "stored" for each in reports) else 0
        self._metrics.fetched.labels("judged").inc(stored)
        self._log.info(
            "records taken over",
            peer=peer,
            stream=stream,
            day=day,
            records=stored,
            accepted=sum(each.accepted for each in reports),
        )
        return stored

    def _lent(self, answer: Json | Refused) -> list[LentRecord] | None:
        """What a peer has lent and was never received here; None if it gave no answer."""
        lent = self._parse(answer, "records")
        return None if lent is None else unknown(self._journal.database, lent)

    def _parse(self, answer: Json | Refused, subject: str) -> list[LentRecord] | None:
        """What a peer has lent; None if it gave no answer."""
        if isinstance(answer, Refused):
            self._metrics.exchanges.labels(subject, answer.code).inc()
            return None
        try:
            given = keyed(answer, {"v", "records"}, "records")
            lent = [LentRecord.from_json(each) for each in items(given["records"], "records")]
        except InputError:
            self._metrics.exchanges.labels(subject, "malformed").inc()
            return None
        self._metrics.exchanges.labels(subject, "ok").inc()
        return lent[:MOST_RECORDS]
