"""Where wallets and participants stand at any moment, against the contracts' own words at that block."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.integration.platform.kit import DAY, HOLDERS, MEGA, Kit
from tests.integration.platform.test_index import churn

from usufruct.contracts import participant_registry, revenue_right
from usufruct.errors import InputError
from usufruct.index.indexer import Indexer
from usufruct.ledger.database import Database
from usufruct.ledger.moments import at_block, at_time
from usufruct.ledger.positions import (
    positions_of_participant,
    positions_of_series,
    positions_of_wallet,
)

Follow = Callable[..., Indexer]


def raw(account: str) -> bytes:
    return bytes.fromhex(account[2:])


def test_positions_at_every_block_are_what_the_contracts_said_then(
    kit: Kit, books: Database, follow: Follow
) -> None:
    said: dict[int, list[tuple[str, str, int, int]]] = {}
    for seed in range(4):
        churn(kit, 40 + seed, 8)
        number = kit.client.block_number()
        said[number] = [
            (
                code,
                holder,
                kit.ask(code, revenue_right.balance_of(holder)),
                kit.ask(code, revenue_right.claimable(holder)),
            )
            for code in ("SR", "JR")
            for holder in HOLDERS
        ]
    follow(books).catch_up()
    slugs = {"SR": "lvpps", "JR": "lvppj"}
    with books.read() as connection:
        for number, rows in said.items():
            at = at_block(connection, number)
            assert at is not None
            for code, holder, units, due in rows:
                found = {
                    each.series: each for each in positions_of_wallet(connection, raw(holder), at)
                }
                known = found.get(slugs[code])
                assert (units, due) == ((known.units, known.claimable) if known else (0, 0))
                assert known is None or known.accrued == known.paid + known.claimable
        end = at_block(connection, max(said))
        assert end is not None
        senior = positions_of_series(connection, 1, end)
        assert sum(each.units for each in senior) == 1_000_000
        assert at_block(connection, max(said) + 1) is None


def test_arrears_are_shared_and_what_cannot_be_paid_is_withheld(
    kit: Kit, books: Database, follow: Follow
) -> None:
    kit.settle(300 * MEGA, 1)
    before = kit.client.block_number()
    frozen = participant_registry.set_frozen(HOLDERS[1], True, bytes(32), [kit.series["SR"]])
    kit.act("ParticipantRegistry", frozen)
    kit.settle(2_000 * MEGA, 2)
    kit.mine()
    follow(books).catch_up()
    with books.read() as connection:
        early = at_block(connection, before)
        assert early is not None
        first = {each.wallet: each for each in positions_of_series(connection, 1, early)}
        short = 900 * MEGA - sum(each.accrued for each in first.values())
        assert short > 0
        assert [first[raw(each)].arrears for each in HOLDERS[:3]] == [
            short * part // 10 for part in (6, 3, 1)
        ]
        assert all(each.withheld == 0 for each in first.values())
        late = at_block(connection, kit.client.block_number())
        assert late is not None
        (barb,) = positions_of_participant(connection, 2, late) or []
        assert (barb.wallet, barb.withheld) == (raw(HOLDERS[1]), barb.claimable)
        assert barb.claimable == 2 * 270 * MEGA
        assert barb.arrears == 0
        assert positions_of_participant(connection, 99, late) is None


def test_a_check_that_runs_out_in_a_block_without_logs_withholds_from_that_block(
    kit: Kit, books: Database, follow: Follow
) -> None:
    until = kit.now() // DAY + 2
    checked = participant_registry.Registration(
        wallet=HOLDERS[1],
        participant=2,
        kyc_until=until,
        country=344,
        class_=participant_registry.Class.INSTITUTION,
        locked_until=0,
        identity_hash=bytes([2]) * 32,
    )
    kit.act("ParticipantRegistry", participant_registry.register_batch([checked]))
    kit.settle(900 * MEGA, 1)
    follow(books).catch_up()
    quiet = {}
    for time in (until * DAY + DAY - 1, until * DAY + DAY):
        kit.warp(time)
        quiet[kit.client.block_number()] = time
        follow(books).catch_up()

    def withheld(number: int, told: Callable[[int], int] | None) -> bool:
        with books.read() as connection:
            at = at_block(connection, number, told)
            assert at is not None
            (barb,) = positions_of_wallet(connection, raw(HOLDERS[1]), at)[:1]
            assert barb.claimable > 0
            return barb.withheld == barb.claimable

    assert [withheld(number, None) for number in quiet] == [False, True]
    kit.mine(200)  # beyond the headers that the ledger keeps
    kit.transfer("SR", HOLDERS[0], HOLDERS[4], 5)
    follow(books).catch_up()
    assert [withheld(number, quiet.__getitem__) for number in quiet] == [False, True]
    for number in quiet:
        with books.read() as connection, pytest.raises(InputError, match="time of this block"):
            at_block(connection, number)
    assert withheld(kit.client.block_number(), None)


def test_a_moment_is_told_by_time_only_once_it_is_past(
    kit: Kit, books: Database, follow: Follow
) -> None:
    kit.settle(900 * MEGA, 1)
    settled = kit.now()
    kit.warp(settled + DAY)
    kit.transfer("SR", HOLDERS[0], HOLDERS[4], 5)
    follow(books).catch_up()
    with books.read() as connection:
        held = []
        for time in (1, settled, settled + DAY - 1):
            at = at_time(connection, time)
            assert at is not None
            held.append(
                [each.units for each in positions_of_wallet(connection, raw(HOLDERS[0]), at)]
            )
        assert held == [[], [600_000], [600_000]]
        assert at_time(connection, kit.now()) is None
