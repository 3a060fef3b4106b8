"""Attested statements with their evidence."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, delete, insert, select

from usufruct.core.documents import digits, integer, items, text, wrong
from usufruct.core.encoding import canonical_json, load_json
from usufruct.core.statements import StatementLine
from usufruct.core.tariffs import Tariff
from usufruct.errors import EvidenceError
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.revisions import find_document, keep_document
from usufruct_oracles.journal.schema import statements
from usufruct_oracles.ports import BuiltStatement, RecordedStatement
from usufruct_oracles.wire import statement_from, statement_to

_LINE_PARTS = 8


def record_statement(
    database: Database, built: BuiltStatement, signers: int, signatures: bytes, tx: bytes
) -> None:
    """Records an attested statement in place of what is recorded for its version.

    The transaction may change with a reorganisation, so the newest word counts.
    """
    statement = built.statement
    key = {
        "stream": statement.stream,
        "period": statement.period,
        "version": statement.version,
    }
    row = {
        **key,
        "statement": canonical_json(statement_to(statement)),
        "lines": canonical_json([_line_to(line) for line in built.lines]),
        "tariff": built.tariff.canonical(),
        "signers": str(signers),
        "signatures": signatures,
        "tx": tx,
    }
    with database.write() as connection:
        connection.execute(delete(statements).filter_by(**key))
        connection.execute(insert(statements).values(row))
        if built.corrections is not None:
            keep_document(connection, built.corrections)


def recorded_statement(
    database: Database, stream: int, period: int, version: int
) -> RecordedStatement | None:
    """A recorded statement, None if it is not recorded."""
    query = select(statements).filter_by(stream=stream, period=period, version=version)
    with database.read() as connection:
        row = connection.execute(query).mappings().one_or_none()
        if row is None:
            return None
        built = _built(connection, row)
    return RecordedStatement(built, int(row["signers"]), bytes(row["signatures"]), bytes(row["tx"]))


def newest_statement(connection: Connection, stream: int, period: int) -> BuiltStatement:
    """The newest recorded version of a period's statement.

    Raises:
        EvidenceError: None is recorded.
    """
    query = (
        select(statements)
        .filter_by(stream=stream, period=period)
        .order_by(statements.c.version.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise EvidenceError(
            f"no statement of period {period} of stream {stream} is recorded",
            field="period",
            value=period,
            rule="corrections start from the statement of the corrected period",
            remedy="wait until the worker has caught up with the chain",
        )
    return _built(connection, row)


def _built(connection: Connection, row: RowMapping) -> BuiltStatement:
    statement = statement_from(load_json(row["statement"]))
    return BuiltStatement(
        statement,
        [_line_from(each) for each in items(load_json(row["lines"]), "lines")],
        Tariff.from_json(row["tariff"]),
        find_document(connection, statement.documents),
    )


def has_statement(database: Database, stream: int, period: int, version: int) -> bool:
    """Whether a statement is recorded."""
    query = select(statements.c.version).filter_by(stream=stream, period=period, version=version)
    with database.read() as connection:
        return connection.execute(query).first() is not None


def _line_to(line: StatementLine) -> list[object]:
    # Numbers that may pass 2^53 as texts, so that any reader of JSON keeps them.
    return [
        line.row_index,
        line.row,
        str(line.price),
        str(line.per),
        str(line.quantity),
        str(line.amount),
        None if line.blinding is None else str(line.blinding),
        line.count,
    ]


def _line_from(value: object) -> StatementLine:
    parts = items(value, "line")
    if len(parts) != _LINE_PARTS:
        raise wrong("line", value, f"{_LINE_PARTS} parts")
    index, row, price, per, quantity, amount, hidden, count = parts
    return StatementLine(
        row_index=integer(index, "line.index"),
        row=text(row, "line.row"),
        price=digits(price, "line.price"),
        per=digits(per, "line.per"),
        quantity=digits(quantity, "line.quantity"),
        amount=digits(amount, "line.amount"),
        blinding=None if hidden is None else digits(hidden, "line.blinding"),
        count=integer(count, "line.count"),
    )
