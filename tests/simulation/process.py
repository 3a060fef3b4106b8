"""A worker's process: the parts of the program, put together as the program does it, on ports of the simulation.

Whatever survives a kill is in its folder; everything else is made anew by `start`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from greenlet import getcurrent
from sqlalchemy.exc import OperationalError
from tests.simulation.wire import Endpoint
from tests.simulation.world import Mailbox, World

from usufruct.chain.client import ChainClient
from usufruct.chain.outbox import Outbox
from usufruct.chain.sender import Sender, Timing
from usufruct.config import Community
from usufruct.core.encoding import canonical_json, hex0x
from usufruct.core.periods import day_bounds
from usufruct.core.signing import address_of, sign_digest
from usufruct.errors import ConfigError, UsufructError
from usufruct_oracles import peers
from usufruct_oracles.alerts import Alerts
from usufruct_oracles.answers import Answerer, AnyReady
from usufruct_oracles.archive import Archive
from usufruct_oracles.auth import Realm, caller_of, sign_request
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.chores import Chores
from usufruct_oracles.clerk import Clerk
from usufruct_oracles.desk import Desk
from usufruct_oracles.exchange import Exchange
from usufruct_oracles.hearing import Hearing
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.peers import Peer, Refused, Signed
from usufruct_oracles.pledges import Pledges
from usufruct_oracles.propose import Proposer
from usufruct_oracles.quorum import Gatherer
from usufruct_oracles.reconcile import Reconciler
from usufruct_oracles.sightings import Sightings
from usufruct_oracles.simulation.lying_journal import ALTER_READINGS
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.submit import Submitter
from usufruct_oracles.turns import Turns
from usufruct_oracles.windows import Calendar
from usufruct_oracles.wire import Json
from usufruct_oracles.witness import Witness
from usufruct_oracles.worker import Worker

SECRET: Final = b"the secret that simulated workers share"
TIMING: Final = Timing(timeout=45, stuck_after=15, rebroadcast_after=3, poll=1, poll_most=4)
POLL, TAKEOVER, GRACE = 12.0, 6.0, 6 * 3600
_PATIENCE = 10.0
_UNTIL_RESTART = 30.0
_EXCHANGE = 10.0
_LOOK_BACK = 2
_LIES = frozenset({"garbage", "anything", "nonsense"})


class Killed(BaseException):
    """The process is gone; nobody catches this but who simulates it."""


class Clocks:
    """A process's wall clock, which may be wrong, and its timer, which is not."""

    def __init__(self, world: World) -> None:
        self.off = 0.0
        self._world = world

    def now(self) -> int:
        """The wall clock."""
        return 1_800_000_000 + int(self._world.now + self.off)

    def monotonic(self) -> float:
        """The timer."""
        return self._world.now

    def sleep(self, seconds: float) -> None:
        """Waits."""
        self._world.sleep(seconds)


class Stop:
    """Stands for the event that ends the loop: waiting for it lets time pass."""

    def __init__(self, world: World) -> None:
        self._world = world

    def is_set(self) -> bool:
        """Never: processes are killed."""
        return False

    def wait(self, seconds: float) -> None:
        """A pause of the loop, never shorter than what a simulated pass is worth."""
        self._world.sleep(max(seconds, 2.0) * self._world.dice.uniform(0.8, 1.2))


class Drop:
    """The drop folder as one process sees it: files that have arrived, of days that are over."""

    def __init__(self, files: Sequence[SourceFile], is_here: Callable[[SourceFile], bool]) -> None:
        self._files = [(file.digest, file) for file in files]
        self._is_here = is_here
        self._seen: set[bytes] = set()

    def poll(self) -> Iterator[SourceFile]:
        """Each file once in the life of a process."""
        for digest, file in self._files:
            if digest not in self._seen and self._is_here(file):
                yield file
                self._seen.add(digest)


class WatchedDesk(Desk):
    """Tells what it signed."""

    signed: Callable[[str, bytes], None]

    def sign(self, ready: AnyReady) -> bytes:
        """This worker's signature."""
        signature = super().sign(ready)
        self.signed(str(ready.place), ready.digest)
        return signature


class Storage:
    """Makes databases fail: no room for what is written, no server, or no word of a commit that succeeded.

    Attributes:
        full: Nothing can be written.
        gone: Nothing can be read either.
        deaf: How often a commit succeeds and is said to have failed.
    """

    def __init__(self, world: World) -> None:
        self.full = False
        self.gone = False
        self.deaf = 0.0
        self._world = world

    def watch(self, engine: sa.Engine) -> None:
        """Puts this between an engine and its file."""
        # Statements are compiled once for all processes and all their lives.
        engine.dialect = _compiled.setdefault("dialect", engine.dialect)
        engine.update_execution_options(compiled_cache=_compiled)

        def committing(connection: sa.Connection) -> None:
            if self.full:
                raise _failure("COMMIT", "database or disk is full")
            if self.deaf and self._world.dice.random() < self.deaf:
                connection.connection.commit()
                raise _failure("COMMIT", "server closed the connection unexpectedly")

        def begun(_: sa.Connection) -> None:
            if self.gone:
                raise _failure("BEGIN", "connection refused")

        sa.event.listen(engine, "commit", committing)
        sa.event.listen(engine, "begin", begun)


_compiled: dict[Any, Any] = {}


def _failure(statement: str, why: str) -> OperationalError:
    return OperationalError(statement, {}, sqlite3.OperationalError(why))


class Process:
    """One worker.

    Attributes:
        name: Its name.
        endpoint: Its way to the chain.
        clocks: Its clocks.
        storage: Its disk.
        others: The other processes, by name.
        lies: How it lies: "" not at all, "readings" (its journal is altered), "lends" (it has the gateway's key and
            holds other records than the others, signed as well as theirs); or answers peers: "garbage",
            "anything" (signs whatever it is asked to), "nonsense".
        up: Whether it runs.
    """

    def __init__(
        self,
        name: str,
        key: bytes,
        world: World,
        folder: Path,
        community: Community,
        endpoint: Endpoint,
        addresses: Mapping[str, str],
        files: Sequence[SourceFile],
    ) -> None:
        self.name, self.key, self.address = name, key, address_of(key)
        self.endpoint = endpoint
        self.clocks = Clocks(world)
        self.storage = Storage(world)
        self.others: list[Process] = []
        self.lies = ""
        self.up = False
        self.signed: set[tuple[str, bytes]] = set()
        self.arrival: dict[bytes, float] = {}
        self.doubling = 0.0
        self.link: Callable[[Process, Process], float | None] = lambda _, __: 0.05
        self._world, self._folder, self._community = world, folder, community
        self._addresses, self._files = addresses, files
        self._activities: list[Any] = []
        self._parts: list[Callable[[], None]] = []

    # --- Life ---

    def start(self) -> None:
        """Begins to run; if the node or the disk does not let it, again after a while."""
        if self.up:
            return
        try:
            self._put_together()
        except (UsufructError, sa.exc.SQLAlchemyError, Killed):
            self._take_apart()
            self._world.after(_UNTIL_RESTART, self.start)
            return
        self.up = True
        activities = [self._loop, self._trade]
        self._activities = [self._world.start(partial(self._alive, each)) for each in activities]

    def kill(self) -> None:
        """kill -9: what was not stored is gone."""
        if not self.up:
            return
        self.up = False
        for activity in self._activities:
            if not activity.dead:
                with suppress(Killed):  # of one that has not begun
                    activity.throw(Killed)
        self._take_apart()

    def die(self) -> None:
        """Kills itself in the middle of something, and is started again some time later."""
        self._world.after(0, self.kill)
        self._world.after(self._world.dice.uniform(0.1, _UNTIL_RESTART), self.start)
        raise Killed

    def _alive(self, run: Callable[[], None]) -> None:
        self._world.owners[getcurrent()] = self
        try:
            run()
        except Killed:
            return

    def _loop(self) -> None:
        self.exchange.hear()
        self.worker.run(Stop(self._world))  # type: ignore[arg-type]  # its part that is used

    def _trade(self) -> None:
        """The exchange with the peers, beside the loop, as usufruct_oracles.chores does it."""
        chores = Chores({"exchange": (0.0, self.exchange.step)}, self.clocks.monotonic)
        while True:
            chores.run_due()
            self._world.sleep(_EXCHANGE * self._world.dice.uniform(0.8, 1.2))

    def _take_apart(self) -> None:
        for close in reversed(self._parts):
            close()
        self._parts.clear()

    def _put_together(self) -> None:
        """As usufruct_oracles.runtime does it."""
        community, clock = self._community, self.clocks
        project = community.project
        calendar = Calendar(project.timezone, project.first_period)
        streams = {each.id: each for each in community.streams}
        client = ChainClient("http://simulated", transport=self.endpoint)
        chain_id, genesis = 31337, self.endpoint.genesis
        if (client.chain_id, client.genesis) != (chain_id, genesis):
            raise ConfigError("the node serves another chain than the deployment record")
        self.view = ChainView(client, chain_id, self._addresses, 1, genesis, streams)
        self.view.refresh()
        self.metrics = Metrics()
        self.alerts = Alerts(self.metrics)
        self._open_journal()
        self.witness = Witness(
            Sightings(self.journal.database), self.view, self.alerts, self.metrics, clock
        )
        pledges = Pledges(self.journal.database, self.address)
        self.desk = WatchedDesk(
            streams,
            calendar,
            self.journal,
            self.view,
            pledges,
            self.key,
            self.metrics,
            grace=GRACE,
            clock=clock,
            witness=self.witness,
        )
        self.desk.signed = lambda place, digest: self.signed.add((place, digest))

        def input_of(tx: bytes) -> bytes:
            return client.transaction_input(tx) or b""

        view, desk, metrics, alerts = self.view, self.desk, self.metrics, self.alerts
        reconciler = Reconciler(desk, calendar, self.journal, view, alerts, metrics, clock)
        archive = Archive(
            desk,
            calendar,
            self.journal,
            view,
            input_of,
            alerts,
            metrics,
            clock,
        )
        turns = Turns(self.address, TAKEOVER, POLL, clock.monotonic)
        self.answerer = Answerer(
            desk, view, reconciler.catch_up, alerts, metrics, clock, self.witness, turns
        )
        outbox = Outbox(self._folder / "outbox.sqlite")
        self._parts.append(outbox.close)
        self.storage.watch(outbox._engine)
        self.sender = Sender(client, self.key, outbox, timing=TIMING, timer=clock)
        where = self._addresses
        submitter = Submitter(
            self.sender, client.call, where["TelemetryAnchor"], where["StatementBook"], metrics
        )
        posts = [_Post(self, other) for other in self.others]
        gatherer = Gatherer(posts, self.address, _Messages(self._world), self.witness)
        self.proposer = Proposer(desk, view, gatherer, submitter, turns, alerts, clock)
        self.worker = Worker(
            streams,
            self.journal,
            view,
            desk,
            reconciler,
            archive,
            self.proposer,
            metrics,
            poll=POLL,
            clock=clock,
        )

        self.clerk = Clerk(self.journal, self.witness)
        self.exchange = Exchange(
            self.journal,
            calendar,
            view,
            self.witness,
            Hearing(view, self.witness, input_of, metrics, look_back=_LOOK_BACK),
            self.worker,
            lambda: posts,
            alerts,
            metrics,
            grace=GRACE,
        )

    def _open_journal(self) -> None:
        drop = Drop(self._files, self._is_here)
        self.journal = Journal(
            self._folder / "journal.sqlite",
            self._community,
            clock=_ChainClock(self.view),
            sources=[drop],
            privacy_secret=SECRET,
        )
        self._parts.append(self.journal.close)
        if self.lies == "readings":
            with self.journal.database.write() as connection:
                connection.exec_driver_sql(ALTER_READINGS)
        self.storage.watch(self.journal.database.engine)

    def _is_here(self, file: SourceFile) -> bool:
        over = day_bounds(file.day, self._community.project.timezone)[1] <= self.view.now
        return over and self._world.now >= self.arrival.get(file.digest, 0.0)

    # --- Questions of others ---

    def answer(self, path: str, body: bytes, headers: Mapping[str, str], realm: Realm) -> Any:
        """What this process says to a request: status and body; Killed if it dies of it."""
        if self.lies in _LIES and path in {peers.BATCH_PATH, peers.STATEMENT_PATH}:
            return self._lie(body)
        try:
            caller = caller_of(realm, "POST", path, body, headers, self.clocks.now())
            if self.view.signers.place(caller) is None:
                return 403, {"error": "forbidden"}
            routes = {
                peers.BATCH_PATH: self.answerer.batch,
                peers.STATEMENT_PATH: self.answerer.statement,
                peers.SIGNATURES_PATH: self.clerk.signatures,
                peers.RECORDS_PATH: self.clerk.records,
                peers.CORRECTIONS_PATH: self.clerk.corrections,
            }
            reply = routes[path](body, caller)
        except UsufructError as error:
            return 503, {"error": "unavailable", "detail": error.message}
        except sa.exc.SQLAlchemyError:
            return 500, {"error": "http_500"}
        return reply.status, reply.body

    def _lie(self, body: bytes) -> Any:
        digest = _digest_in(body)
        signature = sign_digest(self.key, digest)
        if self.lies == "garbage":
            signature = self._world.dice.randbytes(64)
        if self.lies != "nonsense":
            return 200, {"signer": self.address, "signature": hex0x(signature)}
        return 409, {"error": "disagreement", "leaves": "zz", "mine": 7}


class _ChainClock:
    def __init__(self, view: ChainView) -> None:
        self._view = view

    def now(self) -> int:
        return self._view.now


class _Messages:
    """Asks all peers at once; answers come when they come, and nobody waits for ever."""

    def __init__(self, world: World) -> None:
        self._world = world

    def ask(
        self, asked: Sequence[Peer], path: str, proposal: Mapping[str, object]
    ) -> Iterator[Signed | Refused]:
        box = Mailbox(self._world)
        for peer in asked:
            assert isinstance(peer, _Post)
            peer.send(path, proposal, box)
        for _ in asked:
            name, answer = box.take()
            yield peers.signed_from(name, answer)

    def close(self) -> None:
        """Nothing to end."""


class _Post:
    """The way from one process to another."""

    def __init__(self, source: Process, target: Process) -> None:
        self.name = target.name
        self._source, self._target = source, target
        self._world = source._world
        self._realm = Realm(31337, source._addresses["TelemetryAnchor"])

    def ask(self, path: str, proposal: Mapping[str, object]) -> Signed | Refused:
        """Asks for a signature and waits for the answer."""
        return peers.signed_from(self.name, self.fetch(path, proposal))

    def fetch(self, path: str, question: Mapping[str, object]) -> Json | Refused:
        """Asks for something else and waits for the answer."""
        box = Mailbox(self._world)
        self.send(path, question, box)
        answer: Json | Refused = box.take()[1]
        return answer

    def send(self, path: str, proposal: Mapping[str, object], box: Mailbox) -> None:
        """Sends a request; exactly one answer or the time limit comes into the box."""
        body = canonical_json(dict(proposal))
        headers = sign_request(
            self._source.key, self._realm, "POST", path, body, self._source.clocks.now()
        )
        answered: list[bool] = []

        def arrive(answer: Json | Refused) -> None:
            if not answered:
                answered.append(True)
                box.put((self.name, answer))

        def deliver() -> None:
            answer = self._delivered(path, body, headers)
            back = self._source.link(self._target, self._source)
            if back is not None:
                self._world.after(back, lambda: arrive(answer))

        late = Refused(self.name, peers.UNREACHABLE, "timeout")
        self._world.after(_PATIENCE, lambda: arrive(late))
        for _ in range(2 if self._world.dice.random() < self._source.doubling else 1):
            there = self._source.link(self._source, self._target)
            if there is not None:
                self._world.after(there, deliver)

    def _delivered(self, path: str, body: bytes, headers: Mapping[str, str]) -> Json | Refused:
        target = self._target
        if not target.up:
            return Refused(self.name, peers.UNREACHABLE, "connection refused")
        try:
            self._world.acting = target
            status, reply = target.answer(path, body, headers, self._realm)
        except Killed:
            return Refused(self.name, peers.UNREACHABLE, "connection reset")
        finally:
            self._world.acting = None
        return peers.read_answer(self.name, status, canonical_json(reply))


def _digest_in(body: bytes) -> bytes:
    at = body.index(b'"digest":"0x') + len('"digest":"0x')
    return bytes.fromhex(body[at : at + 64].decode())
