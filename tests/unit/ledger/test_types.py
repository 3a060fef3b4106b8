"""Exact integers in columns, and positions that sort like the chain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select

from usufruct.ledger.bulk import insert_rows
from usufruct.ledger.types import I128, LOG_BITS, U64, block_of, first_position, position

TABLE = Table(
    "wide", MetaData(), Column("id", Integer, primary_key=True), Column("u", U64), Column("i", I128)
)
uint64 = st.integers(0, 2**64 - 1)
int128 = st.integers(-(2**127), 2**127 - 1)


@given(st.lists(st.tuples(uint64, int128), max_size=5))
def test_every_wide_integer_comes_back(values: list[tuple[int, int]]) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        TABLE.create(connection)
        insert_rows(connection, TABLE, [(n, u, i) for n, (u, i) in enumerate(values)])
        assert connection.execute(select(TABLE.c.u, TABLE.c.i).order_by(TABLE.c.id)).all() == values


def test_nulls_stay_null_and_no_rows_are_no_statement() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        TABLE.create(connection)
        insert_rows(connection, TABLE, [])
        insert_rows(connection, TABLE, [(1, None, None)])
        connection.execute(insert(TABLE).values(id=2, u=2**64 - 1, i=-1))
        assert connection.execute(select(TABLE)).all() == [(1, None, None), (2, 2**64 - 1, -1)]
        found = connection.execute(select(TABLE.c.id).where(TABLE.c.u == 2**64 - 1)).scalars()
        assert list(found) == [2]


@pytest.mark.parametrize("row", [(1, -1, 0), (1, 2**64, 0), (1, 0, 2**127), (1, 0, -(2**127) - 1)])
def test_what_does_not_fit_is_refused(row: tuple[int, int, int]) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        TABLE.create(connection)
        with pytest.raises(OverflowError):
            insert_rows(connection, TABLE, [row])


@given(st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**LOG_BITS - 1)), min_size=1))
def test_positions_sort_like_the_chain(places: list[tuple[int, int]]) -> None:
    packed = [position(*place) for place in places]
    assert [(block_of(each), each - first_position(block_of(each))) for each in packed] == places
    assert sorted(packed) == [position(*place) for place in sorted(places)]
    assert max(packed) < 2**63


def test_a_block_with_too_many_logs_is_refused() -> None:
    with pytest.raises(OverflowError):
        position(1, 2**LOG_BITS)
