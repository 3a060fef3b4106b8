"""Answers a second and their latency: a holder's payouts, one payout's explanation, holders as of a date.

scripts/bench api [--payouts N] [--database sqlite|postgresql|both] [--seconds S]

A synthetic ledger (N payouts, 100 000 by default, ten to a holder, 1 000 holders to a series) is built by bulk
inserts. One server process, the database and the load generator run beside each other. Flatness is the ratio to a
ledger of 10 000 payouts in the same run. Baseline: the same page as an application with an ORM gives it, in the same
server. The default takes about two minutes; the full size is `--payouts 1000000`, a minute more. The exit code is 1 if
a target was missed or an answer was not 200.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from tests.support.postgres import running_postgres

from benches._api.ledger import Size, fill, slug, wallet
from benches._api.load import Result, run
from benches._api.processes import cpu, cpu_with_children, private_memory, server_of
from benches._report import Row, at_least, at_most, report
from usufruct.api.render import rfc3339
from usufruct.ledger.database import Database
from usufruct.ledger.models import block, distribution
from usufruct.ledger.types import block_of

SMALL = 10_000
PER_HOLDER = 10
RATE = 200.0
LEAST_RATE = 1_000.0
MOST_MS = 25.0
LEAST_FLAT = 0.8
MOST_MIB = 256.0
SEED = 7
ASKED = 5_000
PAGE = "payouts page"
ORM = "payouts page, ORM"


def main() -> None:
    """Measures and reports."""
    parser = argparse.ArgumentParser(prog="scripts/bench api")
    parser.add_argument("--payouts", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    kinds = ("sqlite", "postgresql") if options.database == "both" else (options.database,)
    rows: list[Row] = []
    for kind in kinds:
        small = _measured(kind, SMALL, options.seconds, [PAGE])
        large = _measured(kind, options.payouts, options.seconds)
        rows += _rows(kind, options.payouts, small, large)
    report("api", rows)
    sys.exit(0 if all(each.ok for each in rows) else 1)


@dataclass
class Figures:
    """What one server did; CPU seconds are of one answer at full speed.

    Attributes:
        fast: As fast as it answered, by what was asked.
        paced: At `RATE` requests a second.
        cpu: Of the server.
        database_cpu: Of PostgreSQL.
        client_cpu: Of the load generator.
        memory: MiB, after all of it.
        built: Seconds that building the ledger took.
    """

    fast: dict[str, Result] = field(default_factory=dict)
    paced: dict[str, Result] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    database_cpu: dict[str, float] = field(default_factory=dict)
    client_cpu: dict[str, float] = field(default_factory=dict)
    memory: float = 0.0
    built: float = 0.0


def _measured(kind: str, payouts: int, seconds: float, only: list[str] | None = None) -> Figures:
    figures = Figures()
    size = Size(holders=payouts // PER_HOLDER, distributions=PER_HOLDER)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder}/ledger.db"
        if kind == "postgresql":
            url = stack.enter_context(running_postgres(folder))
        _tell(f"{kind}: building {payouts:,} payouts")
        began = time.perf_counter()
        dates = _built(url, size)
        figures.built = time.perf_counter() - began
        port, pid = stack.enter_context(_serving(url))
        for name, paths in _paths(size, dates).items():
            if only is None or name in only:
                _tell(f"{kind}: {payouts:,} payouts: {name}")
                if name == ORM:
                    figures.memory = private_memory(pid)
                _ask(figures, name, paths, (port, pid, url), seconds)
    return figures


def _ask(
    figures: Figures, name: str, paths: Iterator[str], served: tuple[int, int, str], seconds: float
) -> None:
    port, pid, url = served
    database = server_of(url) if url.startswith("postgresql") else None
    run(port, paths, 1.0)  # statements are prepared, caches are warm
    before = cpu(pid), cpu_with_children(database) if database else 0.0, time.process_time()
    result = figures.fast[name] = run(port, paths, seconds)
    after = cpu(pid), cpu_with_children(database) if database else 0.0, time.process_time()
    spent = [(end - start) / len(result.took) for start, end in zip(before, after, strict=True)]
    figures.cpu[name], figures.database_cpu[name], figures.client_cpu[name] = spent
    figures.paced[name] = run(port, paths, seconds, rate=RATE, clients=32)


def _built(url: str, size: Size) -> dict[int, list[int]]:
    """Fills a new ledger; the times of each series' distributions."""
    database = Database(url)
    database.migrate()
    fill(database, size)
    with database.writer.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
        times = {row.number: row.timestamp for row in connection.execute(select(block))}
        dates: dict[int, list[int]] = {}
        for row in connection.execute(select(distribution.c.series, distribution.c.pos)):
            dates.setdefault(row.series, []).append(times[block_of(row.pos)])
    database.dispose()
    return dates


def _paths(size: Size, dates: dict[int, list[int]]) -> dict[str, Iterator[str]]:
    chance = random.Random(SEED)  # noqa: S311  # the same requests each time
    holders = [chance.randint(1, size.holders) for _ in range(ASKED)]
    series = [(each - 1) // size.per_series + 1 for each in holders]
    payouts = [f"/wallets/0x{wallet(each).hex()}/payouts" for each in holders]
    explained = [
        f"/v1/payouts/po_{slug(name)}_{1 + each % PER_HOLDER}_{wallet(each).hex()}"
        for each, name in zip(holders, series, strict=True)
    ]
    as_of = [
        f"/v1/series/ser_{slug(name)}/holders?limit=50&as_of_date={rfc3339(chance.choice(dates[name]))}"
        for name in series
    ]
    return {
        PAGE: itertools.cycle(["/v1" + each for each in payouts]),
        "explanation": itertools.cycle(explained),
        "50 holders as of a time": itertools.cycle(as_of),
        ORM: itertools.cycle(["/baseline" + each for each in payouts]),
    }


@contextmanager
def _serving(url: str) -> Iterator[tuple[int, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "benches._api.serve", url, str(port)], env=dict(os.environ)
    )
    try:
        _await(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _rows(kind: str, payouts: int, small: Figures, large: Figures) -> list[Row]:
    rows = [Row(f"{kind}: {payouts:,} payouts built in", large.built, "s")]
    for name in large.fast:
        rows += _rows_of(kind, name, large)
    page = large.fast[PAGE]
    failed = small.fast[PAGE].failures + small.paced[PAGE].failures
    flat = f"{kind}: {PAGE}, rate as against {SMALL:,} payouts"
    rows.append(at_least(flat, page.rate / small.fast[PAGE].rate, "×", LEAST_FLAT))
    rows.append(at_most(f"{flat}, there answers other than 200", failed, "", 0))
    rows.append(Row(f"{flat}, by CPU", small.cpu[PAGE] / large.cpu[PAGE], "×"))
    against = f"{kind}: {PAGE} as against the ORM"
    rows.append(Row(against, page.rate / large.fast[ORM].rate, "×"))
    rows.append(Row(f"{against}, by CPU", large.cpu[ORM] / large.cpu[PAGE], "×"))
    rows.append(at_most(f"{kind}: the server's memory under load", large.memory, "MiB", MOST_MIB))
    return rows


def _rows_of(kind: str, name: str, figures: Figures) -> list[Row]:
    """Rates, CPU and latency of one kind of request."""
    fast, paced, label = figures.fast[name], figures.paced[name], f"{kind}: {name}"
    p50, p99 = paced.percentile(0.5), paced.percentile(0.99)
    if name == PAGE:
        rate = at_least(label, fast.rate, "requests/s", LEAST_RATE)
        last = at_most(f"{label}, p99 at {RATE:.0f}/s", p99, "ms", MOST_MS)
    else:
        rate = Row(label, fast.rate, "requests/s")
        last = Row(f"{label}, p99 at {RATE:.0f}/s", p99, "ms")
    rows = [rate, Row(f"{label}, the server's CPU", 1e6 * figures.cpu[name], "µs a request")]
    if kind == "postgresql":
        spent = 1e6 * figures.database_cpu[name]
        rows.append(Row(f"{label}, PostgreSQL's CPU", spent, "µs a request"))
    spent = 1e6 * figures.client_cpu[name]
    return [
        *rows,
        Row(f"{label}, the load generator's CPU", spent, "µs a request"),
        Row(f"{label}, p50 at {RATE:.0f}/s", p50, "ms"),
        last,
        at_most(f"{label}, answers other than 200", fast.failures + paced.failures, "", 0),
    ]


if __name__ == "__main__":
    main()
