"""Rows come back as they went in, at the edges of their types."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from tests.support.ledgers import migrated

from usufruct.ledger.bulk import insert_rows
from usufruct.ledger.database import Database
from usufruct.ledger.models import checkpoint, series_event

u64 = st.integers(0, 2**64 - 1) | st.sampled_from([0, 2**63 - 1, 2**63, 2**64 - 1])
i128 = st.integers(-(2**127), 2**127 - 1)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return migrated(f"sqlite:///{tmp_path}/ledger.db")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.tuples(u64, i128, u64, u64), max_size=8))
def test_accounts_of_any_size_are_kept(
    database: Database, values: list[tuple[int, int, int, int]]
) -> None:
    rows = [(1, 2, pos, *each) for pos, each in enumerate(values)]
    with database.write() as connection:
        connection.execute(delete(checkpoint))
        insert_rows(connection, checkpoint, rows)
        found = connection.execute(select(checkpoint).order_by(checkpoint.c.pos)).all()
    assert [tuple(each) for each in found] == rows


def test_absent_values_stay_absent(database: Database) -> None:
    rows = [(1, 1, "paused", None), (2, 1, "sealed", 2**63)]
    with database.write() as connection:
        insert_rows(connection, series_event, rows)
        found = connection.execute(select(series_event).order_by(series_event.c.pos)).all()
    assert [tuple(each) for each in found] == rows


@pytest.mark.parametrize("units", [-1, 2**64])
def test_what_is_no_uint64_is_refused(database: Database, units: int) -> None:
    with pytest.raises(OverflowError), database.write() as connection:
        insert_rows(connection, checkpoint, [(1, 2, 3, 4, 5, 6, 7), (1, 2, 4, units, 5, 6, 7)])
