from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from usufruct.chain.outbox import Attempt, ChainAccount, NonceMoved, Outbox, Request, State
from usufruct.keys import dev_address

ACCOUNT = ChainAccount(31337, bytes(32), dev_address(0))
REQUEST = Request(dev_address(1), b"\1\2", 2**200, 21_000)


def signed(nonce: int, fee: int = 8) -> Attempt:
    return Attempt(nonce, nonce.to_bytes(16) + fee.to_bytes(16), b"raw", fee, 1)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "deep" / "outbox.sqlite") as opened:
        yield opened


def test_what_is_stored_is_found_again_by_another_process(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.sqlite") as first:
        stored, new = first.store(ACCOUNT, "a", REQUEST, lambda: 5, signed)
    with Outbox(f"sqlite:///{tmp_path}/outbox.sqlite") as second:
        assert new
        assert second.entry(ACCOUNT, "a") == stored
        assert second.pending(ACCOUNT) == [stored]
    assert (stored.nonce, stored.request, stored.attempts) == (5, REQUEST, (signed(5),))


def test_a_key_has_one_entry(outbox: Outbox) -> None:
    first, _ = outbox.store(ACCOUNT, "a", REQUEST, lambda: 0, signed)
    again, new = outbox.store(ACCOUNT, "a", REQUEST, lambda: 0, signed)
    assert (again, new) == (first, False)


def test_nonces_are_given_out_once_and_gaps_are_filled(outbox: Outbox) -> None:
    entries = [outbox.store(ACCOUNT, key, REQUEST, lambda: 3, signed)[0] for key in "abc"]
    assert [entry.nonce for entry in entries] == [3, 4, 5]
    outbox.move(entries[1], State.DROPPED)
    refilled, _ = outbox.store(ACCOUNT, "d", REQUEST, lambda: 3, signed)
    assert refilled.nonce == 4


def test_accounts_and_chains_do_not_share_nonces(outbox: Outbox) -> None:
    others = [replace(ACCOUNT, address=dev_address(2)), replace(ACCOUNT, genesis=b"\1" * 32)]
    for account in (ACCOUNT, *others):
        entry, new = outbox.store(account, "a", REQUEST, lambda: 0, signed)
        assert (entry.nonce, new) == (0, True)


def test_a_concluded_entry_is_sent_anew_only_by_who_has_seen_it(outbox: Outbox) -> None:
    entry, _ = outbox.store(ACCOUNT, "a", REQUEST, lambda: 0, signed)
    gone = outbox.move(entry, State.REVERTED)
    unseen, new = outbox.store(ACCOUNT, "a", REQUEST, lambda: 1, signed)
    assert (unseen.state, new) == (State.REVERTED, False)
    again, new = outbox.store(ACCOUNT, "a", REQUEST, lambda: 1, signed, seen=gone)
    assert (again.state, again.nonce, again.attempts, new) == (State.PENDING, 1, (signed(1),), True)
    # Another thread that saw the same conclusion comes too late.
    assert outbox.store(ACCOUNT, "a", REQUEST, lambda: 2, signed, seen=gone) == (again, False)


def test_a_late_verdict_about_an_older_nonce_is_ignored(outbox: Outbox) -> None:
    entry, _ = outbox.store(ACCOUNT, "a", REQUEST, lambda: 0, signed)
    gone = outbox.move(entry, State.DROPPED)
    again, _ = outbox.store(ACCOUNT, "a", REQUEST, lambda: 1, signed, seen=gone)
    assert outbox.move(entry, State.DROPPED) == again


def test_attempts_are_kept_in_order(outbox: Outbox) -> None:
    entry, _ = outbox.store(ACCOUNT, "a", REQUEST, lambda: 0, signed)
    entry = outbox.add_attempt(entry, signed(0, 9))
    assert [attempt.max_fee for attempt in entry.attempts] == [8, 9]


def test_nothing_is_stored_when_signing_fails(outbox: Outbox) -> None:
    def fail(_: int) -> Attempt:
        raise RuntimeError("no key")

    with pytest.raises(RuntimeError, match="no key"):
        outbox.store(ACCOUNT, "a", REQUEST, lambda: 0, fail)
    assert outbox.entry(ACCOUNT, "a") is None


def test_a_nonce_other_than_the_expected_one_is_refused(outbox: Outbox) -> None:
    with pytest.raises(NonceMoved):
        outbox.store(ACCOUNT, "a", REQUEST, lambda: 0, signed, expected_nonce=1)
    assert outbox.entry(ACCOUNT, "a") is None


def test_equal_content_at_the_same_nonce_is_the_same_transaction(outbox: Outbox) -> None:
    first, _ = outbox.store(ACCOUNT, "a", REQUEST, lambda: 0, signed)
    assert not outbox.is_shared(first, signed(0).tx_hash)
    outbox.move(first, State.DROPPED)
    outbox.store(ACCOUNT, "b", REQUEST, lambda: 0, signed)
    assert outbox.is_shared(first, signed(0).tx_hash)
    other = replace(ACCOUNT, genesis=b"\1" * 32)
    elsewhere, _ = outbox.store(other, "a", REQUEST, lambda: 1, signed)
    assert not outbox.is_shared(elsewhere, signed(1).tx_hash)


def test_a_reopened_entry_waits_again_unless_its_nonce_has_a_new_owner(outbox: Outbox) -> None:
    first, _ = outbox.store(ACCOUNT, "a", REQUEST, lambda: 0, signed)
    first = outbox.move(first, State.MINED)
    assert outbox.reopen(first).state is State.PENDING
    outbox.move(first, State.MINED)
    second, _ = outbox.store(ACCOUNT, "b", REQUEST, lambda: 0, signed)
    assert second.nonce == first.nonce
    assert outbox.reopen(first).state is State.DROPPED
