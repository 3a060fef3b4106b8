"""Three workers with journals of their own: corrections supersede a statement, or adjust the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from shutil import copytree

import pytest
from tests.unit.oracles import kit
from tests.unit.oracles.corrected import corrected, correction, record_of
from tests.unit.oracles.kit import SECRET, at, signed_file, whole_day
from tests.unit.oracles_worker.fakes import WATER, FakeChain, Team, community
from tests.unit.oracles_worker.test_exchange import Line

from usufruct.clock import FixedClock
from usufruct.core.corrections import Corrections
from usufruct.core.encoding import ZERO_HASH
from usufruct.core.typed_data import Statement
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.clerk import Clerk
from usufruct_oracles.desk import Asked, Ready
from usufruct_oracles.exchange import Exchange
from usufruct_oracles.hearing import Hearing
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.journal.lending_corrections import (
    Corrected,
    check_corrections,
    lend_corrections,
)
from usufruct_oracles.simulate import month_days
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.corrections import correction_payload
from usufruct_oracles.sources.records import parse_signatures, record_hash

CISTERN, DAY = "cistern-01", "2026-09-10"
PRICE = 1_600_000 // 1_000 * 35_000
"""Minor units for one unit of the cistern's values, an even number of base units."""
LATER = 1_900_000_000

Correct = Callable[..., SourceFile]


def journal(folder: Path, name: str) -> Journal:
    path = folder / f"{name}-journal.sqlite"
    return Journal(path, community(), clock=FixedClock(LATER), privacy_secret=SECRET)


@pytest.fixture(scope="module")
def september(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FakeChain]:
    """The files of workers that have stated September, and the chain."""
    folder = tmp_path_factory.mktemp("september")
    team = Team(folder, books=partial(journal, folder))
    give(team, [file_of(day) for day in month_days("2026-09")])
    team.chain.set_time(team.calendar.bounds(1)[1])
    team.settle()
    team.close()
    return folder, team.chain


@pytest.fixture
def team(september: tuple[Path, FakeChain], tmp_path: Path) -> Iterator[Team]:
    """Workers that have stated September and were started again."""
    stated, chain = september
    folder = tmp_path / "team"
    copytree(stated, folder)
    made = Team(folder, books=partial(journal, folder), chain=chain.copy())
    made.settle()
    yield made
    made.close()


def file_of(day: str, value: str = "0.4") -> SourceFile:
    return signed_file("WATER", {CISTERN: whole_day(CISTERN, value, day)}, day=day)


def give(team: Team, files: Sequence[SourceFile], to: Sequence[int] = (0, 1, 2)) -> None:
    for index in to:
        team.members[index].books.ingest_all(files)


def october(team: Team, value: str = "0.4") -> None:
    give(team, [file_of(day, value) for day in month_days("2026-10")])
    team.chain.set_time(team.calendar.bounds(2)[1])
    team.settle()


def correcting(team: Team, hour: int, value: str) -> SourceFile:
    known = record_of(team.members[0].books, CISTERN, DAY)
    return corrected(CISTERN, DAY, [correction(CISTERN, at(hour), value, known)])


def statements(team: Team, period: int) -> list[Statement]:
    team.members[0].view.refresh()
    versions = team.members[0].view.account(WATER).versions.get(period, ())
    return [each.statement for each in versions]


def document(team: Team, statement: Statement) -> Corrections:
    found = team.members[0].books.document(statement.documents)
    assert isinstance(found, Corrections)
    return found


def test_before_settlement_the_statement_is_superseded(team: Team) -> None:
    give(team, [correcting(team, 9, "0.1")])
    team.settle()
    first, second = statements(team, 1)
    assert (first.documents, first.adjustments) == (ZERO_HASH, 0)
    assert second.version == 2
    assert second.adjustments == -3 * PRICE // 10
    assert second.gross == first.gross
    assert all(member.books.has_statement(WATER, 1, 2) for member in team.members)
    team.settle()
    assert len(statements(team, 1)) == 2


def test_later_corrections_of_the_period_add_to_the_ones_stated(team: Team) -> None:
    for hour, value in ((9, "0.1"), (10, "0.9")):
        give(team, [correcting(team, hour, value)])
        team.settle()
    last = statements(team, 1)[-1]
    assert last.version == 3
    assert last.adjustments == (-3 + 5) * PRICE // 10
    assert len(list(document(team, last).revisions())) == 2


def test_after_settlement_the_next_period_is_adjusted(team: Team) -> None:
    team.chain.settle(WATER, 1)
    give(team, [correcting(team, 9, "0.1")])
    team.settle()
    assert len(statements(team, 1)) == 1
    october(team)
    (found,) = statements(team, 2)
    assert found.adjustments == -3 * PRICE // 10
    (corrected_,) = document(team, found).periods
    assert (corrected_.period, corrected_.rows[0].stated) == (1, 30 * 24 * 14_000)
    assert all(member.books.has_statement(WATER, 2, 1) for member in team.members)


def test_what_a_period_cannot_bear_is_carried_to_the_next(team: Team) -> None:
    team.chain.settle(WATER, 1)
    give(team, [correcting(team, hour, "0") for hour in range(24)])
    october(team, "0.01")
    (second,) = statements(team, 2)
    assert second.gross + second.adjustments == 0
    owed = document(team, second).owed
    assert owed == -24 * 4 * PRICE // 10 + second.gross < 0
    team.chain.settle(WATER, 2)
    give(team, [file_of(day, "0.4") for day in month_days("2026-11")])
    team.chain.set_time(team.calendar.bounds(3)[1])
    team.settle()
    (third,) = statements(team, 3)
    assert third.adjustments == owed
    assert document(team, third).carried == owed


def test_two_who_know_a_correction_outvote_the_third_who_learns_it_later(team: Team) -> None:
    file = correcting(team, 9, "0.1")
    give(team, [file], to=(0, 1))
    team.settle()
    assert [each.version for each in statements(team, 1)] == [1, 2]
    late = team.members[2]
    assert not late.books.has_statement(WATER, 1, 2)
    assert late.alerts.recent()
    give(team, [file], to=(2,))
    team.settle()
    assert late.books.has_statement(WATER, 1, 2)


def test_one_alone_states_nothing_that_the_others_do_not_know(team: Team) -> None:
    give(team, [correcting(team, 9, "0.1")], to=(0,))
    _rest(team)
    assert len(statements(team, 1)) == 1


def _rest(team: Team) -> None:
    for _ in range(10):
        for member in team.members:
            member.worker.run_once()


def test_who_knows_more_signs_what_a_proposal_names(team: Team) -> None:
    """Of two corrections one is known to all: it is stated, the other one is not waited for."""
    shared, own = correcting(team, 9, "0.1"), correcting(team, 10, "0.2")
    give(team, [shared])
    give(team, [own], to=(2,))
    _rest(team)
    last = statements(team, 1)[-1]
    assert last.version >= 2
    assert len(list(document(team, last).revisions())) == 1
    give(team, [own], to=(0, 1))
    team.settle()
    assert len(list(document(team, statements(team, 1)[-1]).revisions())) == 2


def test_a_correction_that_comes_after_signing_does_not_change_a_workers_mind(team: Team) -> None:
    give(team, [correcting(team, 9, "0.1")])
    member = team.members[1]
    ready = member.desk.next_statement(WATER)
    assert isinstance(ready, Ready)
    member.desk.sign(ready)
    give(team, [correcting(team, 10, "0.2")])
    again = member.desk.next_statement(WATER)
    assert isinstance(again, Ready)
    assert again.digest == ready.digest
    fresh = team.members[0].desk.next_statement(WATER)
    assert isinstance(fresh, Ready)
    assert fresh.digest != ready.digest
    asked = Asked(1, frozenset(each.new for each in _corrections(ready).revisions()))
    other = team.members[0].desk.next_statement(WATER, asked)
    assert isinstance(other, Ready)
    assert other.digest == ready.digest


def _corrections(ready: Ready) -> Corrections:  # type: ignore[type-arg]
    assert ready.built.corrections is not None
    found: Corrections = ready.built.corrections
    return found


def test_a_worker_that_was_away_finds_what_was_stated_meanwhile(team: Team) -> None:
    away = team.members[2]
    for member in team.members[:2]:
        for peer in member.peers:
            peer.down = peer.name == "peer-2"
    for hour in (9, 10):
        give(team, [correcting(team, hour, "0.1")])
        for _ in range(10):
            for member in team.members[:2]:
                member.worker.run_once()
    assert [each.version for each in statements(team, 1)] == [1, 2, 3]
    away.worker.run_once()
    assert away.books.has_statement(WATER, 1, 3)
    assert away.books.has_statement(WATER, 1, 2)


def test_a_statement_attested_before_a_correction_came_is_recorded_as_it_was(team: Team) -> None:
    """The documents of later statements are not asked for what came before them."""
    give(team, [correcting(team, 9, "0.1")])
    team.settle()
    fresh = team.members[0].books
    stated = fresh.statement(WATER, 1, 1)
    assert stated is not None
    assert stated.built.corrections is None


# --- What one alone knows, and what is said later ---


def ask_each_other(team: Team) -> int:
    """Every worker asks the others once for what it lacks."""
    clerks = [Clerk(each.books, each.witness) for each in team.members]
    taken = 0
    for index, member in enumerate(team.members):
        lines = [
            Line(f"worker-{at_}", clerk, member.desk.address)
            for at_, clerk in enumerate(clerks)
            if at_ != index
        ]
        exchange = Exchange(
            member.books,
            team.calendar,
            member.view,
            member.witness,
            Hearing(member.view, member.witness, team.chain.input_of, member.metrics),
            member.worker,
            partial(list, lines),
            member.alerts,
            member.metrics,
        )
        taken += exchange.step()
    return taken


@pytest.mark.parametrize("as_message", [False, True])
def test_what_one_alone_knows_reaches_the_others_and_is_stated(
    team: Team, as_message: bool
) -> None:
    assert ask_each_other(team) == 0
    file = correcting(team, 9, "0.1")
    alone = team.members[0].books
    if as_message:
        payload = correction_payload("WATER", CISTERN, DAY, file.csv.decode().splitlines()[1:])
        alone.ingest_messages([kit.message(CISTERN, payload, form="corrections/1")])
    else:
        alone.ingest(file)
    _rest(team)
    assert len(statements(team, 1)) == 1
    assert ask_each_other(team) == 2
    team.settle()
    assert [each.adjustments for each in statements(team, 1)] == [0, -3 * PRICE // 10]
    assert all(member.books.has_statement(WATER, 1, 2) for member in team.members)
    assert ask_each_other(team) == 0


def test_a_peer_can_change_nothing_in_a_correction_that_it_lends(team: Team) -> None:
    give(team, [correcting(team, 9, "0.1")], to=(0,))
    wanted = Corrected.of(catalog_of(community()), WATER, 1)
    (lent,) = lend_corrections(team.members[0].books.database, wanted, (), 1 << 20)
    assert check_corrections(wanted, [lent], "x").good == 1
    for spoiled in (
        replace(lent, payload=lent.payload.replace(b",0.1,", b",0.2,")),
        replace(lent, signature=lent.signature[::-1]),
        replace(lent, meter=lent.meter + 1),
        replace(lent, form="alive/1"),
        replace(lent, payload=b"\xff" + lent.payload),
        replace(lent, scheme="gateway-secp256k1"),
    ):
        found = check_corrections(wanted, [spoiled], "x")
        assert (found.good, found.bad) == (0, 1)


def test_what_was_stated_stays_whatever_contradicts_it_later(team: Team) -> None:
    """Who signs another first revision after the first one was paid moves no money by it."""
    team.chain.settle(WATER, 1)
    known = record_of(team.members[0].books, CISTERN, DAY)
    stated = corrected(CISTERN, DAY, [correction(CISTERN, at(9), "0.1", known)])
    give(team, [stated])
    october(team)
    team.chain.settle(WATER, 2)
    other = corrected(CISTERN, DAY, [correction(CISTERN, at(9), "0.2", known)], label="other")
    second = correction(CISTERN, at(9), "0.3", newest_correction(team, other), rev=2)
    right = correction(CISTERN, at(9), "0.2", record_in(team, stated), rev=2)
    for label, line in (("second", second), ("right", right)):
        give(team, [corrected(CISTERN, DAY, [line], label=label)])
    give(team, [file_of(day) for day in month_days("2026-11")])
    team.chain.set_time(team.calendar.bounds(3)[1])
    team.settle()
    paid = [statements(team, each)[-1].adjustments for each in (1, 2, 3)]
    assert paid == [0, -3 * PRICE // 10, PRICE // 10]


def newest_correction(team: Team, file: SourceFile) -> bytes:
    give(team, [file])
    return record_in(team, file)


def record_in(team: Team, file: SourceFile) -> bytes:
    """Hash of the one record of a corrections file."""
    payload = correction_payload("WATER", CISTERN, DAY, file.csv.decode().splitlines()[1:])
    assert file.signatures is not None
    return record_hash(
        payload, parse_signatures(file.signatures, "WATER", file.day)[CISTERN].signature
    )


def test_two_records_of_one_correction_are_one_in_any_order(team: Team) -> None:
    known = record_of(team.members[0].books, CISTERN, DAY)
    lines = [correction(CISTERN, at(hour), "0.1", known) for hour in (9, 10)]
    files = [
        corrected(CISTERN, DAY, lines[:1], label="a"),
        corrected(CISTERN, DAY, lines, label="b"),
    ]
    give(team, files, to=(0,))
    give(team, files[::-1], to=(1, 2))
    team.settle()
    assert [each.adjustments for each in statements(team, 1)] == [0, -6 * PRICE // 10]
    assert not any(member.alerts.recent() for member in team.members)
    third = correction(CISTERN, at(9), "0.2", record_in(team, files[0]), rev=2)
    give(team, [corrected(CISTERN, DAY, [third], label="c")])
    team.settle()
    assert statements(team, 1)[-1].adjustments == -5 * PRICE // 10
