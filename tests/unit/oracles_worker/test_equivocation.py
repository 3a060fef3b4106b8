"""A signer who tells two things is found out, proven, and does not count until a person says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.oracles_worker.fakes import ANCHOR, CHAIN_ID, WATER, Member, Team

from usufruct.core.encoding import canonical_json, hex0x
from usufruct.core.signing import sign_digest
from usufruct.core.typed_data import Batch, Domain, batch_digest
from usufruct.errors import EvidenceError, InputError
from usufruct.keys import dev_account, dev_address
from usufruct_oracles.answers import batch_proposal
from usufruct_oracles.desk import Barred, Ready
from usufruct_oracles.equivocation import Signature, document, read_message, verify
from usufruct_oracles.pledges import Equivocation
from usufruct_oracles.sightings import MOST_PLACES, Sightings
from usufruct_oracles.wire import batch_to
from usufruct_oracles.witness import CHAIN

DOMAIN = Domain(CHAIN_ID, ANCHOR)
KEY = bytes(dev_account(4))


@pytest.fixture
def day(team: Team) -> Team:
    team.deliver(1)
    team.end_of(1)
    return team


def next_batch(member: Member) -> Batch:
    found = member.desk.next_batch(WATER)
    assert isinstance(found, Ready)
    return found.built.batch


def signed(batch: Batch, key: bytes = KEY) -> Signature:
    message = read_message("batch", batch_to(batch), DOMAIN)
    return Signature(message, dev_address(4), sign_digest(key, message.digest))


def show(member: Member, batch: Batch, key: bytes, source: str = "peer-x") -> str | None:
    signature = sign_digest(key, batch_digest(DOMAIN, batch))
    return member.witness.saw("batch", batch_to(batch), signature, source)


def other(batch: Batch) -> Batch:
    return replace(batch, root=b"\x55" * 32)


# --- The proof ---


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_two_messages_for_one_place_are_a_proof_in_either_order(one: bytes, two: bytes) -> None:
    batch = Batch(3, 1, bytes(32), 0, 86_400, 0, 24, False, one, bytes(32))
    first, second = signed(batch), signed(replace(batch, root=two))
    made = document(DOMAIN, first, second)
    assert made == document(DOMAIN, second, first)
    if one == two:
        with pytest.raises(EvidenceError, match="another message"):
            verify(made)
        return
    found = verify(made)
    assert (found.signer, found.domain) == (dev_address(4), DOMAIN)
    assert set(found.digests) == {first.message.digest, second.message.digest}
    assert str(found.place).startswith("batch 3/1/0x")


BATCH = Batch(3, 1, bytes(32), 0, 86_400, 0, 24, False, bytes(32), bytes(32))


def proof() -> dict[str, object]:
    found: dict[str, object] = json.loads(document(DOMAIN, signed(BATCH), signed(other(BATCH))))
    return found


def _as_another_signer(given: dict[str, object]) -> None:
    given["signer"] = dev_address(5)


def _for_another_contract(given: dict[str, object]) -> None:
    given["contract"] = "0x" + "77" * 20


def _at_another_place(given: dict[str, object]) -> None:
    moved = signed(replace(other(BATCH), seq=2))
    given["other"] = {"message": moved.message.body, "signature": hex0x(moved.signature)}


def _by_another(given: dict[str, object]) -> None:
    forged = signed(other(BATCH), bytes(dev_account(6)))
    given["other"] = {"message": forged.message.body, "signature": hex0x(forged.signature)}


def _twice_the_same(given: dict[str, object]) -> None:
    given["other"] = given["one"]


@pytest.mark.parametrize(
    "spoil",
    [_as_another_signer, _for_another_contract, _at_another_place, _by_another, _twice_the_same],
)
def test_what_proves_nothing_does_not_hold(spoil: Callable[[dict[str, object]], None]) -> None:
    given = proof()
    verify(canonical_json(given))
    spoil(given)
    with pytest.raises(EvidenceError):
        verify(canonical_json(given))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("v", True),
        ("v", 2),
        ("kind", "else"),
        ("type", "vote"),
        ("one", 1),
        ("chainId", -1),
        ("x", 1),
    ],
)
def test_what_is_no_such_document_is_refused(name: str, value: object) -> None:
    with pytest.raises(InputError):
        verify(canonical_json(proof() | {name: value}))
    with pytest.raises(InputError, match="document"):
        verify(b" " * (1 << 17))


# --- Finding one ---


def test_a_second_message_is_stored_as_a_proof_and_bars_its_signer(day: Team) -> None:
    member, liar = day.members[0], day.members[1]
    batch = next_batch(member)
    assert show(member, batch, liar.key) == liar.desk.address
    assert not member.witness.is_barred(liar.desk.address)
    assert show(member, batch, liar.key) == liar.desk.address
    assert member.sightings.proofs() == []
    show(member, other(batch), liar.key)
    assert member.witness.is_barred(liar.desk.address)
    (stored,) = Sightings(member.database).proofs()
    assert verify(stored.document).signer == liar.desk.address
    assert member.metric("equivocations_total", kind="batch") == 1
    assert member.metric("barred_signers") == 1
    alert = member.alerts.recent()[-1]
    assert (alert["kind"], alert["who"]) == ("equivocation", liar.desk.address.lower())
    show(member, replace(batch, root=b"\x66" * 32), liar.key)
    assert len(member.sightings.proofs()) == 1


def test_what_others_remember_of_a_restored_worker_s_key_binds_it(day: Team) -> None:
    """Its pledges are those of an old backup; a peer still has what it signed since."""
    member = day.members[0]
    ready = member.desk.next_batch(3)
    assert isinstance(ready, Ready)
    show(member, other(ready.built.batch), member.key)
    with pytest.raises(Equivocation) as caught:
        member.desk.sign(ready)
    assert caught.value.signed == hex0x(batch_digest(DOMAIN, other(ready.built.batch)))
    assert not member.witness.is_barred(member.desk.address)
    assert member.desk._pledges.signed(ready.place) is None


def test_another_predecessor_is_another_place(day: Team) -> None:
    member, peer = day.members[0], day.members[1]
    batch = next_batch(member)
    show(member, batch, peer.key)
    show(member, replace(other(batch), prev=b"\x01" * 32), peer.key)
    assert member.sightings.proofs() == []


def test_strangers_far_numbers_and_nonsense_are_not_kept(day: Team) -> None:
    member = day.members[0]
    batch = next_batch(member)
    assert show(member, batch, bytes(dev_account(9))) is None
    assert show(member, replace(batch, seq=3), member.key) is None
    assert member.witness.saw("batch", {"stream": 1}, bytes(64), "peer-x") is None
    assert member.witness.saw("vote", batch_to(batch), bytes(64), "peer-x") is None
    assert member.witness.saw("batch", batch_to(batch), bytes(64), "peer-x") is None
    assert member.sightings.page(0, 10).entries == []


def test_a_signer_cannot_fill_the_disk_with_places(day: Team) -> None:
    member = day.members[0]
    batch = next_batch(member)
    for number in range(MOST_PLACES + 5):
        show(member, replace(batch, prev=number.to_bytes(32, "big")), day.members[1].key)
    assert len(member.sightings.page(0, 100).entries) == MOST_PLACES


def test_what_the_chain_took_counts_also_from_a_member_of_old(day: Team) -> None:
    member = day.members[0]
    batch = next_batch(member)
    gone = bytes(dev_account(9))
    assert show(member, batch, gone, CHAIN) == dev_address(9)
    show(member, other(batch), gone, CHAIN)
    assert member.witness.is_barred(dev_address(9))


def test_its_signature_is_not_counted_and_its_question_not_answered(day: Team) -> None:
    honest, liar, third = day.members
    batch = next_batch(honest)
    for each in (batch, other(batch)):
        show(honest, each, liar.key)
    for peer in honest.peers:
        peer.down = peer.name == "peer-2"
    honest.worker.run_once()
    assert day.chain.sent == 0
    assert "peer-1: barred" in honest.worker.waiting(WATER)["batch"].reason
    assert honest.worker.waiting(WATER)["batch"].held
    ready = liar.desk.next_batch(WATER)
    assert isinstance(ready, Ready)
    reply = honest.answerer.batch(canonical_json(batch_proposal(ready)), liar.desk.address)
    assert (reply.status, reply.body["error"]) == (403, "barred")
    for peer in honest.peers:
        peer.down = False
    honest.wait(60)
    honest.worker.run_once()
    assert day.chain.sent == 1
    assert third.metric("signatures_total", kind="batch") == 1


def test_a_person_releases_it_and_the_proof_stays(day: Team) -> None:
    member, liar = day.members[0], day.members[1]
    batch = next_batch(member)
    for each in (batch, other(batch)):
        show(member, each, liar.key)
    assert member.sightings.release(liar.desk.address, "agreed by telephone", 7) == 1
    assert not member.witness.is_barred(liar.desk.address)
    (stored,) = member.sightings.proofs()
    assert (stored.released_at, stored.reason) == (7, "agreed by telephone")
    assert member.sightings.release(liar.desk.address, "again", 8) == 0
    show(member, other(batch), liar.key)
    assert not member.witness.is_barred(liar.desk.address)


def test_a_worker_whose_own_key_is_used_elsewhere_signs_no_more(day: Team) -> None:
    member = day.members[1]
    ready = member.desk.next_batch(WATER)
    assert isinstance(ready, Ready)
    member.desk.sign(ready)
    show(member, other(ready.built.batch), member.key)
    with pytest.raises(Barred, match="two different things"):
        member.desk.sign(ready)
    reply = member.answerer.batch(
        canonical_json(batch_proposal(ready)), day.members[0].desk.address
    )
    assert (reply.status, reply.body["error"]) == (403, "barred")
    for peer in member.peers:
        peer.down = peer.name == "peer-2"
    member.worker.run_once()
    assert day.chain.sent == 0
    assert "self: barred" in member.worker.waiting(WATER)["batch"].reason
    assert member.metric("signatures_total", kind="batch") == 1


def test_a_peer_that_tells_two_workers_two_things_is_seen_by_the_proposer(day: Team) -> None:
    """The second peer's honest signature is counted; what it told before, to this worker, is remembered."""
    proposer, liar = day.members[0], day.members[1]
    show(proposer, other(next_batch(proposer)), liar.key)
    for peer in proposer.peers:
        peer.down = peer.name == "peer-2"
    proposer.worker.run_once()
    assert day.chain.sent == 0
    assert [str(each.place) for each in proposer.sightings.proofs()] != []
