"""Logs that are taken in without a record of their own are read as their bindings read them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from usufruct.contracts import DecodeError, Event
from usufruct.contracts import revenue_right as rr
from usufruct.index.rights import transfer_of, withdrawal_of

words = st.binary(min_size=32, max_size=32)


def raw(account: str) -> bytes:
    return bytes.fromhex(account[2:])


@given(words, words, words)
def test_a_transfer_is_what_its_binding_says(sender: bytes, recipient: bytes, data: bytes) -> None:
    topics = [rr.Transfer.TOPIC, sender, recipient]
    event = rr.Transfer.decode(topics, data)
    from_, to, units = transfer_of(topics, data)
    assert (from_[12:], to[12:], units) == (raw(event.from_), raw(event.to), event.value)


@given(words, words)
def test_a_withdrawal_is_what_its_binding_says(holder: bytes, data: bytes) -> None:
    topics = [rr.FundsWithdrawn.TOPIC, holder]
    event = rr.FundsWithdrawn.decode(topics, data)
    by, amount = withdrawal_of(topics, data)
    assert (by[12:], amount) == (raw(event.by), event.funds_withdrawn)


@given(st.lists(words, max_size=4), st.binary(max_size=70))
def test_another_shape_is_refused_where_the_binding_refuses_it(
    more: list[bytes], data: bytes
) -> None:
    for kind, read in ((rr.Transfer, transfer_of), (rr.FundsWithdrawn, withdrawal_of)):
        assert _refuses(kind, [kind.TOPIC, *more], data) == _fails(read, [kind.TOPIC, *more], data)


def _refuses(kind: type[Event], topics: list[bytes], data: bytes) -> bool:
    return _fails(kind.decode, topics, data)


def _fails(read: object, topics: list[bytes], data: bytes) -> bool:
    try:
        read(topics, data)  # type: ignore[operator]  # either form of reader
    except DecodeError:
        return True
    return False
