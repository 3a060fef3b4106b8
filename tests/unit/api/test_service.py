"""A costly question is answered once for each block of one chain, however many ask."""

from __future__ import annotations

from itertools import count
from threading import Event

import anyio
import pytest

from usufruct.api.service import Once


def test_an_answer_is_made_again_for_another_block_and_for_the_same_block_of_another_fork() -> None:
    once, made = Once(), count()

    async def ask() -> list[int]:
        asked = [(5, b"a"), (5, b"a"), (6, b"a"), (6, b"b"), (6, b"b"), (5, b"b")]
        return [await once.at(*each, lambda: next(made)) for each in asked]

    assert anyio.run(ask) == [0, 0, 1, 2, 2, 3]


def test_one_answer_serves_all_who_wait_for_it() -> None:
    once, made, go, found = Once(), count(), Event(), list[int]()

    def costly() -> int:
        go.wait(10)
        return next(made)

    async def ask() -> None:
        found.append(await once.at(7, b"a", costly))

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            go.set()

    anyio.run(main)
    assert found == [0] * 4


def test_an_answer_that_failed_is_asked_for_again() -> None:
    once = Once()

    def failing() -> int:
        raise OSError

    async def main() -> int:
        for _ in range(2):
            with pytest.raises(OSError):  # noqa: PT011  # it has no text
                await once.at(1, b"a", failing)
        return await once.at(1, b"a", lambda: 5)

    assert anyio.run(main) == 5
