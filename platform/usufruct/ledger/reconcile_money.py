"""Compares what the waterfall holds: escrow, shortfall, reserves and arrears of each stream, debts, and its vault."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, bindparam, select

from usufruct.chain.client import ChainClient
from usufruct.contracts import Address, address, settlement_currency, waterfall
from usufruct.ledger.models import owed, rules, settlement, stream
from usufruct.ledger.reads.offices import ESCROW
from usufruct.ledger.reconcile_report import Report

__all__ = ["compare_waterfall"]


def compare_waterfall(
    connection: Connection, client: ChainClient, contracts: Mapping[str, Address], report: Report
) -> None:
    """Notes in `report` what differs at its block; what the vault holds beyond its obligations is a note."""
    where = contracts["Waterfall"]
    total = 0
    for number, code in connection.execute(select(stream.c.id, stream.c.code)).all():
        total += _stream(connection, client, where, report, number, code)
    total += _payees(connection, client, where, report)
    call = settlement_currency.balance_of(where)
    held = client.call(contracts["SettlementCurrency"], call, report.block)
    if held < total:
        report.same("waterfall vault", total, held)
    elif held > total:
        report.notes.append(f"waterfall vault holds {held - total} that was not funded")


def _stream(
    connection: Connection,
    client: ChainClient,
    where: Address,
    report: Report,
    number: int,
    code: str,
) -> int:
    """Compares one stream; what the waterfall holds for it."""
    chain = client.call(where, waterfall.account_of(number), report.block)
    money = connection.execute(ESCROW, {"stream": number}).one()
    escrow = int(money.funded or 0) - int(money.settled or 0)
    report.same(f"{code} escrow", escrow, chain.escrow)
    last = connection.execute(_LAST, {"stream": number}).first()
    report.same(f"{code} shortfall", last.shortfall if last else 0, chain.shortfall)
    if last is None:
        return escrow
    balances, reserves = _balances(last.content, last.lines)
    for account, balance in sorted(balances.items()):
        found = client.call(where, waterfall.balance_of(number, account), report.block)
        report.same(f"{code} account {account}", balance, found)
    return escrow + sum(balances[each] for each in reserves)


def _payees(connection: Connection, client: ChainClient, where: Address, report: Report) -> int:
    """Compares what is owed to payees whose payment failed; the sum of it."""
    sums: dict[bytes, int] = {}
    rows = connection.execute(select(owed.c.payee, owed.c.stream, owed.c.amount))
    for payee, number, amount in rows:
        sums[payee] = sums.get(payee, 0) + (-amount if number is None else amount)
    for payee, amount in sums.items():
        who = address(bytes(payee))
        found = client.call(where, waterfall.owed_to(who), report.block)
        report.same(f"owed to {who}", amount, found)
    return sum(sums.values())


def _balances(content: str, lines: str) -> tuple[dict[int, int], set[int]]:
    """Balance by account after a settlement (protocol §13, Lines), and which accounts are reserves."""
    balances: dict[int, int] = {}
    reserves = set()
    for step, line in zip(json.loads(content)["steps"], json.loads(lines), strict=True):
        if step["account"]:
            balances[step["account"]] = int(line["balance"])
            if step["kind"] == "reserve":
                reserves.add(step["account"])
        if step["draw_from"] in balances:
            balances[step["draw_from"]] -= int(line["released"])
    return balances, reserves


_LAST: Final = (
    select(settlement.c.shortfall, settlement.c.lines, rules.c.content)
    .join_from(
        settlement,
        rules,
        (rules.c.stream == settlement.c.stream) & (rules.c.version == settlement.c.rules_version),
    )
    .where(settlement.c.stream == bindparam("stream"))
    .order_by(settlement.c.pos.desc())
    .limit(1)
)
