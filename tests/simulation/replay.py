"""Runs schedules of the simulation.

python -m tests.simulation.replay 4711             one schedule, with everything the workers log
python -m tests.simulation.replay 0 5000 [--jobs 2]  many: a line for each that fails, and exit code 1 if any does
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from queue import Empty

from tests.simulation.schedule import Failure, Plan, Simulation

from usufruct_oracles import logs

_SILENT = 50
_REPORT_EVERY = 100
_LOOK = 5.0


def run(seeds: range) -> Iterator[str | None]:
    """What is wrong with each schedule, None if nothing is."""
    with Simulation() as simulation:
        for seed in seeds:
            try:
                simulation.run(seed)
                yield None
            except Failure as failure:
                yield str(failure)


def _share(seeds: range, queue: multiprocessing.Queue[str | None]) -> None:
    logs.configure(as_json=True, level=_SILENT)
    for found in run(seeds):
        queue.put(found)


def many(first: int, last: int, jobs: int) -> int:
    """Runs the schedules `first` to `last` - 1 in several processes; returns how many fail."""
    queue: multiprocessing.Queue[str | None] = multiprocessing.Queue()
    workers = [
        multiprocessing.Process(target=_share, args=(range(first + at, last, jobs), queue))
        for at in range(jobs)
    ]
    for each in workers:
        each.start()
    began, failed = time.monotonic(), 0
    for done in range(1, last - first + 1):
        found = _next(queue, workers)
        if found is not None:
            failed += 1
            print(found, flush=True)
        if done % _REPORT_EVERY == 0 or done == last - first:
            rate = done / (time.monotonic() - began)
            print(f"{done} schedules, {failed} failed, {rate:.1f}/s", flush=True)
    for each in workers:
        each.join()
    return failed


def _next(
    queue: multiprocessing.Queue[str | None], workers: Sequence[multiprocessing.Process]
) -> str | None:
    while True:
        try:
            return queue.get(timeout=_LOOK)
        except Empty:
            if any(each.exitcode for each in workers):
                raise RuntimeError("a process of the simulation has ended") from None


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=int, help="the seed, or the first one")
    parser.add_argument("last", type=int, nargs="?", help="the seed after the last one")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    arguments = parser.parse_args()
    if arguments.last is not None:
        return 1 if many(arguments.first, arguments.last, arguments.jobs) else 0
    logs.configure(as_json=False)
    print(Plan.drawn(arguments.first), file=sys.stderr)
    found = next(run(range(arguments.first, arguments.first + 1)))
    print(found or f"seed={arguments.first}: as it must be")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
