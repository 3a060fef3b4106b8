"""The durable outbox: every signed transaction is stored here before any node sees it.

A row stands for one intended effect, named by its natural key. It owns a nonce while it is pending,
and keeps every signed form (attempt) it was broadcast in, so that a process that dies at any point
can continue where it stopped.

    (new) ──▶ pending ──▶ mined                     the effect is on the chain
                 ├──────▶ reverted                  mined, but it failed: the key is free again
                 └──────▶ dropped                   can never be mined: the key is free again

Processes that share the outbox may share a sending account: nonces are given out under the
database's own lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from usufruct.errors import ChainError

__all__ = ["Attempt", "ChainAccount", "Entry", "NonceMoved", "Outbox", "Request", "State"]

_BUSY_MS: Final = 30_000
_ADVISORY_LOCK: Final = 0x7573_7566_7275
_METADATA = sa.MetaData()

_TRANSACTIONS = sa.Table(
    "outbox_transactions",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("chain_id", sa.BigInteger, nullable=False),
    sa.Column("genesis", sa.LargeBinary, nullable=False),
    sa.Column("sender", sa.String(42), nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("nonce", sa.BigInteger, nullable=False),
    sa.Column("receiver", sa.String(42)),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("value", sa.String(78), nullable=False),  # wei may exceed 64 bits
    sa.Column("gas", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("chain_id", "genesis", "sender", "key"),
)
sa.Index(
    "outbox_nonce_in_use",
    *(_TRANSACTIONS.c[name] for name in ("chain_id", "genesis", "sender", "nonce")),
    unique=True,
    sqlite_where=_TRANSACTIONS.c.state == "pending",
    postgresql_where=_TRANSACTIONS.c.state == "pending",
)
_ATTEMPTS = sa.Table(
    "outbox_attempts",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("transaction_id", sa.ForeignKey(_TRANSACTIONS.c.id), nullable=False, index=True),
    sa.Column("nonce", sa.BigInteger, nullable=False),
    sa.Column("tx_hash", sa.LargeBinary, nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.Column("max_fee", sa.BigInteger, nullable=False),
    sa.Column("priority_fee", sa.BigInteger, nullable=False),
)


class State(StrEnum):
    """What became of an entry; only a pending one owns its nonce."""

    PENDING = "pending"
    MINED = "mined"
    REVERTED = "reverted"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class ChainAccount:
    """A sending account on one chain; the genesis hash tells chains with the same id apart."""

    chain_id: int
    genesis: bytes
    address: str


@dataclass(frozen=True, slots=True)
class Request:
    """What a transaction does, without nonce and fees."""

    to: str | None
    """Receiver, None to create a contract."""
    data: bytes
    value: int
    """Wei that are sent along."""
    gas: int
    """Gas limit."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed form of a transaction."""

    nonce: int
    tx_hash: bytes
    raw: bytes
    max_fee: int
    """Most wei per gas."""
    priority_fee: int
    """Wei per gas for the block's proposer."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the outbox with the attempts that were made at its present nonce, oldest first."""

    id: int
    account: ChainAccount
    key: str
    state: State
    nonce: int
    request: Request
    attempts: tuple[Attempt, ...]


class NonceMoved(ChainError):
    """The next nonce is not the one the caller counts on; nothing was signed."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(
            f"the account's next nonce is {found}, not {expected}",
            field="nonce",
            value=found,
            rule=f"an address was predicted from nonce {expected}",
            remedy="run the command again; nothing was sent",
        )


class Outbox:
    """Durable store of outgoing transactions in SQLite (a path) or any database SQLAlchemy knows (a
    URL).

    Use it as a context manager, or call `close`.
    """

    def __init__(self, location: str | Path) -> None:
        self._engine = _engine(location)
        with self._exclusive() as connection:
            _METADATA.create_all(connection)

    def __enter__(self) -> Outbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives all connections back."""
        self._engine.dispose()

    def entry(self, account: ChainAccount, key: str) -> Entry | None:
        """The entry of `key`, whatever its state."""
        with self._engine.connect() as connection:
            return _entry(connection, account, key)

    def pending(self, account: ChainAccount) -> list[Entry]:
        """All pending entries of `account`, in the order of their nonces."""
        with self._engine.connect() as connection:
            return _pending(connection, account)

    def store(
        self,
        account: ChainAccount,
        key: str,
        request: Request,
        first_free: Callable[[], int],
        sign: Callable[[int], Attempt],
        *,
        seen: Entry | None = None,
        expected_nonce: int | None = None,
    ) -> tuple[Entry, bool]:
        """Gives `request` the next free nonce, signs it and stores it, all or nothing.

        Args:
            account: Who sends.
            key: Natural key of the effect.
            request: What is sent.
            first_free: Asks the node for the first nonce it has no transaction for.
            sign: Signs the request with a nonce.
            seen: The concluded entry of the key that is to be sent anew, if there is one.
            expected_nonce: The nonce the caller counts on, if it does.

        Returns:
            The entry, and whether it is new; it is not if another thread or process was faster with
            this key.

        Raises:
            NonceMoved: The next nonce is not `expected_nonce`.
        """
        with self._exclusive() as connection:
            present = _entry(connection, account, key)
            if present is not None and not _same_row(present, seen):
                return present, False
            nonce = _free_nonce(first_free(), _pending(connection, account))
            if expected_nonce is not None and nonce != expected_nonce:
                raise NonceMoved(expected_nonce, nonce)
            row = _insert(connection, account, key, request, nonce, present)
            _add_attempt(connection, row, sign(nonce))
            stored = _entry(connection, account, key)
        if stored is None:
            raise AssertionError("the entry was stored in this very transaction")
        return stored, True

    def add_attempt(self, entry: Entry, attempt: Attempt) -> Entry:
        """Stores another signed form of a pending entry; returns the entry as it is now."""
        with self._exclusive() as connection:
            _add_attempt(connection, entry.id, attempt)
        return self._again(entry)

    def move(self, entry: Entry, state: State) -> Entry:
        """Records what became of `entry`; returns the entry as it is now."""
        with self._exclusive() as connection:
            _move(connection, entry, state)
        return self._again(entry)

    def reopen(self, entry: Entry) -> Entry:
        """Makes a concluded entry pending again, or drops it if its nonce has a new owner."""
        with self._exclusive() as connection:
            owners = {each.nonce for each in _pending(connection, entry.account)}
            state = State.DROPPED if entry.nonce in owners else State.PENDING
            _move(connection, entry, state)
        return self._again(entry)

    def is_shared(self, entry: Entry, tx_hash: bytes) -> bool:
        """True if another entry, which got the same nonce later, is the very same transaction."""
        rows, attempts = _TRANSACTIONS.c, _ATTEMPTS.c
        query = (
            sa.select(rows.id)
            .join(_ATTEMPTS, attempts.transaction_id == rows.id)
            .where(_of(entry.account), attempts.tx_hash == tx_hash, rows.id != entry.id)
        )
        with self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    def _again(self, entry: Entry) -> Entry:
        found = self.entry(entry.account, entry.key)
        return entry if found is None else found

    @contextmanager
    def _exclusive(self) -> Iterator[sa.Connection]:
        """A transaction that no other thread or process shares."""
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
            yield connection


def _engine(location: str | Path) -> sa.Engine:
    if isinstance(location, str) and "://" in location:
        url = sa.make_url(location)
    else:
        Path(location).resolve().parent.mkdir(parents=True, exist_ok=True)
        url = sa.URL.create("sqlite", database=str(location))
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_immediately)
    return engine


def _prepare_sqlite(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
    # The driver would delay BEGIN until the first write, after the reads that the write depends on.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={_BUSY_MS}", "journal_mode=WAL", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediately(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _of(account: ChainAccount) -> sa.ColumnElement[bool]:
    columns = _TRANSACTIONS.c
    return sa.and_(
        columns.chain_id == account.chain_id,
        columns.genesis == account.genesis,
        columns.sender == account.address,
    )


def _entry(connection: sa.Connection, account: ChainAccount, key: str) -> Entry | None:
    query = sa.select(_TRANSACTIONS).where(_of(account), _TRANSACTIONS.c.key == key)
    row = connection.execute(query).one_or_none()
    return None if row is None else _read(connection, account, row)


def _pending(connection: sa.Connection, account: ChainAccount) -> list[Entry]:
    query = (
        sa.select(_TRANSACTIONS)
        .where(_of(account), _TRANSACTIONS.c.state == State.PENDING.value)
        .order_by(_TRANSACTIONS.c.nonce)
    )
    return [_read(connection, account, row) for row in connection.execute(query).all()]


def _read(connection: sa.Connection, account: ChainAccount, row: sa.Row[tuple[object]]) -> Entry:
    columns = _ATTEMPTS.c
    attempts = connection.execute(
        sa.select(
            columns.nonce, columns.tx_hash, columns.raw, columns.max_fee, columns.priority_fee
        )
        .where(columns.transaction_id == row.id, columns.nonce == row.nonce)
        .order_by(columns.id)
    )
    return Entry(
        id=row.id,
        account=account,
        key=row.key,
        state=State(row.state),
        nonce=row.nonce,
        request=Request(row.receiver, row.data, int(row.value), row.gas),
        attempts=tuple(Attempt(*attempt) for attempt in attempts),
    )


def _move(connection: sa.Connection, entry: Entry, state: State) -> None:
    connection.execute(
        sa.update(_TRANSACTIONS)
        .where(_TRANSACTIONS.c.id == entry.id, _TRANSACTIONS.c.nonce == entry.nonce)
        .values(state=state.value)
    )


def _same_row(present: Entry, seen: Entry | None) -> bool:
    """True if nobody has touched the concluded entry since the caller looked at it."""
    return seen is not None and (present.state, present.nonce) == (seen.state, seen.nonce)


def _free_nonce(first: int, pending: list[Entry]) -> int:
    """The least nonce from `first` on that no pending entry owns.

    Gaps are filled before anything is appended.
    """
    taken = {entry.nonce for entry in pending}
    nonce = first
    while nonce in taken:
        nonce += 1
    return nonce


def _insert(
    connection: sa.Connection,
    account: ChainAccount,
    key: str,
    request: Request,
    nonce: int,
    present: Entry | None,
) -> int:
    values = {
        "state": State.PENDING.value,
        "nonce": nonce,
        "receiver": request.to,
        "data": request.data,
        "value": str(request.value),
        "gas": request.gas,
    }
    if present is not None:
        connection.execute(
            sa.update(_TRANSACTIONS).where(_TRANSACTIONS.c.id == present.id).values(values)
        )
        return present.id
    identity = {
        "chain_id": account.chain_id,
        "genesis": account.genesis,
        "sender": account.address,
        "key": key,
    }
    row = connection.execute(
        sa.insert(_TRANSACTIONS).values(identity | values).returning(_TRANSACTIONS.c.id)
    )
    return int(row.scalar_one())


def _add_attempt(connection: sa.Connection, row: int, attempt: Attempt) -> None:
    connection.execute(
        sa.insert(_ATTEMPTS).values(
            transaction_id=row,
            nonce=attempt.nonce,
            tx_hash=attempt.tx_hash,
            raw=attempt.raw,
            max_fee=attempt.max_fee,
            priority_fee=attempt.priority_fee,
        )
    )
