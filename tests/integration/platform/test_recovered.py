"""Which payment included a payout, however often its wallet was lost in between."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import pytest
from sqlalchemy import Connection

from usufruct.ledger import models as m
from usufruct.ledger.bulk import insert_rows
from usufruct.ledger.database import Database
from usufruct.ledger.reads.payouts import (
    ONE_PAYOUT,
    OWNER,
    payouts_of_distribution,
    payouts_of_wallet,
)
from usufruct.ledger.types import first_position, position

WALLETS = range(1, 8)
NEVER_LOST = 7
SERIES = (1, 2)
END = 1 << 62


class Chronicle:
    """Distributions, payments and recoveries, each in a block of its own, and which payment included which payout."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.block = 100
        self.paid: dict[tuple[int, int], int | None] = {}
        """By wallet and position of the payout."""
        self.distributions: list[tuple[int, int, int]] = []
        """Position, series and number."""
        self._open: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        pos = self._step()
        for number in WALLETS:
            self._add(m.wallet, number, pos, address(number))
        for number in SERIES:
            self._add(
                m.series, number, pos, bytes([number]) * 20, f"s{number}", 1, "Series", f"S{number}",
                *(1, 600, 0, 0, 14, "[]", 1, 0, 0, 0, 0, 0, 0, False),
            )  # fmt: skip

    def distribute(self, series: int, wallets: list[int]) -> None:
        """Credits these wallets."""
        pos = self._step()
        number = 1 + sum(each[1] == series for each in self.distributions)
        self.distributions.append((pos, series, number))
        self._add(m.distribution, pos, series, number, number, 700, 0, 700, 7, None)
        for wallet in wallets:
            self._add(m.payout, wallet, pos, series, 1, 700, 100)
            self.paid[wallet, pos] = None
            self._open[series, wallet].append((wallet, pos))

    def pay(self, series: int, wallet: int) -> None:
        """Pays a wallet all that it may claim."""
        pos = self._step()
        self._add(m.payment, pos, series, wallet, 100, 700)
        for each in self._open.pop((series, wallet), []):
            self.paid[each] = pos

    def recover(self, series: int, lost: int, replacement: int) -> None:
        """Gives what a wallet may claim to another."""
        pos = self._step()
        self._add(m.recovery, pos, series, lost, replacement, 0, 0)
        self._open[series, replacement] += self._open.pop((series, lost), [])

    def _step(self) -> int:
        self.block += 1
        pos = position(self.block, 0)
        digest = self.block.to_bytes(32, "big")
        self._add(m.block, self.block, digest, digest, self.block * 12)
        self._add(m.log, pos, self.block, 0, 0, digest)
        return pos

    def _add(self, table: Any, *values: Any) -> None:
        insert_rows(self._connection, table, [values])


def address(number: int) -> bytes:
    return bytes([0xA0 + number]) * 20


def by_chance(made: Chronicle, seed: int) -> None:
    """Distributions, payments and recoveries, also back to a wallet that had been lost."""
    rng = random.Random(seed)
    losable = [each for each in WALLETS if each != NEVER_LOST]
    for _ in range(60):
        series = rng.choice(SERIES)
        match rng.randrange(4):
            case 0 | 1:
                made.distribute(series, sorted(rng.sample(WALLETS, rng.randrange(2, 6))))
            case 2:
                made.pay(series, rng.choice(WALLETS))
            case _:
                lost = rng.choice(losable)
                made.recover(series, lost, rng.choice([each for each in WALLETS if each != lost]))


def of_wallet(connection: Connection, wallet: int, **options: Any) -> dict[int, int | None]:
    """Block of the payment by position of the payout."""
    values = {"wallet": wallet, "before": END, "limit": 1000, "end": options.pop("end", None)}
    options["as_of"] = values["end"] is not None
    rows = connection.execute(payouts_of_wallet(**options), values).all()
    return {row.pos: row.paid_block for row in rows}


def block_of(pos: int | None) -> int | None:
    return None if pos is None else pos >> 20


def test_a_payout_of_a_wallet_that_was_lost_twice_is_paid(books: Database) -> None:
    with books.write() as connection:
        made = Chronicle(connection)
        made.distribute(1, [1])
        made.recover(1, 1, 2)
        made.recover(1, 2, 3)
        made.pay(1, 3)
    with books.read() as connection:
        assert of_wallet(connection, 1) == {made.distributions[0][0]: made.block}
        assert of_wallet(connection, 1, status="accrued") == {}
        before = first_position(made.block)
        assert of_wallet(connection, 1, end=before) == {made.distributions[0][0]: None}


def test_a_later_payment_to_a_wallet_that_was_lost_is_another_s(books: Database) -> None:
    with books.write() as connection:
        made = Chronicle(connection)
        made.distribute(1, [1])
        made.recover(1, 1, 2)
        made.distribute(1, [1])
        made.pay(1, 1)
        own = made.block
        made.pay(1, 2)
    first, second = (each[0] for each in made.distributions)
    with books.read() as connection:
        assert of_wallet(connection, 1) == {first: made.block, second: own}


@pytest.mark.parametrize("seed", range(6))
def test_payments_are_followed_through_any_recoveries(books: Database, seed: int) -> None:
    with books.write() as connection:
        made = Chronicle(connection)
        by_chance(made, seed)
    with books.read() as connection:
        for wallet in WALLETS:
            paid = {p: block_of(made.paid[w, p]) for w, p in made.paid if w == wallet}
            assert of_wallet(connection, wallet) == paid
            for status, of_it in (("paid", True), ("accrued", False)):
                part = {p: b for p, b in paid.items() if (b is not None) is of_it}
                assert of_wallet(connection, wallet, status=status) == part
            for block in range(101, made.block + 2, 7):
                then = {p: b if b is not None and b < block else None for p, b in paid.items()}
                assert of_wallet(connection, wallet, end=first_position(block)) == then
            owner = connection.execute(OWNER, {"address": address(wallet)}).one()
            assert owner.id == wallet
            if not owner.lost:
                assert of_wallet(connection, wallet, never_lost=True) == paid
            assert not (wallet == NEVER_LOST and owner.lost)
        for pos, series, number in made.distributions:
            values = {"pos": pos, "after": 0, "limit": 100}
            rows = connection.execute(payouts_of_distribution(), values).all()
            found = {row.wallet_id: row.paid_block for row in rows}
            assert found == {w: block_of(made.paid[w, p]) for w, p in made.paid if p == pos}
            for wallet, block in found.items():
                named = {"address": address(wallet), "slug": f"s{series}", "number": number}
                one = connection.execute(ONE_PAYOUT, {**named, "end": END}).one()
                assert one.paid_block == block
