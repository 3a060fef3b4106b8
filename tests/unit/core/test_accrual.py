from collections import defaultdict
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core.accrual import (
    Account,
    Mark,
    Series,
    claim,
    claimable,
    distribute,
    merged,
    pass_record,
    payout,
    redeem,
    settle,
    transfer,
    units_at,
)
from usufruct.errors import InputError

HOLDERS = 4
holders = st.integers(0, HOLDERS - 1)
events = st.lists(
    st.tuples(st.just("distribute"), st.integers(0, 10**12), st.integers(0, 2), st.just(0))
    | st.tuples(st.just("transfer"), holders, holders, st.integers(0, 100))
    | st.tuples(st.just("claim"), holders, st.just(0), st.just(0))
    | st.tuples(st.just("pass_record"), st.integers(0, 2), st.just(0), st.just(0))
    | st.tuples(st.just("recover"), holders, holders, st.just(0)),
    max_size=60,
)
issues = st.lists(st.integers(0, 10**9), min_size=HOLDERS, max_size=HOLDERS).filter(any)


class History:
    """Runs events and keeps, beside the accounts, what exact rationals and written-down balances say."""

    def __init__(self, units):
        self.series = Series(0, sum(units))
        self.accounts = [Account(each) for each in units]
        self.paid = [0] * len(units)
        self.numerators = [0] * len(units)
        self.exact = [Fraction(0)] * len(units)
        self.payouts = defaultdict(list)
        self.at_record = {}

    def distribute(self, amount, skipped, *_):
        period = self.series.last_period + 1 + skipped
        now = [account.balance for account in self.accounts]
        counting = self.at_record.get(period, now)
        self.series = distribute(self.series, amount, period)
        for holder, units in enumerate(counting):
            self.exact[holder] += Fraction(amount * units, self.series.supply)
            part = payout(self.numerators[holder], units, amount, self.series.supply)
            self.payouts[holder].append(part)
            self.numerators[holder] += amount * units

    def pass_record(self, ahead, *_):
        if len(self.series.passed) == 5:
            return
        period = max((self.series.last_period, *self.series.passed)) + 1 + ahead
        balances = [account.balance for account in self.accounts]
        for each in range(self.series.last_period + 1, period + 1):
            self.at_record.setdefault(each, balances.copy())
        self.series = pass_record(self.series, period)

    def transfer(self, sender, recipient, percent):
        if sender == recipient:
            return
        units = self.accounts[sender].balance * percent // 100
        self.accounts[sender], self.accounts[recipient] = transfer(
            self.series, self.accounts[sender], self.accounts[recipient], units
        )

    def recover(self, lost, other, *_):
        if lost == other:
            return
        self.accounts[other] = merged(self.series, self.accounts[lost], self.accounts[other])
        self.accounts[lost] = Account()
        for kept in (self.exact, self.paid, self.numerators, *self.at_record.values()):
            kept[other], kept[lost] = kept[other] + kept[lost], 0
        # From here on the two lists of payouts are one holder's.
        self.payouts.pop(lost, None)
        self.payouts.pop(other, None)

    def claim(self, holder, *_):
        amount, self.accounts[holder] = claim(self.series, self.accounts[holder])
        self.paid[holder] += amount


def run(units, some):
    history = History(units)
    for name, *arguments in some:
        getattr(history, name)(*arguments)
    return history


@given(issues, events)
def test_accounts_are_exact_to_the_unit(units, some):
    history = run(units, some)
    for holder, account in enumerate(history.accounts):
        due = claimable(history.series, account)
        assert due >= 0
        # Nothing is lost to rounding, however many transfers, claims, record dates and distributions there were.
        assert history.paid[holder] + due == history.exact[holder].__floor__()
        assert min(history.payouts[holder], default=0) >= 0


@given(issues, events)
def test_payouts_add_up_to_what_was_paid_and_is_claimable(units, some):
    history = run(units, [each for each in some if each[0] != "recover"])
    for holder, account in enumerate(history.accounts):
        earned = history.paid[holder] + claimable(history.series, account)
        assert sum(history.payouts[holder]) == earned


@given(issues, events)
def test_units_at_outstanding_record_dates_are_those_written_down(units, some):
    history = run(units, some)
    for period in history.series.passed:
        found = [units_at(history.series, account, period) for account in history.accounts]
        assert found == history.at_record[period]


@given(issues, events)
def test_what_came_in_is_paid_or_claimable_but_for_less_than_a_unit_a_holder(units, some):
    history = run(units, some)
    owed = sum(claimable(history.series, account) for account in history.accounts)
    rest = history.series.acc - sum(history.paid) - owed
    assert 0 <= rest < HOLDERS


@given(issues, events)
def test_redemption_takes_nothing_from_anybody(units, some):
    history = run(units, some)
    series = distribute(history.series, 0, history.series.last_period + 100)
    due = [claimable(series, account) for account in history.accounts]
    for holder, account in enumerate(history.accounts):
        amount, history.accounts[holder] = redeem(series, account)
        assert amount == due[holder]
        assert history.accounts[holder].balance == 0
        assert claimable(series, history.accounts[holder]) == 0
        assert [claimable(series, each) for each in history.accounts[holder + 1 :]] == due[
            holder + 1 :
        ]


@given(issues, events)
def test_debts_and_marks_fit_the_account(units, some):
    history = History(units)
    for name, *arguments in some:
        getattr(history, name)(*arguments)
        assert all(-(2**111) < account.debt < 2**111 for account in history.accounts)
        assert all(len(account.marks) <= 5 for account in history.accounts)


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


def test_who_sells_after_the_record_date_keeps_the_period():
    series = pass_record(Series(0, 10), 1)
    sender, recipient = transfer(series, Account(10), Account(), 10)
    assert sender.marks == (Mark(1, 10),)
    series = distribute(series, 100)
    assert (claimable(series, sender), claimable(series, recipient)) == (100, 0)
    series = distribute(series, 100)
    assert (claimable(series, sender), claimable(series, recipient)) == (100, 100)
    assert settle(series, sender).marks == ()


def test_a_window_without_a_sale_needs_no_mark():
    series = pass_record(pass_record(Series(0, 10), 1), 2)
    sender, _ = transfer(series, Account(10), Account(), 4)
    assert sender.marks == (Mark(2, 10),)
    assert units_at(series, sender, 1) == 10


def test_six_record_dates_do_not_wait_at_once():
    series = Series(0, 10)
    for period in range(1, 6):
        series = pass_record(series, period)
    with pytest.raises(InputError):
        pass_record(series, 6)
    assert pass_record(distribute(series, 1), 6).passed == (2, 3, 4, 5, 6)


def test_before_issuance_nothing_is_claimable():
    assert claimable(Series(0, 0), Account()) == 0


@pytest.mark.parametrize("units", [-1, 6])
def test_more_than_the_balance_does_not_move(units):
    with pytest.raises(InputError):
        transfer(Series(0, 10), Account(5), Account(5), units)
