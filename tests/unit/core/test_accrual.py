from collections import defaultdict
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core.accrual import (
    Account,
    Series,
    claim,
    claimable,
    distribute,
    payout_between,
    transfer,
)
from usufruct.errors import InputError

HOLDERS = 4
events = st.lists(
    st.tuples(st.just("distribute"), st.integers(0, 10**12), st.just(0), st.just(0))
    | st.tuples(
        st.just("transfer"),
        st.integers(0, HOLDERS - 1),
        st.integers(0, HOLDERS - 1),
        st.integers(0, 100),
    )
    | st.tuples(st.just("claim"), st.integers(0, HOLDERS - 1), st.just(0), st.just(0)),
    max_size=40,
)
issues = st.lists(st.integers(0, 10**9), min_size=HOLDERS, max_size=HOLDERS).filter(any)


class History:
    """Runs events and keeps, beside the accounts, what exact rationals say."""

    def __init__(self, units):
        self.series = Series(0, sum(units))
        self.accounts = [Account(each) for each in units]
        self.paid = [0] * len(units)
        self.exact = [Fraction(0)] * len(units)
        self.payouts = defaultdict(list)

    def distribute(self, amount, *_):
        before, self.series = self.series, distribute(self.series, amount)
        for holder, account in enumerate(self.accounts):
            self.exact[holder] += Fraction(amount * account.balance, self.series.supply)
            lifetime = account.debt - self.paid[holder] * self.series.supply
            self.payouts[holder].append(
                payout_between(
                    before.acc, self.series.acc, account.balance, lifetime, self.series.supply
                )
            )

    def transfer(self, sender, recipient, percent):
        if sender == recipient:
            return
        units = self.accounts[sender].balance * percent // 100
        self.accounts[sender], self.accounts[recipient] = transfer(
            self.series, self.accounts[sender], self.accounts[recipient], units
        )

    def claim(self, holder, *_):
        amount, self.accounts[holder] = claim(self.series, self.accounts[holder])
        self.paid[holder] += amount


@given(issues, events)
def test_accounts_are_exact_to_the_unit(units, some):
    history = History(units)
    for name, *arguments in some:
        getattr(history, name)(*arguments)
    for holder, account in enumerate(history.accounts):
        due = claimable(history.series, account)
        assert due >= 0
        # Nothing is lost to rounding, however many transfers, claims and distributions there were.
        assert history.paid[holder] + due == history.exact[holder].__floor__()
        # The payouts of the single distributions add up to it.
        assert sum(history.payouts[holder]) == history.paid[holder] + due
        assert min(history.payouts[holder], default=0) >= 0


@given(issues, events)
def test_what_came_in_is_paid_or_claimable_but_for_less_than_a_unit_a_holder(units, some):
    history = History(units)
    for name, *arguments in some:
        getattr(history, name)(*arguments)
    owed = sum(claimable(history.series, account) for account in history.accounts)
    rest = history.series.acc - sum(history.paid) - owed
    assert 0 <= rest < HOLDERS


@given(issues, events)
def test_debts_fit_the_account_slot(units, some):
    history = History(units)
    for name, *arguments in some:
        getattr(history, name)(*arguments)
        assert all(-(2**126) < account.debt < 2**126 for account in history.accounts)


def test_a_claim_leaves_nothing_behind():
    series = Series(1000, 3)
    amount, account = claim(series, Account(1))
    assert amount == 333
    assert claimable(series, account) == 0
    assert claim(series, account) == (0, account)
    # The third of a unit waits for the next distribution.
    assert claimable(distribute(series, 2), account) == 1


def test_a_transfer_leaves_what_accrued_with_the_sender():
    series = distribute(Series(0, 10), 100)
    sender, recipient = transfer(series, Account(10), Account(), 4)
    assert (claimable(series, sender), claimable(series, recipient)) == (100, 0)
    later = distribute(series, 10)
    assert (claimable(later, sender), claimable(later, recipient)) == (106, 4)


def test_before_issuance_nothing_is_claimable():
    assert claimable(Series(0, 0), Account()) == 0


@pytest.mark.parametrize("units", [-1, 6])
def test_more_than_the_balance_does_not_move(units):
    with pytest.raises(InputError):
        transfer(Series(0, 10), Account(5), Account(5), units)
