"""The filter of a block's header; that nodes compute the same is proven by indexing behind a real one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from usufruct.chain.bloom import bloom_of, may_hold
from usufruct.chain.records import Log
from usufruct.contracts import address

addresses = st.binary(min_size=20, max_size=20).map(address)
logs = st.builds(
    lambda where, topics: Log(where, topics, b"", 1, bytes(32), bytes(32), 0, 0),
    addresses,
    st.lists(st.binary(min_size=32, max_size=32), max_size=4),
)


@given(st.lists(logs, max_size=6))
def test_what_made_the_filter_is_found_in_it(found: list[Log]) -> None:
    bloom = bloom_of(found)
    assert len(bloom) == 256
    assert all(may_hold(bloom, log.address) for log in found)


@given(st.lists(logs, min_size=1, max_size=6), logs)
def test_a_log_more_only_adds_bits_and_at_most_three_for_each_part(
    found: list[Log], one: Log
) -> None:
    before, after = (int.from_bytes(bloom_of(each)) for each in (found, [*found, one]))
    assert before & after == before
    assert (before ^ after).bit_count() <= 3 * (1 + len(one.topics))


def test_an_empty_filter_holds_nothing() -> None:
    assert not may_hold(bytes(256), address(b"\1" * 20))
    assert bloom_of([]) == bytes(256)
