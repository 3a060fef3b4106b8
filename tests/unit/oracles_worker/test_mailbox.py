"""Workers that find each other in a shared database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.unit.oracles_worker.fakes import ANCHOR, CHAIN_ID

from usufruct.clock import FixedClock
from usufruct.keys import dev_account, dev_address
from usufruct_oracles.answers import Reply
from usufruct_oracles.auth import MAX_BODY, MAX_SKEW, Realm
from usufruct_oracles.chainstate import Signers
from usufruct_oracles.journal.database import Database
from usufruct_oracles.mailbox import (
    _QUESTIONS,
    _WORKERS,
    KEPT,
    PRESENT,
    Mailbox,
    Me,
    open_exchange,
)
from usufruct_oracles.peers import Refused, Signed

NOW = 1_800_000_000
REALM = Realm(CHAIN_ID, ANCHOR)
TABLE = Signers((dev_address(4), dev_address(5)), 2, 1)
SIGNATURE = "0x" + "ab" * 64


class Box:
    """A mailbox with a clock of its own."""

    def __init__(self, database: Database, account: int, realm: Realm = REALM) -> None:
        self.clock = FixedClock(NOW)
        self.address = dev_address(account)
        me = Me(f"worker-{account}", dev_account(account), realm)
        self.mailbox = Mailbox(database, me, lambda: TABLE, self.clock, timeout=1.0, pause=0.005)


def echo(body: bytes, caller: str) -> Reply:
    return Reply(200, {"signer": caller, "signature": SIGNATURE, "said": body.decode()})


def refuse(_: bytes, caller: str) -> Reply:
    return Reply(409, {"error": "disagreement", "detail": caller})


ROUTES = {"/echo": echo, "/refuse": refuse}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_exchange(f"sqlite:///{tmp_path / 'exchange.sqlite'}")
    yield found
    found.close()


@pytest.fixture
def boxes(database: Database) -> tuple[Box, Box]:
    found = Box(database, 4), Box(database, 5)
    for each in found:
        each.mailbox.announce()
    return found


@contextmanager
def serving(box: Box) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=box.mailbox.serve, args=(ROUTES, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def rows(database: Database) -> int:
    with database.read() as connection:
        return int(
            connection.execute(sa.select(sa.func.count()).select_from(_QUESTIONS)).scalar_one()
        )


def test_a_question_finds_its_answer_and_nothing_stays(
    boxes: tuple[Box, Box], database: Database
) -> None:
    one, two = boxes
    (peer,) = one.mailbox.peers()
    assert (peer.name, peer.address) == ("worker-5", two.address.lower())
    with serving(two):
        signed = peer.ask("/echo", {"a": 1})
        found = peer.fetch("/echo", {"a": 1})
        refused = peer.ask("/refuse", {"a": 1})
        missing = peer.fetch("/else", {})
    assert signed == Signed("worker-5", one.address, bytes.fromhex(SIGNATURE[2:]))
    assert isinstance(found, dict)
    assert found["said"] == '{"a":1}'
    assert isinstance(refused, Refused)
    assert (refused.code, refused.detail) == ("disagreement", one.address)
    assert isinstance(missing, Refused)
    assert missing.code == "not_found"
    assert rows(database) == 0


def test_nobody_there_is_unreachable(boxes: tuple[Box, Box], database: Database) -> None:
    found = boxes[0].mailbox.peers()[0].ask("/echo", {})
    assert isinstance(found, Refused)
    assert found.code == "unreachable"
    assert rows(database) == 0


def test_only_members_that_are_there_and_of_this_deployment_are_peers(
    boxes: tuple[Box, Box], database: Database
) -> None:
    one, two = boxes
    Box(database, 9).mailbox.announce()
    Box(database, 5, Realm(1, ANCHOR)).mailbox.announce()
    assert [each.name for each in one.mailbox.peers()] == ["worker-5"]
    one.clock.set(NOW + PRESENT + 1)
    assert one.mailbox.peers() == []
    two.clock.set(NOW + PRESENT)
    two.mailbox.announce()
    assert [each.name for each in one.mailbox.peers()] == ["worker-5"]


def ask_raw(
    box: Box, target: Box, change: Callable[[dict[str, object]], None], database: Database
) -> tuple[int, bytes]:
    """The answer to a question that somebody who can write to the database has changed."""
    number = box.mailbox._put(target.address.lower(), "/echo", b"{}")
    with database.write() as connection:
        row = dict(connection.execute(sa.select(_QUESTIONS)).mappings().one())
        change(row)
        connection.execute(_QUESTIONS.update().where(_QUESTIONS.c.id == number).values(row))
    target.mailbox.answer(ROUTES)
    with database.read() as connection:
        found = connection.execute(sa.select(_QUESTIONS)).mappings().one()
    return int(found["status"]), bytes(found["answer"])


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"body": b"[]"}, 401),
        ({"path": "/refuse"}, 401),
        ({"caller": dev_address(5)}, 401),
        ({"time": str(NOW - MAX_SKEW - 1)}, 401),
        ({"signature": "0x"}, 401),
        ({"body": b"x" * (MAX_BODY + 1)}, 413),
    ],
)
def test_a_question_that_was_changed_is_not_answered(
    boxes: tuple[Box, Box], database: Database, change: dict[str, object], status: int
) -> None:
    found, _ = ask_raw(boxes[0], boxes[1], lambda row: row.update(change), database)
    assert found == status


def test_a_stranger_gets_no_answer(boxes: tuple[Box, Box], database: Database) -> None:
    stranger = Box(database, 9)
    assert ask_raw(stranger, boxes[1], lambda _: None, database)[0] == 403


def test_an_answer_by_somebody_else_is_not_taken(
    boxes: tuple[Box, Box], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who can write to the database answers in the peer's place, or changes its answer."""
    one, two = boxes
    intruder = Box(database, 9)
    intruder.mailbox._me = Me("x", dev_account(9), REALM)
    monkeypatch.setattr(
        type(intruder.mailbox._me), "address", property(lambda _: two.address.lower())
    )
    with serving(intruder):
        found = one.mailbox.ask("worker-5", two.address.lower(), "/refuse", {})
    assert isinstance(found, Refused)
    assert found.code == "malformed"


def test_what_nobody_took_away_is_deleted(boxes: tuple[Box, Box], database: Database) -> None:
    one, two = boxes
    one.mailbox._put(two.address.lower(), "/echo", b"{}")
    one.mailbox.announce()
    assert rows(database) == 1
    one.clock.set(NOW + KEPT + 1)
    one.mailbox.announce()
    assert rows(database) == 0


def test_a_database_that_fails_is_a_refusal_and_is_tried_again(
    boxes: tuple[Box, Box], database: Database
) -> None:
    one, two = boxes
    with database.write() as connection:
        _WORKERS.drop(connection)
        _QUESTIONS.drop(connection)
    found = one.mailbox.ask("worker-5", two.address.lower(), "/echo", {})
    assert isinstance(found, Refused)
    assert found.code == "unreachable"
    assert one.mailbox.peers() == []
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()
    two.mailbox.serve(ROUTES, stop)
