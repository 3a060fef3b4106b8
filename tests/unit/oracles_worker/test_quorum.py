"""Gathering signatures: which count, and when this worker adds its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

import pytest
from tests.unit.oracles_worker.fakes import MEMBERS

from usufruct.core.signing import sign_digest, unpack_signatures
from usufruct.keys import dev_account, dev_address
from usufruct_oracles.chainstate import Signers
from usufruct_oracles.peers import Refused, Signed
from usufruct_oracles.pledges import Equivocation, Place
from usufruct_oracles.quorum import Gatherer, Quorum, Shortfall

DIGEST = b"\x07" * 32
TABLE = tuple(dev_address(n) for n in MEMBERS)


class Scripted:
    """A peer that gives one answer."""

    def __init__(self, answer: Signed | Refused) -> None:
        self.name = answer.peer
        self.asked = 0
        self._answer = answer

    def ask(self, path: str, proposal: Mapping[str, object]) -> Signed | Refused:
        self.asked += 1
        return self._answer


def signature(account: int, digest: bytes = DIGEST) -> Signed:
    key = bytes(dev_account(account))
    return Signed(f"peer-{account}", dev_address(account), sign_digest(key, digest))


def gather(
    peers: list[Scripted], threshold: int = 2, own: int = MEMBERS[0]
) -> tuple[Quorum | Shortfall, list[int]]:
    made: list[int] = []

    def sign() -> bytes:
        made.append(1)
        return sign_digest(bytes(dev_account(own)), DIGEST)

    gatherer = Gatherer(peers, dev_address(own))
    try:
        return gatherer.gather("/", {}, DIGEST, Signers(TABLE, threshold, 1), sign), made
    finally:
        gatherer.close()


def test_own_and_one_peer_are_two() -> None:
    found, made = gather([Scripted(signature(MEMBERS[1]))])
    assert isinstance(found, Quorum)
    assert found.signers == 0b011
    by = unpack_signatures(TABLE, found.signers, found.signatures)
    assert set(by) == set(TABLE[:2])
    assert made == [1]


def test_too_few_signatures_are_no_quorum_and_pledge_nothing() -> None:
    found, made = gather(
        [Scripted(Refused("b", "not_ready", "")), Scripted(signature(MEMBERS[1]))], 3
    )
    assert found == Shortfall(1, 3, (Refused("b", "not_ready", ""),))
    assert made == []


def test_a_forged_signature_does_not_count() -> None:
    claimed = Signed("b", dev_address(MEMBERS[1]), sign_digest(bytes(dev_account(9)), DIGEST))
    found, made = gather([Scripted(claimed)])
    assert isinstance(found, Shortfall)
    assert [(each.code, dev_address(9) in each.detail) for each in found.refusals] == [
        ("bad_signature", True)
    ]
    assert made == []


@pytest.mark.parametrize("blob", [b"", b"\x00" * 64, b"\xff" * 64])
def test_a_broken_signature_does_not_count(blob: bytes) -> None:
    found, _ = gather([Scripted(Signed("b", dev_address(MEMBERS[1]), blob))])
    assert isinstance(found, Shortfall)


def test_a_signature_over_another_digest_does_not_count() -> None:
    found, _ = gather([Scripted(signature(MEMBERS[1], b"\x08" * 32))])
    assert isinstance(found, Shortfall)


def test_a_peer_counts_once_however_often_it_signs() -> None:
    same = signature(MEMBERS[1])
    found, made = gather([Scripted(same), Scripted(same)], 3)
    assert isinstance(found, Shortfall)
    assert found.given == 1
    assert made == []


def test_a_peer_cannot_send_back_this_workers_own_signature() -> None:
    found, _ = gather([Scripted(signature(MEMBERS[0]))])
    assert isinstance(found, Shortfall)


def test_the_others_reach_the_quorum_without_a_worker_that_may_not_sign() -> None:
    def refuse() -> bytes:
        raise Equivocation(Place("batch", 1, 1, "0x"), "0x01", "0x02")

    peers = [Scripted(signature(MEMBERS[1])), Scripted(signature(MEMBERS[2]))]
    gatherer = Gatherer(peers, dev_address(MEMBERS[0]))
    found = gatherer.gather("/", {}, DIGEST, Signers(TABLE, 2, 1), refuse)
    gatherer.close()
    assert isinstance(found, Quorum)
    assert found.signers == 0b110
    assert [each.code for each in found.refusals] == ["equivocation"]


def test_a_threshold_of_one_asks_nobody() -> None:
    peer = Scripted(signature(MEMBERS[1]))
    found, made = gather([peer], 1)
    assert isinstance(found, Quorum)
    assert (found.signers, peer.asked, made) == (0b001, 0, [1])


def test_one_who_is_not_in_the_table_does_not_sign() -> None:
    found, made = gather([Scripted(signature(MEMBERS[1]))], own=9)
    assert isinstance(found, Shortfall)
    assert made == []


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert not [each for each in threading.enumerate() if each.name.startswith("peer")]
