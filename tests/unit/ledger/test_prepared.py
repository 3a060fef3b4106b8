"""Queries that go straight to the driver say what SQLAlchemy's own execution says, by ways that stay short."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, delete, select
from tests.support.asking import SIZE
from tests.support.ledgers import migrated

from benches._api.ledger import fill, wallet
from usufruct.ledger.bulk import insert_rows
from usufruct.ledger.database import Database
from usufruct.ledger.models import checkpoint, registration, series_event
from usufruct.ledger.prepared import Driver, prepared
from usufruct.ledger.reads.holders import HOLDERS_WITH_UNITS, HOLDINGS_OF_WALLET, WALLET_ID
from usufruct.ledger.reads.payouts import (
    ONE_PAYOUT,
    payouts_of_distribution,
    payouts_of_wallet,
)
from usufruct.ledger.reads.places import BLOCK_AT_TIME, CURSOR, TIME_OF_BLOCK
from usufruct.ledger.reads.rows import Query
from usufruct.ledger.reads.series import SERIES_BY_SLUG, SERIES_NUMBER_BY_SLUG
from usufruct.ledger.reads.statements import (
    BATCH_BY_HEAD,
    BATCHES_BETWEEN,
    ONE_SETTLEMENT,
    STATEMENT_VERSIONS,
)

_END = 1 << 62
_VALUES: dict[str, object] = {
    "address": wallet(1),
    "after": 0,
    "before": _END,
    "block": 110,
    "end": _END,
    "head": (1 << 32 | 2).to_bytes(32, "big"),
    "known": _END,
    "last": 3,
    "limit": 51,
    "number": 2,
    "period": 2,
    "pos": 0,
    "series": 1,
    "slug": "s1",
    "stream": 1,
    "time": _END,
    "wallet": 1,
}
_QUERIES: dict[str, Query] = {
    "cursor": CURSOR,
    "block at time": BLOCK_AT_TIME,
    "time of a block": TIME_OF_BLOCK,
    "wallet": WALLET_ID,
    "payouts": payouts_of_wallet(),
    "payouts of a wallet never lost": payouts_of_wallet(never_lost=True),
    "payouts, filtered": payouts_of_wallet(status="accrued", by_series=True, by_period=True),
    "payouts of a stream": payouts_of_wallet(by_stream=True),
    "payouts of a distribution": payouts_of_distribution(),
    "one payout": ONE_PAYOUT,
    "holders": HOLDERS_WITH_UNITS,
    "holdings": HOLDINGS_OF_WALLET,
    "series": SERIES_BY_SLUG,
    "number of a series": SERIES_NUMBER_BY_SLUG,
    "settlement": ONE_SETTLEMENT,
    "statements": STATEMENT_VERSIONS,
    "batch": BATCH_BY_HEAD,
    "batches": BATCHES_BETWEEN,
}
_LARGE = ("payout", "payment", "transfer", "checkpoint", "holder", "log", "block", "wallet")
"""Tables that grow with holders and time."""


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = migrated(f"sqlite:///{tmp_path_factory.mktemp('ledger')}/ledger.db")
    fill(made, SIZE)
    with made.write() as connection:
        event = (1, 1, "sealed", 2**64 - 1)
        insert_rows(connection, series_event, [event])
    yield made
    made.dispose()


def straight(database: Database, query: Query, values: dict[str, object]) -> list[Any]:
    """Rows past SQLAlchemy."""
    ready = prepared(query, "sqlite3")
    with database.read() as connection:
        driver: Any = connection.connection.driver_connection
        return ready.rows(driver.execute(ready.sql, ready.bound(values)).fetchall())


@pytest.mark.parametrize("name", _QUERIES)
def test_rows_are_those_of_sqlalchemy(ledger: Database, name: str) -> None:
    query = _QUERIES[name]
    with ledger.read() as connection:
        result = connection.execute(query, _VALUES)
        keys, rows = list(result.keys()), result.all()
    assert rows or name in ("payouts of a distribution", "batch", "batches")
    found = straight(ledger, query, _VALUES)
    assert [tuple(each) for each in found] == [tuple(each) for each in rows]
    for ours, theirs in zip(found, rows, strict=True):
        assert dict(ours._mapping) == dict(theirs._mapping)
        assert [getattr(ours, key) for key in keys] == [theirs._mapping[key] for key in keys]


@pytest.mark.parametrize("name", _QUERIES)
def test_nothing_that_grows_is_read_whole(ledger: Database, name: str) -> None:
    """What made a look at a series take ten milliseconds at 110 000 transfers."""
    ready = prepared(_QUERIES[name], "sqlite3")
    with ledger.read() as connection:
        driver: Any = connection.connection.driver_connection
        plan = driver.execute(f"EXPLAIN QUERY PLAN {ready.sql}", ready.bound(_VALUES)).fetchall()
    steps = [str(each[3]) for each in plan]
    whole = [each for each in steps if each.startswith("SCAN ") and each.split()[1] in _LARGE]
    assert not whole, steps


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.integers(0, 2**64 - 1) | st.sampled_from([2**63 - 1, 2**63, 2**64 - 1]),
    st.integers(-(2**127), 2**127 - 1),
)
def test_numbers_of_any_size_are_kept(ledger: Database, units: int, numerator: int) -> None:
    with ledger.write() as connection:
        connection.execute(delete(checkpoint).where(checkpoint.c.series == 77))
        insert_rows(connection, checkpoint, [(77, 1, 1, units, numerator, units, 0)])
    query = select(checkpoint).where(
        checkpoint.c.units == bindparam("units", type_=checkpoint.c.units.type)
    )
    rows = [each for each in straight(ledger, query, {"units": units}) if each.series == 77]
    assert [(each.units, each.numerator, each.acc) for each in rows] == [(units, numerator, units)]


def test_a_wallet_that_was_never_lost_pays_nothing_for_those_that_were() -> None:
    drivers: tuple[Driver, ...] = ("sqlite3", "asyncpg")
    for driver in drivers:
        assert "recovery" not in prepared(payouts_of_wallet(never_lost=True), driver).sql
        assert "recovery" in prepared(payouts_of_wallet(), driver).sql


def test_lists_in_a_query_are_written_out_for_both_drivers() -> None:
    query = select(series_event.c.kind).where(
        series_event.c.kind.in_(("sealed", "closed")), series_event.c.series == bindparam("series")
    )
    drivers: dict[Driver, str] = {"sqlite3": "?", "asyncpg": "$"}
    for driver, mark in drivers.items():
        ready = prepared(query, driver)
        assert ready.sql.count(mark) == 3
        assert sorted(map(str, ready.bound({"series": 9}))) == ["9", "closed", "sealed"]


def test_values_in_a_list_take_the_form_of_their_column(ledger: Database) -> None:
    query = select(series_event.c.supply).where(series_event.c.supply.in_((5, 2**64 - 1)))
    assert [tuple(each) for each in straight(ledger, query, {})] == [(2**64 - 1,)]


def test_names_that_python_keeps_for_itself_are_read_like_others(ledger: Database) -> None:
    query = select(registration).where(registration.c.wallet == bindparam("wallet"))
    (row,) = straight(ledger, query, {"wallet": 1})
    assert getattr(row, "class") == row._mapping["class"] == 3


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="address"):
        prepared(WALLET_ID, "sqlite3").bound({})
