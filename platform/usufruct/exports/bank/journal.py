"""The bank journal: payment files, transfers and confirmations, in a database of its own.

The ledger can be made anew from the chain, and therefore does not hold them: whoever lost this journal would pay twice.
Everything happens in transactions that take the write lock first and are on the disk when they end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

import sqlalchemy as sa

from usufruct.exports.bank.camt import Booking
from usufruct.exports.bank.record import Transfer

__all__ = ["JOURNAL", "STATES", "Confirmation", "Journal", "StoredMessage", "transfers_noted"]

JOURNAL: Final = "bank.sqlite"
"""Name of the bank journal in the state folder."""
_BUSY_MS: Final = 30_000
_METADATA: Final = sa.MetaData()
MESSAGE: Final = sa.Table(
    "message",
    _METADATA,
    sa.Column("id", sa.String(35), primary_key=True),
    sa.Column("period", sa.String(16), nullable=False, index=True),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
TRANSFER: Final = sa.Table(
    "transfer",
    _METADATA,
    sa.Column("end_to_end", sa.String(35), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False, unique=True),
    sa.Column("message", sa.String(35), nullable=False),
    sa.Column("payout", sa.String(128), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("wallet", sa.String(42), nullable=False, index=True),
    sa.Column("period", sa.String(16), nullable=False, index=True),
    sa.Column("gross", sa.Text, nullable=False),
    sa.Column("carry_in", sa.Text, nullable=False),
    sa.Column("carry_out", sa.Text, nullable=False),
    sa.Column("tax_bp", sa.Integer, nullable=False),
    sa.Column("withheld", sa.Text, nullable=False),
    sa.Column("net", sa.Text, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("payee", sa.String(140), nullable=False),
    sa.Column("account", sa.String(34), nullable=False),
    sa.Column("agent", sa.String(11), nullable=False),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.UniqueConstraint("payout", "attempt"),
)
CONFIRMATION: Final = sa.Table(
    "confirmation",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("file", sa.String(64), nullable=False),
    sa.Column("reference", sa.String(160), nullable=False, index=True),
    sa.Column("end_to_end", sa.String(140), nullable=False),
    sa.Column("amount", sa.Text, nullable=False),
    sa.Column("currency", sa.String(16), nullable=False),
    sa.Column("outgoing", sa.Boolean, nullable=False),
    sa.Column("day", sa.String(140), nullable=False),
    sa.Column("verdict", sa.String(12), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("known_at", sa.BigInteger, nullable=False, server_default="0"),
)
STATES: Final = MappingProxyType({"matched": "confirmed", "returned": "returned"})
"""What a transfer is after a confirmation with a verdict."""
_WHOLE: Final = ("gross", "carry_in", "carry_out", "withheld", "net")
"""Columns that are integers of any size, kept as text."""
_Prepare: TypeAlias = Callable[[sa.engine.interfaces.DBAPIConnection, object], None]


class StoredMessage(NamedTuple):
    """A payment file as it was made."""

    id: str
    content: bytes


class Confirmation(NamedTuple):
    """What a booking turned out to be.

    `verdict` is matched, returned, pending, duplicate, mismatch or unmatched.
    """

    booking: Booking
    verdict: str
    detail: str


class Journal:
    """The journal in the file at `path`, made if it is missing."""

    def __init__(self, path: Path) -> None:
        path.resolve().parent.mkdir(parents=True, exist_ok=True)
        self._engine = _engine(path, _prepare, "BEGIN IMMEDIATE")
        with self._engine.begin() as connection:
            _METADATA.create_all(connection)
            if not _tells_when(connection):  # 0: when older confirmations came was not noted
                connection.exec_driver_sql(
                    "ALTER TABLE confirmation ADD COLUMN known_at BIGINT DEFAULT '0' NOT NULL"
                )

    @contextmanager
    def exclusive(self) -> Iterator[sa.Connection]:
        """One transaction that nobody else writes beside."""
        with self._engine.begin() as connection:
            yield connection

    def transfers(self, *, wallet: str | None = None, period: str | None = None) -> list[Transfer]:
        """Transfers in the order in which they were made."""
        with self.exclusive() as connection:
            return transfers(connection, wallet=wallet, period=period)

    def messages(self, period: str) -> list[StoredMessage]:
        """Payment files of a period."""
        query = sa.select(MESSAGE.c.id, MESSAGE.c.content).where(MESSAGE.c.period == period)
        with self.exclusive() as connection:
            return [StoredMessage(*row) for row in connection.execute(query.order_by(MESSAGE.c.id))]

    def open_confirmations(self) -> list[tuple[str, str, str]]:
        """Bookings that belong to no transfer, or not as it was made: verdict, reference and detail."""
        columns = CONFIRMATION.c
        query = sa.select(columns.verdict, columns.reference, columns.detail).where(
            columns.verdict.in_(("unmatched", "mismatch"))
        )
        with self.exclusive() as connection:
            return [tuple(row) for row in connection.execute(query.order_by(columns.id))]


def transfers_noted(path: Path, *, wallet: str, known: int | None = None) -> list[Transfer]:
    """A wallet's transfers in the journal at `path`, none where there is no journal.

    With `known` (unix seconds) those made up to that time, as what the bank had confirmed by then leaves them.
    It only reads, and waits for nobody: a bank run that holds the write lock is not seen before it ends.
    """
    if not path.exists():
        return []
    with _engine(path, _prepare_to_read, "BEGIN").begin() as connection:
        # A file without tables is one whose maker was interrupted.
        if not sa.inspect(connection).has_table(TRANSFER.name):
            return []
        made = transfers(connection, wallet=wallet)
        if known is None:
            return made
        made = [each for each in made if each.made_at <= known]
        if not _tells_when(connection):
            return made
        states = _states(connection, known)
        return [replace(each, state=_state(each, states)) for each in made]


def _state(transfer: Transfer, states: Mapping[str, str]) -> str:
    """What a transfer was when `states` were what confirmations had said."""
    return states.get(transfer.end_to_end, "made") if transfer.net else transfer.state


def _states(connection: sa.Connection, known: int) -> dict[str, str]:
    """What confirmations that came up to a time say of transfers, by end-to-end id."""
    columns = CONFIRMATION.c
    query = (
        sa.select(columns.end_to_end, columns.verdict)
        .where(columns.verdict.in_(STATES), columns.known_at <= known)
        .order_by(columns.id)
    )
    return {name: STATES[verdict] for name, verdict in connection.execute(query)}


def _tells_when(connection: sa.Connection) -> bool:
    """Whether the journal notes when confirmations came; one that only an older program wrote to does not."""
    columns = sa.inspect(connection).get_columns(CONFIRMATION.name)
    return any(each["name"] == "known_at" for each in columns)


def transfers(
    connection: sa.Connection, *, wallet: str | None = None, period: str | None = None
) -> list[Transfer]:
    """Transfers of a wallet or period, or all, in order."""
    query = sa.select(TRANSFER).order_by(TRANSFER.c.number)
    if wallet is not None:
        query = query.where(TRANSFER.c.wallet == wallet)
    if period is not None:
        query = query.where(TRANSFER.c.period == period)
    return [_transfer(row._mapping) for row in connection.execute(query)]


def add_transfers(connection: sa.Connection, made: Sequence[Transfer]) -> None:
    """Notes transfers behind all others."""
    last = connection.execute(sa.select(sa.func.max(TRANSFER.c.number))).scalar() or 0
    rows = [{**_row(each), "number": number} for number, each in enumerate(made, int(last) + 1)]
    if rows:
        connection.execute(TRANSFER.insert(), rows)


def _transfer(row: Any) -> Transfer:
    fields = {name: row[name] for name in Transfer.__dataclass_fields__}
    return Transfer(**{**fields, **{name: int(row[name]) for name in _WHOLE}})


def _row(each: Transfer) -> dict[str, object]:
    fields = {name: getattr(each, name) for name in Transfer.__dataclass_fields__}
    return {**fields, **{name: str(fields[name]) for name in _WHOLE}}


def _engine(path: Path, prepare: _Prepare, begin: str) -> sa.Engine:
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=sa.NullPool)
    sa.event.listen(engine, "connect", prepare)
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _prepare(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
    _set(connection, "journal_mode=WAL", "synchronous=FULL")


def _prepare_to_read(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
    _set(connection, "query_only=ON")


def _set(connection: sa.engine.interfaces.DBAPIConnection, *pragmas: str) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={_BUSY_MS}", *pragmas):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
