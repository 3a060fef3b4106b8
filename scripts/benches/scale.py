"""Cost and memory of one reading as the journal grows: day file → journal → batch with commitments → statement.

scripts/bench scale [--most NUMBER] (by default 1 000 000 readings; 10 000 000 take about ten times as long)

Each size runs in a process of its own; of its peak of resident memory that of a run without readings is subtracted. A
batch has 9 984 readings whatever the size; a period has 28 to 31 batches. The baseline is the smallest size, one
batch: a reading should cost the same at every other, and memory grow by no more than SQLite's page cache, which fills
as the file grows and then stays. Writing and signing the files is not counted.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benches._readings import A_DAY, STREAM, day_files, end_of, make_community
from benches._report import Row, at_most, report
from usufruct.clock import FixedClock
from usufruct.core.keccak import warm
from usufruct.core.typed_data import Domain, batch_digest, first_cursor, head_of, next_cursor
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.windows import Calendar

METERS = 104
BATCH = METERS * A_DAY
MOST = 1_000_000
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
MOST_COST = 1.5
CACHE = 80
"""MiB of SQLite's page cache with its bookkeeping: 64 of pages, see `journal.database`."""
DOMAIN = Domain(31_337, "0x" + "11" * 20)


@dataclass(frozen=True, slots=True)
class Measured:
    """One size.

    Attributes:
        readings: Number of readings.
        ingest: CPU microseconds of one reading from the file into the journal.
        build: CPU microseconds of one reading from the journal into the recorded batch.
        statement: CPU milliseconds of the last statement, None before a period is complete.
        memory: Peak of resident memory, MiB.
    """

    readings: int
    ingest: float
    build: float
    statement: float | None
    memory: float


def measure(days: int, folder: Path) -> Measured:
    """Runs so many days through a journal in this process."""
    community = make_community(folder, METERS)
    clock = FixedClock(end_of(community, max(1, days)))
    journal = Journal(folder / "journal.sqlite", community, clock=clock, privacy_secret=b"s" * 32)
    calendar = Calendar(community.project.timezone, community.project.first_period)
    warm()
    cursor = first_cursor(calendar.bounds(1)[0])
    heads = [head_of(cursor)]
    taken = built = 0.0
    statement: float | None = None
    for file in day_files(community, days):
        began = time.process_time()
        journal.ingest(file)
        middle = time.process_time()
        batch = journal.build_batch(STREAM, cursor, calendar.window_after(cursor.to))
        digest = batch_digest(DOMAIN, batch.batch)
        journal.record(batch, digest, bytes(32))
        cursor = next_cursor(cursor, batch.batch, digest)
        taken, built = taken + middle - began, built + time.process_time() - middle
        if batch.batch.count != BATCH:
            message = f"{batch.batch.count} readings instead of {BATCH}"
            raise AssertionError(message)
        if batch.batch.closes:
            began = time.process_time()
            journal.build_statement(STREAM, len(heads), 1, (heads[-1], head_of(cursor)))
            statement = (time.process_time() - began) * 1e3
            heads.append(head_of(cursor))
    journal.close()
    count = max(1, days * BATCH)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(days * BATCH, taken / count * 1e6, built / count * 1e6, statement, memory)


def apart(days: int) -> Measured:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--days", str(days)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return Measured(**json.loads(done.stdout))


def main() -> int:
    """Measures and reports; 1 if cost or memory grows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--most", type=int, default=MOST)
    parser.add_argument("--days", type=int)
    given = parser.parse_args()
    if given.days is not None:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(asdict(measure(given.days, Path(folder)))))
        return 0
    empty = apart(0).memory
    found = [apart(size // BATCH) for size in SIZES if size <= max(given.most, SIZES[0])]
    first, figures = found[0], []
    for each in found:
        cost, memory = each.ingest + each.build, each.memory - empty
        figures += [
            Row(f"{each.readings:,} readings: one of them", cost, "CPU µs"),
            Row("  of that from the file into the journal", each.ingest, "CPU µs"),
            Row("  memory above an empty process", memory, "MiB"),
        ]
        if each.statement is not None:
            figures.append(Row("  the last period's statement", each.statement, "CPU ms"))
        if each is not first:
            ratio = cost / (first.ingest + first.build)
            figures.append(at_most("  cost against the smallest size", ratio, "×", MOST_COST))
            more = each.memory - first.memory
            figures.append(at_most("  memory above the smallest size", more, "MiB", CACHE))
    report("scale", figures)
    return 0 if all(row.ok for row in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
