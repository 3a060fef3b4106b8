"""A costly question is answered once for each block."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from usufruct.api.service import Once

_NEWEST = b"\7" * 32
"""Hash of the chain's newest block."""


def test_one_answer_serves_everybody_until_the_block_changes() -> None:
    once, asked, go = Once(), [], Event()

    def costly() -> int:
        asked.append(len(asked))
        go.wait(5)
        return len(asked)

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(once.at, 7, _NEWEST, costly) for _ in range(4)]
        go.set()
        assert [each.result() for each in waiting] == [1] * 4
    assert once.at(7, _NEWEST, costly) == 1
    assert once.at(8, _NEWEST, costly) == 2


def test_an_answer_that_failed_is_asked_for_again() -> None:
    once = Once()

    def failing() -> int:
        raise OSError

    for _ in range(2):
        try:
            once.at(1, _NEWEST, failing)
        except OSError:
            continue
        raise AssertionError
    assert once.at(1, _NEWEST, lambda: 5) == 5
