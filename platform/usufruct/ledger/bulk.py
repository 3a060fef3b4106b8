"""Adds many rows at once, past SQLAlchemy's per-row work: tuples in the order of the table's columns.

PostgreSQL takes them by COPY, in the transaction of the connection like any insert.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeDecorator

from usufruct.ledger.types import U64, fits64

__all__ = ["Row", "insert_rows"]

Row = tuple[Any, ...]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Adds `rows`, each with a value for every column of `table` in its order."""
    if not rows:
        return
    sql, converters = _plan(table, connection.dialect.name)
    values = _converted(rows, converters, connection.dialect)
    if connection.dialect.driver != "psycopg":
        connection.exec_driver_sql(sql, values if isinstance(values, list) else list(values))
        return
    driver: Any = connection.connection.driver_connection
    errors: Any = connection.dialect.dbapi
    try:
        with driver.cursor() as cursor, cursor.copy(sql) as copy:
            for row in values:
                copy.write_row(row)
    except errors.Error as error:
        # The driver was used by itself here; callers know SQLAlchemy's errors only.
        raise DBAPIError.instance(
            sql, None, error, errors.Error, dialect=connection.dialect
        ) from error


@cache
def _plan(table: Table, dialect: str) -> tuple[str, tuple[tuple[int, TypeDecorator[Any]], ...]]:
    names = ", ".join(f'"{column.name}"' for column in table.c)
    marks = ", ".join("?" for _ in table.c)
    # Names come from the models, never from data.
    sql = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608
    if dialect == "postgresql":
        sql = f'COPY "{table.name}" ({names}) FROM STDIN'
    converters = tuple(
        (place, column.type)
        for place, column in enumerate(table.c)
        if isinstance(column.type, TypeDecorator)
    )
    return sql, converters


def _converted(
    rows: Sequence[Row], converters: Sequence[tuple[int, TypeDecorator[Any]]], dialect: Dialect
) -> Iterable[Row]:
    if not converters:
        return rows
    # By columns: one call for a column of plain integers instead of one for each of them.
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for place, kind in converters:
        column = columns[place]
        if not (isinstance(kind, U64) and fits64(column)):
            bind = kind.process_bind_param
            columns[place] = [bind(value, dialect) for value in column]
    return zip(*columns, strict=True)
