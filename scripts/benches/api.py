"""Answers a second and their latency: a holder's payouts, one payout's explanation, holders as of a date.

scripts/bench api [--payouts N] [--database sqlite|postgresql|both] [--seconds S]

A synthetic ledger (N payouts, 100 000 by default, ten to a holder, 1 000 holders to a series) is built by bulk
inserts; 1 000 000 payouts of 100 000 holders need `--payouts 1000000` and some minutes. One server process and
the load generator run beside each other. Flatness is the ratio to a ledger of 10 000 payouts in the same run.
Baseline: the same page as an application with an ORM gives it, in the same server.
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
from pathlib import Path

from tests.support.postgres import running_postgres

from benches._api.ledger import START, Size, fill, slug, wallet
from benches._api.load import Result, run
from benches._report import Row, at_least, at_most, report
from usufruct.api.render import rfc3339
from usufruct.ledger.database import Database

SMALL = 10_000
PER_HOLDER = 10
RATE = 200.0
LEAST_RATE = 1_000.0
MOST_MS = 25.0
LEAST_FLAT = 0.8
SEED = 7


def main() -> None:
    """Measures and reports."""
    parser = argparse.ArgumentParser(prog="scripts/bench api")
    parser.add_argument("--payouts", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    kinds = ("sqlite", "postgresql") if options.database == "both" else (options.database,)
    rows: list[Row] = []
    for kind in kinds:
        small = _measured(kind, SMALL, options.seconds)
        large = _measured(kind, options.payouts, options.seconds)
        rows += _rows(kind, options.payouts, small, large)
    report("api", rows)


class Figures:
    """What one server did."""

    def __init__(self) -> None:
        self.fast: dict[str, Result] = {}
        self.paced: dict[str, Result] = {}
        self.cpu: dict[str, float] = {}
        self.rss = 0.0
        self.built = 0.0


def _measured(kind: str, payouts: int, seconds: float) -> Figures:
    figures = Figures()
    size = Size(holders=payouts // PER_HOLDER, distributions=PER_HOLDER)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder}/ledger.db"
        if kind == "postgresql":
            url = stack.enter_context(running_postgres(folder))
        began = time.perf_counter()
        database = Database(url)
        database.migrate()
        fill(database, size)
        _analyze(database)
        database.dispose()
        figures.built = time.perf_counter() - began
        port, pid = stack.enter_context(_serving(url))
        for name, paths in _paths(size).items():
            run(port, paths, 1.0)  # statements are prepared, caches are warm
            before = _cpu(pid)
            figures.fast[name] = run(port, paths, seconds)
            figures.cpu[name] = (_cpu(pid) - before) / len(figures.fast[name].took)
            figures.paced[name] = run(port, paths, seconds, rate=RATE, clients=32)
            if name == "payouts page":
                figures.rss = _rss(pid)
    return figures


def _analyze(database: Database) -> None:
    with database.writer.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def _paths(size: Size) -> dict[str, Iterator[str]]:
    chance = random.Random(SEED)  # noqa: S311  # the same requests each time
    holders = [chance.randint(1, size.holders) for _ in range(5_000)]
    dates = [rfc3339(START + 1_300 + chance.randint(0, 10_000)) for _ in range(500)]
    series = [slug((each - 1) // size.per_series + 1) for each in holders]
    payouts = [f"/wallets/0x{wallet(each).hex()}/payouts" for each in holders]
    explained = [
        f"/v1/payouts/po_{name}_{1 + each % PER_HOLDER}_{wallet(each).hex()}"
        for each, name in zip(holders, series, strict=True)
    ]
    as_of = [
        f"/v1/series/ser_{name}/holders?limit=50&as_of_date={dates[place % len(dates)]}"
        for place, name in enumerate(series)
    ]
    return {
        "payouts page": itertools.cycle(["/v1" + each for each in payouts]),
        "explanation": itertools.cycle(explained),
        "holders as of a time": itertools.cycle(as_of),
        "payouts page, ORM": itertools.cycle(["/baseline" + each for each in payouts]),
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
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")


def _cpu(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss(pid: int) -> float:
    """MiB that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1_024


def _rows(kind: str, payouts: int, small: Figures, large: Figures) -> list[Row]:
    page = large.fast["payouts page"]
    rows = [Row(f"{kind}: {payouts:,} payouts built in", large.built, "s")]
    for name, result in large.fast.items():
        paced = large.paced[name]
        label = f"{kind}: {name}"
        least = at_least(label, result.rate, "requests/s", LEAST_RATE)
        rows.append(least if name == "payouts page" else Row(label, result.rate, "requests/s"))
        rows.append(Row(f"{label}, the server's CPU", 1e6 * large.cpu[name], "µs a request"))
        rows.append(Row(f"{label}, p50 at {RATE:.0f}/s", paced.percentile(0.5), "ms"))
        last = at_most(f"{label}, p99 at {RATE:.0f}/s", paced.percentile(0.99), "ms", MOST_MS)
        rows.append(last if name == "payouts page" else Row(last.name, last.value, "ms"))
        failed = result.failures + paced.failures
        rows.append(at_most(f"{label}, answers other than 200", failed, "", 0))
    before = small.fast["payouts page"].rate
    flat = f"{kind}: payouts page, rate as against {SMALL:,} payouts"
    rows.append(at_least(flat, page.rate / before, "×", LEAST_FLAT))
    by_cpu = small.cpu["payouts page"] / large.cpu["payouts page"]
    rows.append(Row(f"{flat}, by CPU", by_cpu, "×"))
    orm = "payouts page, ORM"
    against = f"{kind}: payouts page as against the ORM"
    rows.append(Row(against, page.rate / large.fast[orm].rate, "×"))
    rows.append(Row(f"{against}, by CPU", large.cpu[orm] / large.cpu["payouts page"], "×"))
    rows.append(Row(f"{kind}: the server's memory under load", large.rss, "MiB"))
    return rows


if __name__ == "__main__":
    main()
