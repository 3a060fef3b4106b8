"""Queries compiled once for a driver: the SQL, the order of its values, and what makes rows of the driver's tuples.

SQLAlchemy writes the SQL and knows the types; its execution is left out, since it costs several times what SQLite or
PostgreSQL and the driver themselves take for a bounded, indexed question.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, Literal, cast

from sqlalchemy import Dialect, Row
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from usufruct.ledger.reads.rows import Query

__all__ = ["Driver", "Prepared", "prepared"]

Driver = Literal["sqlite3", "asyncpg"]
_Convert = Callable[[Any], Any]
_KEPT: Final = 512


@dataclass(frozen=True, slots=True)
class Prepared:
    """A query as a driver takes it.

    Attributes:
        sql: Text with the driver's marks for values.
        names: What each mark stands for, in order.
        given: Values that the query itself gives, by name.
        binds: What turns a value into the driver's, by name.
        converters: Columns whose values the driver gives in another form, with what turns them into ours.
        row: Makes a row of its values.
    """

    sql: str
    names: tuple[str, ...]
    given: Mapping[str, object]
    binds: Mapping[str, _Convert]
    converters: tuple[tuple[int, _Convert], ...]
    row: Callable[[Iterable[Any]], Row[Any]]

    def bound(self, values: Mapping[str, object]) -> list[object]:
        """The values in the order of the marks; KeyError if one is missing."""
        found = []
        for name in self.names:
            value = values[name] if name in values else self.given[name]
            bind = self.binds.get(name)
            found.append(value if bind is None else bind(value))
        return found

    def rows(self, found: Iterable[Sequence[Any]]) -> list[Row[Any]]:
        """Rows of the driver's tuples."""
        row, converters = self.row, self.converters
        if not converters:
            return [row(each) for each in found]
        made = []
        for each in found:
            values = list(each)
            for place, convert in converters:
                values[place] = convert(values[place])
            made.append(row(values))
        return made


@lru_cache(maxsize=_KEPT)
def prepared(query: Query, driver: Driver) -> Prepared:
    """`query` for a driver. Queries are constants or kept by their makers, so each is compiled once."""
    dialect = _dialect(driver)
    compiled = query.compile(dialect=dialect)
    required = [each.key for each in compiled.binds.values() if each.required]
    # Lists in the query are written out here; what callers bind has no value yet.
    state = compiled.construct_expanded_state(dict.fromkeys(required))
    columns = list(query.selected_columns)
    converters = [_convert(each.type, dialect) for each in columns]
    return Prepared(
        sql=state.statement,
        names=tuple(state.positiontup or ()),
        given={name: each for name, each in state.parameters.items() if name not in required},
        binds={
            name: bind
            for name, each in compiled.binds.items()
            if (bind := _bind(each.type, dialect)) is not None
        }
        | {name: cast("_Convert", each) for name, each in state.processors.items()},
        converters=tuple((at, each) for at, each in enumerate(converters) if each is not None),
        row=_row_of([str(each.key) for each in columns]),
    )


def _row_of(names: Sequence[str]) -> Callable[[Iterable[Any]], Row[Any]]:
    """Makes rows that are read as SQLAlchemy's are, by name and by `_mapping`, in an eighth of the time."""
    # Names are data here, and may be such as `class`.
    make: Any = namedtuple
    kind = make("Row", [f"c{place}" for place in range(len(names))])
    for place, name in enumerate(names):
        setattr(kind, name, getattr(kind, f"c{place}"))
    kind._mapping = property(lambda row: dict(zip(names, row, strict=True)))
    return cast("Callable[[Iterable[Any]], Row[Any]]", kind._make)


def _bind(kind: Any, dialect: Dialect) -> _Convert | None:
    found: _Convert | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return found


def _convert(kind: Any, dialect: Dialect) -> _Convert | None:
    found: _Convert | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return found


@cache
def _dialect(driver: Driver) -> Dialect:
    kind: type[Dialect] = PGDialect_asyncpg if driver == "asyncpg" else SQLiteDialect_pysqlite
    return kind()
