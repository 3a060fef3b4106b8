"""Accounts of the ledger against the law of protocol §9, kept the slow way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from usufruct.ledger.accounts import Changes, Holding, SeriesBook, claimable, earned

WALLETS = range(1, 6)
steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("move"),
            st.sampled_from(WALLETS),
            st.sampled_from(WALLETS),
            st.integers(0, 10**6),
        ),
        st.tuples(st.just("pay"), st.sampled_from(WALLETS)),
        st.tuples(st.just("distribute"), st.integers(0, 10**12), st.integers(1, 2)),
        st.tuples(st.just("schedule"), st.integers(1, 4), st.integers(1, 3)),
        st.tuples(st.just("wait"), st.integers(1, 3)),
    ),
    max_size=60,
)


@dataclass
class Law:
    """N_k = N_{k−1} + A_k·u_k, with the balances of every moment kept."""

    balances: dict[int, int]
    numerators: Counter[int] = field(default_factory=Counter)
    history: dict[int, dict[int, int]] = field(default_factory=dict)
    """Balances at the beginning of each time."""
    records: dict[int, int] = field(default_factory=dict)
    """Record dates by period; of those ahead there is one at most, and later periods have later dates."""
    now: int = 1

    def __post_init__(self) -> None:
        self.history[self.now] = dict(self.balances)

    def wait(self, time: int) -> None:
        for each in range(time):
            self.history[self.now + each + 1] = dict(self.balances)
        self.now += time

    def units(self, period: int) -> dict[int, int]:
        """Units at the record moment of a period whose money comes now."""
        passed = [at for p, at in self.records.items() if p >= period and at <= self.now]
        return self.history[min(passed)] if passed else self.balances


@dataclass
class Play:
    """A book and the law, led through the same steps."""

    book: SeriesBook
    law: Law
    payouts: Counter[int] = field(default_factory=Counter)
    last: int = 0

    def move(self, sender: int, recipient: int, most: int) -> None:
        moved = min(most, self.book.holdings[sender].units)
        self.book.move(sender, recipient, moved, self.law.now)
        self.law.balances[sender] -= moved
        self.law.balances[recipient] += moved

    def pay(self, wallet: int) -> None:
        due = claimable(self.book.holdings[wallet], self.book.acc, self.book.supply)
        self.book.pay(wallet, due)

    def wait(self, time: int) -> None:
        self.law.wait(time)

    def schedule(self, ahead: int, later: int) -> None:
        law, period, at = self.law, self.last + ahead, self.law.now + later
        passed = {p for p, each in law.records.items() if each <= law.now}
        if period <= max(passed, default=0):
            return
        for pending in set(law.records) - passed - {period}:
            self.book.schedule(pending, 0)
            del law.records[pending]
        self.book.schedule(period, at)
        law.records[period] = at

    def distribute(self, amount: int, ahead: int) -> None:
        self.last += ahead
        held = dict(self.law.units(self.last))
        acc = self.book.acc + amount
        done = self.book.distribute(self.last, acc, self.book.supply, self.law.now)
        assert {each.wallet: each.units for each in done.payouts} == {
            wallet: units for wallet, units in held.items() if units
        }
        for each in done.payouts:
            self.law.numerators[each.wallet] += amount * each.units
            assert each.numerator == self.law.numerators[each.wallet]
            self.payouts[each.wallet] += each.amount


@given(st.lists(st.integers(0, 10**6), min_size=5, max_size=5).filter(any), steps)
def test_every_payout_is_what_was_held_at_the_record_moment(
    units: list[int], sequence: list[tuple[object, ...]]
) -> None:
    book, law = SeriesBook(), Law(dict(zip(WALLETS, units, strict=True)))
    for wallet, each in zip(WALLETS, units, strict=True):
        book.move(None, wallet, each, 0)
    played = Play(book, law)
    for name, *arguments in sequence:
        getattr(played, str(name))(*arguments)
    for wallet in WALLETS:
        held = book.holdings[wallet]
        due = claimable(held, book.acc, book.supply)
        assert held.numerator_at(book.acc) == law.numerators[wallet]
        assert played.payouts[wallet] == held.paid + due == earned(held, book.acc, book.supply)


def test_a_seller_after_the_record_date_keeps_the_period() -> None:
    book = SeriesBook()
    book.move(None, 1, 10, 0)
    book.schedule(1, 100)
    before = book.move(1, 2, 3, 99)
    assert before.kept == []
    after = book.move(1, 2, 7, 100)
    assert [tuple(each) for each in after.kept] == [(1, 1, 7), (1, 2, 3)]
    done = book.distribute(1, 1_000, 10, 200)
    assert [(each.wallet, each.units, each.amount) for each in done.payouts] == [
        *((1, 7, 700), (2, 3, 300)),
    ]
    assert done.record_at == 100
    assert dict(done.holdings) == {
        1: Holding(0, 7_000, 1_000),
        2: Holding(10, 3_000, 1_000),
    }


def test_a_record_date_still_ahead_does_not_count_and_ends_with_its_period() -> None:
    book = SeriesBook()
    book.move(None, 1, 10, 0)
    book.schedule(1, 100)
    assert book.distribute(1, 10, 10, 99).record_at is None
    assert book.move(1, 2, 1, 101).kept == []


def test_a_period_that_never_pays_leaves_nothing_behind() -> None:
    book = SeriesBook()
    book.move(None, 1, 10, 0)
    book.schedule(1, 100)
    book.schedule(2, 200)
    book.move(1, 2, 10, 150)
    done = book.distribute(2, 10, 10, 300)
    assert [(each.wallet, each.units) for each in done.payouts] == [(2, 10)]
    assert book.records == {}


def test_a_lost_wallets_unpaid_income_and_record_units_move() -> None:
    book = SeriesBook()
    book.move(None, 1, 7, 0)
    book.move(None, 2, 3, 0)
    book.distribute(1, 105, 10, 0)
    book.pay(1, 70)
    book.schedule(2, 100)
    book.move(1, 3, 7, 150)  # the transfer that a recovery begins with
    changes = book.recover(1, 3)
    assert [tuple(each) for each in changes.kept] == [(2, 1, 0), (2, 3, 7)]
    assert claimable(book.holdings[1], book.acc, book.supply) == 0
    assert claimable(book.holdings[3], book.acc, book.supply) == 3
    done = book.distribute(2, 205, 10, 200)
    assert [(each.wallet, each.units) for each in done.payouts] == [(2, 3), (3, 7)]
    assert book.holdings[3].numerator_at(book.acc) == 7 * 205 - 70 * 10


def test_a_transfer_to_oneself_changes_nothing() -> None:
    book = SeriesBook()
    book.move(None, 1, 10, 0)
    assert book.move(1, 1, 5, 0) == Changes([], [])
    assert book.holdings == {1: Holding(10)}


def test_redeeming_takes_units_and_leaves_the_divisor() -> None:
    book = SeriesBook()
    book.move(None, 1, 10, 0)
    assert book.move(1, None, 4, 0).holdings == [(1, Holding(6))]
    assert book.supply == 10


def test_a_later_record_date_closes_the_earlier_periods_too() -> None:
    book = SeriesBook()
    book.move(None, 1, 10, 0)
    book.schedule(2, 100)
    book.move(1, 2, 10, 150)
    assert [each.wallet for each in book.distribute(1, 10, 10, 200).payouts] == [1]
    assert [each.wallet for each in book.distribute(2, 20, 10, 200).payouts] == [1]
    assert [each.wallet for each in book.distribute(3, 30, 10, 200).payouts] == [2]
    assert book.holdings[1].numerator_at(book.acc) == 200


def test_a_withdrawn_record_date_closes_nothing() -> None:
    book = SeriesBook()
    book.move(None, 1, 10, 0)
    book.schedule(1, 100)
    book.schedule(1, 0)
    assert book.move(1, 2, 10, 150).kept == []


def test_nothing_is_earned_before_issuance() -> None:
    assert claimable(Holding(), 100, 0) == 0


def test_only_present_holders_get_a_payout() -> None:
    book = SeriesBook()
    book.move(None, 2, 10, 0)
    book.move(2, 1, 10, 0)
    assert [each.wallet for each in book.distribute(1, 7, 10, 0).payouts] == [1]
    assert book.distributions == 1
