"""Events a second from a node into a queryable ledger with balances, payouts and history.

scripts/bench index [--blocks NUMBER] [--events NUMBER] (by default 2 200 blocks with 110 000 events)

The chain is made up: four series of 250 holders, transfers and claims, and a distribution of each series every 60
blocks, whose payouts to all holders the ledger works out. Amounts follow the contracts' accounts. A process beside
serves it by JSON-RPC, in the form of a real node; it refuses more than 10 000 logs at once.

Wall time counts all waiting for node and database, CPU time the indexer's process alone. Two things are run beside
it: the same rows in the same number of transactions put in by the same bulk insert, and the plain indexer of
`_index/plain.py`, on the first 100 blocks, which keeps fewer rows. Ratios on SQLite are of CPU time, which other work
on the machine disturbs least; on PostgreSQL, whose server works in processes of its own, of wall time. Each is the
best of several runs.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
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


class _Watch:
    """Measures the time since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def spent(self) -> Spent:
        """The time so far."""
        return Spent(time.perf_counter() - self._wall, time.process_time() - self._cpu)


def index(url: str, database: Database) -> tuple[int, Spent]:
    """One run into an empty ledger: number of transactions, and the time."""
    chain = NodeChain(ChainClient(url), CONTRACTS["Waterfall"])
    indexer = Indexer(chain, database, CONTRACTS, 1, {"chain_id": str(CHAIN_ID)})
    watch, steps = _Watch(), 1
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
    watch = _Watch()
    for part in parts:
        with target.write() as connection:
            for table, rows in part:
                insert_rows(connection, table, rows)
    spent = watch.spent()
    gc.enable()
    return spent


def compared(url: str, fresh: Fresh) -> tuple[int, int, Spent, Spent]:
    """Events and rows, the best time of the index, and that of the bulk insert; in turns."""
    runs, inserts, logs, rows = [], [], 0, 0
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
        target = fresh()
        inserts.append(bulk(source, target, steps))
        target.dispose()
        source.dispose()
    return logs, rows, _best(runs), _best(inserts)


def _best(runs: list[Spent]) -> Spent:
    return Spent(min(each.wall for each in runs), min(each.cpu for each in runs))


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
            events, rows, ours, alone = compared(url, fresh)
        count, seconds = plain(url, folder, min(SAMPLE, given.blocks))
        plainly = count / seconds
        figures += [
            Row("events of the chain", events, "events"),
            Row("rows in the ledger", rows, "rows"),
            Row("SQLite", events / ours.wall, "events/s"),
            Row("the same by CPU time", events / ours.cpu, "events/CPU s"),
            Row("bulk insert of the same rows, SQLite", events / alone.cpu, "events/CPU s"),
            at_least("ratio to the bulk insert, SQLite", alone.cpu / ours.cpu, "×", LEAST_OF_BULK),
            Row("web3.py and ORM, a sample", plainly, "events/CPU s"),
            at_least("ratio to web3.py and ORM", events / ours.cpu / plainly, "×", LEAST_OF_PLAIN),
        ]
        with postgresql(folder) as other:
            if other is not None:
                events, rows, ours, alone = compared(url, other)
                figures += [
                    Row("PostgreSQL", events / ours.wall, "events/s"),
                    Row("the same by the indexer's CPU time", events / ours.cpu, "events/CPU s"),
                    Row("COPY of the same rows, PostgreSQL", events / alone.wall, "events/s"),
                    at_least(
                        "ratio to COPY, PostgreSQL", alone.wall / ours.wall, "×", LEAST_OF_BULK
                    ),
                    at_least(
                        "ratio to web3.py and ORM, PostgreSQL",
                        events / ours.cpu / plainly,
                        "×",
                        LEAST_OF_PLAIN,
                    ),
                ]
    report("index", figures)
    return 0 if all(row.ok for row in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
