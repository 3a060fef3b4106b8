"""Compares the ledger with the chain at the ledger's own block: every series, account, payout, offering and vault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from usufruct.chain.client import ChainClient
from usufruct.contracts import (
    Address,
    Call,
    ContractError,
    address,
    revenue_right,
    series_extension,
    settlement_currency,
    statement_book,
)
from usufruct.errors import ConfigError
from usufruct.ledger.accounts import claimable, earned
from usufruct.ledger.models import (
    distribution,
    payout,
    recovery,
    statement,
    statement_event,
    stream,
)
from usufruct.ledger.reads.holders import HOLDERS, holding_of
from usufruct.ledger.reads.places import CURSOR
from usufruct.ledger.reads.records import KEPT, RECORDS
from usufruct.ledger.reads.series import SERIES_PAGE
from usufruct.ledger.reconcile_money import compare_waterfall
from usufruct.ledger.reconcile_offerings import compare_offerings
from usufruct.ledger.reconcile_report import Report
from usufruct.ledger.types import first_position

__all__ = ["Report", "reconcile"]

_ALL: Final = 1 << 40


def reconcile(
    connection: Connection, client: ChainClient, contracts: Mapping[str, Address]
) -> Report:
    """Compares everything; `connection` is one consistent moment of the ledger, `contracts`
    the deployment's addresses by name.

    Raises:
        ConfigError: The ledger is empty.
        ChainError: The node failed, or no longer has the state of the ledger's block.
    """
    cursor = connection.execute(CURSOR).first()
    if cursor is None:
        raise ConfigError(
            "the ledger is empty",
            field="database",
            rule="the index must have seen the deployment",
            remedy="start usufruct serve with the same database first",
        )
    report = Report(cursor.block)
    report.same("block hash", cursor.hash.hex(), client.block(cursor.block).hash.hex())
    for row in connection.execute(SERIES_PAGE, {"after": 0, "limit": _ALL}).all():
        _Series(connection, client, contracts, report, row, cursor.timestamp).compare()
    _streams(connection, client, contracts, report)
    compare_waterfall(connection, client, contracts, report)
    compare_offerings(connection, client, contracts, report, cursor.timestamp)
    return report


def _last_period(row: Row[Any]) -> int:
    """Last period distributed; once closed, the last that could have been."""
    return int(row.term_to + row.tail if row.closed else row.last_period or 0)


class _Series:
    """One series and its accounts, at a block of `time`."""

    def __init__(
        self,
        connection: Connection,
        client: ChainClient,
        contracts: Mapping[str, Address],
        report: Report,
        row: Row[Any],
        time: int,
    ) -> None:
        self._connection = connection
        self._client = client
        self._currency = contracts["SettlementCurrency"]
        self._report = report
        self._row = row
        self._time = time
        self._contract: Address = address(row.address)

    def compare(self) -> None:
        """Compares the series' state, vault and accounts."""
        row, report = self._row, self._report
        report.series += 1
        state = self._client.call(self._contract, revenue_right.state(), report.block)
        for name, ledger, chain in (
            ("accumulator", row.acc or 0, state.acc),
            ("supply", row.issued or 0, state.supply),
            ("distributions", row.distributions or 0, state.distributions),
            ("last period", _last_period(row), state.last_period),
            ("sealed", row.sealed is not None, state.sealed_),
            ("closed", row.closed is not None, state.closed),
            ("paused", row.paused == "paused", state.paused),
        ):
            report.same(f"{row.symbol} {name}", ledger, chain)
        end = first_position(report.block + 1)
        holders = self._connection.execute(
            HOLDERS, {"series": row.id, "after": 0, "end": end, "limit": _ALL}
        ).all()
        paid = sum(each.paid for each in holders)
        self._vault(state.acc - paid)
        self._accounts(holders, state)
        self._records(holders)

    def _vault(self, owed: int) -> None:
        call = settlement_currency.balance_of(self._contract)
        held = self._client.call(self._currency, call, self._report.block)
        if held < owed:
            self._report.same(f"{self._row.symbol} vault", owed, held)
        elif held > owed:
            self._report.notes.append(
                f"{self._row.symbol} vault holds {held - owed} that came in outside of distributions"
            )

    def _accounts(self, holders: Sequence[Row[Any]], state: revenue_right.State) -> None:
        calls: list[tuple[str, Call[Any]]] = []
        for each in holders:
            wallet = address(each.wallet)
            calls.append((self._contract, revenue_right.account_of(wallet)))
            calls.append((self._contract, revenue_right.claimable(wallet)))
        answers: list[Any] = self._client.call_many(calls, self._report.block)
        payouts, moved = self._payouts(), self._recovered()
        for each, account, due in zip(holders, answers[::2], answers[1::2], strict=True):
            if isinstance(account, ContractError) or isinstance(due, ContractError):
                raise TypeError("views of a series do not revert")
            # What was moved to or from a wallet belongs to no payout of its own.
            total = None if each.wallet_id in moved else payouts.get(each.wallet_id, 0)
            self._account(each, account, due, state, total)

    def _account(
        self,
        row: Row[Any],
        account: revenue_right.Account,
        due: int,
        state: revenue_right.State,
        payouts: int | None,
    ) -> None:
        report, held = self._report, holding_of(row)
        report.accounts += 1
        name = f"{self._row.symbol} {address(row.wallet)}"
        report.same(f"{name} units", held.units, account.balance)
        due_numerator = self._numerator(account, state)
        if due_numerator is not None:
            ours = held.numerator_at(state.acc) - held.paid * state.supply
            report.same(f"{name} numerator", ours, due_numerator)
        report.same(f"{name} claimable", claimable(held, state.acc, state.supply), due)
        if payouts is not None:
            report.same(f"{name} payouts", payouts, earned(held, state.acc, state.supply))

    def _numerator(self, account: revenue_right.Account, state: revenue_right.State) -> int | None:
        """Income not paid yet, times the supply, as the account says; None where a second word has a part of it."""
        if account.extra:
            return None
        if not account.mark:
            return int(state.acc * account.balance - account.debt)
        period = self._row.term_from + account.mark - 1
        if period > state.last_period:
            return int(state.acc * account.held - account.debt)
        closing = select(func.max(distribution.c.acc_after)).where(
            distribution.c.series == self._row.id, distribution.c.period <= period
        )
        acc = int(self._connection.execute(closing).scalar() or 0)
        settled = account.debt + acc * (account.balance - account.held)
        return int(state.acc * account.balance - settled)

    def _records(self, holders: Sequence[Row[Any]]) -> None:
        """Compares the periods that are closed and wait for their money, and who is paid for them."""
        call = series_extension.outstanding_records()
        periods = self._client.call(self._contract, call, self._report.block)
        values = {"series": self._row.id, "before": _ALL, "limit": _ALL}
        ours = {
            each.period
            for each in self._connection.execute(RECORDS, values)
            if each.at <= self._time and each.period > (each.last_period or 0)
        }
        ours = set() if self._row.closed else ours
        self._report.same(f"{self._row.symbol} open record dates", sorted(ours), sorted(periods))
        for period in sorted(ours & set(periods)):
            self._units_at(period, holders)

    def _units_at(self, period: int, holders: Sequence[Row[Any]]) -> None:
        values = {"series": self._row.id, "period": period}
        kept = {each.wallet: each.units for each in self._connection.execute(KEPT, values)}
        calls: list[tuple[str, Call[int]]] = [
            (self._contract, series_extension.units_at(address(each.wallet), period))
            for each in holders
        ]
        answers: list[int | ContractError] = self._client.call_many(calls, self._report.block)
        for each, units in zip(holders, answers, strict=True):
            name = f"{self._row.symbol} {address(each.wallet)} units for period {period}"
            self._report.same(name, kept.get(each.wallet_id, each.units), units)

    def _recovered(self) -> set[int]:
        """Wallets that were lost, and those that replaced them, by number."""
        query = select(recovery.c.lost, recovery.c.replacement).where(
            recovery.c.series == self._row.id
        )
        return {wallet for pair in self._connection.execute(query) for wallet in pair}

    def _payouts(self) -> dict[int, int]:
        """Sum of all payouts by wallet number."""
        query = (
            select(payout.c.wallet, func.sum(payout.c.amount))
            .where(payout.c.series == self._row.id)
            .group_by(payout.c.wallet)
        )
        return {wallet: int(total) for wallet, total in self._connection.execute(query)}


def _streams(
    connection: Connection, client: ChainClient, contracts: Mapping[str, Address], report: Report
) -> None:
    """Compares how far each stream's statements and settlements are."""
    book = contracts["StatementBook"]
    for number, code, attested, settled in _progress(connection):
        report.streams += 1
        chain = client.call(book, statement_book.progress_of(number), report.block)
        report.same(f"{code} attested periods", attested, chain.attested)
        report.same(f"{code} settled periods", settled, chain.settled)


def _progress(connection: Connection) -> Iterator[tuple[int, str, int, int]]:
    for number, code in connection.execute(select(stream.c.id, stream.c.code)).all():
        attested = select(func.max(statement.c.period)).where(statement.c.stream == number)
        settled = select(func.max(statement_event.c.period)).where(
            statement_event.c.stream == number, statement_event.c.kind == "settled"
        )
        yield (
            number,
            code,
            connection.execute(attested).scalar() or 0,
            connection.execute(settled).scalar() or 0,
        )
