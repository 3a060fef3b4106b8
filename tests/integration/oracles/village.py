"""A village with three streams, deployed to Anvil, and real worker processes that serve it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import httpx
from tests.support import communities
from tests.support.communities import DAYS, MONTH, ZONE, Deployed, deployed
from tests.support.ports import free_port

from usufruct.chain import crash
from usufruct.clock import FixedClock, SystemClock
from usufruct.contracts import statement_book as book
from usufruct.contracts import telemetry_anchor as anchor
from usufruct.core.periods import day_bounds
from usufruct.core.typed_data import (
    Domain,
    batch_digest,
    first_cursor,
    head_of,
    next_cursor,
    statement_digest,
)
from usufruct.deploy.record import record_path
from usufruct_oracles import cli
from usufruct_oracles.journal.anchored import recorded_heads
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.simulate import write_month
from usufruct_oracles.sources.csv_folder import CsvFolder
from usufruct_oracles.windows import Calendar

ROOT = Path(__file__).resolve().parents[3]
WATER, EV, VPP = 1, 2, 3
SECRET = "a secret that the three workers of the village share"
NAMES = ("alpha", "beta", "gamma")
# One for all: what a client costs is reading the certificates of authorities. Connections are not kept, as workers die.
HTTP = httpx.Client(timeout=60, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

STREAMS = (
    replace(
        communities.WATER,
        meters=(replace(communities.CISTERN, scheme="device-p256"),),
        series=communities.Series("WATER-A", "Water", "VWATR"),
    ),
    communities.EV,
    communities.VPP,
)


@dataclass(frozen=True)
class Village(Deployed):
    """A deployed village.

    Attributes:
        inbox: The drop folder that all workers read.
        ports: Where its workers listen.
        workers: Their processes.
    """

    inbox: Path
    ports: list[int] = field(default_factory=lambda: [free_port() for _ in NAMES])
    workers: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.workers.extend(Process(self, at, port) for at, port in enumerate(self.ports))

    def move_to(self, moment: int) -> None:
        """The chain's clock jumps there."""
        self.anvil.rpc("evm_setNextBlockTimestamp", moment)
        self.anvil.rpc("evm_mine")

    def end_of(self, day: int) -> int:
        """End of a day of February 2027."""
        return day_bounds(f"{MONTH}-{day:02d}", ZONE)[1]

    def head(self, stream: int) -> bytes:
        """Head on the chain."""
        return self.client.call(self.deployment.address("TelemetryAnchor"), anchor.head_of(stream))

    def record(self, stream: int, period: int) -> book.Record:
        """The book's record of a period."""
        where = self.deployment.address("StatementBook")
        return self.client.call(where, book.record_of(stream, period))

    def digest(self, stream: int, period: int) -> bytes:
        """Digest of a period's newest statement on the chain."""
        where = self.deployment.address("StatementBook")
        return self.client.call(where, book.digest_of(stream, period))


@dataclass
class Process:
    """A worker process, which may be killed and started again."""

    village: Village
    index: int
    port: int
    process: ForkServerProcess | None = None
    drift: str = ""
    """By how many seconds its clock is wrong, and by how many more each second."""

    @property
    def name(self) -> str:
        return NAMES[self.index]

    @property
    def folder(self) -> Path:
        return self.village.folder / self.name

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def write_config(self, **changes: str) -> Path:
        """The worker's TOML file; `changes` are values of [worker] in TOML, or another `inbox`."""
        self.folder.mkdir(exist_ok=True)
        peers = "".join(
            f'[[worker.peers]]\nname = "{NAMES[at]}"\nurl = "http://127.0.0.1:{port}"\n'
            for at, port in enumerate(self.village.ports)
            if at != self.index
        )
        values = {
            "name": f'"{self.name}"',
            "community": '"../community.toml"',
            "deployment": f'"{record_path(self.village.folder / "state", 31337)}"',
            "rpc": f'"{self.village.anvil.url}"',
            "journal": '"journal.sqlite"',
            "listen": f'"127.0.0.1:{self.port}"',
            "key": f"{{ dev = {4 + self.index} }}",
            "privacy_secret": '{ env = "VILLAGE_SECRET" }',
            "grace": '"6h"',
            "poll": '"100ms"',
            "takeover": '"1s"',
        } | changes
        inbox = values.pop("inbox", str(self.village.inbox))
        lines = "\n".join(f"{key} = {value}" for key, value in values.items())
        path = self.folder / "worker.toml"
        path.write_text(f'[worker]\n{lines}\n{peers}[source]\nkind = "csv"\ninbox = "{inbox}"\n')
        return path

    def start(self, crash_at: str = "", *arguments: str) -> None:
        """Start the process; it dies at the crash point if one is named."""
        environment = {
            "VILLAGE_SECRET": SECRET,
            "VILLAGE_DRIFT": self.drift,
            crash.VARIABLE: crash_at,
        }
        command = ["usufruct-oracle", "run", "--config", "worker.toml", "--json-logs", *arguments]
        self.process = _FORKS.Process(
            target=_be_worker, args=(str(self.folder), command, environment), daemon=True
        )
        self.process.start()

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.join()

    def stop(self) -> int | None:
        """SIGTERM, and the exit code."""
        if self.process is None:
            return 0
        self.process.terminate()
        self.process.join(30)
        return self.process.exitcode

    def has_ended(self) -> bool:
        """Whether the process is over, however it ended."""
        return self.process is None or not self.process.is_alive()

    def ends_within(self, seconds: float) -> bool:
        """Wait for the process to end, at most so long."""
        if self.process is not None:
            self.process.join(seconds)
        return self.has_ended()

    def wait_for_crash(self, seconds: float = 60) -> None:
        """Wait until the process has killed itself."""
        assert self.process is not None
        self.process.join(seconds)
        assert self.process.exitcode == -signal.SIGKILL, self.log[-2000:]

    def get(self, path: str) -> httpx.Response:
        return HTTP.get(self.url + path)

    def is_up(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return self.get("/ready").status_code == 200
        return False


def _set_clock_wrong(ahead: float, rate: float) -> None:
    """From now on this process's wall clock is wrong, and runs faster or slower than it should."""
    began = time.time()

    def now(_: SystemClock) -> int:
        return int(time.time() + ahead + rate * (time.time() - began))

    SystemClock.now = now  # type: ignore[method-assign]  # of this process alone


def _be_worker(folder: str, command: list[str], environment: dict[str, str]) -> None:
    """What a worker's process does: the program itself, with its output in a file."""
    os.chdir(folder)
    os.environ.update(environment)
    if drift := environment.get("VILLAGE_DRIFT"):
        _set_clock_wrong(*map(float, drift.split()))
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    sys.argv = command
    cli.main()


# Importing the program takes seconds, a fork none. The server itself runs no code of a worker.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


def wait_until(what: str, check: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until `check` is true; AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.05)


@contextlib.contextmanager
def village(
    folder: Path,
    streams: Sequence[communities.Stream] = STREAMS,
    people: Mapping[str, int] = communities.ADA,
) -> Iterator[Village]:
    """Anvil with a deployed village whose first period has not begun, and a month of readings."""
    text = communities.document("VILLAGE", streams, people=people)
    with deployed(folder, text) as place:
        inbox = folder / "inbox"
        write_month(place.community, MONTH, inbox, 7, faults=False)
        found = Village(**vars(place), inbox=inbox)
        try:
            yield found
        finally:
            for worker in found.workers:
                worker.kill()


def start_workers(found: Village, *indices: int, **changes: str) -> list[Process]:
    """Start some of the workers, all if none is named, and wait until they are up."""
    chosen = [found.workers[index] for index in indices or range(len(NAMES))]
    for worker in chosen:
        worker.write_config(**changes)
        worker.start()
    for worker in chosen:
        wait_until(f"{worker.name} to come up", worker.is_up)
    return chosen


@dataclass(frozen=True)
class Computed:
    """What a month must come to, computed without a worker and without a chain.

    Attributes:
        heads: Heads of each stream, in order.
        statements: Digest of each stream's statement.
        readings: Number of readings of each stream.
    """

    heads: dict[int, list[bytes]]
    statements: dict[int, bytes]
    readings: dict[int, int]


def compute(found: Village, days: int, folder: Path) -> Computed:
    """Build the first `days` days of the month from the files alone."""
    clock = FixedClock(found.end_of(days))
    source = CsvFolder(found.inbox, ZONE, clock)
    journal = Journal(
        folder / "computed.sqlite",
        found.community,
        clock=clock,
        sources=[source],
        privacy_secret=SECRET.encode(),
    )
    journal.poll()
    calendar = Calendar(ZONE, MONTH)
    anchor_domain = Domain(31337, found.deployment.address("TelemetryAnchor"))
    book_domain = Domain(31337, found.deployment.address("StatementBook"))
    computed = Computed({}, {}, {})
    for stream in (WATER, EV, VPP):
        cursor = first_cursor(calendar.bounds(1)[0])
        opening = head_of(cursor)
        for _ in range(days):
            built = journal.build_batch(stream, cursor, calendar.window_after(cursor.to))
            digest = batch_digest(anchor_domain, built.batch)
            journal.record(built, digest, bytes(32))
            cursor = next_cursor(cursor, built.batch, digest)
        computed.heads[stream] = journal.recorded(stream)
        computed.readings[stream] = cursor.next
        if days == DAYS:
            heads = opening, head_of(cursor)
            statement = journal.build_statement(stream, 1, 1, heads).statement
            computed.statements[stream] = statement_digest(book_domain, statement)
    journal.close()
    return computed


def journal_state(worker: Process) -> tuple[dict[int, list[bytes]], dict[int, list[int]]]:
    """Recorded heads and the numbers of the readings, by stream, in a worker's journal."""
    database = Database(worker.folder / "journal.sqlite")
    try:
        heads = {stream: recorded_heads(database, stream) for stream in (WATER, EV, VPP)}
        numbers: dict[int, list[int]] = {stream: [] for stream in heads}
        with database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT stream, seq FROM readings WHERE seq IS NOT NULL ORDER BY stream, seq"
            )
            for stream, seq in rows:
                numbers[stream].append(seq)
        return heads, numbers
    finally:
        database.close()
