"""The ledger against the chain: exact after any sequence, and the same after any reorganisation."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.integration.platform.kit import HOLDERS, MEGA, STREAM, Kit
from tests.support.ledgers import migrated

from usufruct.contracts import (
    address,
    participant_registry,
    revenue_right,
    series_extension,
    settlement_currency,
    statement_book,
)
from usufruct.errors import ChainError, ConfigError
from usufruct.index.indexer import Indexer
from usufruct.ledger.database import Database
from usufruct.ledger.models import (
    FROM_LOGS,
    block,
    cursor,
    distribution,
    header,
    meta,
    payout,
    series,
    settlement,
)
from usufruct.ledger.reconcile import Report, reconcile

Follow = Callable[..., Indexer]


def tables(database: Database) -> dict[str, list[Any]]:
    """All rows that come from the chain."""
    with database.read() as connection:
        return {
            table.name: sorted(tuple(row) for row in connection.execute(select(table)))
            for table in (*FROM_LOGS, block, header, cursor)
        }


def compared(kit: Kit, database: Database) -> Report:
    with database.read() as connection:
        return reconcile(connection, kit.client, kit.contracts)


def fresh(path: Path, name: str) -> Database:
    return migrated(f"sqlite:///{path}/{name}.db")


def churn(kit: Kit, seed: int, steps: int) -> None:
    """A random sequence of transfers, claims, pages, record dates and settlements."""
    rng = random.Random(seed)
    period = kit.ask("StatementBook", statement_book.progress_of(STREAM)).settled
    for _ in range(steps):
        code = rng.choice(["SR", "JR"])
        match rng.randrange(8):
            case 0:
                period += 1
                kit.settle(rng.choice([1, 7, 3 * MEGA + 1, 900 * MEGA, 1_234_567_891]), period)
            case 1:
                kit.claim(code, rng.choice(HOLDERS))
            case 2:
                kit.act(code, revenue_right.push(rng.sample(HOLDERS, 3)))
            case 3:
                _random_record(kit, rng, code)
            case _:
                _random_transfer(kit, rng, code)


def _random_record(kit: Kit, rng: random.Random, code: str) -> None:
    """Announces the record date of a period to come, and most often lets it pass."""
    state = kit.ask(code, revenue_right.state())
    passed = state.record_period if state.record_at <= kit.now() else state.prev_record
    period = max(passed, state.last_period) + rng.randint(1, 2)
    at = kit.now() + rng.randint(60, 900)  # the chain's time runs on while the test does
    try:
        kit.act(code, series_extension.schedule_record(period, at))
    except series_extension.TooManyOpenRecords:
        return
    if rng.random() < 0.7:
        kit.warp(max(at + rng.randint(-1, 1), kit.now() + 1))


def _random_transfer(kit: Kit, rng: random.Random, code: str) -> None:
    sender, recipient = rng.choice(HOLDERS), rng.choice(HOLDERS)
    balance = kit.ask(code, revenue_right.balance_of(sender))
    if balance:
        units = rng.choice([balance, 1, rng.randint(1, balance)])
        kit.transfer(code, sender, recipient, units)


@pytest.mark.parametrize("seed", range(4))
def test_payouts_equal_paid_plus_claimable_after_any_sequence(
    kit: Kit, ledger: Database, follow: Follow, seed: int
) -> None:
    indexer = follow(ledger)
    for part in range(3):
        churn(kit, 10 * seed + part, 25)
        indexer.catch_up()
        report = compared(kit, ledger)
        assert report.differences == []
        assert report.accounts >= 6
    assert report.block == kit.client.block_number()


def test_a_seller_after_the_record_date_keeps_the_period(
    kit: Kit, ledger: Database, follow: Follow
) -> None:
    at = kit.now() + 100
    kit.act("SR", series_extension.schedule_record(1, at))
    kit.transfer("SR", HOLDERS[0], HOLDERS[4], 100_000)
    kit.warp(at)
    kit.transfer("SR", HOLDERS[0], HOLDERS[4], 500_000)
    indexer = follow(ledger)
    indexer.catch_up()
    assert compared(kit, ledger).differences == []
    kit.settle(900 * MEGA, 1)
    kit.transfer("SR", HOLDERS[4], HOLDERS[0], 1)
    follow(ledger).catch_up()
    assert compared(kit, ledger).differences == []
    rows = tables(ledger)
    (row,) = [each for each in rows["distribution"] if each[1] == 1]
    assert row[-1] == at
    paid = {each[0]: each[3:] for each in rows["payout"] if each[2] == 1}
    wallets = {address: number for number, _, address in rows["wallet"]}
    seller, buyer = (bytes.fromhex(HOLDERS[each][2:]) for each in (0, 4))
    assert paid[wallets[seller]] == (500_000, 500_000 * 900 * MEGA, 450 * MEGA)
    assert paid[wallets[buyer]] == (100_000, 100_000 * 900 * MEGA, 90 * MEGA)


def test_closed_series_are_redeemed_and_reconcile(
    kit: Kit, ledger: Database, follow: Follow
) -> None:
    series_of_one_period(kit, "ONE")
    kit.settle(900 * MEGA, 1)
    kit.act("ONE", series_extension.close())
    kit.act("ONE", series_extension.redeem(HOLDERS[0]))
    follow(ledger).catch_up()
    assert compared(kit, ledger).differences == []
    kinds = [row[2] for row in tables(ledger)["series_event"]]
    assert "closed" in kinds


def test_what_a_lost_wallet_was_not_paid_is_its_replacements(
    kit: Kit, ledger: Database, follow: Follow
) -> None:
    adam, found = HOLDERS[0], address(b"\xad" * 20)
    kit.settle(900 * MEGA + 7, 1)
    at = kit.now() + 100
    kit.act("SR", series_extension.schedule_record(2, at))
    kit.warp(at)
    kit.transfer("SR", adam, HOLDERS[1], 1_000)
    recover = participant_registry.recover_wallet(adam, found, bytes(32), [kit.series["SR"]])
    kit.act("ParticipantRegistry", recover)
    follow(ledger).catch_up()
    assert compared(kit, ledger).differences == []
    kit.settle(300 * MEGA + 1, 2)
    kit.claim("SR", found)
    follow(ledger).catch_up()
    assert compared(kit, ledger).differences == []
    rows = tables(ledger)
    wallets = {raw: number for number, _, raw in rows["wallet"]}
    ours = wallets[bytes.fromhex(found[2:])]
    assert [each[3] for each in rows["payout"] if each[0] == ours and each[2] == 1] == [600_000]
    assert sum(each[3] for each in rows["payment"] if each[2] == ours) > 540 * MEGA


def series_of_one_period(kit: Kit, code: str) -> None:
    """A series whose term is period 1; no rule pays it."""
    kit._series(code, "LONE", [10, 0, 0, 0, 0], rank=3, term_to=1)


def test_reconcile_names_what_differs(kit: Kit, ledger: Database, follow: Follow) -> None:
    kit.settle(900 * MEGA, 1)
    follow(ledger).catch_up()
    with ledger.write() as connection:
        connection.execute(payout.update().where(payout.c.wallet == 1).values(amount=1))
        connection.execute(series.update().where(series.c.id == 2).values(symbol="X"))
    report = compared(kit, ledger)
    assert [str(each) for each in report.differences] == [
        f"LVPPS {HOLDERS[0]} payouts: the ledger has 1, the chain 540000000"
    ]


def test_reconcile_names_a_reserve_an_escrow_and_a_vault_that_differ(
    kit: Kit, ledger: Database, follow: Follow
) -> None:
    kit.settle(900 * MEGA, 1)
    kit.settle(2_000 * MEGA, 2)
    follow(ledger).catch_up()
    assert compared(kit, ledger).differences == []
    with ledger.write() as connection:
        last = connection.execute(select(settlement).order_by(settlement.c.pos.desc())).first()
        assert last is not None
        lines = json.loads(last.lines)
        reserve = next(each for each in lines if each["balance"])
        reserve["balance"] += 9
        changed = settlement.update().where(settlement.c.pos == last.pos)
        connection.execute(changed.values(lines=json.dumps(lines), receipts=last.receipts - 4))
    found = [str(each) for each in compared(kit, ledger).differences]
    assert any("account 2: the ledger has" in each for each in found)
    assert any("VPP escrow: the ledger has 4, the chain 0" in each for each in found)
    assert any("waterfall vault: the ledger has" in each for each in found)


def test_money_from_outside_is_a_note(kit: Kit, ledger: Database, follow: Follow) -> None:
    call = settlement_currency.mint(kit.series["SR"], 5)
    kit.act("SettlementCurrency", call)
    follow(ledger).catch_up()
    report = compared(kit, ledger)
    assert report.differences == []
    assert report.notes == ["LVPPS vault holds 5 that came in outside of distributions"]


@pytest.mark.parametrize("depth", [1, 2, 5, 40])
def test_a_reorganisation_leaves_no_trace(
    kit: Kit, tmp_path: Path, ledger: Database, follow: Follow, depth: int
) -> None:
    indexer = follow(ledger, window=16)
    kit.settle(900 * MEGA, 1)
    kit.mine(20)
    churn(kit, depth, 12)
    kit.mine(3)
    indexer.catch_up()
    kit.client.rpc("anvil_reorg", depth, [])
    kit.transfer("JR", HOLDERS[2], HOLDERS[0], 77)
    step = indexer.catch_up()
    while step.undone or step.at < step.head:
        step = indexer.catch_up()
    again = fresh(tmp_path, "again")
    follow(again, window=16).catch_up()
    assert tables(ledger) == tables(again)
    assert compared(kit, ledger).differences == []


def test_a_chain_that_became_shorter_is_followed_once_it_is_as_long_again(
    kit: Kit, tmp_path: Path, ledger: Database, follow: Follow
) -> None:
    snapshot = kit.client.rpc("evm_snapshot")
    kit.settle(900 * MEGA, 1)
    indexer = follow(ledger)
    indexer.catch_up()
    length = kit.client.block_number()
    kit.client.rpc("evm_revert", snapshot)
    # So far the node may as well only be behind.
    step = indexer.step()
    assert (step.at, step.undone) == (length, 0)
    kit.mine(length - kit.client.block_number())
    step = indexer.step()
    assert step.undone > 0
    indexer.catch_up()
    again = fresh(tmp_path, "again")
    follow(again).catch_up()
    assert tables(ledger) == tables(again)
    with ledger.read() as connection:
        assert connection.execute(select(distribution)).all() == []


def test_indexing_resumes_and_takes_in_nothing_twice(
    kit: Kit, tmp_path: Path, ledger: Database, follow: Follow
) -> None:
    kit.settle(900 * MEGA, 1)
    first = follow(ledger)
    first.catch_up()
    churn(kit, 3, 10)
    second = follow(ledger)
    assert second.catch_up().at == kit.client.block_number()
    assert second.step().idle
    churn(kit, 4, 10)
    # The first indexer's cursor is behind: it must notice that, write nothing, and then go on from there.
    second.catch_up()
    with pytest.raises(ChainError, match="another process"):
        first.catch_up()
    first.catch_up()
    again = fresh(tmp_path, "again")
    follow(again).catch_up()
    assert tables(ledger) == tables(again)


@pytest.mark.parametrize("largest", [1, 2, 7, 64])
def test_any_size_of_ranges_gives_the_same_tables(
    kit: Kit, tmp_path: Path, ledger: Database, follow: Follow, largest: int
) -> None:
    churn(kit, 5, 20)
    follow(ledger, largest=largest, window=16).catch_up()
    again = fresh(tmp_path, "again")
    follow(again, window=16).catch_up()
    assert tables(ledger) == tables(again)


def test_every_depth_of_reorganisation_gives_the_tables_of_a_full_run(
    kit: Kit, tmp_path: Path, ledger: Database, follow: Follow
) -> None:
    indexer = follow(ledger, window=16, largest=5)
    churn(kit, 11, 25)
    for depth in range(1, 17):
        indexer.catch_up()
        kit.client.rpc("anvil_reorg", depth, [])
        kit.transfer("JR", HOLDERS[2], HOLDERS[0], 10 + depth)
        while (step := indexer.step()).undone or step.at < step.head:
            pass
        again = fresh(tmp_path, f"again-{depth}")
        follow(again, window=16, largest=depth).catch_up()
        assert tables(ledger) == tables(again)
        again.dispose()
    assert compared(kit, ledger).differences == []


def test_frozen_wallets_and_registrations_are_kept(
    kit: Kit, ledger: Database, follow: Follow
) -> None:
    call = participant_registry.set_frozen(HOLDERS[1], True, b"\1" * 32, [kit.series["SR"]])
    kit.act("ParticipantRegistry", call)
    kit.settle(900 * MEGA, 1)
    kit.act("SR", revenue_right.push(HOLDERS))
    follow(ledger).catch_up()
    found = tables(ledger)
    assert [row[2] for row in found["freeze"]] == [True]
    assert len(found["registration"]) == 5
    assert len(found["skipped"]) == 1
    assert compared(kit, ledger).differences == []


def test_a_ledger_of_another_chain_is_refused(kit: Kit, ledger: Database, follow: Follow) -> None:
    follow(ledger).catch_up()
    with ledger.write() as connection:
        connection.execute(meta.update().where(meta.c.key == "chain_id").values(value="1"))
    with pytest.raises(ConfigError, match="another chain"):
        follow(ledger)
