"""Events a second from a node into a queryable ledger with balances, payouts and history.

scripts/bench index [--blocks NUMBER] [--events NUMBER] (by default 2 200 blocks with 110 000 events)

The chain is made up: four series of 250 holders, transfers and claims, and a distribution of each series every 60
blocks, whose payouts to all holders the ledger works out. Amounts follow the contracts' accounts. A process beside
serves it by JSON-RPC, in the form of a real node; it refuses more than 10 000 logs at once.

Wall time counts all waiting for node and database, CPU time the work of indexer and database. Two things are run beside
it: the same rows in the same number of transactions put in by the same bulk insert, and the plain indexer of
`_index/plain.py`, on the first 100 blocks, which keeps fewer rows. Ratios are of CPU time, which other work on the
machine disturbs least, with that of PostgreSQL's own processes; the node's counts on no side. Each is the best of
several runs.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from sqlalchemy import func, select

from benches._index.chain import CHAIN_ID, CONTRACTS
from benches._index.node import running_node
from benches._index.plain import plain
from benches._report import Row, at_least, report
from usufruct.chain.client import ChainClient
from usufruct.index.chain import NodeChain
from usufruct.index.indexer import Indexer
from usufruct.ledger.bulk import insert_rows
from usufruct.ledger.database import Database
from usufruct.ledger.models import FROM_LOGS, block, checkpoint, log
from usufruct.ledger.moments import at_block
from usufruct.ledger.positions import positions_of_series

BLOCKS = 2_200
EVENTS = 110_000
SAMPLE = 100
RUNS = 3
LEAST_OF_PLAIN = 15.0
LEAST_OF_BULK = 0.5

Fresh = Callable[[], Database]


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one run."""

    wall: float
    cpu: float
    server: float = 0.0
    """CPU time of the database's server."""

    @property
    def work(self) -> float:
        """All CPU time."""
        return self.cpu + self.server


class _Watch:
    """Measures the time since it was made, with that of the database's server if it has one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._server = server_cpu(database)
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def spent(self) -> Spent:
        """The time so far."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return Spent(wall, cpu, server_cpu(self._database) - self._server)


def server_cpu(database: Database) -> float:
    """Seconds of CPU time of all processes of a PostgreSQL, those that have ended among them; 0 for SQLite."""
    if database.kind == "sqlite":
        return 0.0
    with database.read() as connection:
        found = connection.exec_driver_sql("SELECT pg_read_file('postmaster.pid')").scalar_one()
    parent, ticks = int(found.split()[0]), 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(path.parent.name) == parent:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == parent:
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def index(url: str, database: Database) -> tuple[int, Spent]:
    """One run into an empty ledger: number of transactions, and the time."""
    chain = NodeChain(ChainClient(url), CONTRACTS["Waterfall"])
    indexer = Indexer(chain, database, CONTRACTS, 1, {"chain_id": str(CHAIN_ID)})
    watch, steps = _Watch(database), 1
    while (step := indexer.step()).at < step.head:
        steps += 1
    spent = watch.spent()
    indexer.close()
    chain.close()
    return steps, spent


def bulk(source: Database, target: Database, transactions: int) -> Spent:
    """The rows of one ledger put into an empty one."""
    with source.read() as connection:
        last = connection.execute(select(func.max(log.c.pos))).scalar_one() + 1
        edges = [last * at // transactions for at in range(transactions + 1)]
        parts = [
            [
                (table, [tuple(row) for row in connection.execute(query)])
                for table in FROM_LOGS
                for query in (select(table).where(table.c.pos >= first, table.c.pos < end),)
            ]
            for first, end in pairwise(edges)
        ]
        parts[-1].append((block, [tuple(row) for row in connection.execute(select(block))]))
    gc.disable()  # as the index does while it takes in a range
    watch = _Watch(target)
    for part in parts:
        with target.write() as connection:
            for table, rows in part:
                insert_rows(connection, table, rows)
    spent = watch.spent()
    gc.enable()
    return spent


@dataclass(frozen=True, slots=True)
class Compared:
    """What was found on one kind of database."""

    events: int
    rows: int
    ours: Spent
    bulk: Spent
    as_of: float


def compared(url: str, fresh: Fresh) -> Compared:
    """The index and the bulk insert in turns, each the best of its runs."""
    runs, inserts, moments, logs, rows = [], [], [], 0, 0
    for _ in range(RUNS):
        source = fresh()
        steps, spent = index(url, source)
        runs.append(spent)
        with source.read() as connection:
            counted = {
                table.name: int(
                    connection.execute(select(func.count()).select_from(table)).scalar_one()
                )
                for table in (*FROM_LOGS, block)
            }
        logs, rows = counted[log.name], sum(counted.values())
        if not counted[checkpoint.name]:
            raise AssertionError("the ledger has no balances")
        moments.append(as_of(source))
        target = fresh()
        inserts.append(bulk(source, target, steps))
        target.dispose()
        source.dispose()
    return Compared(logs, rows, _best(runs), _best(inserts), min(moments))


def as_of(database: Database) -> float:
    """Milliseconds for all holders of a series with their accounts as of a block half-way."""
    with database.read() as connection:
        middle = connection.execute(select(func.max(log.c.block))).scalar_one() // 2
        at = at_block(connection, middle)
        if at is None or not positions_of_series(connection, 1, at):
            raise AssertionError("the ledger does not know its holders")
        began = time.perf_counter()
        positions_of_series(connection, 1, at)
        return 1_000 * (time.perf_counter() - began)


def _best(runs: list[Spent]) -> Spent:
    return Spent(
        min(each.wall for each in runs),
        min(each.cpu for each in runs),
        min(each.server for each in runs),
    )


@contextmanager
def sqlite(folder: Path) -> Iterator[Fresh]:
    """Makes empty ledgers in files."""
    made = iter(range(1 << 20))

    def fresh() -> Database:
        database = Database(f"sqlite:///{folder}/ledger-{next(made)}.db")
        database.migrate()
        return database

    yield fresh


@contextmanager
def postgresql(folder: Path) -> Iterator[Fresh | None]:
    """Makes empty ledgers on a server that flushes to disk; None where there is no PostgreSQL or no driver."""
    if importlib.util.find_spec("psycopg") is None:
        yield None
        return
    with ExitStack() as stack:
        try:
            server = import_module("tests.support.postgres").running_postgres(folder, durable=True)
            url = stack.enter_context(server)
        except BaseException as error:
            if type(error).__name__ != "Skipped":
                raise
            print(error, file=sys.stderr)
            yield None
            return
        admin, made = Database(url), iter(range(1 << 20))

        def fresh() -> Database:
            name = f"ledger{next(made)}"
            with admin.writer.connect() as connection:
                raw = connection.execution_options(isolation_level="AUTOCOMMIT")
                raw.exec_driver_sql(f"CREATE DATABASE {name}")
            database = Database(url.replace("/postgres?", f"/{name}?"))
            database.migrate()
            return database

        yield fresh
        admin.dispose()


def _figures(kind: str, found: Compared, plainly: float) -> list[Row]:
    rate, ratio = found.events / found.ours.work, found.bulk.work / found.ours.work
    return [
        Row(f"{kind}", found.events / found.ours.wall, "events/s"),
        Row(f"{kind}, by CPU time with the server's", rate, "events/CPU s"),
        Row(f"{kind}, bulk insert alone", found.events / found.bulk.wall, "events/s"),
        Row(
            f"{kind}, bulk insert alone, by CPU time",
            found.events / found.bulk.work,
            "events/CPU s",
        ),
        at_least(f"{kind}, ratio to the bulk insert", ratio, "×", LEAST_OF_BULK),
        at_least(f"{kind}, ratio to web3.py and ORM", rate / plainly, "×", LEAST_OF_PLAIN),
        Row(f"{kind}, 250 holders as of a past block", found.as_of, "ms"),
    ]


def main() -> int:
    """Measures and reports; 1 if a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--blocks", type=int, default=BLOCKS)
    parser.add_argument("--events", type=int, default=EVENTS)
    given = parser.parse_args()
    figures: list[Row] = []
    with tempfile.TemporaryDirectory() as name, running_node(given.blocks, given.events) as url:
        folder = Path(name)
        with sqlite(folder) as fresh:
            found = compared(url, fresh)
        count, seconds = plain(url, folder, min(SAMPLE, given.blocks))
        figures += [
            Row("events of the chain", found.events, "events"),
            Row("rows in the ledger", found.rows, "rows"),
            Row("web3.py and ORM, a sample", count / seconds, "events/CPU s"),
            *_figures("SQLite", found, count / seconds),
        ]
        with postgresql(folder) as other:
            if other is not None:
                found = compared(url, other)
                figures += _figures("PostgreSQL", found, count / seconds)
    report("index", figures)
    return 0 if all(row.ok for row in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
