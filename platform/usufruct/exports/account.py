"""A wallet's account: what it earned for a period, and every movement of a stretch of time, to the unit.

For every series and any two moments: opening + income + moved − paid = closing, where opening and closing are what the
contract would have let the wallet claim then. `moved` is not zero only where a lost wallet was replaced in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row

from usufruct.contracts import address
from usufruct.errors import EvidenceError
from usufruct.exports.calendar import AsOf, Window, as_of, ledger_end
from usufruct.ledger.accounts import claimable
from usufruct.ledger.ids import payout_id
from usufruct.ledger.reads.exports import PAYMENTS_BETWEEN, RECOVERIES_BETWEEN
from usufruct.ledger.reads.holders import HOLDINGS_OF_WALLET, WALLET_ID, holding_of
from usufruct.ledger.reads.payouts import payouts_of_wallet
from usufruct.ledger.types import position

__all__ = ["Account", "Balance", "Income", "Movement", "income_of", "read_account"]

_ALL: Final = 1 << 40
_NEWEST: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Income:
    """The wallet's share of one distribution.

    Attributes:
        id: Public id of the payout.
        wallet: Address of the wallet that it was credited to.
        series: Number of the series.
        symbol: Its symbol.
        unit_decimals: Decimals of its units.
        period: Number of the period; of a fund, the number of its payout.
        of_fund: Whether the series is units of a fund.
        units: Held at the record moment.
        supply: All units.
        distributed: What the series got, minor units.
        amount: The share, minor units.
        time: When it was credited, unix time.
        pos: Position of the distribution.
        paid_time: When it was paid, None while it is not.
        paid_block: Block of the payment.
        paid_pos: Position of the payment.
        paid_tx: Transaction of the payment.
    """

    id: str
    wallet: bytes
    series: int
    symbol: str
    unit_decimals: int
    period: int
    of_fund: bool
    units: int
    supply: int
    distributed: int
    amount: int
    time: int
    pos: int
    paid_time: int | None
    paid_block: int | None
    paid_pos: int | None
    paid_tx: bytes | None


@dataclass(frozen=True, slots=True)
class Movement:
    """One change of what the wallet may claim.

    Attributes:
        kind: income, payment or moved.
        period: As in Income; None for what is not of one.
        of_fund: Whether income came from units of a fund.
        amount: Added (income, moved) or taken (payment, negative), minor units.
    """

    kind: str
    series: int
    symbol: str
    period: int | None
    amount: int
    time: int
    pos: int
    tx: bytes
    of_fund: bool = False


@dataclass(frozen=True, slots=True)
class Balance:
    """One series of the account; amounts in minor units."""

    series: int
    symbol: str
    unit_decimals: int
    units: int
    """Held at the end."""
    opening: int
    income: int
    moved: int
    paid: int
    closing: int


@dataclass(frozen=True, slots=True)
class Account:
    """All that a statement of account says.

    Attributes:
        wallet: Its address.
        window: The stretch of time.
        known: The moment of the ledger that it was read at.
        earned: Payouts of the window's period, whenever they were credited; of funds those credited in it.
        movements: What happened in the window, in order.
        balances: Every series that the wallet ever held.
    """

    wallet: str
    window: Window
    known: AsOf
    earned: tuple[Income, ...]
    movements: tuple[Movement, ...]
    balances: tuple[Balance, ...]


def read_account(
    connection: Connection, wallet: bytes, window: Window, known: AsOf | None = None
) -> Account:
    """The account of a wallet as it is, or as it was `known`; empty for one that had never held anything.

    Raises:
        EvidenceError: The ledger does not add up.
        ConfigError: It is empty.
    """
    known = known or ledger_end(connection)
    before, after = (as_of(connection, each, known) for each in (window.start, window.end))
    number = connection.execute(WALLET_ID, {"address": wallet}).scalar()
    if number is None:
        return Account(address(wallet), window, known, (), (), ())
    income = income_of(connection, int(number), wallet, known.end)
    credited = [each for each in income if before.end <= each.pos < after.end]
    bounds = {"wallet": number, "start": before.end, "end": after.end}
    payments = connection.execute(PAYMENTS_BETWEEN, bounds).all()
    recoveries = connection.execute(RECOVERIES_BETWEEN, bounds).all()
    opened = _positions(connection, int(number), before)
    balances = [
        _balance(row, opened.get(row.series_id, 0), credited, payments, recoveries)
        for row in _rows(connection, int(number), after)
    ]
    earned = credited if window.number is None else _of_period(income, credited, window.number)
    movements = _movements(credited, payments, recoveries, balances)
    return Account(address(wallet), window, known, tuple(earned), tuple(movements), tuple(balances))


def income_of(
    connection: Connection, number: int, wallet: bytes, end: int = _NEWEST
) -> list[Income]:
    """All payouts of a wallet before the position `end`, with what was paid by then, in their order."""
    values = {"wallet": number, "before": end, "end": end, "limit": _ALL}
    rows = connection.execute(payouts_of_wallet(as_of=True), values).all()
    return [_income(row, wallet) for row in reversed(rows)]


def _income(row: Row[Any], wallet: bytes) -> Income:
    return Income(
        id=payout_id(row.slug, row.number, wallet),
        wallet=wallet,
        series=row.series_id,
        symbol=row.symbol,
        unit_decimals=row.series_decimals,
        period=row.period,
        of_fund=row.stream is None,
        units=row.units,
        supply=row.supply,
        distributed=row.distributed,
        amount=row.amount,
        time=row.time,
        pos=row.pos,
        paid_time=row.paid_time,
        paid_block=row.paid_block,
        paid_pos=None if row.paid_block is None else position(row.paid_block, row.paid_log_index),
        paid_tx=row.paid_tx,
    )


def _of_period(income: list[Income], credited: list[Income], period: int) -> list[Income]:
    """Payouts of a period whenever they were credited, and of funds, which have none, those credited in it."""
    own = [each for each in income if not each.of_fund and each.period == period]
    return sorted(own + [each for each in credited if each.of_fund], key=lambda each: each.pos)


def _rows(connection: Connection, number: int, at: AsOf) -> list[Row[Any]]:
    values = {"wallet": number, "after": 0, "end": at.end, "limit": _ALL}
    return list(connection.execute(HOLDINGS_OF_WALLET, values))


def _positions(connection: Connection, number: int, at: AsOf) -> dict[int, int]:
    """What could be claimed at a moment, by series."""
    return {row.series_id: _claimable(row) for row in _rows(connection, number, at)}


def _claimable(row: Row[Any]) -> int:
    return claimable(holding_of(row), row.acc or 0, row.supply or 0)


def _balance(
    row: Row[Any],
    opening: int,
    credited: list[Income],
    payments: Any,
    recoveries: Any,
) -> Balance:
    income = sum(each.amount for each in credited if each.series == row.series_id)
    paid = sum(each.amount for each in payments if each.series_id == row.series_id)
    closing = _claimable(row)
    moved = closing - (opening + income - paid)
    if moved and not any(each.series_id == row.series_id for each in recoveries):
        raise EvidenceError(
            f"the account in {row.symbol} does not add up",
            field=row.symbol,
            value=f"{opening} + {income} - {paid} != {closing} minor units",
            rule="opening + income - paid = closing",
            remedy="compare the ledger with the chain: usufruct reconcile",
        )
    return Balance(
        row.series_id,
        row.symbol,
        row.series_decimals,
        row.units,
        opening,
        income,
        moved,
        paid,
        closing,
    )


def _movements(
    credited: list[Income], payments: Any, recoveries: Any, balances: list[Balance]
) -> list[Movement]:
    found = [
        Movement(
            kind="income",
            series=each.series,
            symbol=each.symbol,
            period=each.period,
            amount=each.amount,
            time=each.time,
            pos=each.pos,
            tx=b"",
            of_fund=each.of_fund,
        )
        for each in credited
    ]
    found += [
        Movement("payment", row.series_id, row.symbol, None, -row.amount, row.time, row.pos, row.tx)
        for row in payments
    ]
    by_series = {each.series: each for each in balances if each.moved}
    last = {row.series_id: row for row in recoveries}
    found += [
        Movement("moved", number, each.symbol, None, each.moved, row.time, row.pos, row.tx)
        for number, each in by_series.items()
        if (row := last[number]) is not None
    ]
    return sorted(found, key=lambda each: (each.pos, each.kind, each.series))
