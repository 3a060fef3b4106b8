"""What the worker derives from events, and what it does not believe."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed
from tests.unit.oracles_worker.fakes import ANCHOR, BOOK, CHAIN_ID, WATER, FakeChain, Team

from usufruct.contracts import Call
from usufruct.contracts import _runtime as rt
from usufruct.contracts import telemetry_anchor as anchor
from usufruct.core.typed_data import head_of
from usufruct.errors import ChainError
from usufruct_oracles import chainview
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.contradictions import Contradiction

ADDRESSES = {"TelemetryAnchor": ANCHOR, "StatementBook": BOOK}


def fresh(chain: FakeChain) -> ChainView:
    return ChainView(chain, CHAIN_ID, ADDRESSES, 0)


@pytest.fixture
def week(team: Team) -> Team:
    team.deliver(*range(1, 8))
    team.end_of(7)
    team.settle()
    return team


def test_everything_follows_from_the_events(week: Team) -> None:
    view = fresh(week.chain)
    view.refresh()
    account = view.account(WATER)
    assert account.cursor == week.chain.cursors[WATER]
    assert account.before(1) is not None
    assert account.before(8) == account.cursor
    assert account.before(9) is None
    assert account.head_at(week.start) == account.batches[1].batch.prev
    assert account.head_at(week.window(3).to) is None  # the batch closes no period
    assert view.now == week.chain.blocks[-1].timestamp
    assert view.signers.threshold == 2


def test_ranges_are_bounded(week: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chainview, "RANGE", 2)
    asked: list[tuple[int, int]] = []
    original = week.chain.logs

    def logs(from_block: int, to_block: int, *rest: object) -> object:
        asked.append((from_block, to_block))
        return original(from_block, to_block, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(week.chain, "logs", logs)
    view = fresh(week.chain)
    view.refresh()
    assert all(to - start == 1 for start, to in asked[:-1])
    assert asked[-1][1] == len(week.chain.blocks) - 1
    count = len(asked)
    view.refresh()
    assert len(asked) == count
    week.chain.set_time(week.window(8).to)
    view.refresh()
    assert len(asked) == count + 1


def test_a_chain_that_was_not_opened_has_no_cursor(week: Team) -> None:
    view = fresh(week.chain)
    view.refresh()
    assert view.account(99).cursor is None
    assert view.account(99).head_at(0) is None


def test_a_reorganisation_is_read_anew(week: Team) -> None:
    view = fresh(week.chain)
    view.refresh()
    week.chain.drop_blocks(3)
    week.chain.set_time(week.window(7).to + 9)
    view.refresh()
    assert view.account(WATER).cursor == week.chain.cursors[WATER]
    assert view.account(WATER).cursor != week.members[0].view.account(WATER).cursor


def test_a_node_that_is_behind_is_waited_for(week: Team) -> None:
    view = fresh(week.chain)
    view.refresh()
    known = view.account(WATER)
    week.chain.drop_blocks(3, others=False)
    with pytest.raises(Contradiction, match="has been at"):
        view.refresh()
    assert view.account(WATER) is known
    for _ in range(3):
        week.chain.set_time(week.window(7).to + 9)
    view.refresh()
    assert view.account(WATER).cursor == week.chain.cursors[WATER]


def test_a_node_of_another_chain_is_noticed_before_anything_is_read(week: Team) -> None:
    view = fresh(week.chain)
    view.refresh()
    known, time = view.account(WATER), view.now
    other = FakeChain(week.start + 999)
    other.blocks[0] = replace(other.blocks[0], hash=b"another".ljust(32))
    for _ in range(99):
        other.set_time(week.window(8).to)
    view._node = other
    with pytest.raises(Contradiction, match="another chain"):
        view.refresh()
    assert (view.account(WATER), view.now) == (known, time)
    view._node = week.chain
    view.refresh()


def test_a_batch_whose_event_is_kept_back_is_noticed_though_nothing_else_came(week: Team) -> None:
    view = fresh(week.chain)
    view.refresh()
    week.deliver(8)
    week.end_of(8)
    week.settle()
    kept_back = week.chain.logs_.pop()
    for _ in range(2):
        with pytest.raises(Contradiction, match="do not lead to its head"):
            view.refresh()
    assert len(view.account(WATER).batches) == 7
    week.chain.logs_.append(kept_back)
    view.refresh()
    assert len(view.account(WATER).batches) == 8


def test_a_statement_whose_event_is_kept_back_is_noticed(team: Team) -> None:
    team.deliver(*range(1, 31))
    team.end_of(30)
    team.settle()
    view = fresh(team.chain)
    attested = team.chain.logs_.pop()
    with pytest.raises(Contradiction, match="do not add up"):
        view.refresh()
    team.chain.logs_.append(attested)
    team.chain.void(WATER, 1)
    voided = team.chain.logs_.pop()
    with pytest.raises(Contradiction, match="do not add up"):
        view.refresh()
    team.chain.logs_.append(voided)
    view.refresh()
    assert view.account(WATER).voided == {1}


def test_events_must_lead_to_the_head(week: Team) -> None:
    del week.chain.logs_[-1]
    view = fresh(week.chain)
    with pytest.raises(ChainError, match="do not lead to its head"):
        view.refresh()
    assert view.account(WATER).cursor is None


def test_a_gap_in_the_events_is_noticed(week: Team) -> None:
    del week.chain.logs_[3]
    view = fresh(week.chain)
    with pytest.raises(ChainError, match="does not continue from the events"):
        view.refresh()


def test_events_without_the_opening_are_noticed(week: Team) -> None:
    view = ChainView(week.chain, CHAIN_ID, ADDRESSES, 2)
    with pytest.raises(ChainError, match="does not continue from the events"):
        view.refresh()


def test_a_changed_event_is_noticed(week: Team) -> None:
    log = week.chain.logs_[4]
    event = anchor.BatchAnchored.decode(log.topics, log.data)
    values = (
        *(event.from_, event.to, event.first, event.count + 1, event.closes),
        *(event.root, event.content, event.head),
    )
    types = (*("uint40", "uint40", "uint64", "uint32", "bool", "bytes32", "bytes32", "bytes32"),)
    log = type(log)(
        log.address,
        log.topics,
        rt.encode(types, values),
        log.block_number,
        log.block_hash,
        *(log.tx_hash, 0, 0),
    )
    week.chain.logs_[4] = log
    with pytest.raises(ChainError, match="does not continue"):
        fresh(week.chain).refresh()


def test_after_an_error_everything_is_read_again(
    week: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = week.chain.call

    def wrong(address: str, call: Call[object], block: int | str = "latest") -> object:
        return bytes(32) if call.name == "headOf" else original(address, call, block)

    view = fresh(week.chain)
    monkeypatch.setattr(week.chain, "call", wrong)
    with pytest.raises(ChainError):
        view.refresh()
    assert view.account(WATER).cursor is None
    monkeypatch.setattr(week.chain, "call", original)
    view.refresh()
    cursor = view.account(WATER).cursor
    assert cursor is not None
    assert head_of(cursor) == head_of(week.chain.cursors[WATER])


def test_a_failing_node_takes_nothing_away(week: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    view = fresh(week.chain)
    view.refresh()
    before = view.account(WATER)
    week.chain.drop_blocks(2)
    week.chain.set_time(week.window(8).to)

    def broken(*_: object) -> object:
        raise ChainError("no answer")

    monkeypatch.setattr(week.chain, "logs", broken)
    with pytest.raises(ChainError, match="no answer"):
        view.refresh()
    assert view.account(WATER) is before
    assert len(before.batches) == 7


def test_a_log_that_is_not_whole_is_the_nodes_failure(week: Team) -> None:
    log = week.chain.logs_[4]
    for broken in (changed(log, data=log.data[:-1]), changed(log, topics=log.topics[:1])):
        week.chain.logs_[4] = broken
        with pytest.raises(Contradiction, match="not whole"):
            fresh(week.chain).refresh()


def test_an_account_does_not_change_under_its_reader(week: Team) -> None:
    view = week.members[0].view
    before = view.account(WATER)
    week.deliver(8)
    week.end_of(8)
    week.settle()
    assert (len(before.batches), len(view.account(WATER).batches)) == (7, 8)
