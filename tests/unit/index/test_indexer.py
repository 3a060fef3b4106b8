"""The indexer on a made-up chain: ranges, races, factory children."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock

import pytest
from sqlalchemy import func, select
from tests.support.ledgers import migrated

from usufruct.chain.bloom import bloom_of
from usufruct.chain.records import Block, Log
from usufruct.contracts import revenue_right, series_factory
from usufruct.contracts._runtime import address, encode
from usufruct.contracts.shared import Terms
from usufruct.contracts.waterfall import Rules
from usufruct.errors import ChainError, ConfigError
from usufruct.index.chain import WATCHED, TooManyLogs
from usufruct.index.indexer import Indexer
from usufruct.index.reading import FIRST_RANGE
from usufruct.ledger.database import Database
from usufruct.ledger.models import block, cursor, header, log, transfer

CONTRACTS = {name: address(bytes([n]) * 20) for n, name in enumerate(WATCHED, 1)}
SERIES = address(b"\xaa" * 20)
HOLDER = address(b"\xbb" * 20)


def block_hash(number: int, fork: int) -> bytes:
    return bytes([fork]) + number.to_bytes(31)


class FakeChain:
    """Blocks up to `length`; from `forked_at` on they belong to `fork`."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.fork = 0
        self.forked_at = 1 << 60
        self.events: list[Log] = []
        self.most_blocks = 1 << 60
        self.asked: list[tuple[int, int, int]] = []
        self.on_logs: Callable[[], None] = lambda: None
        self.kept_back: list[Log] = []
        self.lock = Lock()
        self.finalized: int | None = None

    def _block(self, number: int) -> Block:
        if number > self.length:
            raise ChainError("no such block")
        bloom = bloom_of(self.block_logs(self.hash(number)))
        return Block(
            number, self.hash(number), self.hash(number - 1), 1_000 + number, logs_bloom=bloom
        )

    def block_logs(self, block_hash: bytes) -> list[Log]:
        return [each for each in self.events if each.block_hash == block_hash]

    def logs_of_blocks(self, block_hashes: Sequence[bytes]) -> list[list[Log]]:
        return [self.block_logs(each) for each in block_hashes]

    def hash(self, number: int) -> bytes:
        return block_hash(max(number, 0), self.fork if number >= self.forked_at else 0)

    def head(self) -> Block:
        return self._block(self.length)

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        return [self._block(each) for each in numbers]

    def block_hash(self, number: int) -> bytes | None:
        return self.hash(number) if number <= self.length else None

    def logs(self, first: int, last: int, addresses: Sequence[str]) -> list[Log]:
        if last - first >= self.most_blocks:
            raise TooManyLogs
        with self.lock:
            self.asked.append((first, last, len(addresses)))
        watched = {each.lower() for each in addresses}
        found = [
            each
            for each in self.events
            if first <= each.block_number <= last and each.address.lower() in watched
            if each not in self.kept_back
        ]
        self.on_logs()
        return found

    def final(self, head: int) -> int | None:
        return None if self.finalized is None else min(self.finalized, head)

    def close(self) -> None:
        pass

    def rules(self, stream: int, version: int) -> Rules:
        raise NotImplementedError

    def emit(self, where: str, number: int, topics: list[bytes], data: bytes) -> None:
        index = sum(each.block_number == number for each in self.events)
        self.events.append(
            Log(address(where), topics, data, number, self.hash(number), bytes(32), 0, index)
        )

    def create(self, number: int) -> None:
        terms = Terms(
            name=b"Name".ljust(32, b"\0"), symbol=b"SYM".ljust(32, b"\0"), stream=1, term_from=1, term_to=2,
            rank=0, decimals=0, classes=2, countries=344 | 702 << 16, min_ticket=1, locked_until=0,
            tail=0, holder_cap=0, country_cap=0, window_every=0, window_length=0, consent=False,
        )  # fmt: skip
        event = series_factory.SeriesCreated
        topics = [event.TOPIC, bytes(12) + b"\xaa" * 20, (1).to_bytes(32)]
        data = encode(("uint8", "bytes32", Terms.ABI), (0, bytes(32), terms.to_abi()))
        self.emit(CONTRACTS["SeriesFactory"], number, topics, data)

    def issue(self, number: int, units: int) -> None:
        topics = [revenue_right.Transfer.TOPIC, bytes(32), bytes(12) + b"\xbb" * 20]
        self.emit(SERIES, number, topics, units.to_bytes(32))


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return migrated(f"sqlite:///{tmp_path}/ledger.db")


def indexer(chain: FakeChain, database: Database, **options: int) -> Indexer:
    return Indexer(chain, database, CONTRACTS, 1, {"chain_id": "1"}, **options)


def count(database: Database, table: object) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def test_a_series_made_in_the_range_is_followed_in_the_same_range(database: Database) -> None:
    chain = FakeChain(50)
    chain.issue(9, 3)  # before its creation: another contract's, and never seen
    chain.create(10)
    chain.issue(10, 5)
    chain.issue(11, 7)
    step = indexer(chain, database).catch_up()
    assert (step.at, step.logs) == (50, 3)
    assert count(database, transfer) == 2
    assert chain.asked == [(1, 50, 7), (10, 50, 1)]
    chain.length = 60
    chain.issue(55, 1)
    again = indexer(chain, database)
    again.catch_up()
    assert count(database, transfer) == 3
    assert chain.asked[-1] == (51, 60, 8)


def test_ranges_grow_while_little_happens_and_shrink_when_the_node_refuses(
    database: Database,
) -> None:
    chain = FakeChain(3_000)
    indexer(chain, database).catch_up()
    sizes = [last - first + 1 for first, last, _ in chain.asked]
    assert sizes[:2] == [FIRST_RANGE, 2 * FIRST_RANGE]
    assert max(sizes) >= 4 * FIRST_RANGE
    chain.length, chain.most_blocks = 6_000, 100
    chain.asked.clear()
    indexer(chain, database).catch_up()
    assert max(last - first for first, last, _ in chain.asked) < 100
    assert chain.asked[-1][1] == 6_000


def test_a_series_made_in_one_range_is_followed_in_the_ranges_read_ahead(
    database: Database, tmp_path: Path
) -> None:
    chain = FakeChain(3_000)
    chain.create(250)
    for number in range(300, 2_900, 100):
        chain.issue(number, number)
    indexer(chain, database, largest=200).catch_up()
    late = [first for first, last, count in chain.asked if count == 1 and last > 400]
    assert late, "no range was read before the series was known"
    one = migrated(f"sqlite:///{tmp_path}/one.db")
    indexer(chain, one, window=3_000).catch_up()
    assert count(database, transfer) == count(one, transfer) == 26


def test_a_reorganisation_under_what_was_read_ahead_is_undone(database: Database) -> None:
    chain = FakeChain(3_000)
    chain.create(10)
    for number in range(100, 3_000, 100):
        chain.issue(number, 1)
    following = indexer(chain, database, largest=200, window=16, deepest=3_000)
    following.step()
    chain.fork, chain.forked_at = 1, 500
    chain.events = [each for each in chain.events if each.block_number < 500]
    chain.issue(700, 9)
    while (step := following.step()).at < step.head or step.undone:
        pass
    with database.read() as connection:
        units = connection.execute(select(transfer.c.units).order_by(transfer.c.pos)).scalars()
        assert units.all() == [1, 1, 1, 1, 9]


def test_only_the_newest_headers_and_blocks_with_logs_are_kept(database: Database) -> None:
    chain = FakeChain(1_000)
    chain.create(10)
    chain.issue(20, 5)
    indexer(chain, database, window=16).catch_up()
    with database.read() as connection:
        assert connection.execute(select(block.c.number)).scalars().all() == [10, 20]
        assert connection.execute(select(header.c.number)).scalars().all() == list(
            range(985, 1_001)
        )


def test_a_reorganisation_during_the_reading_writes_nothing(database: Database) -> None:
    chain = FakeChain(30)
    chain.create(10)

    def fork() -> None:
        chain.fork, chain.forked_at = 1, 5
        chain.on_logs = lambda: None

    chain.on_logs = fork
    following = indexer(chain, database)
    step = following.step()
    assert (step.at, count(database, log)) == (0, 0)
    chain.events.clear()
    chain.create(12)
    following.catch_up()
    assert count(database, log) == 1


def test_logs_that_a_node_keeps_back_are_missed_and_nothing_is_written(database: Database) -> None:
    chain = FakeChain(50)
    chain.create(10)
    for units in (1, 2, 3):
        chain.issue(11, units)
    following = indexer(chain, database)
    for kept_back in ([chain.events[2]], chain.events[1:], chain.events):
        chain.kept_back = kept_back
        with pytest.raises(ChainError, match=r"keeps logs of block 1[01] back"):
            following.catch_up()
        assert count(database, log) == 0
    chain.kept_back = []
    following.catch_up()
    assert (count(database, log), count(database, transfer)) == (4, 3)


def test_logs_of_others_that_look_like_ours_are_no_reason_to_stop(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usufruct.index.indexer.may_hold", lambda *_: True)
    chain = FakeChain(50)
    chain.create(10)
    chain.emit(address(b"\xee" * 20), 12, [b"\1" * 32], b"")
    step = indexer(chain, database).catch_up()
    assert (step.at, count(database, log)) == (50, 1)


def test_a_node_that_keeps_logs_back_everywhere_does_not_make_up_the_filter(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = FakeChain(50)
    chain.create(10)
    chain.issue(11, 1)
    chain.issue(11, 2)
    blocks = {number: chain._block(number) for number in range(51)}
    monkeypatch.setattr(chain, "_block", blocks.__getitem__)
    monkeypatch.setattr(chain, "logs_of_blocks", lambda hashes: [[] for _ in hashes])
    chain.kept_back = chain.events[1:]
    with pytest.raises(ChainError, match="do not make up the filter"):
        indexer(chain, database).catch_up()


def test_a_node_that_is_behind_is_waited_for(database: Database) -> None:
    chain = FakeChain(60)
    chain.create(10)
    chain.issue(55, 7)
    following = indexer(chain, database)
    following.catch_up()
    chain.length = 50
    assert following.step() == (60, 60, 0, 0)
    assert count(database, transfer) == 1
    chain.length = 61
    assert following.catch_up().at == 61


def test_a_log_that_is_not_whole_is_the_nodes_failure(database: Database) -> None:
    chain = FakeChain(50)
    chain.create(10)
    chain.emit(SERIES, 11, [revenue_right.Transfer.TOPIC, bytes(32)], b"")
    with pytest.raises(ChainError, match="not whole"):
        indexer(chain, database).catch_up()
    assert count(database, log) == 0


def test_a_deep_reorganisation_is_found_among_sparse_blocks(database: Database) -> None:
    chain = FakeChain(500)
    chain.create(10)
    for number in (20, 200, 300):
        chain.issue(number, 1)
    following = indexer(chain, database, window=8, deepest=480)
    following.catch_up()
    chain.fork, chain.forked_at, chain.length = 1, 150, 490
    chain.events = [each for each in chain.events if each.block_number < 150]
    chain.issue(160, 9)
    with pytest.raises(ChainError, match="after block 20") as refused:
        indexer(chain, database, window=8, deepest=479).step()
    assert "no block before 21 is undone" in refused.value.one_line()
    assert "undo_blocks set higher" in refused.value.one_line()
    assert count(database, transfer) == 3
    step = following.step()
    assert (step.at, step.undone) == (20, 2)
    following.catch_up()
    assert count(database, transfer) == 2


def test_another_chain_altogether_is_refused(database: Database) -> None:
    chain = FakeChain(50)
    following = indexer(chain, database)
    following.catch_up()
    chain.fork, chain.forked_at = 1, 0
    with pytest.raises(ConfigError, match="another chain"):
        following.step()


def test_a_failure_while_writing_is_made_good_by_the_next_step(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = FakeChain(50)
    chain.create(10)
    chain.issue(11, 7)
    following = indexer(chain, database)
    with monkeypatch.context() as patch:
        patch.setattr("usufruct.index.indexer.insert_rows", _fail)
        with pytest.raises(OSError, match="disk"):
            following.step()
    assert count(database, log) == 0
    following.catch_up()
    assert (count(database, log), count(database, transfer)) == (2, 1)


def _fail(*_: object) -> None:
    raise OSError("the disk is full")


def test_a_node_without_the_newest_block_is_an_error(database: Database) -> None:
    with pytest.raises(ChainError):
        indexer(FakeChain(-1), database)


def test_what_was_final_is_never_undone(database: Database) -> None:
    chain = FakeChain(50)
    chain.create(10)
    chain.issue(40, 7)
    chain.finalized = 45
    following = indexer(chain, database)
    following.catch_up()
    chain.fork, chain.forked_at, chain.length = 1, 46, 60
    assert following.step() == (45, 60, 0, 0)
    following.catch_up()
    chain.fork, chain.forked_at, chain.finalized = 2, 30, 60
    with pytest.raises(ChainError, match="block 45 was final"):
        following.step()
    assert count(database, transfer) == 1
    chain.fork, chain.forked_at = 1, 46
    assert following.step().idle


def test_the_cursor_knows_the_final_block_if_the_node_tells(database: Database) -> None:
    chain = FakeChain(50)
    following = indexer(chain, database)
    following.catch_up()
    assert final(database) is None
    chain.length, chain.finalized = 60, 70
    following.catch_up()
    assert final(database) == 60


def final(database: Database) -> int | None:
    with database.read() as connection:
        return connection.execute(select(cursor.c.final)).scalar()
