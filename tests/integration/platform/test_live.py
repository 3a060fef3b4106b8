"""New blocks are in the ledger at the next look, and a node's announcement is enough for that look."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.integration.platform.kit import HOLDERS, Kit
from tests.integration.platform.test_index import compared

from usufruct.index import heads as heads_module
from usufruct.index.heads import Heads
from usufruct.index.indexer import Indexer
from usufruct.index.runner import Runner
from usufruct.ledger.database import Database

Follow = Callable[..., Indexer]
AN_HOUR = 3_600.0


class Live:
    """An index that follows the chain in a thread; `looks` counts its steps."""

    def __init__(self, indexer: Indexer, url: str, poll: float) -> None:
        self.looks = 0
        self.fatal: list[BaseException] = []
        self._at = -1
        self._moved = threading.Condition()
        self._indexer = indexer
        self.runner = Runner("index", self._look, self.fatal.append)
        self.heads = Heads(url, self.runner.wake, poll)

    def _look(self) -> float:
        step = self._indexer.step()
        with self._moved:
            self.looks += 1
            self._at = step.at
            self._moved.notify_all()
        return self.heads.pause(step.at) if step.at >= step.head else 0.0

    def await_block(self, number: int) -> None:
        with self._moved:
            assert self._moved.wait_for(lambda: self._at >= number, timeout=60)


@contextmanager
def live(indexer: Indexer, url: str, poll: float) -> Iterator[Live]:
    made = Live(indexer, url, poll)
    made.runner.start()
    made.heads.start()
    try:
        yield made
    finally:
        made.heads.stop()
        made.runner.stop()
        assert made.fatal == []


def socket_of(kit: Kit) -> str:
    return kit.anvil.url.replace("http", "ws", 1)


def test_a_block_is_taken_in_by_the_first_look_after_it(
    kit: Kit, ledger: Database, follow: Follow
) -> None:
    indexer = follow(ledger)
    indexer.catch_up()
    for units in range(1, 6):
        kit.transfer("JR", HOLDERS[2], HOLDERS[0], units)
        step = indexer.step()
        assert step.at == kit.client.block_number()
        assert step.logs >= 1
    assert compared(kit, ledger).differences == []


def test_announced_blocks_are_taken_in_by_an_index_that_would_look_once_an_hour(
    kit: Kit, ledger: Database, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads_module, "_LONGEST_LOOK", AN_HOUR)
    indexer = follow(ledger)
    indexer.catch_up()
    with live(indexer, socket_of(kit), AN_HOUR) as following:
        while not following.heads._newest >= 0:  # until the socket is open
            kit.mine()
        following.await_block(kit.client.block_number())
        before = following.looks
        for units in range(1, 6):
            kit.transfer("JR", HOLDERS[2], HOLDERS[0], units)
            following.await_block(kit.client.block_number())
        # One look takes a block in; an announcement that comes late may cause one more.
        assert following.looks - before <= 2 * 5
    assert compared(kit, ledger).differences == []


def test_without_announcements_blocks_are_found_by_looking(
    kit: Kit, ledger: Database, follow: Follow
) -> None:
    with live(follow(ledger), "ws://127.0.0.1:9", 0.01) as following:
        for units in range(1, 4):
            kit.transfer("JR", HOLDERS[2], HOLDERS[0], units)
            following.await_block(kit.client.block_number())
    assert compared(kit, ledger).differences == []


def test_a_clock_that_is_set_forward_and_back_all_the_time_disturbs_nothing(
    kit: Kit, ledger: Database, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    years = itertools.cycle([0, 10**9, -(10**9), 3_600, -3_600])
    really = time.time
    monkeypatch.setattr(time, "time", lambda: really() + next(years))
    with live(follow(ledger), socket_of(kit), 0.01) as following:
        for units in range(1, 6):
            kit.transfer("JR", HOLDERS[2], HOLDERS[0], units)
            following.await_block(kit.client.block_number())
    assert compared(kit, ledger).differences == []
