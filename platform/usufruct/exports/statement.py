"""The statement of account of a wallet for a period, as a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from usufruct.exports.account import Account, Balance, Income, Movement
from usufruct.exports.bank.record import Transfer
from usufruct.exports.calendar import Calendar, utc
from usufruct.exports.document import (
    Amount,
    Cell,
    Column,
    Document,
    Kind,
    Table,
    Text,
    amount_total,
)
from usufruct.exports.project import Project
from usufruct.money import Currency

__all__ = ["statement_document"]

TITLE: Final = Text("Statement of account", "账户对账单")
SERIES: Final = Text("Series", "系列")
PERIOD: Final = Text("Period", "期间")
_SHOWN_ID: Final = 10
_KINDS: Final = {
    "income": Text("income credited", "收益入账"),
    "payment": Text("paid out", "已支付"),
    "moved": Text("wallet replaced", "钱包更换"),
}
BANK_NOTE: Final = Text(
    "Bank transfers, and what the bank said of them, are those that this service knew at the time of “Ledger as of”, "
    "by its own clock; in a document of the present those known when it was made.",
    "银行转账及银行回执以“账本时点”时本服务（按其自身时钟）已知者为准；未指定过往时点的文件，以制作时已知者为准。",
)
"""Which bank transfers documents tell of."""
_NOTES: Final = (
    Text(
        "Every figure is computed from the chain's events. Opening + income + moved − paid = closing holds to the "
        "minor unit for each series, and the columns were added up before this document was written.",
        "所有数字均由链上事件计算。每个系列满足：期初 + 收益 + 转移 − 已付 = 期末，精确到最小单位；"
        "各列合计在生成前已核对。",
    ),
    Text(
        "The account goes by the day on which income is credited: of a month that is distributed in the next one, the "
        "income stands in the first table, and the account within the month's dates may show zero.",
        "账户变动按入账日期统计：某月收益若于次月分配，则列于首个表格，该月日期内的账户变动可能为零。",
    ),
    Text(
        "A payout can be traced to its meter readings: usufruct verify with the proof of the payout's id.",
        "每笔收益可凭收益编号的证明（usufruct verify）追溯至电表读数。",
    ),
    BANK_NOTE,
)


def statement_document(
    project: Project, currency: Currency, account: Account, transfers: Sequence[Transfer] = ()
) -> Document:
    """The statement; `transfers` are bank transfers of the wallet's payouts, of which the account's are shown."""
    day, zone = project.calendar.day, project.calendar.timezone
    unpaid = sum(each.amount for each in account.earned if each.paid_time is None)
    closing = sum(each.closing for each in account.balances)
    tables = [
        _earned(account.earned, currency, project.calendar),
        _balances(account.balances, currency),
        _movements(account.movements, currency, project.calendar),
    ]
    known = {each.id for each in account.earned}
    last = {each.payout: each for each in transfers if each.payout in known}
    own = list(last.values())
    if own:
        tables.append(_transfers(own, currency))
    return Document(
        title=TITLE,
        subject=f"{project.title} — {account.window.name} — {account.wallet}",
        facts=(
            (Text("Wallet", "钱包"), account.wallet),
            (PERIOD, account.window.name),
            (Text("From", "起"), f"{day(account.window.start)} {zone}"),
            (Text("To (exclusive)", "止（不含）"), f"{day(account.window.end)} {zone}"),
            (Text("Currency", "货币"), f"{currency.code} ({currency.decimals} decimals)"),
            (Text("Ledger as of", "账本时点"), f"block {account.known.block}, {utc(account.known.time)}"),
            (Text("Income of the period, not paid yet", "本期未付收益"), _money(unpaid, currency)),
            (Text("Claimable at the end", "期末可领取"), _money(closing, currency)),
        ),
        tables=tables,
        notes=_NOTES,
    )  # fmt: skip


def _money(minor: int, currency: Currency) -> str:
    return f"{Amount(minor, currency.decimals)} {currency.code}"


def _earned(earned: Sequence[Income], currency: Currency, calendar: Calendar) -> Table:
    rows = [
        (
            each.symbol,
            period_of(each.period, calendar, of_fund=each.of_fund),
            Amount(each.units, each.unit_decimals),
            Amount(each.distributed, currency.decimals),
            Amount(each.amount, currency.decimals),
            calendar.day(each.time),
            calendar.day(each.paid_time) if each.paid_time is not None else "not yet 未付",
            each.id,
        )
        for each in earned
    ]
    total = ("Total 合计", "", "", "", _sum(rows, 4, currency), "", "", "")
    return Table(
        Text("Income of the period", "本期收益"),
        (
            Column(SERIES, weight=8),
            Column(PERIOD, weight=8),
            Column(Text("Units held", "持有份额"), Kind.AMOUNT, 10),
            Column(Text("Series received", "系列收入"), Kind.AMOUNT, 13),
            Column(Text("Your share", "应得收益"), Kind.AMOUNT, 13),
            Column(Text("Credited", "入账时间"), weight=11),
            Column(Text("Paid", "支付时间"), weight=11),
            Column(Text("Payout", "收益编号"), weight=33),
        ),
        rows,
        total,
        Text("Nothing was distributed for this period yet.", "本期尚无分配。"),
    )


def period_of(number: int, calendar: Calendar, *, of_fund: bool) -> str:
    """The month that a payout is for; of a fund the number of its payout."""
    return f"#{number}" if of_fund else calendar.name(number)


def _balances(balances: Sequence[Balance], currency: Currency) -> Table:
    places = currency.decimals
    rows = [
        (
            each.symbol,
            Amount(each.units, each.unit_decimals),
            Amount(each.opening, places),
            Amount(each.income, places),
            Amount(each.moved, places),
            Amount(each.paid, places),
            Amount(each.closing, places),
        )
        for each in balances
    ]
    sums = [_sum(rows, place, currency) for place in range(2, 7)]
    total: list[Cell] = ["Total 合计", "", *sums]
    return Table(
        Text("Account within the dates above", "账户变动汇总"),
        (
            Column(SERIES, weight=10),
            Column(Text("Units at the end", "期末份额"), Kind.AMOUNT, 12),
            Column(Text("Opening", "期初"), Kind.AMOUNT, 12),
            Column(Text("Income", "收益"), Kind.AMOUNT, 12),
            Column(Text("Moved", "转移"), Kind.AMOUNT, 12),
            Column(Text("Paid", "已付"), Kind.AMOUNT, 12),
            Column(Text("Closing", "期末"), Kind.AMOUNT, 12),
        ),
        rows,
        total,
        Text("This wallet has never held units.", "该钱包从未持有份额。"),
    )


def _movements(movements: Sequence[Movement], currency: Currency, calendar: Calendar) -> Table:
    rows = [
        (
            calendar.day(each.time),
            each.symbol,
            "{} {}".format(*_KINDS[each.kind]),
            period_of(each.period, calendar, of_fund=each.of_fund) if each.period else "",
            Amount(each.amount, currency.decimals),
            "0x" + each.tx.hex() if each.tx else "",
        )
        for each in movements
    ]
    total = ("Total 合计", "", "", "", _sum(rows, 4, currency), "")
    return Table(
        Text("Movements", "明细"),
        (
            Column(Text("Time", "时间"), weight=11),
            Column(SERIES, weight=8),
            Column(Text("What", "事项"), weight=13),
            Column(PERIOD, weight=8),
            Column(Text("Amount", "金额"), Kind.AMOUNT, 14),
            Column(Text("Transaction", "交易"), weight=38),
        ),
        rows,
        total,
        Text("No movement within these dates.", "此期间无变动。"),
    )


def _transfers(transfers: Sequence[Transfer], currency: Currency) -> Table:
    rows = [
        (
            each.end_to_end,
            each.payout,
            Amount(each.gross, currency.decimals),
            Amount(each.withheld, 2),
            Amount(each.net, 2),
            each.state,
        )
        for each in transfers
    ]
    return Table(
        Text("Bank transfers", "银行转账"),
        (
            Column(Text("End-to-end id", "端到端编号"), weight=22),
            Column(Text("Payout", "收益编号"), weight=29),
            Column(Text("Gross", "税前"), Kind.AMOUNT, 12),
            Column(Text("Tax withheld", "代扣税"), Kind.AMOUNT, 10),
            Column(Text("Transferred", "实付"), Kind.AMOUNT, 10),
            Column(Text("State", "状态"), weight=10),
        ),
        rows,
        ("Total 合计", "", _sum(rows, 2, currency), Amount(amount_total(row[3] for row in rows), 2),
         Amount(amount_total(row[4] for row in rows), 2), ""),
    )  # fmt: skip


def _sum(rows: Sequence[Sequence[object]], place: int, currency: Currency) -> Amount:
    return Amount(amount_total(row[place] for row in rows), currency.decimals)
