"""The inbox: what was pushed and the answers to it, in one transaction, before anybody is told that it was taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    delete,
    func,
    insert,
    select,
)

from usufruct.chain import crash
from usufruct_oracles.journal.database import Database
from usufruct_oracles.sources.grouping import Delivery

KEPT_ANSWERS: Final = 7 * 86_400
"""Seconds for which an answer is kept, and a key may not be used for anything else."""

ROOM: Final = 256 << 20
"""Most bytes that wait: all of it is in memory while messages are made of it."""

_tables: Final = MetaData()
_Id = BigInteger().with_variant(Integer, "sqlite")

deliveries = Table(
    "deliveries",
    _tables,
    Column("id", _Id, primary_key=True),
    Column("sha256", LargeBinary(32), nullable=False, unique=True),
    Column("token", String(32), nullable=False),
    Column("size", Integer, nullable=False),
    Column("meter", String(64), nullable=False),
    Column("form", String(64), nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("scheme", String(64), nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("received_at", BigInteger, nullable=False, index=True),
    Index("deliveries_by_token", "token", "size"),
)
"""What waits for the journal."""

answers = Table(
    "answers",
    _tables,
    Column("token", String(32), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("body", LargeBinary(32), nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
)
"""Answers by idempotency key; `body` is the sha256 of the request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was given."""

    status: int
    body: bytes


class KeyReused(Exception):
    """The idempotency key was used for another body."""


class InboxFull(Exception):
    """There is no room: everybody's is taken, or that of the token."""

    def __init__(self, *, own: bool) -> None:
        super().__init__("no room")
        self.own = own


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery in the inbox."""

    id: int
    received_at: int
    delivery: Delivery


class Inbox:
    """A durable inbox with a bound.

    Args:
        path: Path of its SQLite file.
        capacity: Most deliveries that wait.
        share: Most deliveries of one token that wait.
        room: Most bytes that wait.

    Raises:
        ConfigError: The file cannot be used.
    """

    def __init__(self, path: Path | str, capacity: int, share: int, room: int = ROOM) -> None:
        self._database = Database(path, _tables, "source.inbox")
        self._capacity = capacity
        self._share = share
        self._room = room

    def answered(self, token: str, key: str, body: bytes) -> Answer | None:
        """The answer to this very request, if it was given before.

        Raises:
            KeyReused: The key was used for another body.
        """
        with self._database.read() as connection:
            return _answered(connection, token, key, body)

    def put(
        self, token: str, key: str, body: bytes, items: Sequence[Delivery], answer: Answer, now: int
    ) -> Answer:
        """Keep deliveries and their answer for good; whoever asks first wins, all get the same answer.

        Raises:
            KeyReused: The key was used for another body.
            InboxFull: There is no room for them; none of them is kept.
            SQLAlchemyError: The disk is full or broken; none of them is kept.
        """
        with self._database.write() as connection:
            connection.execute(delete(answers).where(answers.c.at < now - KEPT_ANSWERS))
            given = _answered(connection, token, key, body)
            if given is not None:
                return given
            rows = {each["sha256"]: each for each in (_row(token, item, now) for item in items)}
            known = _known(connection, list(rows))
            fresh = [row for digest, row in rows.items() if digest not in known]
            self._require_room(connection, token, [row["size"] for row in fresh])
            if fresh:
                connection.execute(insert(deliveries), fresh)
            connection.execute(
                insert(answers).values(
                    token=token,
                    key=key,
                    body=sha256(body).digest(),
                    status=answer.status,
                    answer=answer.body,
                    at=now,
                )
            )
            crash.point("inbox.before_commit")
        crash.point("inbox.stored")
        return answer

    def state(self) -> tuple[int, int, int]:
        """Number of deliveries that wait, the newest one's id, and when the first of them came; zeros for none."""
        query = select(
            func.count(), func.max(deliveries.c.id), func.min(deliveries.c.received_at)
        ).select_from(deliveries)
        with self._database.read() as connection:
            count, newest, first = connection.execute(query).one()
        return count, newest or 0, first or 0

    def waiting(self) -> list[Waiting]:
        """All that waits, in the order of receipt."""
        with self._database.read() as connection:
            found = connection.execute(select(deliveries).order_by(deliveries.c.id)).all()
        return [
            Waiting(
                row.id,
                row.received_at,
                Delivery(
                    f"push:{row.token}",
                    row.meter,
                    row.form,
                    bytes(row.raw),
                    row.scheme,
                    bytes(row.signature),
                ),
            )
            for row in found
        ]

    def remove(self, ids: Sequence[int]) -> None:
        """Forget deliveries that the journal has."""
        with self._database.write() as connection:
            for at in range(0, len(ids), 500):
                chosen = deliveries.c.id.in_(ids[at : at + 500])
                connection.execute(delete(deliveries).where(chosen))

    def erase(self, meter: str) -> int:
        """Forget all that a meter said, down to the free pages of the file; number of deliveries that waited.

        Raises:
            ConfigError: The file is in use, so that they cannot be cleared.
        """
        with self._database.write() as connection:
            gone = connection.execute(delete(deliveries).where(deliveries.c.meter == meter))
        self._database.scrub()
        return int(gone.rowcount)

    def close(self) -> None:
        """Closes the database."""
        self._database.close()

    def _require_room(self, connection: Connection, token: str, sizes: Sequence[int]) -> None:
        query = select(deliveries.c.token, func.count(), func.sum(deliveries.c.size)).group_by(
            deliveries.c.token
        )
        held = {name: (count, size) for name, count, size in connection.execute(query)}
        count = sum(each for each, _ in held.values()) + len(sizes)
        size = sum(each for _, each in held.values()) + sum(sizes)
        if count > self._capacity or size > self._room:
            raise InboxFull(own=False)
        if held.get(token, (0, 0))[0] + len(sizes) > self._share:
            raise InboxFull(own=True)


def _answered(connection: Connection, token: str, key: str, body: bytes) -> Answer | None:
    query = select(answers).where(answers.c.token == token, answers.c.key == key)
    found = connection.execute(query).one_or_none()
    if found is None:
        return None
    if bytes(found.body) != sha256(body).digest():
        raise KeyReused
    return Answer(found.status, bytes(found.answer))


def digest_of(item: Delivery) -> bytes:
    """What a delivery is known by: sha256 over all that makes it what it is."""
    head = f"{item.meter}\n{item.form}\n{item.scheme}\n{item.signature.hex()}\n".encode()
    return sha256(head + item.raw).digest()


def _row(token: str, item: Delivery, now: int) -> dict[str, Any]:
    return {
        "sha256": digest_of(item),
        "token": token,
        "size": len(item.raw),
        "meter": item.meter,
        "form": item.form,
        "raw": item.raw,
        "scheme": item.scheme,
        "signature": item.signature,
        "received_at": now,
    }


def _known(connection: Connection, digests: Sequence[bytes]) -> set[bytes]:
    found: set[bytes] = set()
    for at in range(0, len(digests), 500):
        query = select(deliveries.c.sha256).where(deliveries.c.sha256.in_(digests[at : at + 500]))
        found.update(bytes(each) for (each,) in connection.execute(query))
    return found
