"""kill -9 at every named point: nothing is lost, nothing is doubled, and the month comes to the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.oracles.village import (
    EV,
    VPP,
    WATER,
    Process,
    Village,
    compute,
    journal_state,
    start_workers,
    village,
    wait_until,
)
from tests.support.communities import DAYS

from usufruct.keys import dev_address

pytestmark = pytest.mark.chain

STREAMS = (WATER, EV, VPP)
DURING_A_DAY = (
    *("journal.before_commit", "journal.stored"),
    *("batch.computed", "batch.built", "batch.signed", "quorum.reached"),
    *("outbox.stored", "tx.sent", "tx.mined", "tx.recorded", "batch.sent"),
    *("batch.numbered", "batch.recorded"),
)
AT_THE_END = ("statement.signed", "statement.sent", "statement.recorded")
LONG = {"takeover": '"60s"'}
"""Nobody steps in for the worker that is killed: it has to go on itself."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Village]:
    with village(tmp_path) as found:
        yield found


class Days:
    """Lets days end, one after the other."""

    def __init__(self, place: Village) -> None:
        self.over = 0
        self._place = place

    def next(self) -> None:
        self.over += 1
        assert self.over < DAYS, "more days were needed than the month has"
        self._place.move_to(self._place.end_of(self.over))


def crash_and_note(worker: Process, point: str, days: Days) -> None:
    """Start a worker that dies at `point`, and let days end until it has."""
    worker.start(point)
    wait_until(f"{worker.name} at {point}", lambda: worker.is_up() or worker.has_ended())
    while not worker.has_ended():
        days.next()
        worker.ends_within(10)
    worker.wait_for_crash()


def test_a_worker_killed_at_any_point_goes_on_where_it_stopped(
    place: Village, tmp_path: Path
) -> None:
    start_workers(place, 1, 2, **LONG)
    victim = place.workers[0]
    victim.write_config(**LONG)
    days = Days(place)
    for point in DURING_A_DAY:
        crash_and_note(victim, point, days)
    victim.start(AT_THE_END[0])
    wait_until("alpha", victim.is_up)
    place.move_to(place.end_of(DAYS))
    for point in AT_THE_END[1:]:
        victim.wait_for_crash()
        victim.start(point)
    victim.wait_for_crash()
    victim.start()
    wait_until("the end of the month", lambda: all(is_done(each) for each in place.workers), 120)
    computed = compute(place, DAYS, tmp_path)
    for stream in STREAMS:
        assert place.head(stream) == computed.heads[stream][-1]
        assert place.digest(stream, 1) == computed.statements[stream]
    expected = {each: list(range(computed.readings[each])) for each in STREAMS}
    for worker in place.workers:
        heads, numbers = journal_state(worker)
        assert heads == computed.heads
        assert numbers == expected
        assert pending(worker) == 0
        assert doubly_signed(worker) == 0
    sent = sum(place.client.nonce(dev_address(account)) for account in (4, 5, 6))
    assert sent == len(STREAMS) * (DAYS + 1)


def is_done(worker: Process) -> bool:
    """Whether a worker has recorded all batches and all statements."""
    if not worker.is_up():
        return False
    recorded = [stream["recorded"] for stream in worker.get("/v1/status").json()["streams"]]
    kept = [worker.get(f"/v1/statements/{each}/1/1").status_code for each in STREAMS]
    return recorded == [DAYS] * 3 and kept == [200] * 3


def pending(worker: Process) -> int:
    """Transactions that the worker's outbox still waits for."""
    return count(
        worker.folder / "journal-outbox.sqlite",
        "SELECT count(*) FROM outbox_transactions WHERE state = 'pending'",
    )


def doubly_signed(worker: Process) -> int:
    """Places for which the worker has signed more than one digest."""
    return count(
        worker.folder / "journal.sqlite",
        "SELECT count(*) FROM (SELECT 1 FROM signed GROUP BY kind, stream, position "
        "HAVING count(DISTINCT digest) > 1)",
    )


def count(file: Path, query: str) -> int:
    connection = sqlite3.connect(file)
    try:
        return int(connection.execute(query).fetchone()[0])
    finally:
        connection.close()
