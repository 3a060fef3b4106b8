"""Three workers on one chain: who proposes, who confirms, and what stops them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.oracles_worker.conftest import MakeTeam
from tests.unit.oracles_worker.fakes import BOOK, WATER, Team

from usufruct.contracts import telemetry_anchor as anchor
from usufruct.core.encoding import canonical_json
from usufruct.core.signing import pack_signatures, sign_digest
from usufruct.core.typed_data import Batch, batch_digest, head_of
from usufruct.keys import dev_address
from usufruct_oracles.answers import batch_proposal
from usufruct_oracles.desk import Ready, Waiting

MONTH = range(1, 31)


def heads(team: Team) -> list[list[bytes]]:
    return [member.books.recorded(WATER) for member in team.members]


def waiting(team: Team, index: int, kind: str = "batch") -> tuple[str, bool]:
    found = team.members[index].worker.waiting(WATER)[kind]
    return found.code, found.held


def test_a_month_is_anchored_and_stated_with_one_transaction_each(team: Team) -> None:
    team.deliver(*MONTH)
    team.end_of(30)
    team.settle()
    anchored = [each.head for each in team.members[0].view.account(WATER).batches.values()]
    assert heads(team) == [anchored] * 3
    assert len(anchored) == 30
    assert team.chain.sent == 31
    assert all(member.books.has_statement(WATER, 1, 1) for member in team.members)


def test_a_day_that_is_not_over_by_the_chains_clock_waits(team: Team) -> None:
    team.deliver(1)
    team.chain.set_time(team.window(1).to - 1)
    team.settle()
    assert team.chain.sent == 0
    assert waiting(team, 0) == ("day_open", False)


def test_a_missing_file_is_waited_for_until_the_grace_has_passed(make_team: MakeTeam) -> None:
    team = make_team(grace=3600)
    team.deliver(1)
    team.end_of(2)
    team.settle()
    assert team.chain.cursors[WATER].seq == 1
    assert waiting(team, 0) == ("no_file", False)
    team.chain.set_time(team.window(2).to + 3600)
    team.settle()
    assert team.chain.cursors[WATER].seq == 2
    built = team.members[0].books.batch(WATER, 2)
    assert built is not None
    assert (built.batch.count, built.manifest.covered, built.manifest.expected) == (0, 0, 24)


def test_two_of_three_go_on_without_the_third_which_catches_up(team: Team) -> None:
    team.deliver(*range(1, 6))
    team.end_of(5)
    for member in team.members:
        for peer in member.peers:
            peer.down = peer.name == "peer-2"
    for _ in range(20):
        for member in team.members[:2]:
            member.worker.run_once()
    assert team.chain.cursors[WATER].seq == 5
    assert team.members[2].books.recorded(WATER) == []
    team.members[2].worker.run_once()
    assert heads(team)[2] == heads(team)[0]
    assert team.members[2].pledges.all() == []


def test_one_of_three_is_no_quorum_and_says_why(team: Team) -> None:
    team.deliver(1)
    team.end_of(1)
    for peer in team.members[0].peers:
        peer.down = True
    team.members[0].worker.run_once()
    assert team.chain.sent == 0
    assert waiting(team, 0) == ("no_quorum", False)
    reason = team.members[0].worker.waiting(WATER)["batch"].reason
    assert "0 of 2 signatures" in reason
    assert "peer-1: unreachable" in reason
    assert team.members[0].pledges.all() == []


def test_others_propose_after_their_turn_has_come(make_team: MakeTeam) -> None:
    team = make_team(takeover=5.0)
    team.deliver(1)
    team.end_of(1)
    order = sorted(range(3), key=lambda at: (at + WATER + 1) % 3)
    second = team.members[order[1]]
    second.worker.run_once()
    assert second.worker.waiting(WATER)["batch"].code == "not_my_turn"
    second.wait(4.9)
    second.worker.run_once()
    assert team.chain.sent == 0
    second.wait(0.2)
    second.worker.run_once()
    assert team.chain.sent == 1


def test_a_slow_proposer_is_not_overtaken_by_those_who_signed_for_it(make_team: MakeTeam) -> None:
    team = make_team(takeover=5.0)
    team.deliver(1)
    team.end_of(1)
    order = sorted(range(3), key=lambda at: (at + WATER + 1) % 3)
    first, second = team.members[order[0]], team.members[order[1]]
    second.worker.run_once()
    second.wait(4.9)
    ready = first.desk.next_batch(WATER)
    assert isinstance(ready, Ready)
    answer = second.answerer.batch(canonical_json(batch_proposal(ready)), first.desk.address)
    assert answer.status == 200
    second.wait(4.9)
    second.worker.run_once()
    assert team.chain.sent == 0
    second.wait(0.2)
    second.worker.run_once()
    assert team.chain.sent == 1


def test_a_failed_try_pauses_until_the_journal_changes(team: Team) -> None:
    team.deliver(1)
    team.end_of(1)
    proposer = team.members[0]
    for peer in proposer.peers:
        peer.down = True
    proposer.worker.run_once()
    proposer.worker.run_once()
    assert [peer.asked for peer in proposer.peers] == [1, 1]
    proposer.wait(1.0)
    proposer.worker.run_once()
    assert [peer.asked for peer in proposer.peers] == [2, 2]
    proposer.books.put(WATER, team.window(1).day, team.rows(1, quality=17))
    proposer.worker.run_once()
    assert [peer.asked for peer in proposer.peers] == [3, 3]


def test_the_loser_of_a_race_reads_the_head_again_and_records_the_same_batch(team: Team) -> None:
    team.deliver(1, 2)
    team.end_of(1)
    first, second = team.members[:2]
    for member in (first, second):
        member.look()
    before = first.desk.next_batch(WATER)
    assert isinstance(before, Ready)
    original = team.chain.submit

    def beaten(*arguments: object, **options: object) -> object:
        # Another worker's transaction is mined between the quorum and this one's.
        team.chain.submit = original  # type: ignore[method-assign]
        assert second.worker.run_once()
        return original(*arguments, **options)  # type: ignore[arg-type]

    team.chain.submit = beaten  # type: ignore[method-assign,assignment]
    first.worker.run_once()
    assert first.metric("lost_races_total", kind="batch") == 1
    assert first.worker.progress.error == ""
    assert heads(team)[0] == heads(team)[1] == [head_of(team.chain.cursors[WATER])]
    assert team.chain.sent == 1


def test_a_stale_head_found_by_the_node_is_no_error_either(team: Team) -> None:
    team.deliver(1)
    team.end_of(1)
    team.chain.refusal = anchor.StaleHead(WATER, bytes(32), bytes(32))
    team.members[0].worker.run_once()
    assert team.members[0].worker.progress.error == ""
    assert team.members[0].metric("lost_races_total", kind="batch") == 1


def test_a_refusal_of_the_contract_is_shown_and_tried_again_later(team: Team) -> None:
    team.deliver(1)
    team.end_of(1)
    team.chain.refusal = anchor.Paused()
    member = team.members[0]
    member.worker.run_once()
    assert "Paused" in member.worker.progress.error
    assert member.metric("failures_total") == 1
    team.chain.refusal = None
    member.worker.run_once()
    assert team.chain.sent == 0
    member.wait(1.0)
    member.worker.run_once()
    assert team.chain.sent == 1


def test_a_batch_of_another_content_anchored_by_a_quorum_stops_the_stream(team: Team) -> None:
    team.deliver(1, to=(0, 1))
    team.members[2].books.put(WATER, team.window(1).day, team.rows(1, count=23))
    team.deliver(2)
    team.end_of(2)
    for _ in range(4):
        for member in team.members[:2]:
            member.worker.run_once()
    assert team.chain.cursors[WATER].seq == 2
    odd = team.members[2]
    odd.worker.run_once()
    assert odd.worker.waiting(WATER)["batch"].code == "halted"
    assert odd.metric("stream_halted", stream="3") == 1
    assert odd.metric("disagreements_total", stream="3", kind="anchored") == 1
    status = odd.publisher.status()
    assert status["alerts"][0]["differs"] == ["content", "count", "root"]  # type: ignore[index]
    odd.worker.run_once()
    assert odd.metric("disagreements_total", stream="3", kind="anchored") == 1
    odd.books.put(WATER, team.window(1).day, team.rows(1))
    odd.worker.run_once()
    odd.worker.run_once()
    assert heads(team)[2] == heads(team)[0]
    assert odd.metric("stream_halted", stream="3") == 0


def test_a_file_that_came_after_the_quorum_signed_does_not_stop_the_stream(team: Team) -> None:
    for member in team.members:
        member.books.put(WATER, team.window(1).day, team.rows(1, count=23))
    team.end_of(1)
    for member in team.members[:2]:
        member.worker.run_once()
    assert team.chain.cursors[WATER].seq == 1
    late = team.members[2]
    late.books.put(WATER, team.window(1).day, team.rows(1))
    late.worker.run_once()
    assert heads(team)[2] == heads(team)[0]


def test_a_disagreeing_peer_gives_no_signature_and_both_raise_an_alert(team: Team) -> None:
    team.deliver(1, to=(0,))
    rows = team.rows(1)
    rows[5] = (*rows[5][:3], rows[5][3] + 1, 0)
    for member in team.members[1:]:
        member.books.put(WATER, team.window(1).day, rows)
    team.end_of(1)
    alone = team.members[0]
    alone.worker.run_once()
    assert team.chain.sent == 0
    assert waiting(team, 0) == ("no_quorum", True)
    assert alone.metric("disagreements_total", stream="3", kind="batch") == 2
    assert team.members[1].metric("disagreements_total", stream="3", kind="batch") == 1
    assert all(member.pledges.all() == [] for member in team.members)
    team.members[1].worker.run_once()
    assert team.chain.cursors[WATER].seq == 1


def test_a_worker_that_pledged_another_digest_does_not_sign_again(team: Team) -> None:
    team.deliver(1)
    team.end_of(1)
    bound, proposer = team.members[1], team.members[0]
    bound.look()
    first = bound.desk.next_batch(WATER)
    assert isinstance(first, Ready)
    bound.desk.sign(first)
    for member in team.members:
        member.books.put(WATER, team.window(1).day, team.rows(1, quality=17))
    for peer in proposer.peers:
        peer.down = peer.name == "peer-2"
    proposer.worker.run_once()
    assert team.chain.sent == 0
    assert "peer-1: equivocation" in proposer.worker.waiting(WATER)["batch"].reason
    proposer.wait(60)
    for peer in proposer.peers:
        peer.down = False
    proposer.worker.run_once()
    assert team.chain.sent == 1


def test_a_reorganisation_is_followed_and_the_next_batch_has_a_place_of_its_own(team: Team) -> None:
    team.deliver(1, 2)
    team.end_of(2)
    team.settle()
    before = heads(team)[0]
    team.chain.drop_blocks(1)
    assert team.chain.cursors[WATER].seq == 1
    team.chain.set_time(team.window(2).to + 1)
    for member in team.members:
        member.books.put(WATER, team.window(2).day, team.rows(2))
    team.settle()
    assert heads(team)[0] == before
    assert len({str(place) for place, _ in team.members[0].pledges.all()}) <= 2


# --- Quality ---


def test_a_day_that_puts_the_periods_coverage_out_of_reach_is_held(make_team: MakeTeam) -> None:
    team = make_team(grace=0)
    team.deliver(1)
    team.end_of(3)
    team.settle()
    assert team.chain.cursors[WATER].seq == 2
    assert waiting(team, 0) == ("coverage", True)
    reason = team.members[0].worker.waiting(WATER)["batch"].reason
    assert "at most 672 of 720 can be covered, 12 fewer than the 95.00%" in reason
    assert team.members[0].publisher.status()["streams"][0]["held"] is True  # type: ignore[index]
    team.deliver(3)
    team.settle()
    assert team.chain.cursors[WATER].seq == 3


def test_a_period_with_too_much_estimated_is_held_before_it_closes(team: Team) -> None:
    for day in MONTH:
        for member in team.members:
            member.books.put(
                WATER, team.window(day).day, team.rows(day, quality=8 if day > 25 else 0)
            )
    team.end_of(30)
    team.settle()
    assert team.chain.cursors[WATER].seq == 29
    assert waiting(team, 0) == ("estimated", True)
    assert "16.67% of the period's quantity are estimated, 11.67% more" in (
        team.members[0].worker.waiting(WATER)["batch"].reason
    )


# --- Statements ---


@pytest.fixture
def stated(team: Team) -> Team:
    team.deliver(*MONTH)
    team.end_of(30)
    team.settle()
    return team


def test_every_worker_keeps_the_same_evidence_of_a_statement(stated: Team) -> None:
    found = [member.publisher.statement(WATER, 1, 1) for member in stated.members]
    assert found[0] is not None
    assert found[0] == found[1] == found[2]
    assert found[0]["contract"] == BOOK
    assert len(str(found[0]["signatures"])) == 2 + 2 * 2 * 64
    assert found[0]["signers"] in {"3", "5", "6"}


def test_the_evidence_of_a_batch_names_leaves_manifest_and_place(stated: Team) -> None:
    found = stated.members[1].publisher.batch(WATER, 3)
    assert found is not None
    assert found["cursor"]["seq"] == 2  # type: ignore[index]
    assert len(found["leaves"]) == 24  # type: ignore[arg-type]
    assert stated.members[1].publisher.batch(WATER, 31) is None


def test_a_voided_statement_waits_for_a_change_of_the_journal(stated: Team) -> None:
    stated.chain.void(WATER, 1)
    sent = stated.chain.sent
    stated.settle()
    assert stated.chain.sent == sent
    assert waiting(stated, 0, "statement") == ("voided", True)
    assert "--reattest 3:1:2" in stated.members[0].worker.waiting(WATER)["statement"].reason
    for member in stated.members:
        member.books.adjustments = -5
    stated.settle()
    assert stated.chain.versions[WATER, 1][0] == 2
    assert all(member.books.has_statement(WATER, 1, 2) for member in stated.members)


def test_a_voided_statement_is_attested_unchanged_if_a_quorum_is_told_to(stated: Team) -> None:
    stated.chain.void(WATER, 1)
    stated.members[0].desk.reattest = frozenset({(WATER, 1, 2)})
    stated.settle()
    assert stated.chain.versions[WATER, 1][0] == 1
    stated.members[1].desk.reattest = frozenset({(WATER, 1, 2)})
    for member in stated.members:
        member.wait(60)
    stated.settle()
    assert stated.chain.versions[WATER, 1][0] == 2
    stated.chain.void(WATER, 1)
    stated.settle()
    assert stated.chain.versions[WATER, 1][0] == 2


def test_a_statement_this_worker_computes_otherwise_raises_an_alert_once(team: Team) -> None:
    odd = team.members[2]
    odd.books.adjustments = 1
    team.deliver(*MONTH)
    team.end_of(30)
    team.settle()
    assert team.chain.versions[WATER, 1][0] == 1
    assert not odd.books.has_statement(WATER, 1, 1)
    assert odd.metric("disagreements_total", stream="3", kind="attested") == 1
    odd.worker.run_once()
    assert odd.metric("disagreements_total", stream="3", kind="attested") == 1


def test_statements_do_not_wait_behind_the_next_period(team: Team) -> None:
    team.deliver(*range(1, 34))
    team.end_of(33)
    team.settle()
    assert team.chain.cursors[WATER].seq == 33
    order = [log.topics[0] for log in team.chain.logs_]
    attested = next(at for at, topic in enumerate(order) if topic not in {order[0], order[1]})
    assert attested <= 33


# --- Odd things on the chain ---


def test_a_worker_that_was_rotated_out_only_watches(team: Team) -> None:
    team.deliver(1)
    gone = team.members[2]
    team.chain.table = tuple(sorted((*team.chain.table[:2], dev_address(9)), key=str.lower))
    team.end_of(1)
    gone.worker.run_once()
    assert gone.worker.waiting(WATER)["batch"].code == "not_a_signer"
    assert gone.publisher.status()["signers"]["member"] is False  # type: ignore[index]
    team.members[0].wait(60)
    team.members[0].worker.run_once()
    gone.worker.run_once()
    assert heads(team)[2] == heads(team)[0] != []


def anchor_by_quorum(team: Team, batch: Batch) -> None:
    """Any two keys together can anchor anything that continues from the head."""
    digest = batch_digest(team.members[0].view.anchor_domain, batch)
    signed = {each.desk.address: sign_digest(each.key, digest) for each in team.members[:2]}
    team.chain.anchor(batch, *pack_signatures(team.chain.table, signed))


def test_a_window_that_is_not_one_local_day_stops_the_stream(team: Team) -> None:
    team.deliver(1)
    team.end_of(1)
    honest = team.members[0].desk.next_batch(WATER)
    assert isinstance(honest, Ready)
    anchor_by_quorum(team, replace(honest.built.batch, to=team.window(1).to - 3600))
    team.members[2].worker.run_once()
    assert waiting(team, 2) == ("halted", True)
    assert "not one local day" in str(team.members[2].publisher.status()["alerts"])


def test_a_stream_that_is_not_open_waits(team: Team) -> None:
    team.chain.logs_.clear()
    team.end_of(1)
    assert team.members[0].desk.next_batch(WATER) == Waiting(
        "not_open", "the stream's chain is not open"
    )


def test_signatures_are_missing_where_the_book_was_not_called_directly(team: Team) -> None:
    team.deliver(*MONTH)
    team.end_of(30)
    for index in (0, 1):
        for peer in team.members[index].peers:
            peer.down = peer.name == "peer-2"
    for _ in range(60):
        for member in team.members[:2]:
            member.wait(60)
            member.worker.run_once()
    tx = team.members[0].view.account(WATER).versions[1][0].tx
    for data in (b"\x12\x34\x56\x78", team.chain.inputs[tx][:100], b""):
        team.chain.inputs[tx] = data
        member = team.members[2]
        member.books.statements.clear()
        member.archive._kept.clear()
        member.worker.run_once()
        found = member.publisher.statement(WATER, 1, 1)
        assert found is not None
        assert found["signatures"] == "0x"


def test_a_settled_period_is_shown_and_never_attested_again(stated: Team) -> None:
    stated.chain.void(WATER, 1)
    stated.chain.settle(WATER, 1)
    for member in stated.members:
        member.desk.reattest = frozenset({(WATER, 1, 2)})
    stated.settle()
    status = stated.members[0].publisher.status()["streams"][0]  # type: ignore[index]
    assert (status["settled"], stated.chain.versions[WATER, 1][0]) == ([1], 1)


def test_what_another_worker_recorded_in_a_shared_journal_is_not_taken_back(team: Team) -> None:
    """A worker whose view is older than the journal reads the chain again before it takes anything back."""
    ahead, behind = team.members[:2]
    behind.books.batches = ahead.books.batches
    behind.books.files = ahead.books.files
    team.deliver(1)
    team.end_of(1)
    ahead.worker.run_once()
    assert len(ahead.books.recorded(WATER)) == 1
    assert len(behind.view.account(WATER).batches) == 0
    assert behind.reconciler.catch_up(WATER) == 0
    assert heads(team)[1] == heads(team)[0] == [head_of(team.chain.cursors[WATER])]
