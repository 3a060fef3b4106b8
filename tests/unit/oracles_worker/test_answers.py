"""What a worker answers to a proposal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.oracles_worker.fakes import WATER, Member, Team

from usufruct.core.encoding import canonical_json
from usufruct.core.signing import recover
from usufruct.core.typed_data import batch_digest, statement_digest
from usufruct_oracles import differ
from usufruct_oracles.answers import Reply, batch_proposal, statement_proposal
from usufruct_oracles.chainstate import Account
from usufruct_oracles.desk import Ready
from usufruct_oracles.pledges import Place
from usufruct_oracles.ports import BuiltBatch, BuiltStatement
from usufruct_oracles.wire import batch_from, batch_to, fingerprints

CALLER = "0x0000000000000000000000000000000000000001"


def proposed(member: Member) -> Ready[BuiltBatch]:
    member.look()
    member.reconciler.catch_up(WATER)
    found = member.desk.next_batch(WATER)
    assert isinstance(found, Ready)
    return found


def ask(member: Member, proposal: dict[str, Any]) -> Reply:
    return member.answerer.batch(canonical_json(proposal), CALLER)


@pytest.fixture
def day(team: Team) -> Team:
    team.deliver(1, 2)
    team.end_of(2)
    return team


def test_what_was_recomputed_alike_is_signed(day: Team) -> None:
    ready = proposed(day.members[0])
    reply = ask(day.members[1], batch_proposal(ready))
    assert reply.status == 200
    signature = bytes.fromhex(str(reply.body["signature"])[2:])
    assert recover(ready.digest, signature) == day.members[1].desk.address == reply.body["signer"]
    assert [str(place) for place, _ in day.members[1].pledges.all()] == [str(ready.place)]


def test_a_replayed_proposal_gets_the_same_signature(day: Team) -> None:
    proposal = batch_proposal(proposed(day.members[0]))
    first = ask(day.members[1], proposal)
    assert ask(day.members[1], proposal) == first
    assert len(day.members[1].pledges.all()) == 1


def test_a_replay_after_the_batch_was_anchored_is_stale(day: Team) -> None:
    proposal = batch_proposal(proposed(day.members[0]))
    day.members[0].worker.run_once()
    reply = ask(day.members[2], proposal)
    assert (reply.status, reply.body["error"]) == (409, "stale")
    assert reply.body["head"] == "0x" + day.members[0].books.recorded(WATER)[0].hex()


def test_a_disagreement_shows_both_digests_and_what_differs(day: Team) -> None:
    rows = day.rows(1)
    rows[7] = (*rows[7][:3], 99_999, 0)
    del rows[20]
    day.members[1].books.put(WATER, day.window(1).day, rows)
    mine = proposed(day.members[0])
    reply = ask(day.members[1], batch_proposal(mine))
    body: dict[str, Any] = reply.body
    assert (reply.status, body["error"]) == (409, "disagreement")
    assert body["yours"] == "0x" + mine.digest.hex()
    assert body["mine"] == "0x" + proposed(day.members[1]).digest.hex()
    assert body["differs"] == ["content", "count", "root"]
    assert body["manifest"] == ["count", "covered", "lines", "quantity", "root"]
    leaves = body["leaves"]
    assert (leaves["only_mine_count"], leaves["only_yours_count"]) == (1, 2)
    assert [(each["meter"], each["quantity"]) for each in leaves["only_mine"]] == [(301, "99999")]
    assert leaves["only_yours"] == [7, 20]
    assert day.members[1].pledges.all() == []
    assert day.members[1].metric("refusals_total", kind="batch", reason="disagreement") == 1
    assert day.members[1].alerts.recent()[0]["who"] == CALLER


def test_the_proposer_sees_the_disagreement_from_its_side(day: Team) -> None:
    rows = day.rows(1)
    rows[7] = (*rows[7][:3], 99_999, 0)
    day.members[1].books.put(WATER, day.window(1).day, rows)
    mine = proposed(day.members[0])
    reply = ask(day.members[1], batch_proposal(mine))
    detail: dict[str, Any] = differ.seen_from_here(reply.body, mine.built.leaves)
    assert detail["mine"] == "0x" + mine.digest.hex()
    assert [each["quantity"] for each in detail["only_mine"]] == ["7000"]
    assert "99999" in detail["only_yours"][0]


def test_a_peer_cannot_fill_the_log_or_break_the_proposer(day: Team) -> None:
    mine = proposed(day.members[0])
    body = {
        "mine": "x" * 10_000,
        "differs": ["y" * 10_000] * 1_000,
        "manifest": 7,
        "leaves": {"only_yours": [-1, 10**9, "0", None, 1], "only_mine": ["z" * 10_000] * 99},
    }
    detail: dict[str, Any] = differ.seen_from_here(body, mine.built.leaves)
    assert len(canonical_json(detail)) < 20_000
    assert [each["seq"] for each in detail["only_mine"]] == [1]


def test_a_day_without_file_is_not_signed_yet(team: Team) -> None:
    team.deliver(1, to=(0,))
    team.end_of(1)
    reply = ask(team.members[1], batch_proposal(proposed(team.members[0])))
    assert (reply.status, reply.body["error"]) == (425, "no_file")


def test_a_worker_that_has_not_read_its_source_since_does_not_judge(day: Team) -> None:
    day.members[1].books.files.clear()
    day.members[1].desk.looked_at = day.window(1).to - 1
    ready = proposed(day.members[0])
    reply = ask(day.members[1], batch_proposal(ready))
    assert (reply.status, reply.body["error"]) == (425, "unread")
    assert day.members[1].alerts.recent() == []


def test_a_held_day_is_not_signed(team: Team) -> None:
    for member in team.members:
        member.books.put(WATER, team.window(1).day, [])
        member.books.put(WATER, team.window(2).day, [])
    team.end_of(2)
    team.settle()
    assert team.chain.cursors[WATER].seq == 1
    built = team.members[0].books.build_batch(WATER, team.chain.cursors[WATER], team.window(2))
    digest = batch_digest(team.members[0].view.anchor_domain, built.batch)
    ready = Ready(Place.of_batch(built.batch), digest, built)
    reply = ask(team.members[1], batch_proposal(ready))
    assert (reply.status, reply.body["error"]) == (409, "coverage")


def test_a_second_digest_for_the_place_is_refused(day: Team) -> None:
    member = day.members[1]
    member.desk.sign(proposed(member))
    for each in day.members:
        each.books.put(WATER, day.window(1).day, day.rows(1, quality=17))
    reply = ask(member, batch_proposal(proposed(day.members[0])))
    assert (reply.status, reply.body["error"]) == (409, "equivocation")
    assert "signed" in reply.body
    assert "signature" not in reply.body


def test_an_unknown_stream_is_told(day: Team) -> None:
    proposal = batch_proposal(proposed(day.members[0]))
    batch = replace(batch_from(proposal["batch"]), stream=99)
    proposal["batch"] = batch_to(batch)
    digest = batch_digest(day.members[0].view.anchor_domain, batch)
    reply = ask(day.members[1], proposal | {"digest": "0x" + digest.hex()})
    assert (reply.status, reply.body["error"]) == (404, "unknown_stream")


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"digest": "0x" + "00" * 32},
        {"digest": 5},
        {"leaves": [1]},
        {"leaves": "x"},
        {"batch": []},
        {"more": 1},
    ],
)
def test_a_malformed_proposal_is_refused(day: Team, change: dict[str, Any]) -> None:
    reply = ask(day.members[1], batch_proposal(proposed(day.members[0])) | change)
    assert (reply.status, reply.body["error"]) == (400, "malformed")
    assert day.members[1].pledges.all() == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"v":1,"v":1}', b"\xff", b"[" * 100_000]
)
def test_what_is_no_json_object_is_refused(day: Team, body: bytes) -> None:
    assert day.members[1].answerer.batch(body, CALLER).status == 400
    assert day.members[1].answerer.statement(body, CALLER).status == 400


def test_a_proposal_must_be_canonical(day: Team) -> None:
    body = canonical_json(batch_proposal(proposed(day.members[0])))
    assert day.members[1].answerer.batch(body + b" ", CALLER).status == 400


def test_a_proposal_of_very_many_readings_carries_no_fingerprints(
    day: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differ, "MOST_FINGERPRINTS", 23)
    ready = proposed(day.members[0])
    assert batch_proposal(ready)["leaves"] == []
    assert ask(day.members[1], batch_proposal(ready)).status == 200
    day.members[1].books.put(WATER, day.window(1).day, day.rows(1, count=3))
    assert ask(day.members[1], batch_proposal(ready)).body["leaves"] == {}


def test_forty_thousand_readings_fit_into_a_request() -> None:
    marks = fingerprints([bytes(102)] * 40_000)
    assert len(canonical_json(marks)) < (1 << 20) - 20_000


# --- Statements ---


@pytest.fixture
def closed(team: Team) -> Team:
    """A period whose last batch is anchored, its statement not yet attested."""
    team.deliver(*range(1, 31))
    team.end_of(30)
    for member in team.members:
        member.proposer.statement = lambda stream: False  # type: ignore[method-assign]
    team.settle()
    return team


def statement_of(member: Member) -> Ready[BuiltStatement]:
    found = member.desk.next_statement(WATER)
    assert isinstance(found, Ready)
    return found


def test_a_statement_recomputed_alike_is_signed(closed: Team) -> None:
    ready = statement_of(closed.members[0])
    body = canonical_json(statement_proposal(ready))
    reply = closed.members[1].answerer.statement(body, CALLER)
    signature = bytes.fromhex(str(reply.body["signature"])[2:])
    assert recover(ready.digest, signature) == closed.members[1].desk.address
    assert closed.members[1].answerer.statement(body, CALLER) == reply


def test_another_statement_is_refused_with_what_differs(closed: Team) -> None:
    closed.members[0].books.adjustments = 3
    ready = statement_of(closed.members[0])
    body = canonical_json(statement_proposal(ready))
    reply = closed.members[1].answerer.statement(body, CALLER)
    assert (reply.status, reply.body["error"]) == (409, "disagreement")
    assert (reply.body["differs"], reply.body["lines"]) == (["adjustments"], [])


def test_a_statement_of_another_version_is_stale(closed: Team) -> None:
    ready = statement_of(closed.members[0])
    statement = replace(ready.built.statement, version=2)
    digest = statement_digest(closed.members[0].view.book_domain, statement)
    other = Ready(ready.place, digest, replace(ready.built, statement=statement))
    body = canonical_json(statement_proposal(other))
    reply = closed.members[1].answerer.statement(body, CALLER)
    assert (reply.status, reply.body["error"]) == (409, "stale")


def test_a_statement_before_the_period_is_closed_is_too_early(team: Team, closed: Team) -> None:
    body = canonical_json(statement_proposal(statement_of(closed.members[0])))
    late = closed.members[1]
    late.view._accounts = {WATER: Account(team.start)}
    late.view.refresh = lambda: None  # type: ignore[method-assign]
    late.reconciler.catch_up = lambda stream: 0  # type: ignore[method-assign]
    reply = late.answerer.statement(body, CALLER)
    assert (reply.status, reply.body["error"]) == (425, "period_open")
