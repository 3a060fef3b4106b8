"""Reorganisations at any time of the index's work: all that is kept is what a full run over the last fork makes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.integration.platform.kit import HOLDERS, MEGA, Kit
from tests.integration.platform.test_index import churn, compared, fresh, tables

from usufruct.api.events.feed import Feed
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.errors import ChainError
from usufruct.index.indexer import Indexer
from usufruct.ledger.database import Database
from usufruct.ledger.models import feed_event, transfer
from usufruct.ledger.moments import at_block
from usufruct.ledger.positions import positions_of_series
from usufruct.money import Currency

Follow = Callable[..., Indexer]
FINAL_AFTER = 14


def ended(indexer: Indexer) -> None:
    """Steps until the head is reached and nothing is left to undo."""
    while (step := indexer.step()).undone or step.at < step.head:
        pass


def positions(kit: Kit, database: Database) -> list[Any]:
    """All accounts of all series at every block."""

    def time_of(number: int) -> int:
        return kit.client.block(number).timestamp

    with database.read() as connection:
        found: list[Any] = []
        for number in range(1, 1 << 10):
            at = at_block(connection, number, time_of)
            if at is None:
                return found
            found += [(number, positions_of_series(connection, each, at)) for each in (1, 2)]
    raise AssertionError("the chain is longer than this test thinks")


def feed(database: Database) -> Feed:
    return Feed(database, Renderer(Currency("USDX", 6), Labels()), FINAL_AFTER)


def told(database: Database) -> list[Any]:
    with database.read() as connection:
        return [tuple(each) for each in connection.execute(select(feed_event))]


def test_history_positions_and_outbox_are_those_of_a_full_run_after_reorganisations_of_every_depth(
    kit: Kit, tmp_path: Path, ledger: Database, follow: Follow
) -> None:
    indexer, telling = follow(ledger, window=16, largest=7), feed(ledger)
    churn(kit, 31, 15)
    kit.settle(900 * MEGA, kit.cursor.seq + 1)
    for depth in range(1, FINAL_AFTER):
        ended(indexer)
        while telling.round():
            pass
        kit.client.rpc("anvil_reorg", depth, [])
        kit.transfer("JR", HOLDERS[2], HOLDERS[0], depth)
        kit.claim("SR", HOLDERS[depth % 2])
    ended(indexer)
    while telling.round():
        pass
    again = fresh(tmp_path, "again")
    ended(follow(again, window=16))
    while feed(again).round():
        pass
    assert tables(ledger) == tables(again)
    assert positions(kit, ledger) == positions(kit, again)
    assert told(ledger) == told(again) != []
    assert compared(kit, ledger).differences == []
    again.dispose()


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_reorganisation_in_the_middle_of_a_catch_up_leaves_no_trace(
    kit: Kit, tmp_path: Path, ledger: Database, follow: Follow, steps: int
) -> None:
    churn(kit, 40 + steps, 15)
    # A window smaller than the reorganisation: ranges that it reaches are read ahead.
    indexer = follow(ledger, window=4, largest=6)
    for depth in (9, 14, 5):
        for _ in range(steps):
            indexer.step()
        kit.client.rpc("anvil_reorg", depth, [])
        for units in range(1, 5):
            kit.transfer("JR", HOLDERS[2], HOLDERS[0], depth + units)
    ended(indexer)
    again = fresh(tmp_path, "again")
    ended(follow(again, window=4))
    assert tables(ledger) == tables(again)
    assert compared(kit, ledger).differences == []
    again.dispose()


def test_a_reorganisation_that_is_too_deep_undoes_nothing_until_it_is_allowed(
    kit: Kit, tmp_path: Path, ledger: Database, follow: Follow
) -> None:
    kit.mine(5)
    for units in range(1, 13):
        kit.transfer("JR", HOLDERS[2], HOLDERS[0], units)
    ended(follow(ledger, window=4, deepest=6))
    before = tables(ledger)
    kit.client.rpc("anvil_reorg", 10, [])
    kit.transfer("JR", HOLDERS[2], HOLDERS[0], 99)
    with pytest.raises(ChainError, match="another past") as refused:
        ended(follow(ledger, window=4, deepest=6))
    assert "undo_blocks" in refused.value.one_line()
    assert tables(ledger) == before
    ended(follow(ledger, window=4, deepest=10))
    again = fresh(tmp_path, "again")
    ended(follow(again, window=4))
    assert tables(ledger) == tables(again)
    with ledger.read() as connection:
        units = connection.execute(select(transfer.c.units).order_by(transfer.c.pos)).scalars()
        assert list(units)[-3:] == [1, 2, 99]
    again.dispose()
