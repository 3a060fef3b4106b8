"""The annual tax summary of a wallet: income credited and money received in a calendar year, tax withheld."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from usufruct.exports.account import Account
from usufruct.exports.bank.record import Transfer
from usufruct.exports.calendar import utc
from usufruct.exports.document import Amount, Column, Document, Kind, Table, Text, amount_total
from usufruct.exports.project import Project
from usufruct.exports.statement import BANK_NOTE, PERIOD, SERIES, period_of
from usufruct.money import Currency

__all__ = ["tax_document"]

_NOTES: Final = (
    Text(
        "Income is listed by the day it was credited (accrual); money received by the day it was paid (cash). Which of "
        "the two counts, and whether withheld tax can be credited, is for the law that applies to you.",
        "收益按入账日（权责发生制）列示；收款按支付日（收付实现制）列示。何者为准以及代扣税可否抵免，以适用法律为准。",
    ),
    Text(
        "On the chain nothing is withheld. Tax is withheld from bank transfers, at the rate recorded with each.",
        "链上支付不代扣税款；代扣税仅发生于银行转账，税率随每笔转账记录。",
    ),
    BANK_NOTE,
)


def tax_document(
    project: Project, currency: Currency, account: Account, transfers: Sequence[Transfer] = ()
) -> Document:
    """The summary of an account whose window is a year; `transfers` are those of the wallet's payouts."""
    own = {each.payout: each for each in transfers}
    income = _income(project, currency, account, own)
    received = _received(currency, account)
    withheld = [
        each
        for each in transfers
        if account.window.start <= each.made_at < account.window.end and each.state != "returned"
    ]
    taxed = sum(each.withheld for each in withheld)
    return Document(
        title=Text("Annual tax summary", "年度税务汇总"),
        subject=f"{project.title} — {account.window.name} — {account.wallet}",
        facts=(
            (Text("Wallet", "钱包"), account.wallet),
            (Text("Year", "年度"), f"{account.window.name} ({project.calendar.timezone})"),
            (Text("Income credited", "入账收益"), _last(income, currency)),
            (Text("Money received on the chain", "链上收款"), _last(received, currency)),
            (Text("Tax withheld from bank transfers", "银行转账代扣税"), str(Amount(taxed, 2))),
            (Text("Ledger as of", "账本时点"), f"block {account.known.block}, {utc(account.known.time)}"),
        ),
        tables=[income, received, _withheld(withheld, currency)],
        notes=_NOTES,
    )  # fmt: skip


def _last(table: Table, currency: Currency) -> str:
    assert table.total is not None
    return f"{next(each for each in table.total if isinstance(each, Amount))} {currency.code}"


def _income(
    project: Project, currency: Currency, account: Account, own: Mapping[str, Transfer]
) -> Table:
    rows = []
    for each in account.earned:
        made = own.get(each.id)
        rows.append(
            (
                project.calendar.day(each.time),
                each.symbol,
                period_of(each.period, project.calendar, of_fund=each.of_fund),
                Amount(each.amount, currency.decimals),
                made.end_to_end if made else "",
                each.id,
            )
        )
    total = Amount(amount_total(row[3] for row in rows), currency.decimals)
    return Table(
        Text("Income credited in the year", "本年度入账收益"),
        (
            Column(Text("Credited", "入账时间"), weight=12),
            Column(SERIES, weight=9),
            Column(PERIOD, weight=9),
            Column(Text("Amount", "金额"), Kind.AMOUNT, 14),
            Column(Text("Bank transfer", "银行转账"), weight=24),
            Column(Text("Payout", "收益编号"), weight=28),
        ),
        rows,
        ("Total 合计", "", "", total, "", ""),
    )


def _received(currency: Currency, account: Account) -> Table:
    rows = [
        (each.symbol, Amount(each.paid, currency.decimals))
        for each in account.balances
        if each.paid
    ]
    total = Amount(amount_total(row[1] for row in rows), currency.decimals)
    return Table(
        Text("Money received on the chain in the year", "本年度链上收款"),
        (Column(SERIES), Column(Text("Amount", "金额"), Kind.AMOUNT)),
        rows,
        ("Total 合计", total),
    )


def _withheld(transfers: Sequence[Transfer], currency: Currency) -> Table:
    rows = [
        (
            each.end_to_end,
            each.payout,
            f"{each.tax_bp // 100}.{each.tax_bp % 100:02} %",
            Amount(each.gross, currency.decimals),
            Amount(each.withheld, 2),
            Amount(each.net, 2),
            each.state,
        )
        for each in transfers
    ]
    total = (
        *("Total 合计", "", ""),
        Amount(amount_total(row[3] for row in rows), currency.decimals),
        Amount(amount_total(row[4] for row in rows), 2),
        *(Amount(amount_total(row[5] for row in rows), 2), ""),
    )
    return Table(
        Text("Tax withheld from bank transfers of the year", "本年度银行转账代扣税"),
        (
            Column(Text("End-to-end id", "端到端编号"), weight=20),
            Column(Text("Payout", "收益编号"), weight=26),
            Column(Text("Rate", "税率"), weight=8),
            Column(Text("Gross", "税前"), Kind.AMOUNT, 12),
            Column(Text("Tax withheld", "代扣税"), Kind.AMOUNT, 10),
            Column(Text("Transferred", "实付"), Kind.AMOUNT, 10),
            Column(Text("State", "状态"), weight=9),
        ),
        rows,
        total,
        Text("No tax was withheld.", "无代扣税。"),
    )
