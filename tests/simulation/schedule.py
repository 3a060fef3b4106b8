"""One schedule: a few days of three workers with faults drawn from a seed, and what must be true at its end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Final

from tests.simulation.contracts import Contracts
from tests.simulation.node import GWEI, Chain
from tests.simulation.process import Process
from tests.simulation.wire import Endpoint, Rates
from tests.simulation.world import World
from tests.support.communities import DAYS, MONTH, WATER, ZONE, document

from usufruct.chain import crash
from usufruct.chain.outbox import Request
from usufruct.chain.signer import Fees, Signer
from usufruct.config import Community
from usufruct.config.load import parse_community
from usufruct.contracts import address
from usufruct.core.periods import day_bounds
from usufruct.core.typed_data import head_of
from usufruct.keys import dev_account, dev_address
from usufruct_oracles.chainstate import Attested
from usufruct_oracles.journal.database import Database
from usufruct_oracles.pledges import Pledges
from usufruct_oracles.simulate import day_files
from usufruct_oracles.sources.base import SourceFile

CHAIN_ID: Final = 31337
ANCHOR, BOOK = address("0x" + "a1" * 20), address("0x" + "b0" * 20)
NAMES: Final = ("alpha", "beta", "gamma")
ACCOUNTS: Final = (4, 5, 6)
PREFIX: Final = 26
"""Days that have ended, undisturbed, before a schedule begins."""
FAULTS_END: Final = 120.0
DAY_EVERY: Final = 35.0
HEALED_WITHIN: Final = 1_800.0
SHORT_OF_MEMORY = Path("/dev/shm")  # noqa: S108  # a disk that needs no flushing, if there is one
_HONEST, _LYING = 7, 8


class Failure(AssertionError):
    """A schedule did not end as it must; the message names the seed and how to see it again."""


@dataclass(frozen=True)
class Plan:
    """What goes wrong in one schedule, drawn from its seed.

    Attributes:
        liar: Index of the worker that lies, None if nobody does.
        lies: How.
        drift: Index of the worker whose clock is wrong, and by how many seconds at first and each second.
        crash: Chance of dying at each crash point.
        kills: Chance of being killed, about every twelve seconds.
        loss: Chance that a message is lost.
        delay: Longest delay of a message in seconds.
        doubling: Chance that a question arrives twice.
        partitions: Whether workers are cut off from each other for a while.
        rates: How each worker's endpoint fails.
        reorgs: Deepest reorganisation, 0 for none.
        dropping: Chance that the pool forgets a transaction, at each block.
        spikes: Whether fees jump.
        foreign: Whether a stranger with the same key takes nonces.
        storage: Chance of a full disk or a dead database, about every twenty seconds.
        deaf: Chance that a commit succeeds and is said to have failed.
    """

    liar: int | None = None
    lies: str = ""
    drift: tuple[int, float, float] | None = None
    crash: float = 0
    kills: float = 0
    loss: float = 0
    delay: float = 0.1
    doubling: float = 0
    partitions: bool = False
    rates: tuple[Rates, ...] = (Rates(), Rates(), Rates())
    reorgs: int = 0
    dropping: float = 0
    spikes: bool = False
    foreign: bool = False
    storage: float = 0
    deaf: float = 0

    @classmethod
    def drawn(cls, seed: int) -> Plan:
        """The plan of a seed."""
        dice = Random(f"plan {seed}")

        def perhaps(chance: float, *values: float) -> float:
            return dice.choice(values) if dice.random() < chance else 0

        liar = dice.randrange(3) if dice.random() < 0.5 else None
        drift = (dice.randrange(3), dice.choice((-9_000, -250, 120, 90_000)), dice.uniform(-2, 2))
        return cls(
            liar=liar,
            lies=dice.choice(("readings", "lends", "garbage", "anything", "nonsense")),
            drift=drift if dice.random() < 0.4 else None,
            crash=perhaps(0.5, 0.003, 0.01, 0.03),
            kills=perhaps(0.4, 0.1, 0.4),
            loss=perhaps(0.5, 0.05, 0.3),
            delay=dice.choice((0.1, 3.0, 15.0)),
            doubling=perhaps(0.4, 0.1, 0.5),
            partitions=dice.random() < 0.3,
            rates=tuple(Rates.drawn(dice) if dice.random() < 0.5 else Rates() for _ in range(3)),
            reorgs=int(perhaps(0.5, 1, 2, 4, 8, 12)),
            dropping=perhaps(0.4, 0.05, 0.3),
            spikes=dice.random() < 0.3,
            foreign=dice.random() < 0.3,
            storage=perhaps(0.4, 0.1, 0.3),
            deaf=perhaps(0.3, 0.01, 0.05),
        )


@dataclass(frozen=True)
class Outcome:
    """How the honest workers and the chain stand at the end.

    Attributes:
        heads: Heads of each stream, as the chain's events lead to them.
        statements: Digest of each stream's statement.
        readings: Numbered readings of each stream, as (meter, end, duration, rev, quantity, number).
    """

    heads: dict[int, list[bytes]]
    statements: dict[int, bytes]
    readings: dict[int, list[tuple[int, ...]]] = field(repr=False)


@cache
def community() -> Community:
    """The community of the simulation."""
    return parse_community(document("SIM", [WATER], people={}), "simulation")


@cache
def files(seed: int) -> tuple[SourceFile, ...]:
    """The month's files; another seed makes other readings with signatures that are as good."""
    days = [f"{MONTH}-{day:02d}" for day in range(1, DAYS + 1)]
    return tuple(each for day in days for each in day_files(community(), day, seed, faults=False))


def end_of(day: int) -> int:
    """End of a day of the month."""
    return day_bounds(f"{MONTH}-{day:02d}", ZONE)[1]


class Schedule:
    """Three processes, a chain, and what befalls them.

    Args:
        seed: All chance follows from it.
        plan: What goes wrong.
        folder: For the journals.
        chain: The chain to go on with.
        first_day: The first day that ends.
    """

    def __init__(self, seed: int, plan: Plan, folder: Path, chain: Chain, first_day: int) -> None:
        self.plan, self.chain = plan, chain
        self.world = World(seed)
        self._offset = chain.head.time + 1
        self._first_day = first_day
        self._cut: set[frozenset[str]] = set()
        self.calm = False
        foreign = _other_chain(chain)
        self.processes = [
            self._process(index, folder / name, foreign) for index, name in enumerate(NAMES)
        ]
        for each in self.processes:
            each.others = [other for other in self.processes if other is not each]
            each.link = self._link

    @property
    def honest(self) -> list[Process]:
        """The processes that do not lie."""
        return [each for at, each in enumerate(self.processes) if at != self.plan.liar]

    def _process(self, index: int, folder: Path, foreign: Chain) -> Process:
        lies = self.plan.lies if index == self.plan.liar else ""
        folder.mkdir(parents=True, exist_ok=True)
        # Who tidies the folder leaves the files of the days that are still to come.
        source = files(_LYING if lies == "lends" else _HONEST)[self._old_files :]
        dice = self.world.dice
        endpoint = Endpoint(self.chain, foreign, dice, self._meanwhile)
        process = Process(
            NAMES[index],
            bytes(dev_account(ACCOUNTS[index])),
            self.world,
            folder,
            community(),
            endpoint,
            {"TelemetryAnchor": ANCHOR, "StatementBook": BOOK},
            source,
        )
        process.lies = lies
        return process

    @property
    def _old_files(self) -> int:
        return (self._first_day - 1) * len(community().streams)

    # --- Time ---

    def run(self) -> None:
        """Lets everything happen and heal; Failure if it does not come to rest."""
        last = len(range(self._first_day, DAYS + 1)) if self._first_day > 1 else PREFIX
        for count in range(last):
            self.world.after(5 + DAY_EVERY * count, lambda n=count: self._end_day(n))
        self.world.after(0, self._block)
        for each in self.processes:
            each.start()
        with crash.watched(self._at_point):
            self._disturb()
            self.world.after(FAULTS_END, self._heal)
            days = self._first_day - 1 + last
            finished = self.world.run(lambda: self._is_done(days), FAULTS_END + HEALED_WITHIN)
        if not finished:
            raise Failure(f"the workers do not come to rest: {self._state()}")
        self._probe()

    def _probe(self) -> None:
        """Every honest worker can still send: nothing stands in the way of its nonces."""
        mined: list[str] = []

        def send(process: Process) -> None:
            process.sender.submit("probe", dev_address(9), b"", timeout=400)
            mined.append(process.name)

        for each in self.honest:
            self.world.start(partial(send, each))
        finished = self.world.run(lambda: len(mined) == len(self.honest), self.world.now + 500)
        if not finished:
            raise Failure(f"only {mined} can still send: {self.chain.pool}")

    def _end_day(self, count: int) -> None:
        day = self._first_day + count
        for file in files(_HONEST):
            if file.day == f"{MONTH}-{day:02d}":
                for each in self.processes:
                    late = self.world.dice.uniform(0, 20)
                    each.arrival[file.digest] = self.world.now + late
        self._offset = end_of(day) + 1 - int(self.world.now)
        self._mine()

    def _block(self) -> None:
        if self.chain.pool or self.world.dice.random() < 0.2:
            self._mine()
        self.world.after(self.world.dice.uniform(1, 7), self._block)

    def _mine(self) -> None:
        dice = self.world.dice
        time = max(self._offset + int(self.world.now), self.chain.head.time)
        for place in list(self.chain.pool):
            if self.plan.dropping and not self.calm and dice.random() < self.plan.dropping:
                del self.chain.pool[place]
        late = 0.0 if self.calm else 0.2
        self.chain.mine(time, lambda _: dice.random() < late)

    def _meanwhile(self) -> None:
        """What may happen between any two requests of anybody."""
        if not self.calm and self.world.dice.random() < 0.005:
            self._mine()

    # --- Faults ---

    def _disturb(self) -> None:
        world, plan = self.world, self.plan
        for each, rates in zip(self.processes, plan.rates, strict=True):
            each.endpoint.rates = rates
            each.storage.deaf = plan.deaf
            each.doubling = plan.doubling
        for wanted, least, most, happen in (
            (plan.drift, 1, 2, self._drift),
            (plan.kills, 8, 16, self._kill),
            (plan.partitions, 10, 30, self._partition),
            (plan.reorgs, 5, 40, self._reorganise),
            (plan.spikes, 10, 40, self._spike),
            (plan.foreign, 10, 40, self._stranger),
            (plan.storage, 10, 30, self._break_storage),
        ):
            if wanted:
                world.every(least, most, happen, FAULTS_END)

    def _heal(self) -> None:
        self.calm = True
        self._cut.clear()
        self.chain.base_fee = GWEI
        for each in self.processes:
            each.endpoint.heal()
            each.storage.full = each.storage.gone = False
            each.storage.deaf = each.clocks.off = each.doubling = 0.0

    def _at_point(self, _: str) -> None:
        victim = self.world.running
        if self.calm or not self.plan.crash or victim is None or not victim.up:
            return
        if self.world.dice.random() < self.plan.crash:
            victim.die()

    def _drift(self) -> None:
        assert self.plan.drift is not None
        index, at_first, rate = self.plan.drift
        self.processes[index].clocks.off = at_first + rate * self.world.now

    def _kill(self) -> None:
        victim = self.world.dice.choice(self.processes)
        if victim.up and self.world.dice.random() < self.plan.kills:
            victim.kill()
            self.world.after(self.world.dice.uniform(0.1, 30), victim.start)

    def _link(self, source: Process, target: Process) -> float | None:
        """Seconds a message takes, None if it is lost."""
        dice = self.world.dice
        if self.calm:
            return 0.05
        if frozenset((source.name, target.name)) in self._cut or dice.random() < self.plan.loss:
            return None
        return dice.uniform(0, self.plan.delay)

    def _partition(self) -> None:
        pair = frozenset(self.world.dice.sample(NAMES, 2))
        self._cut ^= {pair}

    def _reorganise(self) -> None:
        dice = self.world.dice
        forget = 0.3 if self.plan.dropping else 0.0
        times = [block.time for block in self.chain.blocks]
        depth = self.chain.reorganise(
            dice.randint(1, self.plan.reorgs), lambda _: dice.random() < forget
        )
        leave_out = dice.choice((0.0, 0.5, 1.0))
        for at in range(depth + dice.choice((0, 1))):
            time = times[min(len(times) - depth + at, len(times) - 1)]
            self.chain.mine(max(time, self.chain.head.time), lambda _: dice.random() < leave_out)

    def _spike(self) -> None:
        self.chain.base_fee = GWEI * self.world.dice.choice((1, 2, 4, 20))

    def _stranger(self) -> None:
        """Somebody with a worker's key sends something else with a nonce that it uses."""
        victim = self.world.dice.choice(self.processes)
        taken = [tx for tx in self.chain.pool.values() if tx.sender == victim.address]
        if not taken:
            return
        tx = self.world.dice.choice(taken)
        request = Request(dev_address(9), b"", 0, 21_000)
        signer = Signer(_Known(CHAIN_ID), victim.key)  # type: ignore[arg-type]  # its part used
        fees = Fees(2 * tx.most, 2 * tx.priority)
        self.chain.send(signer.sign(request, tx.nonce, fees=fees).raw)

    def _break_storage(self) -> None:
        for each in self.processes:
            each.storage.full = self.world.dice.random() < self.plan.storage
            each.storage.gone = self.world.dice.random() < self.plan.storage

    # --- The end ---

    def _is_done(self, days: int) -> bool:
        ready = self.calm or not self._is_disturbed()
        if not ready:
            return False
        cursors = self.chain.head.state.cursors.values()
        attested = len(self.chain.head.state.records)
        if any(cursor.seq < days for cursor in cursors):
            return False
        if days == DAYS and attested < len(community().streams):
            return False
        return all(each.up and self._has_all(each, days) for each in self.honest)

    def _is_disturbed(self) -> bool:
        return self.plan != Plan()

    def _has_all(self, process: Process, days: int) -> bool:
        for stream in community().streams:
            if len(process.journal.recorded(stream.id)) != days:
                return False
            if days < DAYS:
                continue
            kept = process.journal.statement(stream.id, 1, 1)
            if kept is None or kept.tx not in {each.tx for each in self._attested(process)}:
                return False
        return True

    @staticmethod
    def _attested(process: Process) -> list[Attested]:
        accounts = [process.view.account(each.id) for each in community().streams]
        return [each for account in accounts for each in account.versions.get(1, ())]

    def _state(self) -> object:
        return {
            each.name: (
                each.up,
                each.up and each.worker.progress.error,
                each.up and each.proposer.state,
            )
            for each in self.processes
        }

    def outcome(self) -> Outcome:
        """How it ended; Failure if anything is lost, doubled, pledged twice or not the same everywhere."""
        state = self.chain.head.state
        heads = {s: each.journal.recorded(s) for each in self.honest[:1] for s in state.cursors}
        for stream, cursor in state.cursors.items():
            _require(heads[stream][-1] == head_of(cursor), "the journal ends at the chain's head")
        readings = [_readings(each.journal.database) for each in self.honest]
        for each, numbered in zip(self.honest, readings, strict=True):
            _require(all(each.journal.recorded(s) == heads[s] for s in heads), "heads are the same")
            _require(numbered == readings[0], "readings are the same")
            for stream, rows in numbered.items():
                numbers = [row[-1] for row in rows]
                _require(numbers == list(range(state.cursors[stream].next)), "none lost or doubled")
            self._require_true_to_its_word(each)
        digests = {place[0]: digest for place, (_, digest) in state.records.items()}
        _require(all(r.version == 1 for r, _ in state.records.values()), "each statement once")
        return Outcome(heads, digests, readings[0])

    def _require_true_to_its_word(self, process: Process) -> None:
        by_place: dict[str, bytes] = {}
        pledged = {(str(p), d) for p, d in Pledges(process.journal.database, process.address).all()}
        for place, digest in process.signed:
            _require(by_place.setdefault(place, digest) == digest, f"{process.name} equivocated")
            _require((place, "0x" + digest.hex()) in pledged, f"{process.name} signed unpledged")

    def close(self) -> None:
        """Ends all processes."""
        for each in self.processes:
            each.kill()


class _Known:
    """As much of a client as signing needs."""

    def __init__(self, chain_id: int) -> None:
        self.chain_id = chain_id


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise Failure(f"not true at the end: {what}")


def _readings(database: Database) -> dict[int, list[tuple[int, ...]]]:
    found: dict[int, list[tuple[int, ...]]] = {each.id: [] for each in community().streams}
    with database.read() as connection:
        rows = connection.exec_driver_sql(
            'SELECT stream, meter, "end", duration, rev, quantity, seq FROM readings '
            "WHERE seq IS NOT NULL ORDER BY stream, seq"
        )
        for stream, *row in rows:
            found[stream].append(tuple(row))
    return found


def _contracts(book_address: str = BOOK) -> Contracts:
    table = sorted((dev_address(each) for each in ACCOUNTS), key=str.lower)
    return Contracts(CHAIN_ID, ANCHOR, book_address, community().streams, table, 2)


def _other_chain(chain: Chain) -> Chain:
    """A chain with another id, or the same and another beginning, that is longer."""
    other = Chain(_contracts(), CHAIN_ID + 1, chain.blocks[0].time, "other")
    for _ in range(len(chain.blocks) + 30):
        other.mine(chain.head.time + 100)
    return other


def new_chain() -> Chain:
    """The chain at the month's beginning."""
    return Chain(_contracts(), CHAIN_ID, community().streams[0].start)


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder for journals that is gone afterwards."""
    base = SHORT_OF_MEMORY if SHORT_OF_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=base, prefix="usufruct-simulation-") as folder:
        yield Path(folder)


class Simulation:
    """Runs schedules that all begin with the same undisturbed part of a month.

    Use it as a context manager.

    Attributes:
        undisturbed: How it ends if nothing goes wrong.
        trace: Hash over all that happened in the last schedule, and when.
    """

    def __init__(self) -> None:
        self._stack = workplace()
        self.trace = ""

    def __enter__(self) -> Simulation:
        self._folder = self._stack.__enter__()
        begun = self._folder / "begun"
        schedule = Schedule(0, Plan(), begun, new_chain(), 1)
        schedule.run()
        schedule.close()
        self._chain = schedule.chain
        self.undisturbed = self._run(0, Plan())
        return self

    def __exit__(self, *problem: object) -> None:
        self._stack.__exit__(None, None, None)

    def run(self, seed: int, plan: Plan | None = None) -> Plan:
        """One schedule; Failure unless it ends as the undisturbed one."""
        chosen = Plan.drawn(seed) if plan is None else plan
        try:
            outcome = self._run(seed, chosen)
            _require(outcome == self.undisturbed, "the end is that of the undisturbed run")
        except Exception as error:
            raise Failure(
                f"seed={seed}: {type(error).__name__}: {error}\n{chosen}\nagain: "
                f"python -m tests.simulation.replay {seed}"
            ) from error
        return chosen

    def _run(self, seed: int, plan: Plan) -> Outcome:
        folder = self._folder / "run"
        shutil.copytree(self._folder / "begun", folder)
        schedule = Schedule(seed, replace(plan), folder, self._chain.copy(), PREFIX + 1)
        try:
            schedule.run()
            self.trace = schedule.world.trace
            return schedule.outcome()
        finally:
            schedule.close()
            shutil.rmtree(folder)
