"""Questions and answers between the workers of one site through a shared database, instead of HTTP.

Each worker announces itself, looks for questions to it and writes its answers beside them. Questions and answers carry
the same signatures as HTTP requests, over the same realm: whoever else can write to the database can
delay workers, not speak for one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from usufruct.clock import Clock, SystemClock
from usufruct.core.encoding import canonical_json
from usufruct.core.signing import address_of
from usufruct.keys import SecretBytes
from usufruct_oracles import logs
from usufruct_oracles.answers import Reply
from usufruct_oracles.auth import (
    ADDRESS,
    MAX_BODY,
    SIGNATURE,
    TIME,
    Realm,
    Unauthenticated,
    caller_of,
    sign_request,
)
from usufruct_oracles.chainstate import Signers
from usufruct_oracles.journal.database import Database
from usufruct_oracles.peers import MALFORMED, UNREACHABLE, Refused, Signed, read_answer, signed_from
from usufruct_oracles.wire import Json

Route = Callable[[bytes, str], Reply]
"""Answers a question's body for an authenticated member."""

PRESENT: Final = 120
"""Seconds for which an announcement holds."""
KEPT: Final = 600
"""Seconds after which a question that nobody took away is deleted."""
_LOCK: Final = 0x7573756D
_BATCH: Final = 32
_ASK, _ANSWER = "POST", "ANSWER"
_UNAUTHORIZED, _FORBIDDEN, _MISSING, _TOO_LARGE = 401, 403, 404, 413
_METADATA = sa.MetaData()
_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_WORKERS = sa.Table(
    "exchange_workers",
    _METADATA,
    sa.Column("realm", sa.String(80), primary_key=True),
    sa.Column("address", sa.String(42), primary_key=True),
    sa.Column("name", sa.String(32), nullable=False),
    sa.Column("seen_at", sa.BigInteger, nullable=False),
)
_QUESTIONS = sa.Table(
    "exchange_questions",
    _METADATA,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("realm", sa.String(80), nullable=False),
    sa.Column("target", sa.String(42), nullable=False),
    sa.Column("path", sa.String(80), nullable=False),
    sa.Column("caller", sa.String(42), nullable=False),
    sa.Column("time", sa.String(12), nullable=False),
    sa.Column("signature", sa.String(130), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("asked_at", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("answer", sa.LargeBinary),
    sa.Column("answer_time", sa.String(12)),
    sa.Column("answer_signature", sa.String(130)),
    sa.Index("exchange_open", "realm", "target", "status"),
)


def open_exchange(url: str) -> Database:
    """The shared database with its tables.

    Raises:
        ConfigError: It cannot be used.
    """
    return Database(url, _METADATA, "worker.exchange", lock=_LOCK)


@dataclass(frozen=True, slots=True)
class Me:
    """Who a worker is in the shared database: its name, its key, its deployment."""

    name: str
    key: SecretBytes
    realm: Realm

    @property
    def address(self) -> str:
        """Its address, in lower case."""
        return address_of(self.key).lower()

    @property
    def place(self) -> str:
        """Its deployment as one text: several may share the database."""
        return f"{self.realm.chain_id}/{self.realm.anchor.lower()}"


class Mailbox:
    """Asks through the shared database, and answers what others ask this worker.

    Args:
        database: The shared database; see `open_exchange`.
        me: This worker.
        signers: The signer table in force.
        clock: Wall clock.
        timeout: Seconds that an answer is waited for.
        pause: Seconds between two looks for it.
    """

    def __init__(
        self,
        database: Database,
        me: Me,
        signers: Callable[[], Signers],
        clock: Clock | None = None,
        *,
        timeout: float = 10.0,
        pause: float = 0.05,
    ) -> None:
        self._database = database
        self._me = me
        self._signers = signers
        self._clock = clock or SystemClock()
        self._timeout = timeout
        self._pause = pause
        self._log = logs.get("mailbox")

    def announce(self) -> None:
        """Say that this worker is there; delete what nobody has taken away."""
        now = self._clock.now()
        at = {"realm": self._me.place, "address": self._me.address}
        with self._database.write() as connection:
            connection.execute(_WORKERS.delete().where(*_all(_WORKERS, at)))
            connection.execute(
                _WORKERS.insert().values({**at, "name": self._me.name, "seen_at": now})
            )
            connection.execute(_QUESTIONS.delete().where(_QUESTIONS.c.asked_at < now - KEPT))

    def peers(self) -> list[MailboxPeer]:
        """The other members that have announced themselves lately; none if the database fails."""
        columns = _WORKERS.c
        query = sa.select(columns.name, columns.address).where(
            columns.realm == self._me.place,
            columns.address != self._me.address,
            columns.seen_at >= self._clock.now() - PRESENT,
        )
        try:
            with self._database.read() as connection:
                rows = connection.execute(query.order_by(columns.address)).all()
        except SQLAlchemyError as error:
            self._log.warning("shared database fails", kind=type(error).__name__)
            return []
        signers = self._signers()
        return [
            MailboxPeer(self, name, address)
            for name, address in rows
            if signers.place(address) is not None
        ]

    # --- Asking ---

    def ask(
        self, name: str, target: str, path: str, question: Mapping[str, object]
    ) -> Json | Refused:
        """What the worker with address `target` answers; a failure of any kind is a refusal."""
        body = canonical_json(dict(question))
        try:
            number = self._put(target, path, body)
            row = self._await(number)
            self._take_away(number)
        except SQLAlchemyError as error:
            return Refused(name, UNREACHABLE, f"shared database: {type(error).__name__}")
        if row is None:
            return Refused(name, UNREACHABLE, f"no answer within {self._timeout} s")
        content = bytes(row["answer"])
        headers = {ADDRESS: target, TIME: row["answer_time"], SIGNATURE: row["answer_signature"]}
        said = _answered(body, row["status"], content)
        try:
            caller_of(self._me.realm, _ANSWER, path, said, headers, self._clock.now())
        except Unauthenticated as error:
            return Refused(name, MALFORMED, error.one_line())
        return read_answer(name, row["status"], content)

    def _put(self, target: str, path: str, body: bytes) -> int:
        now = self._clock.now()
        signed = sign_request(self._me.key, self._me.realm, _ASK, path, body, now)
        row = {
            "realm": self._me.place,
            "target": target,
            "path": path,
            "caller": signed[ADDRESS],
            "time": signed[TIME],
            "signature": signed[SIGNATURE],
            "body": body,
            "asked_at": now,
        }
        with self._database.write() as connection:
            added = connection.execute(_QUESTIONS.insert().values(row).returning(_QUESTIONS.c.id))
            return int(added.scalar_one())

    def _await(self, number: int) -> sa.RowMapping | None:
        columns = _QUESTIONS.c
        query = sa.select(
            columns.status, columns.answer, columns.answer_time, columns.answer_signature
        ).where(columns.id == number, columns.status.is_not(None))
        deadline = time.monotonic() + self._timeout
        while time.monotonic() < deadline:
            with self._database.read() as connection:
                found = connection.execute(query).mappings().one_or_none()
            if found is not None:
                return found
            time.sleep(self._pause)
        return None

    def _take_away(self, number: int) -> None:
        with self._database.write() as connection:
            connection.execute(_QUESTIONS.delete().where(_QUESTIONS.c.id == number))

    # --- Answering ---

    def serve(self, routes: Mapping[str, Route], stop: threading.Event) -> None:
        """Answer what is asked until `stop` is set; a failing database is tried again."""
        announced = 0.0
        while not stop.is_set():
            try:
                if time.monotonic() >= announced:
                    self.announce()
                    announced = time.monotonic() + PRESENT / 4
                if self.answer(routes):
                    continue
            except SQLAlchemyError as error:
                self._log.warning("shared database fails", kind=type(error).__name__)
                stop.wait(1.0)
            stop.wait(self._pause)

    def answer(self, routes: Mapping[str, Route]) -> int:
        """Answer what lies there for this worker; returns the number of answers."""
        columns = _QUESTIONS.c
        query = (
            sa.select(_QUESTIONS)
            .where(
                columns.realm == self._me.place,
                columns.target == self._me.address,
                columns.status.is_(None),
            )
            .order_by(columns.id)
            .limit(_BATCH)
        )
        with self._database.read() as connection:
            rows: Sequence[sa.RowMapping] = connection.execute(query).mappings().all()
        for row in rows:
            reply = self._reply(row, routes)
            content = canonical_json(reply.body)
            now = self._clock.now()
            said = _answered(bytes(row["body"]), reply.status, content)
            signed = sign_request(self._me.key, self._me.realm, _ANSWER, row["path"], said, now)
            values = {
                "status": reply.status,
                "answer": content,
                "answer_time": signed[TIME],
                "answer_signature": signed[SIGNATURE],
            }
            with self._database.write() as connection:
                connection.execute(
                    _QUESTIONS.update().where(columns.id == row["id"]).values(values)
                )
        return len(rows)

    def _reply(self, row: sa.RowMapping, routes: Mapping[str, Route]) -> Reply:
        body = bytes(row["body"])
        if len(body) > MAX_BODY:
            return Reply(_TOO_LARGE, {"error": "too_large", "detail": ""})
        headers = {ADDRESS: row["caller"], TIME: row["time"], SIGNATURE: row["signature"]}
        try:
            caller = caller_of(self._me.realm, _ASK, row["path"], body, headers, self._clock.now())
        except Unauthenticated as error:
            return Reply(_UNAUTHORIZED, {"error": "unauthenticated", "detail": error.one_line()})
        if self._signers().place(caller) is None:
            return Reply(_FORBIDDEN, {"error": "forbidden", "detail": f"{caller} is no signer"})
        route = routes.get(row["path"])
        if route is None:
            return Reply(_MISSING, {"error": "not_found", "detail": "no such question"})
        return route(body, caller)


@dataclass(frozen=True, slots=True)
class MailboxPeer:
    """Another worker, asked through the shared database."""

    mailbox: Mailbox
    name: str
    address: str

    def ask(self, path: str, proposal: Mapping[str, object]) -> Signed | Refused:
        """Ask for a signature; a failure of any kind is a refusal."""
        return signed_from(self.name, self.fetch(path, proposal))

    def fetch(self, path: str, question: Mapping[str, object]) -> Json | Refused:
        """What the peer answers; a failure of any kind is a refusal."""
        return self.mailbox.ask(self.name, self.address, path, question)


def _answered(question: bytes, status: int, answer: bytes) -> bytes:
    """What an answer's signature is over: the question too, so that no answer fits another one."""
    return b"%d\n%d\n%b\n%b" % (status, len(question), question, answer)


def _all(table: sa.Table, values: Mapping[str, object]) -> list[sa.ColumnElement[bool]]:
    return [table.c[name] == value for name, value in values.items()]
