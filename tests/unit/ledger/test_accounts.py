"""Accounts in lifetime form against the contract's own arithmetic."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from usufruct.core import accrual
from usufruct.ledger.accounts import Holding, SeriesBook, claimable, earned

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
        st.tuples(st.just("distribute"), st.integers(0, 10**12)),
    ),
    max_size=40,
)


class Contract:
    """The series as RevenueRight keeps it."""

    def __init__(self, units: list[int]) -> None:
        self.accounts = {
            wallet: accrual.Account(each, 0) for wallet, each in zip(WALLETS, units, strict=True)
        }
        self.series = accrual.Series(0, sum(units))

    def move(self, sender: int, recipient: int, units: int) -> None:
        if sender != recipient:
            pair = accrual.transfer(
                self.series, self.accounts[sender], self.accounts[recipient], units
            )
            self.accounts[sender], self.accounts[recipient] = pair


@given(st.lists(st.integers(0, 10**6), min_size=5, max_size=5).filter(any), steps)
def test_payouts_equal_paid_plus_claimable(
    units: list[int], sequence: list[tuple[object, ...]]
) -> None:
    book, contract = SeriesBook(), Contract(units)
    for wallet, each in zip(WALLETS, units, strict=True):
        list(book.move(None, wallet, each))
    payouts: Counter[int] = Counter()
    for step in sequence:
        match step:
            case ("move", int(sender), int(recipient), int(most)):
                moved = min(most, book.holdings[sender].units)
                list(book.move(sender, recipient, moved))
                contract.move(sender, recipient, moved)
            case ("pay", int(wallet)):
                amount = claimable(book.holdings[wallet], book.acc, book.supply)
                book.pay(wallet, amount)
                paid, contract.accounts[wallet] = accrual.claim(
                    contract.series, contract.accounts[wallet]
                )
                assert paid == amount
            case ("distribute", int(amount)):
                contract.series = accrual.distribute(contract.series, amount)
                for payout in book.distribute(contract.series.acc, contract.series.supply):
                    payouts[payout.wallet] += payout.amount
    for wallet in WALLETS:
        held, account = book.holdings[wallet], contract.accounts[wallet]
        due = claimable(held, book.acc, book.supply)
        assert due == accrual.claimable(contract.series, account)
        assert held.debt + held.paid * book.supply == account.debt
        assert payouts[wallet] == held.paid + due == earned(held, book.acc, book.supply)


def test_a_transfer_to_oneself_changes_nothing() -> None:
    book = SeriesBook()
    list(book.move(None, 1, 10))
    assert list(book.move(1, 1, 5)) == []
    assert book.holdings == {1: Holding(10, 0, 0)}


def test_redeeming_lowers_the_supply() -> None:
    book = SeriesBook()
    list(book.move(None, 1, 10))
    assert list(book.move(1, None, 4)) == [(1, Holding(6, 0, 0))]
    assert book.supply == 6


def test_nothing_is_earned_before_issuance() -> None:
    assert claimable(Holding(), 100, 0) == 0


def test_only_present_holders_get_a_payout() -> None:
    book = SeriesBook()
    list(book.move(None, 2, 10))
    list(book.move(2, 1, 10))
    assert [each.wallet for each in book.distribute(7, 10)] == [1]
    assert book.distributions == 1
