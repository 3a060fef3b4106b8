"""Worker processes before a node that fails and lies, on a full disk, and with a database that is killed."""

from __future__ import annotations

import resource
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
    start_workers,
    village,
    wait_until,
)
from tests.support.fault_proxy import fault_proxy
from tests.support.postgres import postgres_server

pytestmark = pytest.mark.chain

STREAMS = (WATER, EV, VPP)
NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
NOTICED = {
    "other chain": "on which the worker was started",
    "other genesis": "on which the worker was started",
    "no logs": "must end at the head",
    "half the logs": "must end at the head",
    "logs twice": "an answer belongs to its question",
    "broken logs": "logs have the topics and data of their events",
    "stale": "at least block",
    "false hash": "the node said",
    "nothing": "the node must have the block",
    "nonsense": "as the JSON-RPC specification says",
    "limited": "HTTP 429",
    "cut": "ConnectionError",
    "truncated": "the answer is not JSON-RPC",
    "nested": "the answer is not JSON-RPC",
    "flooded": "longer than",
}
"""What a worker says to a fault of its node."""
OF_EVERY_KIND = (
    *("other genesis", "half the logs", "broken logs", "stale", "false hash"),
    *("nonsense", "limited", "cut", "flooded"),
)
"""Another chain, logs that are wrong in number or shape, an old or a false answer, and none that can be read."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Village]:
    with village(tmp_path) as found:
        yield found


def status(worker: Process) -> dict[str, object]:
    found: dict[str, object] = worker.get("/v1/status").json()
    return found


def recorded(worker: Process) -> list[int]:
    return [each["recorded"] for each in status(worker)["streams"]]  # type: ignore[attr-defined]  # its shape


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(OF_EVERY_KIND, id="of every kind"),
        pytest.param(tuple(NOTICED), id="all", marks=pytest.mark.deep),
    ],
)
def test_a_worker_behind_a_lying_node_notices_and_goes_on_when_it_is_well(
    place: Village, tmp_path: Path, faults: tuple[str, ...]
) -> None:
    with fault_proxy(place.anvil.url) as proxy:
        victim, *others = (
            *start_workers(place, 0, rpc=f'"{proxy.url}"'),
            *start_workers(place, 1, 2),
        )
        for day, fault in enumerate(faults, 1):
            words, proxy.fault = NOTICED[fault], fault
            place.move_to(place.end_of(day))
            wait_until(
                f"the others on day {day}",
                lambda n=day: all(recorded(w) == [n] * 3 for w in others),
            )
            wait_until(f"a word about {fault}", lambda w=words: says(victim, w), 90)
            assert max(recorded(victim)) <= day
            proxy.fault = ""
            wait_until(f"the victim after {fault}", lambda n=day: recorded(victim) == [n] * 3, 90)
        computed = compute(place, len(faults), tmp_path)
        for stream in STREAMS:
            assert place.head(stream) == computed.heads[stream][-1]


def says(worker: Process, words: str) -> bool:
    error = str(status(worker)["error"])
    return any(each in error for each in words.split("|"))


def test_a_worker_on_a_full_disk_says_so_and_goes_on_when_there_is_room(place: Village) -> None:
    victim, *others = start_workers(place)
    place.move_to(place.end_of(1))
    wait_until("day 1", lambda: all(recorded(each) == [1] * 3 for each in place.workers))
    assert victim.process is not None
    assert victim.process.pid is not None
    # No file of the process may grow: what a full disk does to its journal, its outbox and its log.
    resource.prlimit(victim.process.pid, resource.RLIMIT_FSIZE, (4_096, NO_LIMIT[1]))
    place.move_to(place.end_of(2))
    wait_until("the others", lambda: all(recorded(each) == [2] * 3 for each in others))
    wait_until("a word", lambda: says(victim, "disk|full|OSError|I/O"))
    assert not victim.is_up()
    assert recorded(victim) == [1] * 3
    resource.prlimit(victim.process.pid, resource.RLIMIT_FSIZE, NO_LIMIT)
    wait_until("the victim", lambda: recorded(victim) == [2] * 3)
    wait_until("the victim to be well", victim.is_up)


def test_a_worker_outlives_its_database(place: Village, tmp_path: Path) -> None:
    with postgres_server(tmp_path) as server:
        victim, *others = (
            *start_workers(place, 0, journal=f'"{server.url}"'),
            *start_workers(place, 1, 2),
        )
        for day in (1, 2):
            place.move_to(place.end_of(2 * day - 1))
            wait_until("a day", lambda n=day: recorded(victim) == [2 * n - 1] * 3)
            server.kill()
            place.move_to(place.end_of(2 * day))
            wait_until("the others", lambda n=day: all(recorded(w) == [2 * n] * 3 for w in others))
            wait_until("a word", lambda: not victim.is_up())
            server.start()
            wait_until(
                "the victim", lambda n=day: victim.is_up() and recorded(victim) == [2 * n] * 3
            )
        computed = compute(place, 4, tmp_path)
        for stream in STREAMS:
            assert place.head(stream) == computed.heads[stream][-1]
        found = [each["head"] for each in status(victim)["streams"]]  # type: ignore[attr-defined]  # its shape
        assert found == ["0x" + computed.heads[each][-1].hex() for each in STREAMS]
