"""Rows a second from a day file into the journal: parsed, judged, deduplicated, durable when the call returns.

scripts/bench ingest [number of day files, by default 10]

Each file has the 96 quarter-hours of 100 meters, a signature for each meter, and is one transaction; the rate is that
of the fastest file, which other work on the machine disturbed least. The baseline is what one writes first: an ORM
object and a commit for each row, in SQLite with the same flushes. PostgreSQL is measured where it is installed.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from benches._readings import day_files, end_of, make_community
from benches._report import Row, at_least, report
from usufruct.clock import FixedClock
from usufruct.config import Community
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.sources.base import SourceFile

FILES = 10
METERS = 100
PLAIN = 500
LEAST_SQLITE = 10_000
LEAST_POSTGRESQL = 35_000
LEAST_RATIO = 10.0


def ingest(
    where: str | Path, community: Community, files: Sequence[SourceFile]
) -> tuple[float, float]:
    """Rows a second of wall time and of CPU time, each of the fastest file."""
    clock = FixedClock(end_of(community, len(files)))
    journal = Journal(where, community, clock=clock)
    wall, cpu = [], []
    for file in files:
        began, used = time.perf_counter(), time.process_time()
        taken = journal.ingest(file)
        wall.append(taken.accepted / (time.perf_counter() - began))
        cpu.append(taken.accepted / (time.process_time() - used))
        if taken.rejected or journal.ingest(file).status != "known":
            message = f"a row was rejected, or taken twice: {taken.first}"
            raise AssertionError(message)
    journal.close()
    return max(wall), max(cpu)


class _Base(DeclarativeBase):
    pass


class _Reading(_Base):
    """A row as a plain program keeps it."""

    __tablename__ = "reading"
    meter: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


def plain(folder: Path, file: SourceFile) -> float:
    """Rows a second of the baseline."""
    engine = create_engine(f"sqlite:///{folder / 'plain.sqlite'}")

    @event.listens_for(engine, "connect")
    def _connected(connection: object, _: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]  # the driver's connection

    _Base.metadata.create_all(engine)
    lines = [line.split(",") for line in file.csv.decode().splitlines()[1 : PLAIN + 1]]
    began = time.perf_counter()
    with Session(engine) as session:
        for line in lines:
            session.add(_Reading(meter=line[0], start=line[1], value=line[3]))
            session.commit()
    rate = len(lines) / (time.perf_counter() - began)
    engine.dispose()
    return rate


def postgres(stack: ExitStack, folder: Path) -> Iterator[str]:
    """The URL of a PostgreSQL, if one is installed here with its driver."""
    if importlib.util.find_spec("psycopg") is None:
        return
    parts = importlib.import_module("tests.support.postgres")

    try:
        yield stack.enter_context(parts.running_postgres(folder, durable=True))
    except BaseException as error:
        if type(error).__name__ != "Skipped":
            raise
        print(error, file=sys.stderr)


def main() -> int:
    """Measures and reports; 1 if a target is missed."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        community = make_community(folder, METERS)
        files = list(day_files(community, count))
        rate, cpu = ingest(folder / "journal.sqlite", community, files)
        base = plain(folder, files[0])
        figures = [
            at_least("SQLite, durable and deduplicated", rate, "rows/s", LEAST_SQLITE),
            Row("the same by CPU time", cpu, "rows/CPU s"),
            Row("baseline: an ORM object and a commit for each row", base, "rows/s"),
            at_least("ratio to the baseline", rate / base, "×", LEAST_RATIO),
        ]
        for url in postgres(stack, folder):
            rate, cpu = ingest(url, community, files)
            figures += [
                at_least("PostgreSQL by COPY", rate, "rows/s", LEAST_POSTGRESQL),
                Row("the same by the worker's CPU time", cpu, "rows/CPU s"),
            ]
    report("ingest", figures)
    return 0 if all(row.ok for row in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
