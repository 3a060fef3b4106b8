"""Compares offerings: where each stands, its sums, every subscription with its allotment, and the money held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Row

from usufruct.chain.client import ChainClient
from usufruct.contracts import Address, ContractError, address, settlement_currency
from usufruct.contracts import offering as of
from usufruct.ledger.offerings import Lot, lots_of, owed, status_of
from usufruct.ledger.reads.offerings import LOTS, REFUNDS, offerings_page, subscriptions_page
from usufruct.ledger.reconcile_report import Report
from usufruct.ledger.types import first_position

__all__ = ["compare_offerings"]

_ALL: Final = 1 << 40


def compare_offerings(
    connection: Connection,
    client: ChainClient,
    contracts: Mapping[str, Address],
    report: Report,
    time: int,
) -> None:
    """Notes in `report` what differs at its block, which is of `time`; nothing where there are no offerings."""
    where = contracts.get("Offering")
    if where is None:
        return
    values = {"end": first_position(report.block + 1), "limit": _ALL}
    held = 0
    for row in connection.execute(offerings_page(order="opened"), values | {"before": _ALL}).all():
        report.offerings += 1
        held += row.held
        _sums(client, where, report, row, time)
        given = values | {"offering": row.id}
        lots = lots_of(connection.execute(LOTS, given).all(), row.max_units)
        page = subscriptions_page(by_offering=True)
        found = connection.execute(page, given | {"after": 0}).all()
        _subscriptions(client, where, report, row.id, found, lots)
    held += _refunds(connection, client, where, report)
    call = settlement_currency.balance_of(where)
    owned = client.call(contracts["SettlementCurrency"], call, report.block)
    if owned < held:
        report.same("offerings vault", held, owned)
    elif owned > held:
        report.notes.append(f"offerings vault holds {owned - held} that nobody subscribed with")


def _sums(client: ChainClient, where: Address, report: Report, row: Row[Any], time: int) -> None:
    status, totals = _state(client, where, report, row.id)
    for name, ledger, chain in (
        ("status", status_of(row, time), status),
        ("subscribed", row.subscribed, totals.subscribed),
        ("placed", row.placed, totals.placed),
        ("waiting", row.waiting, totals.waiting),
    ):
        report.same(f"offering {row.id} {name}", ledger, chain)


def _state(
    client: ChainClient, where: Address, report: Report, number: int
) -> tuple[str, of.Totals]:
    found = client.call(where, of.state_of(number), report.block)
    return found.status.name.lower(), found.totals


def _subscriptions(
    client: ChainClient,
    where: Address,
    report: Report,
    number: int,
    found: Sequence[Row[Any]],
    lots: Mapping[int, list[Lot]],
) -> None:
    calls = [(where, of.subscription_of(number, address(each.wallet))) for each in found]
    answers: list[of.SubscriptionOfResult | ContractError] = client.call_many(calls, report.block)
    for each, answer in zip(found, answers, strict=True):
        if isinstance(answer, ContractError):
            raise TypeError("views of offerings do not revert")
        # Who was dealt with has nothing any more, though the lots keep their place on the line.
        own = lots.get(each.wallet_id, []) if each.kind == "subscribed" else []
        name = f"offering {number} {address(each.wallet)}"
        report.same(f"{name} units", sum(lot.units for lot in own), answer.units)
        report.same(f"{name} allotted", sum(lot.allotted for lot in own), answer.allotted)


def _refunds(connection: Connection, client: ChainClient, where: Address, report: Report) -> int:
    """Compares refunds that could not be paid; the sum of them."""
    total = 0
    rows = connection.execute(REFUNDS).all()
    for raw, refunds in groupby(rows, lambda row: bytes(row.address)):
        who, ours = address(raw), owed(refunds)
        chain = client.call(where, of.owed_to(who), report.block)
        report.same(f"refund owed to {who}", ours, chain)
        total += ours
    return total
