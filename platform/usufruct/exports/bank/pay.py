"""Makes payment files: every payout of a period that was paid to a wallet of the payee book and is final."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from usufruct.chain import crash
from usufruct.contracts import address
from usufruct.exports.account import Income, income_of
from usufruct.exports.bank.journal import MESSAGE, Journal, add_transfers, transfers
from usufruct.exports.bank.pain import Message, write_message
from usufruct.exports.bank.payees import Payee, PayeeBook
from usufruct.exports.bank.record import Transfer, end_to_end_id, split
from usufruct.exports.calendar import Window, ledger_end
from usufruct.files import put_file
from usufruct.ledger.reads.exports import LOSSES
from usufruct.ledger.reads.holders import WALLET_ID
from usufruct.money import Currency

__all__ = ["Order", "due", "pay", "waiting"]

_MOST: Final = 10_000
"""Most transfers in one file; banks limit them."""


@dataclass(frozen=True, slots=True)
class Order:
    """What shall be paid.

    Attributes:
        window: The period.
        book: Who is paid.
        currency: The settlement currency, one unit of which is paid as one of the debtor's.
        execution: Day on which the bank shall pay, "YYYY-MM-DD".
        depth: Blocks after which a payment counts as final.
        now: Unix time.
        again: Whether transfers that the bank returned are made again.
    """

    window: Window
    book: PayeeBook
    currency: Currency
    execution: str
    depth: int
    now: int
    again: bool = False


def due(connection: Connection, order: Order) -> list[tuple[Payee, Income]]:
    """Payouts of the period that were paid on the chain and are final, in the order of the payouts' credit.

    Those of funds, which have no periods, are of the month in which they were credited. What a wallet earned before it
    was lost is its replacement's who was paid it, where the book has that one.
    """
    final = _final(connection, order)
    return [
        (payee, each)
        for payee, each in _of_payees(connection, order)
        if each.paid_block is not None and each.paid_block <= final
    ]


def waiting(connection: Connection, order: Order) -> list[tuple[Payee, Income]]:
    """Payouts of the period's payees that were not paid on the chain yet, or not finally."""
    final = _final(connection, order)
    return [
        (payee, each)
        for payee, each in _of_payees(connection, order)
        if each.paid_block is None or each.paid_block > final
    ]


def _final(connection: Connection, order: Order) -> int:
    return ledger_end(connection).block - order.depth


def _of_payees(connection: Connection, order: Order) -> list[tuple[Payee, Income]]:
    """Every payout of the period that the book has a payee for."""
    losses = connection.execute(LOSSES).all()
    wallets = {bytes.fromhex(each[2:]) for each in order.book.payees}
    wallets |= {bytes(each.lost) for each in losses}
    found = []
    for wallet in wallets:
        number = connection.execute(WALLET_ID, {"address": wallet}).scalar()
        if number is None:
            continue
        for each in income_of(connection, int(number), wallet):
            payee = _payee(order.book, each, losses)
            if payee is not None and _within(order.window, each):
                found.append((payee, each))
    return sorted(found, key=lambda each: (each[1].pos, each[1].wallet))


def _within(window: Window, income: Income) -> bool:
    if income.of_fund:
        return window.start <= income.time < window.end
    return income.period == window.number


def _payee(book: PayeeBook, income: Income, losses: Sequence[Any]) -> Payee | None:
    """The payee of the wallet that was paid; where the book has not got it, of the last before it that was lost."""
    owner, since = income.wallet, income.pos
    payee = book.payees.get(address(owner))
    for each in losses:
        before = income.paid_pos is None or each.pos < income.paid_pos
        if (each.series_id, each.lost) == (income.series, owner) and since < each.pos and before:
            owner, since = each.replacement, each.pos
            payee = book.payees.get(address(owner), payee)
    return payee


def pay(
    order: Order, payouts: Sequence[tuple[Payee, Income]], journal: Journal, folder: Path
) -> tuple[list[Transfer], list[Path]]:
    """Notes what is new among `payouts`, and writes all files of the period that are not in the folder.

    Whoever is interrupted runs it again: what was noted is not paid again, and its file is written from the journal.

    Returns:
        The new transfers, and the files written.

    Raises:
        EvidenceError: The file would not be valid; nothing was noted.
    """
    with journal.exclusive() as connection:
        made = _new(order, payouts, transfers(connection))
        made = _store(connection, order, made)
    crash.point("bank.noted")
    written = []
    for stored in journal.messages(order.window.name):
        path = folder / f"{stored.id}.xml"
        if not path.exists() or path.read_bytes() != stored.content:
            put_file(path, stored.content, what="bank", mode=0o600)
            written.append(path)
    return made, written


def _new(
    order: Order, payouts: Iterable[tuple[Payee, Income]], before: Sequence[Transfer]
) -> list[Transfer]:
    carried = {each.wallet: each.carry_out for each in before if each.attempt == 1}
    last = {each.payout: each for each in before}
    made = []
    for payee, income in payouts:
        earlier = last.get(income.id)
        if earlier is None:
            wallet = address(income.wallet)
            transfer = _first(order, payee, income, carried.get(wallet, 0))
            carried[wallet] = transfer.carry_out
            made.append(transfer)
        elif order.again and earlier.state == "returned":
            made.append(_repeated(order, payee, earlier))
    return made


def _first(order: Order, payee: Payee, income: Income, carry: int) -> Transfer:
    parts = split(income.amount, carry, payee.tax_bp, order.currency.decimals)
    return Transfer(
        end_to_end=end_to_end_id(income.id, 1),
        message="",
        payout=income.id,
        attempt=1,
        wallet=address(income.wallet),
        period=order.window.name,
        gross=income.amount,
        carry_in=carry,
        carry_out=parts.carry_out,
        tax_bp=payee.tax_bp,
        withheld=parts.withheld,
        net=parts.net,
        currency=order.book.debtor.currency,
        payee=payee.name,
        account=payee.number,
        agent=payee.bic or "",
        made_at=order.now,
        state="made" if parts.net else "carried",
    )


def _repeated(order: Order, payee: Payee, earlier: Transfer) -> Transfer:
    """The same money once more, to the account that the book has now; tax and remainders stay as they were."""
    attempt = earlier.attempt + 1
    return replace(
        earlier,
        end_to_end=end_to_end_id(earlier.payout, attempt),
        attempt=attempt,
        message="",
        payee=payee.name,
        account=payee.number,
        agent=payee.bic or "",
        made_at=order.now,
        state="made",
    )


def _store(connection: sa.Connection, order: Order, made: Sequence[Transfer]) -> list[Transfer]:
    """Notes the transfers and their files; returns them with the files' ids."""
    paid = [each for each in made if each.net]
    count = connection.execute(
        sa.select(sa.func.count()).where(MESSAGE.c.period == order.window.name)
    ).scalar_one()
    named: dict[str, Transfer] = {}
    for start in range(0, len(paid), _MOST):
        count += 1
        name = f"USUFRUCT-{order.window.name}-{count:04}"
        page = [replace(each, message=name) for each in paid[start : start + _MOST]]
        named |= {each.end_to_end: each for each in page}
        content = write_message(Message(name, order.now, order.execution, order.book.debtor, page))
        row = {"id": name, "period": order.window.name, "made_at": order.now, "content": content}
        connection.execute(MESSAGE.insert(), row)
    noted = [named.get(each.end_to_end, each) for each in made]
    add_transfers(connection, noted)
    return noted
