"""A costly answer is kept for one block of one chain."""

from __future__ import annotations

from itertools import count

from usufruct.api.service import Once


def test_an_answer_is_made_again_for_another_block_and_for_the_same_block_of_another_fork() -> None:
    once, made = Once(), count()
    asked = [(5, b"a"), (5, b"a"), (6, b"a"), (6, b"b"), (6, b"b"), (5, b"b")]
    assert [once.at(*each, lambda: next(made)) for each in asked] == [0, 0, 1, 2, 2, 3]
