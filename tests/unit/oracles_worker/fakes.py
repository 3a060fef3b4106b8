"""A chain and a journal in memory, and workers that ask each other without a network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

from usufruct.chain.records import Block, Log, Receipt
from usufruct.clock import FixedClock
from usufruct.config import Community, load_community
from usufruct.contracts import Call, address
from usufruct.contracts import _runtime as rt
from usufruct.contracts import statement_book as book
from usufruct.contracts import telemetry_anchor as anchor
from usufruct.core.corrections import Corrections
from usufruct.core.encoding import ReadingLeaf, canonical_json, open_quantity
from usufruct.core.keccak import keccak256
from usufruct.core.manifests import Manifest, ManifestLine
from usufruct.core.merkle import tree_root
from usufruct.core.signing import recover, unpack_signatures
from usufruct.core.statements import build_statement, lines_from_manifests
from usufruct.core.typed_data import (
    Batch,
    Cursor,
    Domain,
    Statement,
    batch_digest,
    first_cursor,
    head_of,
    next_batch,
    next_cursor,
    statement_digest,
)
from usufruct.errors import ChainError
from usufruct.keys import dev_account, dev_address
from usufruct_oracles import peers
from usufruct_oracles.alerts import Alerts
from usufruct_oracles.answers import Answerer
from usufruct_oracles.archive import Archive
from usufruct_oracles.auth import Realm
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.cuts import Cut
from usufruct_oracles.desk import Desk
from usufruct_oracles.journal.database import Database
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.peers import Refused, Signed
from usufruct_oracles.pledges import Pledges
from usufruct_oracles.ports import BuiltBatch, BuiltStatement, RecordedStatement
from usufruct_oracles.propose import Proposer
from usufruct_oracles.publish import Identity, Publisher
from usufruct_oracles.quorum import Gatherer
from usufruct_oracles.reconcile import Reconciler
from usufruct_oracles.sightings import Sightings
from usufruct_oracles.submit import Submitter
from usufruct_oracles.turns import Turns
from usufruct_oracles.windows import Calendar, Window
from usufruct_oracles.witness import Witness
from usufruct_oracles.worker import Worker

ROOT = Path(__file__).resolve().parents[3]
CHAIN_ID = 31337
ANCHOR = address("0x" + "a1" * 20)
BOOK = address("0x" + "b0" * 20)
WATER = 3
DAY = 86_400
MEMBERS = tuple(sorted((4, 5, 6), key=lambda n: dev_address(n).lower()))
"""Development accounts of the signers, in the order of the table."""

_ANCHOR_TYPES = (anchor.Batch.ABI, anchor.Cursor.ABI, "uint256", "bytes")
_ATTEST_TYPES = (book.Statement.ABI, "uint256", "bytes")
_BATCH_DATA = (*("uint40", "uint40", "uint64", "uint32", "bool", "bytes32", "bytes32", "bytes32"),)
_STATEMENT_DATA = ("uint16", "bytes32", "uint64", "uint40", "uint256", book.Statement.ABI)


@cache
def community() -> Community:
    """The example community."""
    return load_community(ROOT / "examples" / "community.toml")


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")


class FakeChain:
    """The anchor and the book with their rules, one block for each event."""

    def __init__(self, start: int, threshold: int = 2, streams: Sequence[int] = (WATER,)) -> None:
        self.lock = threading.RLock()
        self.table = tuple(dev_address(n) for n in MEMBERS)
        self.threshold = threshold
        self.blocks = [Block(0, keccak256(b"0"), bytes(32), start)]
        self.logs_: list[Log] = []
        self.inputs: dict[bytes, bytes] = {}
        self.cursors: dict[int, Cursor] = {}
        self.versions: dict[tuple[int, int], tuple[int, bytes]] = {}
        self.voided: set[tuple[int, int]] = set()
        self.settled: set[tuple[int, int]] = set()
        self.sent = 0
        self.refusal: Exception | None = None
        self.fork = 0
        for stream in streams:
            self.cursors[stream] = first_cursor(start)
            self._emit(
                ANCHOR,
                [anchor.ChainOpened.TOPIC, _word(stream)],
                rt.encode(("uint40", "bytes32"), (start, head_of(first_cursor(start)))),
            )

    def copy(self) -> FakeChain:
        """Another chain that goes on from here."""
        other = copy(self)
        other.lock = threading.RLock()
        for name, value in vars(self).items():
            if isinstance(value, (list, dict, set)):
                setattr(other, name, value.copy())
        return other

    # --- Time and blocks ---

    def set_time(self, time: int) -> None:
        """A new block with that time."""
        number = len(self.blocks)
        text = f"{self.fork}/{number}/{time}".encode()
        self.blocks.append(Block(number, keccak256(text), self.blocks[-1].hash, time))

    def drop_blocks(self, count: int, *, others: bool = True) -> None:
        """A reorganisation: the last blocks are gone, with all that happened in them, and `others` come."""
        del self.blocks[-count:]
        self.fork += 1
        gone = [log for log in self.logs_ if log.block_number >= len(self.blocks)]
        self.logs_ = self.logs_[: len(self.logs_) - len(gone)]
        view = ChainView(self, CHAIN_ID, {"TelemetryAnchor": ANCHOR, "StatementBook": BOOK}, 0)
        view._check_heads = lambda *_: None  # type: ignore[method-assign]  # from the logs alone
        view.refresh()
        for stream in self.cursors:
            self.cursors[stream] = view.account(stream).cursor or self.cursors[stream]
        for _ in range(count if others else 0):
            self.set_time(self.blocks[-1].timestamp)

    def _emit(self, address_: str, topics: list[bytes], data: bytes, time: int = 0) -> bytes:
        self.set_time(max(time, self.blocks[-1].timestamp))
        block = self.blocks[-1]
        tx = keccak256(block.hash)
        self.logs_.append(Log(address(address_), topics, data, block.number, block.hash, tx, 0, 0))
        return tx

    # --- Node ---

    def identity(self) -> tuple[int, bytes]:
        return CHAIN_ID, self.blocks[0].hash

    def block(self, block: int | str = "latest") -> Block:
        with self.lock:
            if isinstance(block, str):
                return self.blocks[-1]
            if block >= len(self.blocks):
                raise ChainError(f"there is no block {block}")
            return self.blocks[block]

    def logs(
        self,
        from_block: int,
        to_block: int,
        addresses: Sequence[str],
        topics: Sequence[Any] | None = None,
    ) -> list[Log]:
        with self.lock:
            wanted = topics[0] if topics else []
            return [
                log
                for log in self.logs_
                if from_block <= log.block_number <= to_block
                and log.address in addresses
                and log.topics[0] in wanted
            ]

    def call_many(
        self, calls: Sequence[tuple[str, Call[Any]]], block: int | str | bytes = "latest"
    ) -> list[Any]:
        return [self.call(address, call, block) for address, call in calls]

    def call(self, address: str, call: Call[Any], block: int | str | bytes = "latest") -> Any:
        argument = int.from_bytes(call.data[4:36], "big")
        with self.lock:
            if call.name == "headOf":
                return head_of(self.cursors[argument])
            if call.name == "progressOf":
                attested = sum(stream == argument for stream, _ in self.versions)
                settled = sum(stream == argument for stream, _ in self.settled)
                return book.ProgressOfResult(attested, 0, settled)
            if call.name == "recordOf":
                return self._record(argument, int.from_bytes(call.data[36:68], "big"))
            if call.name == "digestOf":
                period = int.from_bytes(call.data[36:68], "big")
                return self.versions.get((argument, period), (0, bytes(32)))[1]
            return anchor.SignersOfResult(self.table, self.threshold, 1)

    def _record(self, stream: int, period: int) -> book.Record:
        place = stream, period
        status = book.Status.VOIDED if place in self.voided else book.Status.ATTESTED
        status = book.Status.SETTLED if place in self.settled else status
        return book.Record(0, 0, 0, 0, self.versions[place][0], status, 0, 0)

    def input_of(self, tx: bytes) -> bytes:
        return self.inputs[tx]

    # --- Transactions ---

    def submit(
        self,
        key: str,
        to: str | None,
        data: bytes,
        *,
        done: Callable[[], bool] | None = None,
    ) -> Receipt | None:
        with self.lock:
            if self.refusal is not None:
                raise self.refusal
            if done is not None and done():
                return None
            tx = self._anchor(data) if to == ANCHOR else self._attest(data)
            self.inputs[tx] = data
            self.sent += 1
            return Receipt(tx, 1, 47_000, self.blocks[-1].number, None, [])

    def _anchor(self, data: bytes) -> bytes:
        raw, cursor_raw, signers, signatures = rt.decode(_ANCHOR_TYPES, data[4:])
        given, cursor = anchor.Batch.from_abi(raw), Cursor(*cursor_raw)
        present = self.cursors[given.stream]
        if cursor != present:
            raise anchor.StaleHead(given.stream, head_of(present), head_of(cursor))
        if given.to > self.blocks[-1].timestamp:
            raise anchor.InvalidWindow(given.stream, cursor.to, given.to)
        batch = next_batch(
            cursor,
            stream=given.stream,
            to=given.to,
            count=given.count,
            closes=given.closes,
            root=given.root,
            content=given.content,
        )
        return self.anchor(batch, signers, signatures)

    def anchor(self, batch: Batch, signers: int, signatures: bytes) -> bytes:
        """Anchor a batch that continues from the present head."""
        digest = batch_digest(Domain(CHAIN_ID, ANCHOR), batch)
        self._require_quorum(digest, signers, signatures)
        after = next_cursor(self.cursors[batch.stream], batch, digest)
        self.cursors[batch.stream] = after
        values = (
            *(batch.from_, batch.to, batch.first, batch.count, batch.closes),
            *(batch.root, batch.content, head_of(after)),
        )
        topics = [anchor.BatchAnchored.TOPIC, _word(batch.stream), _word(batch.seq)]
        return self._emit(ANCHOR, topics, rt.encode(_BATCH_DATA, values))

    def _attest(self, data: bytes) -> bytes:
        raw, signers, signatures = rt.decode(_ATTEST_TYPES, data[4:])
        given = book.Statement.from_abi(raw)
        statement = Statement(*raw)
        digest = statement_digest(Domain(CHAIN_ID, BOOK), statement)
        self._require_quorum(digest, signers, signatures)
        place = statement.stream, statement.period
        version = self.versions.get(place, (0, b""))[0] + 1
        if statement.version != version:
            raise book.VersionNotNext(*place, version, statement.version)
        self.versions[place] = version, digest
        self.voided.discard(place)
        values = (version, digest, statement.gross, 0, signers, given.to_abi())
        topics = [book.StatementAttested.TOPIC, _word(place[0]), _word(place[1])]
        return self._emit(BOOK, topics, rt.encode(_STATEMENT_DATA, values))

    def void(self, stream: int, period: int) -> None:
        """The guardian voids the newest statement of a period."""
        self.voided.add((stream, period))
        data = rt.encode(("uint16", "bytes32"), (self.versions[stream, period][0], bytes(32)))
        self._emit(BOOK, [book.StatementVoided.TOPIC, _word(stream), _word(period)], data)

    def settle(self, stream: int, period: int) -> None:
        """The waterfall settles a period."""
        self.settled.add((stream, period))
        data = rt.encode(("uint16", "uint64"), (self.versions[stream, period][0], 0))
        self._emit(BOOK, [book.StatementSettled.TOPIC, _word(stream), _word(period)], data)

    def _require_quorum(self, digest: bytes, signers: int, signatures: bytes) -> None:
        if signers.bit_count() < self.threshold:
            raise anchor.QuorumTooSmall(signers.bit_count(), self.threshold)
        for who, signature in unpack_signatures(self.table, signers, signatures).items():
            if recover(digest, signature) != who:
                raise anchor.BadSignature(self.table.index(who))


@dataclass
class FakeBooks:
    """A journal in memory: readings by stream and day, as (meter, end, duration, quantity, quality)."""

    community: Community
    files: dict[tuple[int, str], list[tuple[int, int, int, int, int]]] = field(default_factory=dict)
    batches: dict[int, list[tuple[BuiltBatch, bytes, bytes]]] = field(default_factory=dict)
    statements: dict[tuple[int, int, int], RecordedStatement] = field(default_factory=dict)
    kept: dict[bytes, Corrections] = field(default_factory=dict)
    adjustments: int = 0
    changes: int = 0
    history: list[tuple[int, str, list[tuple[int, int, int, int, int]]]] = field(
        default_factory=list
    )

    def put(self, stream: int, day: str, rows: list[tuple[int, int, int, int, int]]) -> None:
        """A file arrives, or replaces the one that was there."""
        if (stream, day) in self.files:
            self.history.append((stream, day, self.files[stream, day]))
        self.files[stream, day] = rows
        self.changes += 1

    def poll(self) -> dict[str, int]:
        return {}

    def revision(self) -> int:
        return self.changes

    def has_file(self, stream: int, day: str) -> bool:
        return (stream, day) in self.files

    def expected(self, stream: int, from_: int, to: int) -> int:
        return (to - from_) // 3600

    def build_batch(self, stream: int, cursor: Cursor, window: Window) -> BuiltBatch:
        return self._build(stream, cursor, window, self.files.get((stream, window.day), []))

    def find_batch(
        self, stream: int, cursor: Cursor, window: Window, content: bytes
    ) -> BuiltBatch | None:
        older = [rows for s, d, rows in self.history if (s, d) == (stream, window.day)]
        for rows in [self.files.get((stream, window.day), []), *older, []]:
            built = self._build(stream, cursor, window, rows)
            if built.batch.content == content:
                return built
        return None

    def _build(
        self,
        stream: int,
        cursor: Cursor,
        window: Window,
        rows: list[tuple[int, int, int, int, int]],
    ) -> BuiltBatch:
        leaves = [
            ReadingLeaf(
                open_quantity(quantity),
                keccak256(f"{meter}/{window.day}".encode()),
                *(stream, cursor.next + at, end, duration, meter, 0, quality, 0, 19),
            ).encode()
            for at, (meter, end, duration, quantity, quality) in enumerate(
                sorted(rows, key=lambda row: (row[1], row[0]))
            )
        ]
        total = sum(row[3] for row in rows)
        manifest = Manifest(
            stream=stream,
            seq=cursor.seq + 1,
            from_=cursor.to,
            to=window.to,
            first=cursor.next,
            count=len(rows),
            root=tree_root(leaves),
            expected=self.expected(stream, cursor.to, window.to),
            covered=len(rows),
            quantity=total,
            estimated=sum(row[3] for row in rows if row[4] == 8),
            lines=(ManifestLine("retained", len(rows), total, None),) if rows else (),
        )
        batch = next_batch(
            cursor,
            stream=stream,
            to=window.to,
            count=len(rows),
            closes=window.closes,
            root=manifest.root,
            content=manifest.content(),
        )
        return BuiltBatch(batch, manifest, leaves)

    def build_statement(
        self,
        stream: int,
        period: int,
        version: int,
        heads: tuple[bytes, bytes],
        cut: Cut | None = None,
    ) -> BuiltStatement:
        found = next(each for each in self.community.streams if each.id == stream)
        project = self.community.project
        bounds = Calendar(project.timezone, project.first_period).bounds(period)
        manifests = self.manifests(stream, *bounds)
        lines = lines_from_manifests(found.tariff, manifests, committed=False)
        statement = build_statement(
            stream=stream,
            period=period,
            version=version,
            bounds=bounds,
            heads=heads,
            tariff=found.tariff,
            lines=lines,
            manifests=manifests,
            adjustments=self.adjustments,
        )
        return BuiltStatement(statement, lines, found.tariff)

    def document(self, wanted: bytes) -> Corrections | None:
        return self.kept.get(wanted)

    def documents(self, stream: int, period: int, version: int) -> list[Corrections]:
        place = stream, period, version
        return [d for d in self.kept.values() if (d.stream, d.period, d.version) == place]

    def keep(self, document: Corrections) -> None:
        self.kept[document.hash()] = document

    def moments(self, stream: int, period: int) -> list[int]:
        return []

    def recorded(self, stream: int) -> list[bytes]:
        found = self.batches.get(stream, [])
        return [
            head_of(
                Cursor(digest, each.batch.seq, each.batch.to, each.batch.first + each.batch.count)
            )
            for each, digest, _ in found
        ]

    def manifests(self, stream: int, from_: int, to: int) -> list[Manifest]:
        found = [built.manifest for built, _, _ in self.batches.get(stream, [])]
        return [each for each in found if from_ <= each.from_ and each.to <= to]

    def batch(self, stream: int, seq: int) -> BuiltBatch | None:
        found = self.batches.get(stream, [])
        return found[seq - 1][0] if 1 <= seq <= len(found) else None

    def record(self, built: BuiltBatch, digest: bytes, tx: bytes) -> None:
        self.batches.setdefault(built.batch.stream, []).append((built, digest, tx))

    def forget_after(self, stream: int, seq: int) -> None:
        del self.batches[stream][seq:]

    def has_statement(self, stream: int, period: int, version: int) -> bool:
        return (stream, period, version) in self.statements

    def record_statement(
        self, built: BuiltStatement, signers: int, signatures: bytes, tx: bytes
    ) -> None:
        statement = built.statement
        place = statement.stream, statement.period, statement.version
        self.statements[place] = RecordedStatement(built, signers, signatures, tx)

    def statement(self, stream: int, period: int, version: int) -> RecordedStatement | None:
        return self.statements.get((stream, period, version))

    def verdicts(self, stream: int | None, period: int | None) -> dict[str, object]:
        return {"period": period, "streams": []}


class LocalPeer:
    """Asks another worker of the same process; `down` makes it unreachable, `forge` exchanges its signature."""

    def __init__(self, name: str, caller: str, target: Callable[[], Answerer]) -> None:
        self.name = name
        self.down = False
        self.forge: bytes | None = None
        self.asked = 0
        self._caller = caller
        self._target = target

    def ask(self, path: str, proposal: Mapping[str, object]) -> Signed | Refused:
        self.asked += 1
        if self.down:
            return Refused(self.name, peers.UNREACHABLE, "down")
        answerer, body = self._target(), canonical_json(dict(proposal))
        answer = answerer.batch if path == peers.BATCH_PATH else answerer.statement
        reply = answer(body, self._caller)
        if reply.status != 200:
            return Refused(self.name, str(reply.body["error"]), "", reply.body)
        signature = bytes.fromhex(str(reply.body["signature"])[2:])
        return Signed(self.name, str(reply.body["signer"]), self.forge or signature)


def _answerer(members: Callable[[], list[Member]], at: int) -> Answerer:
    return members()[at].answerer


class Member:
    """One worker with all its parts, put together as the program does it."""

    def __init__(
        self,
        index: int,
        chain: FakeChain,
        folder: Path,
        others: Callable[[], list[Member]],
        *,
        grace: int = 6 * 3600,
        takeover: float = 0.0,
        reattest: frozenset[tuple[int, int, int]] = frozenset(),
        books: Callable[[str], Any] | None = None,
    ) -> None:
        self.name = f"worker-{index}"
        self.key = bytes(dev_account(MEMBERS[index]))
        self.clock = FixedClock(1_800_000_000)
        self.monotonic = [0.0]
        self.community = community()
        project = self.community.project
        calendar = Calendar(project.timezone, project.first_period)
        streams = {each.id: each for each in self.community.streams if each.id in chain.cursors}
        self.books: Any = books(self.name) if books else FakeBooks(self.community)
        self.metrics = Metrics()
        self.alerts = Alerts(self.metrics)
        addresses = {"TelemetryAnchor": ANCHOR, "StatementBook": BOOK}
        self.view = ChainView(chain, CHAIN_ID, addresses, 0)
        self.database = Database(folder / f"{self.name}.sqlite")
        self.pledges = Pledges(self.database, dev_address(MEMBERS[index]))
        self.sightings = Sightings(self.database)
        self.witness = Witness(self.sightings, self.view, self.alerts, self.metrics, self.clock)
        self.desk = Desk(
            streams,
            calendar,
            self.books,
            self.view,
            self.pledges,
            self.key,
            self.metrics,
            grace=grace,
            reattest=reattest,
            clock=self.clock,
            witness=self.witness,
        )
        self.reconciler = Reconciler(
            self.desk, calendar, self.books, self.view, self.alerts, self.metrics, self.clock
        )
        self.archive = Archive(
            self.desk,
            calendar,
            self.books,
            self.view,
            chain.input_of,
            self.alerts,
            self.metrics,
            self.clock,
        )
        self.turns = Turns(self.desk.address, takeover, 1.0, lambda: self.monotonic[0])
        self.answerer = Answerer(
            self.desk,
            self.view,
            self.reconciler.catch_up,
            self.alerts,
            self.metrics,
            self.clock,
            self.witness,
            self.turns,
        )
        self.peers = [
            LocalPeer(f"peer-{at}", self.desk.address, partial(_answerer, others, at))
            for at in range(len(MEMBERS))
            if at != index
        ]
        self.gatherer = Gatherer(self.peers, self.desk.address, witness=self.witness)
        self.submitter = Submitter(chain, chain.call, ANCHOR, BOOK, self.metrics)
        self.proposer = Proposer(
            self.desk,
            self.view,
            self.gatherer,
            self.submitter,
            self.turns,
            self.alerts,
            self.clock,
        )
        self.worker = Worker(
            streams,
            self.books,
            self.view,
            self.desk,
            self.reconciler,
            self.archive,
            self.proposer,
            self.metrics,
            poll=1.0,
            clock=self.clock,
        )
        self.realm = Realm(CHAIN_ID, ANCHOR)
        self.publisher = Publisher(
            Identity(self.name, self.desk.address, CHAIN_ID, ANCHOR, BOOK),
            streams,
            self.books,
            self.view,
            self.worker,
            self.alerts,
        )

    def look(self) -> None:
        """Read the chain and the source, as a pass begins."""
        self.worker._take_in()

    def wait(self, seconds: float) -> None:
        """Time passes for this worker's turns."""
        self.monotonic[0] += seconds

    def metric(self, name: str, **labels: str) -> float:
        """Value of a metric, 0 if it was never touched."""
        return self.metrics.registry.get_sample_value(f"usufruct_oracle_{name}", labels) or 0.0

    def close(self) -> None:
        self.gatherer.close()
        self.database.close()


class Team:
    """Three workers on one chain."""

    def __init__(
        self, folder: Path, threshold: int = 2, chain: FakeChain | None = None, **options: Any
    ) -> None:
        self.calendar = Calendar("Asia/Shanghai", "2026-09")
        self.start = self.calendar.bounds(1)[0]
        self.chain = chain or FakeChain(self.start, threshold)
        self.members: list[Member] = []
        for index in range(len(MEMBERS)):
            self.members.append(Member(index, self.chain, folder, lambda: self.members, **options))

    def window(self, day: int) -> Window:
        """The window of day `day` of the first period, from 1."""
        return self.calendar.window_after(self.start + (day - 1) * DAY)

    def rows(
        self, day: int, count: int = 24, quality: int = 0
    ) -> list[tuple[int, int, int, int, int]]:
        """Hourly readings of one meter."""
        start = self.window(day).from_
        return [
            (301, start + 3600 * (hour + 1), 3600, 1_000 * hour, quality) for hour in range(count)
        ]

    def deliver(self, *days: int, to: Sequence[int] = (0, 1, 2)) -> None:
        """Put the files of those days into the journals of some members."""
        for day in days:
            for index in to:
                self.members[index].books.put(WATER, self.window(day).day, self.rows(day))

    def end_of(self, day: int) -> None:
        """The chain's clock passes the end of a day, and everybody reads chain and source."""
        self.chain.set_time(self.window(day).to)
        for member in self.members:
            member.look()

    def settle(self, passes: int = 200) -> None:
        """Everybody makes passes until nobody moves."""
        for _ in range(passes):
            moved = [member.worker.run_once() for member in self.members]
            if not any(moved):
                return
        raise AssertionError("the workers do not come to rest")

    def close(self) -> None:
        for member in self.members:
            member.close()
