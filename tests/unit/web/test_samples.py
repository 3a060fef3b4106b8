"""Samples: the same for the same seed, whoever draws; within bounds, without repetition."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from usufruct.web.samples import draw, place_in


@given(st.text(max_size=20), st.integers(0, 10_000), st.integers(1, 20))
def test_a_draw_has_as_many_different_numbers_as_were_asked_for(
    seed: str, size: int, count: int
) -> None:
    found = draw(seed, "payout", size, count)
    assert found == sorted(set(found))
    assert len(found) == min(size, count)
    assert all(0 <= each < size for each in found)
    assert draw(seed, "payout", size, count) == found


def test_the_rule_is_the_one_that_is_written_down() -> None:
    first = int(sha256(b"dice 4-2-6/reading/0").hexdigest(), 16) % 1_000_000
    assert draw("dice 4-2-6", "reading", 1_000_000, 1) == [first]


def test_kinds_and_seeds_draw_apart_and_everything_may_be_drawn() -> None:
    assert draw("a", "payout", 10**6, 9) != draw("a", "reading", 10**6, 9)
    assert draw("a", "payout", 10**6, 9) != draw("b", "payout", 10**6, 9)
    counts = Counter(draw(str(n), "payout", 10, 1)[0] for n in range(2_000))
    assert min(counts.values()) > 130


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20).filter(any))
def test_every_number_falls_into_its_group(sizes: list[int]) -> None:
    found = [place_in(sizes, number) for number in range(sum(sizes))]
    assert found == [(group, at) for group, size in enumerate(sizes) for at in range(size)]
